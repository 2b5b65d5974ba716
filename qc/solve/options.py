"""Settings of the solvers and what a solve reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from petsc4py import PETSc

PREFIX = "qc_"
"""Of all options in PETSc's database that are ours."""
GIVEN_UP = "ROBUST_GIVEN_UP"
"""Reason of a solve that was ended on its way, because what was reached is enough."""
HELD = "HELD_CONVERGED"
"""Reason of a state that the factors of the one before have led to."""
ROUGH = "ROUGH_START"
"""Reason of a solve that begins far from any state, before it has begun."""
STUCK = ("ROBUST_LINE_SEARCH_FAILED", "ROBUST_MAX_IT", "TRUST_MAX_IT")
"""Reasons of a minimisation that has gone downhill and ended short of a state."""
Enough = Callable[[PETSc.Vec], bool]


def never(q: PETSc.Vec) -> bool:
    """No state on the way is enough."""
    return False


@dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """How states are found.

    Attributes
    ----------
    force_tolerance : float
        Largest residual force component of a converged state, eV/A.
    linear : {"mumps", "gamg", "factored"}
        Direct solver (inertia for free); CG with algebraic multigrid of the matrix; or CG with products by factors and
        multigrid of springs, without the matrix (large models in 3-D).
    max_newton : int
        Iterations of plain Newton, each with new factors, before the robust path takes over.
    max_robust : int
        Iterations of the robust path.
    step_cap : float
        Largest displacement component in one robust step, A.
    perturbation : float
        Amplitude of the displacement that breaks symmetry at an unstable state, A.
    petsc : dict
        Further PETSc options, without the prefix ``qc_``.
    """

    force_tolerance: float = 1e-6
    linear: str = "mumps"
    max_newton: int = 8
    max_robust: int = 300
    step_cap: float = 0.5
    perturbation: float = 1e-3
    petsc: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class SolveReport:
    """What a solve did.

    Attributes
    ----------
    converged : bool
    reason : str
        PETSc's converged reason, or that of the robust path.
    newton_iterations, robust_iterations : int
        The former include steps by the factors of the state before.
    residual : float
        Largest force component, eV/A.
    stable : bool
        No negative eigenvalue of the Hessian.
    largest_step : float
        Largest change of a displacement component, A.
    complaint : str or None
        What made the energy infinite at the last trial of a line search that failed.
    """

    converged: bool
    reason: str
    newton_iterations: int = 0
    robust_iterations: int = 0
    residual: float = np.nan
    stable: bool = False
    largest_step: float = 0.0
    complaint: str | None = None


_DEFAULTS_SET: set[str] = set()
"""Options that this module has put into PETSc's database: those of the user are left alone, ours may be replaced."""


def set_petsc_options(options: SolverOptions, has_energy: bool) -> None:
    """The options of a solver in PETSc's database; those of another solver in this process leave it."""
    chosen, database = _defaults(options, has_energy), PETSc.Options()
    for key in _DEFAULTS_SET - set(chosen) - set(options.petsc):
        database.delValue(PREFIX + key)
        _DEFAULTS_SET.discard(key)
    for key, value in (chosen | options.petsc).items():
        if key in options.petsc or key in _DEFAULTS_SET or not database.hasName(PREFIX + key):
            database[PREFIX + key] = value
            _DEFAULTS_SET.add(key)
            if key not in options.petsc:
                database.getString(PREFIX + key)  # it counts as used now: PETSc does not warn about ours at the end


def _defaults(options: SolverOptions, has_energy: bool) -> dict[str, str]:
    """What the user may override, without the prefix."""
    chosen = {
        "snes_type": "newtonls",
        "snes_linesearch_type": "bt",
        "snes_linesearch_minlambda": "1e-3",  # shorter steps belong to an indefinite Hessian: the robust path's
        "snes_max_it": str(options.max_newton + 1),
        "snes_stol": "0",  # otherwise the line search drops steps that are short beside a far boundary's displacements
    }
    if options.linear == "mumps":
        return chosen | _direct(has_energy)
    iterative = {"ksp_type": "cg", "ksp_rtol": "1e-8", "pc_type": "gamg", "mg_levels_ksp_type": "chebyshev"}
    iterative |= {} if has_energy else {"ksp_type": "gmres"}
    if options.linear == "gamg":
        return chosen | iterative
    # Newton's steps need not be better than the model of the energy that they minimise
    return chosen | iterative | {"ksp_rtol": "1e-4"} | _trust_region(options)


def _direct(has_energy: bool) -> dict[str, str]:
    return {
        "ksp_type": "preonly",
        "pc_type": "cholesky" if has_energy else "lu",
        "pc_factor_mat_solver_type": "mumps",
        "mat_mumps_icntl_14": "60",  # per cent of extra work space: the default runs out beside a slit
        "mat_mumps_icntl_20": "10",  # right-hand sides stay where they are: no vector of the domain on rank 0
        "mat_mumps_icntl_24": "1",  # nodes beside a slit whose cells have no weight stay where they are
    }


def _trust_region(options: SolverOptions) -> dict[str, str]:
    trust = {"snes_type": "newtontr", "ksp_type": "stcg", "ksp_rtol": "1e-2", "pc_type": "gamg"}
    trust |= {"snes_max_it": str(options.max_robust + 1), "snes_stol": "0", "mg_levels_ksp_type": "chebyshev"}
    return {f"trust_{key}": value for key, value in trust.items()}
