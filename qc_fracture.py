"""Start of the command ``qc``: makes sure that the package ``qc`` about to be imported is ours."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def stranger(name: str = "qc") -> str | None:
    """A sentence if the package of that name is not the one beside this file."""
    ours = Path(__file__).resolve().parent / name
    spec = importlib.util.find_spec(name)
    found = Path(spec.origin).resolve() if spec and spec.origin else None
    if found is not None and found.parent == ours:
        return None
    return (
        f"another {name!r} ({found}) hides the one of qc-fracture ({ours}): "
        "rename or uninstall it, or take its folder off PYTHONPATH (or run from another folder)"
    )


def main() -> int:
    """Run the command line of `qc`; the exit code."""
    if message := stranger():
        print(message, file=sys.stderr)
        return 2
    from qc.cli.app import main as command  # only now is it known to be ours

    return command()
