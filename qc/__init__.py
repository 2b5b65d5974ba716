"""Blended atomistic/continuum fracture: couplings, cracks, load ladders and the command line."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent


def _refuse_strangers() -> None:
    """ImportError if ``atomistics`` or ``fem`` would be somebody else's package of that name."""
    for name in ("atomistics", "fem"):
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise ImportError(f"the package {name!r} is missing: it belongs beside qc in {_HERE}; install qc-fracture again")
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
        folder = Path(places[0]).resolve() if places else Path()
        if spec.origin and folder.name == "__init__.py":
            folder = folder.parent
        if folder != _HERE / name:
            raise ImportError(
                f"another {name!r} ({folder}) hides the one of qc-fracture ({_HERE / name}): "
                "rename or uninstall it, or take its folder off PYTHONPATH (or run from another folder)"
            )


_refuse_strangers()

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  brings its own MPI and PETSc: first, before anything else loads an MPI
from mpi4py import MPI  # noqa: E402, F401
