"""Machine instructions by hand: the outer product in registers, and a prefetch that changes nothing."""

import numba as nb
import numpy as np

from atomistics.kernels.intrinsics import add_outer, prefetch_block


@nb.njit
def outer(R, q, g, k, u):
    add_outer(R, q, g, k, u[0], u[1], u[2])


@nb.njit
def prefetched(H, q):
    prefetch_block(H, q)


def test_an_outer_product_is_added_to_one_row():
    rng = np.random.default_rng(1)
    R, g, u = rng.normal(size=(4, 12)), rng.normal(size=(5, 4)), rng.normal(size=3)
    g[:, 3] = 0.0  # padding
    expected = R.copy()
    expected[2] += np.outer(u, g[3]).ravel()
    outer(R, 2, g, 3, u)
    np.testing.assert_allclose(R, expected, rtol=1e-14, atol=1e-15)
    assert np.array_equal(R[[0, 1, 3]], expected[[0, 1, 3]])


def test_a_prefetch_leaves_the_blocks_alone():
    H = np.arange(36.0).reshape(4, 3, 3)
    prefetched(H, 3)
    assert np.array_equal(H.ravel(), np.arange(36.0))
