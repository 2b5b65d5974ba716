"""Factors of matrices by MUMPS, and the signs of the pivots."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc


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
        self._ksp.getPC().setReusePreconditioner(False)
        self._ksp.setOperators(A)
        self._ksp.setUp()
        self._ksp.getPC().setReusePreconditioner(True)  # else a solve would factor anew what has been written into A since

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


def release_dropped(comm: MPI.Comm) -> None:
    """Free PETSc's objects that Python has dropped on all ranks. Collective.

    Ranks may drop them in different order, so on several ranks PETSc keeps them until all can free them together.
    """
    PETSc.garbage_cleanup(comm)
