"""Bordered systems against dense algebra, also where the Hessian is nearly singular."""

import numpy as np
import pytest
from mpi4py import MPI
from petsc4py import PETSc

from qc.solve.bordered import Bordered
from qc.solve.factors import Inertia
from qc.solve.options import PREFIX

N = 12


def system(smallest):
    """A symmetric matrix with an eigenvalue ``smallest``, borders that see its eigenvector, and a right-hand side."""
    rng = np.random.default_rng(3)
    Q, _ = np.linalg.qr(rng.normal(size=(N, N)))
    H = Q @ np.diag([smallest, *np.linspace(1.0, 5.0, N - 1)]) @ Q.T
    return 0.5 * (H + H.T), Q[:, 0] + 0.1, Q[:, 0] - 0.2, 0.3, rng.normal(size=N), 0.7


@pytest.mark.parametrize(("smallest", "accuracy"), [(0.5, 1e-13), (-0.5, 1e-13), (1e-9, 1e-9)])
def test_the_solution_is_that_of_the_whole_matrix(smallest, accuracy):
    """At a fold the Hessian is singular and the bordered matrix is not."""
    H, b, c, d, r, s = system(smallest)
    whole = np.block([[H, b[:, None]], [c[None], np.array([[d]])]])
    expected = np.linalg.solve(whole, [*r, s])
    A = PETSc.Mat().createAIJ((N, N), nnz=N, comm=MPI.COMM_SELF)
    A.setValues(range(N), range(N), H)
    A.assemble()
    A.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    vectors = [PETSc.Vec().createWithArray(v, comm=MPI.COMM_SELF) for v in (b, c, r)]
    factors = Inertia(MPI.COMM_SELF, PREFIX + "bordered_test_")
    factors.factor(A, object())
    x, y = Bordered(factors, A, vectors[0], vectors[1], d).solve(vectors[2], s)
    scale = np.abs(expected).max()
    assert x.array_r == pytest.approx(expected[:N], abs=accuracy * scale)
    assert y == pytest.approx(expected[N], abs=accuracy * scale)
