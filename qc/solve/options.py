"""Settings of the solvers and what a solve reports."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PREFIX = "qc_"


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
        Iterations of plain Newton before the robust path takes over.
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
