"""Secant updates learn the Hessian that the gradients come from."""

import numpy as np
import pytest

from qc.qm.secant import Secant


@pytest.mark.parametrize("update", ["sr1", "psb"])
def test_secant_updates_learn_a_quadratic(update):
    rng = np.random.default_rng(2)
    A = rng.normal(size=(6, 6))
    A = A + A.T
    s = Secant(6, update)
    x = np.zeros(6)
    for _ in range(7 if update == "sr1" else 400):
        s.learn(x, A @ x)
        x = rng.normal(size=6)
    s.learn(x, A @ x)
    assert np.abs(s.B - s.B.T).max() < 1e-9
    assert np.abs(s.B - A).max() < (1e-8 if update == "sr1" else 1e-3)
    other = Secant(6, update)
    other.learnt = s.learnt
    for secant in (s, other):
        secant.learn(x + 0.1, A @ x)
    assert np.array_equal(other.B, s.B)
