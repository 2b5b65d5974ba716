"""Frequencies of a coupled model with lumped masses, by Krylov iterations on M^-1/2 H M^-1/2."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc
from slepc4py import SLEPc

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError
from ..solve.options import PREFIX

CLOSE = 1e-6
"""Relative error of the largest eigenvalue: half of it is that of the frequency."""


def largest_frequency(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray) -> float:
    """omega_max of small oscillations about q, 1/ps. Collective.

    ``mass`` (n_free,) is that of this rank's blocks, eV ps^2/A^2. Blended forces have no symmetric Hessian: largest real part.
    """
    eps = _solver(coupling, weighted_hessian(coupling, q, mass))
    eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_REAL)
    eps.setTolerances(CLOSE, 300)
    eps.solve()
    if eps.getConverged() < 1:
        raise ConvergenceError("the largest frequency of the model did not converge: give the time step")
    return float(np.sqrt(max(np.real(eps.getEigenvalue(0)), 0.0)))


def weighted_hessian(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray) -> PETSc.Mat:
    """M^-1/2 H M^-1/2 at q, a matrix of its own, 1/ps^2. Collective."""
    scale = coupling.layout.create_unknowns()
    scale.array[:] = np.repeat(mass, coupling.layout.components) ** -0.5
    D = coupling.hessian(q).copy()
    D.diagonalScale(scale, scale)
    return D


def _solver(coupling: Coupling, D: PETSc.Mat) -> SLEPc.EPS:
    eps = SLEPc.EPS().create(coupling.layout.comm)
    eps.setOperators(D)
    eps.setProblemType(SLEPc.EPS.ProblemType.HEP if coupling.has_energy else SLEPc.EPS.ProblemType.NHEP)
    eps.setType(SLEPc.EPS.Type.KRYLOVSCHUR)
    eps.setDimensions(nev=1)
    eps.setOptionsPrefix(PREFIX + "frequency_")
    eps.setFromOptions()
    return eps
