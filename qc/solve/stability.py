"""Stability of a state by the signs of the eigenvalues of its Hessian; rigid-body modes, and noise that breaks symmetry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from slepc4py import SLEPc

from ..coupling.coupling import Coupling
from ..unknowns.names import hashed_noise
from ..unknowns.prolongation import Prolongation
from .factored import FactoredHessian
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
        self._factors_hold = False  # whether they are those of the last stable state

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
        if self._inertia is None or not self._factors_hold:
            return False
        g, step = q.duplicate(), q.duplicate()
        self._coupling.energy_gradient(q, g)
        if not np.isfinite(g.norm(PETSc.NormType.NORM_INFINITY)):
            return False
        self._inertia.solve(g, step)
        q.axpy(-1.0, step)
        return True

    def forget(self) -> None:
        """Make no prediction with the factors of the last state: they, or the unknowns, mean something else now."""
        self._factors_hold = False

    def _has_definite_factors(self, q: PETSc.Vec) -> bool:
        """Whether all pivots of the symmetric part of the Hessian are positive; then no eigenvalue has a negative real part."""
        H, has_energy = self._coupling.hessian(q), self._coupling.has_energy
        self.factors.factor(H if has_energy else _symmetric_part(H), (self._coupling.pattern_version, False))
        definite = self.factors.negative == 0
        self._factors_hold = definite and has_energy
        return definite


class Factors:
    """Factors of matrices by MUMPS.

    Parameters
    ----------
    kind : PETSc.PC.Type
        LU or CHOLESKY.
    settings : dict, optional
        Options of MUMPS besides.
    """

    def __init__(self, comm: MPI.Comm, prefix: str, kind: str, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._comm = comm
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setOptionsPrefix(prefix)
        self._ksp.setType(PETSc.KSP.Type.PREONLY)
        pc = self._ksp.getPC()
        pc.setType(kind)
        pc.setFactorSolverType("mumps")
        database = PETSc.Options()
        database[prefix + "mat_mumps_icntl_14"] = "60"
        database[prefix + "mat_mumps_icntl_20"] = "10"  # right-hand sides stay: no vector of the domain on rank 0
        database[prefix + "mat_mumps_icntl_24"] = "1"  # what nothing holds stays: nodes beside a slit whose cells have no weight
        for name, value in settings.items():
            database[prefix + name] = value
        self._ksp.setFromOptions()
        self._pattern: object = None

    def factor(self, A: PETSc.Mat, pattern: object) -> None:
        """Factor A.

        Matrices of the same sparsity come with an equal ``pattern``. PETSc would not notice a change in a matrix that was
        preallocated anew, nor in a sum of two, and hand MUMPS values for the wrong symbolic factors.
        """
        release_dropped(self._comm)  # a long minimisation drops a matrix in each iteration
        if pattern != self._pattern:
            self._ksp.reset()
            self._pattern = pattern
        self._ksp.setOperators(A)
        self._ksp.setUp()

    @property
    def ksp(self) -> PETSc.KSP:
        """What solves with the last factors."""
        return self._ksp

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """x = A^-1 b with the last factors."""
        self._ksp.solve(b, x)


class Inertia(Factors):
    """LDL^T factors of a symmetric matrix, with the number of its negative eigenvalues (Sylvester).

    Parameters
    ----------
    determinant : bool
        Whether `log_abs_det` is asked for.
    """

    def __init__(self, comm: MPI.Comm, prefix: str, determinant: bool = False) -> None:
        # no ScaLAPACK root, whose pivots MUMPS does not count
        settings = {"mat_mumps_icntl_13": "1"} | ({"mat_mumps_icntl_33": "1"} if determinant else {})
        super().__init__(comm, prefix, PETSc.PC.Type.CHOLESKY, settings)
        self.negative, self.null = 0, 0

    def factor(self, A: PETSc.Mat, pattern: object) -> None:
        """See `Factors.factor`; negative and null pivots are counted."""
        super().factor(A, pattern)
        self.negative, self.null, _ = self._ksp.getPC().getFactorMatrix().getInertia()

    @property
    def log_abs_det(self) -> float:
        """log |det| of the last matrix, if it was asked for: MUMPS keeps a mantissa and a power of two."""
        found = self._ksp.getPC().getFactorMatrix()
        return float(np.log(abs(found.getMumpsRinfog(12))) + found.getMumpsInfog(34) * np.log(2.0))


def shifted(H: PETSc.Mat, shift: float, S: PETSc.Mat, alike: bool) -> PETSc.Mat:
    """H + shift S, a matrix of its own; ``alike``: both have the same pattern."""
    structures = PETSc.Mat.Structure
    A = H.copy()
    A.axpy(shift, S, structure=structures.SAME_NONZERO_PATTERN if alike else structures.DIFFERENT_NONZERO_PATTERN)
    return A


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


def release_dropped(comm: MPI.Comm) -> None:
    """Free PETSc's objects that Python has dropped on all ranks. Collective.

    Ranks may drop them in different order, so on several ranks PETSc keeps them until all can free them together.
    """
    PETSc.garbage_cleanup(comm)


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
