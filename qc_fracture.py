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
    try:
        from qc.cli.app import main as command  # only now is it known to be ours
    except (ImportError, RuntimeError) as error:  # mpi4py that finds no MPI raises RuntimeError
        if (getattr(error, "name", None) or "").split(".")[0] in ("qc", "fem", "atomistics"):
            raise  # a defect of ours
        print(f"qc: {' '.join(str(error).split())}{_remedy(error)}", file=sys.stderr)
        return 2
    return command()


def _remedy(error: Exception) -> str:
    """What to install, if it is MPI, PETSc or DOLFINx that lacks."""
    lacks = isinstance(error, RuntimeError) or getattr(error, "name", None) in ("mpi4py", "petsc4py", "dolfinx")
    return "; MPI, PETSc and DOLFINx come with the extra solver: pip install '.[solver]' in a clone" if lacks else ""
