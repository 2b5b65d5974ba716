"""A learnt matrix against dense algebra."""

import numpy as np
import pytest
from petsc4py import PETSc

from qc.solve.low_rank import LowRank

N = 12
RNG = np.random.default_rng(5)


def vector(values):
    v = PETSc.Vec().createSeq(len(values), comm=PETSc.COMM_SELF)
    v.array[:] = values
    return v


def dense(learnt):
    return sum((np.outer(u.array_r, v.array_r) for u, v in zip(learnt.u, learnt.v, strict=True)), np.zeros((N, N)))


def solved_by(A):
    return lambda b, x: x.setArray(np.linalg.solve(A, b.array_r))


def test_the_last_step_is_known_exactly_and_a_symmetric_matrix_in_the_end():
    D = RNG.normal(size=(N, N))
    D, learnt = D + D.T, LowRank(None)
    for _ in range(N):
        s = 0.01 * RNG.normal(size=N)
        learnt.learn(vector(s), vector(D @ s))
        np.testing.assert_allclose(dense(learnt) @ s, D @ s, atol=1e-9)
    np.testing.assert_allclose(dense(learnt), D, atol=1e-4)


def test_a_change_across_the_step_is_learnt_too():
    s, r = np.eye(N)[0] * 0.01, np.eye(N)[1]
    learnt = LowRank(None)
    learnt.learn(vector(s), vector(r))
    np.testing.assert_allclose(dense(learnt) @ s, r, atol=1e-12)


def test_solve_is_that_of_the_sum():
    A, b = RNG.normal(size=(N, N)) + 5 * np.eye(N), RNG.normal(size=N)
    learnt, x = LowRank(None, most=3), vector(np.zeros(N))
    for _ in range(5):
        learnt.learn(vector(0.01 * RNG.normal(size=N)), vector(0.01 * RNG.normal(size=N)))
    assert len(learnt.u) == 3
    learnt.solve(solved_by(A), vector(b), x)
    np.testing.assert_allclose((A + dense(learnt)) @ x.array_r, b, atol=1e-9)


@pytest.mark.parametrize("size", [1e-12, 1.0])
def test_steps_too_short_or_too_long_teach_nothing(size):
    learnt = LowRank(None)
    learnt.learn(vector(size * np.ones(N)), vector(np.ones(N)))
    assert not learnt.u
