"""Stability of a state by the signs of the eigenvalues of its Hessian; rigid-body modes, and noise that breaks symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from slepc4py import SLEPc

from ..coupling.coupling import Coupling
from ..terms.term import Term
from ..unknowns.names import hashed_noise
from ..unknowns.prolongation import Prolongation
from .factored import FactoredHessian
from .factors import Inertia
from .options import PREFIX


class Stability:
    """Whether states are stable, and a prediction of the next state by the factors that said so.

    Parameters
    ----------
    coupling : Coupling
    linear : {"mumps", "gamg", "factored"}
        By inertia of factors; by the lowest eigenvalue, of the matrix or of the product.
    factored : FactoredHessian or None
        The product.
    """

    def __init__(self, coupling: Coupling, linear: str, factored: FactoredHessian | None) -> None:
        self._coupling, self._linear, self._factored = coupling, linear, factored
        self._inertia: Inertia | None = None
        self._held: _Place | None = None  # where the factors are those of a stable state

    @property
    def factors(self) -> Inertia:
        """LDL^T factors of the last Hessian whose inertia was asked for."""
        if self._inertia is None:
            self._inertia = Inertia(self._coupling.layout.comm, PREFIX + "inertia_")
        return self._inertia

    def is_stable(self, q: PETSc.Vec) -> bool:
        """Whether the Hessian at q has no negative eigenvalue. Collective."""
        if self._factored is not None:
            near = self._factored.update(q)
            return lowest_eigenvalue(self._factored.operator, near=near) > 0
        if self._linear != "mumps":
            return lowest_eigenvalue(self._coupling.hessian(q), symmetric=self._coupling.has_energy) > 0
        if self._has_definite_factors(q):
            return True
        if self._coupling.has_energy:
            return False
        return lowest_eigenvalue(self._coupling.hessian(q), symmetric=False) > 0  # H itself may be stable all the same

    def predict(self, q: PETSc.Vec) -> bool:
        """Move q to first order towards equilibrium under a changed load, with the factors of the last stable state.

        The answer is False, and q untouched, when there are none (iterative solver, blended forces, robust path since).
        """
        if not self.holds:
            return False
        g, step = q.duplicate(), q.duplicate()
        self._coupling.energy_gradient(q, g)
        if not np.isfinite(g.norm(PETSc.NormType.NORM_INFINITY)):
            return False
        self.factors.solve(g, step)
        q.axpy(-1.0, step)
        return True

    @property
    def holds(self) -> bool:
        """Whether `factors` are those of the last stable state."""
        return self._held is not None

    def forget(self) -> None:
        """Make no prediction with the factors of the last state: they, or the unknowns, mean something else now."""
        self._held = None

    def _has_definite_factors(self, q: PETSc.Vec) -> bool:
        """Whether all pivots of the symmetric part of the Hessian are positive; then no eigenvalue has a negative real part.

        The state whose factors are at hand is not factored again.
        """
        here = _Place(q.array_r.copy(), self._coupling.prescribed.copy(), self._coupling.terms)
        if self._held is not None and self._coupling.layout.comm.allreduce(here.same_as(self._held), op=MPI.LAND):
            return True
        H, has_energy = self._coupling.hessian(q), self._coupling.has_energy
        self.factors.factor(H if has_energy else _symmetric_part(H), (self._coupling.pattern_version, False))
        definite = self.factors.negative == 0
        self._held = here if definite and has_energy else None
        return definite


@dataclass(frozen=True)
class _Place:
    """What a Hessian depends on: this rank's unknowns and prescribed blocks, A, and the terms of the coupling."""

    q: np.ndarray
    prescribed: np.ndarray
    terms: list[Term]

    def same_as(self, other: _Place) -> bool:
        """Whether the Hessian is the same there, as far as this rank knows."""
        alike = np.array_equal(self.q, other.q) and np.array_equal(self.prescribed, other.prescribed)
        return self.terms is other.terms and alike


def _symmetric_part(H: PETSc.Mat) -> PETSc.Mat:
    """(H + H^T) / 2."""
    S = PETSc.Mat()
    H.transpose(S)
    S.axpy(1.0, H, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
    S.scale(0.5)
    return S


def lowest_eigenvalue(H: PETSc.Mat, symmetric: bool = True, near: PETSc.Mat | None = None) -> float:
    """Smallest (real part of an) eigenvalue of H by a preconditioned Davidson iteration, eV/A^2.

    Where H is no matrix, the preconditioner is made of ``near``.
    """
    eps = SLEPc.EPS().create(H.comm)
    eps.setOperators(H)
    eps.setProblemType(SLEPc.EPS.ProblemType.HEP if symmetric else SLEPc.EPS.ProblemType.NHEP)
    eps.setType(SLEPc.EPS.Type.GD)
    eps.setWhichEigenpairs(SLEPc.EPS.Which.SMALLEST_REAL)
    eps.setDimensions(nev=1)
    eps.setTolerances(1e-4, 500)
    st = eps.getST()
    st.setType(SLEPc.ST.Type.PRECOND)
    if near is not None:
        st.setPreconditionerMat(near)
    pc = st.getKSP().getPC()
    pc.setType(PETSc.PC.Type.GAMG if symmetric else PETSc.PC.Type.BJACOBI)
    eps.setOptionsPrefix("qc_stability_")
    eps.setFromOptions()
    eps.solve()
    if eps.getConverged() < 1:
        raise RuntimeError("the lowest eigenvalue of the Hessian did not converge: use [solver] linear = 'mumps'")
    return float(np.real(eps.getEigenvalue(0)))


def rigid_body_modes(parts: Prolongation, in_plane: bool) -> PETSc.NullSpace:
    """Translations and those rotations that the model allows, orthonormal, for algebraic multigrid.

    In 2-D and 2.5-D only the rotation about the front keeps the period. Inner shifts turn, but do not move along.
    """
    layout, m = parts.layout, parts.layout.components
    moves, X = ~parts.is_shift[: layout.n_free], parts.arm[: layout.n_free]
    axes = [(0, 1)] if in_plane else [(0, 1), (1, 2), (2, 0)]
    vectors = []
    for mode in [*range(m), *axes]:
        vec = layout.create_unknowns()
        u = vec.array.reshape(-1, m)
        if isinstance(mode, int):
            u[:, mode] = moves
        else:
            a, b = mode
            u[:, a], u[:, b] = -X[:, b], X[:, a]
        vectors.append(vec)
    for k, vec in enumerate(vectors):
        for previous in vectors[:k]:
            vec.axpy(-vec.dot(previous), previous)
        vec.normalize()
    return PETSc.NullSpace().create(vectors=vectors, comm=layout.comm)


def noise_of_atoms(parts: Prolongation) -> np.ndarray:
    """(n_free, components) `hashed_noise` of this rank's free blocks that are atoms; the others have none."""
    n = parts.layout.n_free
    return hashed_noise(parts.key[:n], parts.layout.components) * parts.is_atom[:n, None]
