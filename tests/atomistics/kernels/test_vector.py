"""Vectors of eight doubles: what is loaded, added, multiplied and stored."""

import numba as nb
import numpy as np

from atomistics.kernels.vector import W, load, splat, store


@nb.njit
def combined(A, i, B, k, C):
    x, y = load(A, i), load(B, k)
    store(C, 1, 2.0 * x + y * x - (y - 1.0) * splat(3.0))


def test_eight_lanes_at_once():
    rng = np.random.default_rng(1)
    A, B, C = rng.normal(size=4 * W), rng.normal(size=3 * W), np.zeros(3 * W)
    combined(A, 2, B, 1, C)
    x, y = A[2 * W : 3 * W], B[W : 2 * W]
    np.testing.assert_allclose(C[W : 2 * W], 2 * x + y * x - (y - 1) * 3, rtol=1e-14, atol=1e-15)
    assert not C[:W].any()
    assert not C[2 * W :].any()
