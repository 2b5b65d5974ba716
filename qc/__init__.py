"""Blended atomistic/continuum fracture: couplings, cracks, load ladders and the command line."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case.case import Case, load_case
    from .commands.check import check_case
    from .commands.propagate import run_propagation
    from .commands.run import run_case
    from .coupling.methods import build_model
    from .coupling.spec import ModelSpec
    from .crack.k_error import k_plus_error
    from .crack.ladder import Ladder
    from .crack.ladder_state import LadderSpec
    from .crack.propagation import Propagation
    from .crack.propagation_state import PropagationSpec
    from .crack.spec import CrackSpec
    from .crack.system import CrackSystem
    from .solve.options import SolverOptions

__all__ = [
    "Case",
    "CrackSpec",
    "CrackSystem",
    "Ladder",
    "LadderSpec",
    "ModelSpec",
    "Propagation",
    "PropagationSpec",
    "SolverOptions",
    "build_model",
    "check_case",
    "k_plus_error",
    "load_case",
    "run_case",
    "run_propagation",
]

_HOME = {
    "Case": "case.case",
    "load_case": "case.case",
    "CrackSpec": "crack.spec",
    "CrackSystem": "crack.system",
    "k_plus_error": "crack.k_error",
    "Ladder": "crack.ladder",
    "LadderSpec": "crack.ladder_state",
    "ModelSpec": "coupling.spec",
    "build_model": "coupling.methods",
    "Propagation": "crack.propagation",
    "PropagationSpec": "crack.propagation_state",
    "run_propagation": "commands.propagate",
    "check_case": "commands.check",
    "run_case": "commands.run",
    "SolverOptions": "solve.options",
}
"""Module of each public name: imported when the name is first asked for, so that ``qc --help`` does not load the solvers."""

_HERE = Path(__file__).resolve().parent.parent


def _refuse_strangers() -> None:
    """ImportError if ``atomistics`` or ``fem`` would be somebody else's package of that name."""
    for name in ("atomistics", "fem"):
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise ImportError(
                f"the package {name!r} is missing: it belongs beside qc in {_HERE}; install qc-fracture again"
            )
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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
