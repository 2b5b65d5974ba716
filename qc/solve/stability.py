"""Signs of the eigenvalues of the Hessian, rigid-body modes, and the noise that breaks symmetry."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from slepc4py import SLEPc

from ..unknowns.prolongation import Prolongation


def _symmetric_part(H: PETSc.Mat) -> PETSc.Mat:
    """(H + H^T) / 2."""
    S = PETSc.Mat()
    H.transpose(S)
    S.axpy(1.0, H, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
    S.scale(0.5)
    return S


class Inertia:
    """LDL^T factors of a symmetric matrix by MUMPS, with the number of its negative eigenvalues (Sylvester)."""

    def __init__(self, comm: MPI.Comm, prefix: str) -> None:
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setOptionsPrefix(prefix)
        self._ksp.setType(PETSc.KSP.Type.PREONLY)
        pc = self._ksp.getPC()
        pc.setType(PETSc.PC.Type.CHOLESKY)
        pc.setFactorSolverType("mumps")
        database = PETSc.Options()
        # null pivots are counted as such; no ScaLAPACK root, whose pivots MUMPS does not count
        database[prefix + "mat_mumps_icntl_24"] = "1"
        database[prefix + "mat_mumps_icntl_13"] = "1"
        database[prefix + "mat_mumps_icntl_14"] = "60"
        database[prefix + "mat_mumps_icntl_20"] = (
            "10"  # right-hand sides stay where they are: no vector of the domain on rank 0
        )
        self._ksp.setFromOptions()
        self._pattern: object = None
        self.negative, self.null = 0, 0

    def factor(self, A: PETSc.Mat, pattern: object) -> None:
        """Factor A and count its negative and null pivots.

        ``pattern``: equal for matrices of the same sparsity. PETSc would not notice a change in a matrix that was
        preallocated anew, nor in a sum of two, and hand MUMPS values for the wrong symbolic factors.
        """
        if pattern != self._pattern:
            self._ksp.reset()
            self._pattern = pattern
        self._ksp.setOperators(A)
        self._ksp.setUp()
        self.negative, self.null, _ = self._ksp.getPC().getFactorMatrix().getInertia()

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """x = A^-1 b with the last factors."""
        self._ksp.solve(b, x)


def lowest_eigenvalue(H: PETSc.Mat, symmetric: bool = True, near: PETSc.Mat | None = None) -> float:
    """Smallest (real part of an) eigenvalue of H by a preconditioned Davidson iteration, eV/A^2.

    ``near``: the matrix that the preconditioner is made of where H is none.
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


def hashed_noise(key: np.ndarray, components: int) -> np.ndarray:
    """(n, components) numbers in [-1, 1] that depend on the names (n, 4) only (splitmix64; Steele et al. 2014)."""
    state = np.full(len(key), 0x9E3779B97F4A7C15, dtype=np.uint64)
    out = np.empty((len(key), components))
    with np.errstate(over="ignore"):
        for column in key.T.astype(np.int64).view(np.uint64):
            state = _mix(state ^ column)
        for c in range(components):
            out[:, c] = _mix(state + np.uint64(c + 1) * np.uint64(0x9E3779B97F4A7C15)) / 2.0**63 - 1.0
    return out


def _mix(z: np.ndarray) -> np.ndarray:
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
