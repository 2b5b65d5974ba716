"""Frequencies of a coupled model with lumped masses, by Krylov iterations on M^-1/2 H M^-1/2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from petsc4py import PETSc
from slepc4py import SLEPc

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError, InputError
from ..solve.factors import Inertia
from ..solve.options import PREFIX

CLOSE, EXACT = 1e-6, 1e-8
"""Relative error of the largest eigenvalue (half of it is that of the frequency), and of those nearest to a shift."""


def largest_frequency(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray) -> float:
    """omega_max of small oscillations about q, 1/ps. Collective.

    ``mass`` (n_own,) is that of this rank's blocks, of which the free ones count, eV ps^2/A^2. Blended forces have no symmetric
    Hessian: largest real part.
    """
    eps = _solver(weighted_hessian(coupling, q, mass), coupling.has_energy, 1, "frequency_")
    eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_REAL)
    eps.setTolerances(CLOSE, 300)
    eps.solve()
    if eps.getConverged() < 1:
        raise ConvergenceError("the largest frequency of the model did not converge: give the time step")
    return float(np.sqrt(max(np.real(eps.getEigenvalue(0)), 0.0)))


def lowest_frequencies(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray, count: int) -> np.ndarray:
    """(count,) lowest frequencies of small oscillations about a stable state, rising, 1/ps. Collective.

    Parameters
    ----------
    q : PETSc.Vec
        Unknowns of the state.
    mass : (n_own,) ndarray
        Of this rank's blocks, of which the free ones count, eV ps^2/A^2 (`qc.drive.masses.lumped_masses`).
    count : int

    Raises
    ------
    InputError
        The method blends forces, whose Hessian is not symmetric, or there are not twice as many unknowns as ``count``.
    ConvergenceError
        The state is not stable, or the iterations do not end.
    """
    if not coupling.has_energy:
        raise InputError("lowest frequencies are those of an energy, and this method blends forces: bgrac, bgfc or atomistic is expected")
    most = q.getSize() // 2
    if not 1 <= count <= most:
        raise InputError(f"count = {count} frequencies of {q.getSize()} unknowns are not allowed: from 1 to {most} are expected")
    D = weighted_hessian(coupling, q, mass)
    signs = Inertia(D.comm, PREFIX + "stable_")
    signs.factor(D, object())
    if signs.negative:
        raise ConvergenceError(f"the state has {signs.negative} unstable modes: frequencies need a stable one")
    return np.sqrt(lowest_eigenvalues(D, count))


def lowest_eigenvalues(D: PETSc.Mat, count: int) -> np.ndarray:
    """(count,) lowest eigenvalues of a positive definite matrix, rising, equal ones as often as there are vectors. Collective.

    What has been found is taken out of the space until the rest has none below the last: a Krylov space has but one vector of each
    eigenvalue.
    """
    values, modes = nearest_eigenpairs(D, 0.0, count)
    done = count == 1
    while not done:
        rest, others = nearest_eigenpairs(D, 0.0, count, modes)
        done = rest.min() >= (1.0 - EXACT) * np.sort(values)[count - 1]
        values, modes = np.concatenate([values, rest]), [*modes, *others]
    return np.sort(values)[:count]


def nearest_eigenpairs(
    D: PETSc.Mat, shift: float, count: int, without: Sequence[PETSc.Vec] = ()
) -> tuple[np.ndarray, list[PETSc.Vec]]:
    """Eigenvalues (count,) of a symmetric matrix nearest to a shift, nearest first, and their vectors. Collective.

    By shift and invert; ``without`` are eigenvectors that are known and not asked for again.

    Raises
    ------
    ConvergenceError
        Fewer have converged.
    """
    eps = _solver(D, True, count, "nearest_")
    eps.setWhichEigenpairs(SLEPc.EPS.Which.TARGET_MAGNITUDE)
    eps.setTarget(shift)
    eps.setTolerances(EXACT, 200)
    if without:
        eps.setDeflationSpace(list(without))
    st = eps.getST()
    st.setType(SLEPc.ST.Type.SINVERT)
    ksp = st.getKSP()
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.getPC().setType(PETSc.PC.Type.CHOLESKY)
    ksp.getPC().setFactorSolverType("mumps")
    eps.solve()
    if eps.getConverged() < count:
        raise ConvergenceError(f"of {count} modes nearest to the shift {shift:.4g}/ps^2 only {eps.getConverged()} converged")
    values, modes = np.empty(count), [D.createVecRight() for _ in range(count)]
    for k, mode in enumerate(modes):
        values[k] = np.real(eps.getEigenpair(k, mode))
    return values, modes


def weighted_hessian(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray) -> PETSc.Mat:
    """M^-1/2 H M^-1/2 at q, a matrix of its own, 1/ps^2. Collective."""
    scale = coupling.layout.create_unknowns()
    scale.array[:] = np.repeat(mass[: coupling.layout.n_free], coupling.layout.components) ** -0.5
    D = coupling.hessian(q).copy()
    D.diagonalScale(scale, scale)
    return D


def _solver(D: PETSc.Mat, symmetric: bool, count: int, name: str) -> SLEPc.EPS:
    eps = SLEPc.EPS().create(D.comm)
    eps.setOperators(D)
    eps.setProblemType(SLEPc.EPS.ProblemType.HEP if symmetric else SLEPc.EPS.ProblemType.NHEP)
    eps.setType(SLEPc.EPS.Type.KRYLOVSCHUR)
    eps.setDimensions(nev=count)
    eps.setOptionsPrefix(PREFIX + name)
    eps.setFromOptions()
    return eps
