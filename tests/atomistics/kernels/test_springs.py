"""Kernels of bonds as springs."""

import numpy as np
import pytest

from atomistics.kernels.springs import spring, spring_blocks, spring_product

X = np.array([[0.0, 0, 0], [1.0, 0, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
K = np.array([3.0, 0.5, 1.5])  # along, across, torn beyond
FIRST, INDEX = np.array([0, 3, 4], np.int32), np.array([1, 2, 3, 0], np.int32)
SITES, OWNER, W = np.array([0, 1], np.int32), np.arange(4, dtype=np.int32), np.array([1.0, 0.4])


def stretched():
    y = X.copy()
    y[3, 2] = 1.6  # torn
    return y


def test_a_spring_is_stiff_along_and_across_its_bond():
    for j in (1, 2):
        *bond, s, t = spring(X, X, 0, j, 1.0, K)
        H = s * np.outer(bond, bond) + t * np.eye(3)
        n = X[j] / np.linalg.norm(X[j])
        assert H @ n == pytest.approx(3.0 * n)
        assert np.linalg.eigvalsh(H) == pytest.approx([0.5, 0.5, 3.0])
    assert spring(X, stretched(), 0, 3, 1.0, K)[3:] == (0.0, 0.0)


def test_products_are_those_with_the_blocks():
    y = stretched()
    H, D = np.empty((4, 3, 3)), np.zeros((4, 3, 3))
    spring_blocks(0, 2, SITES, OWNER, FIRST, INDEX, X, y, W, K, H, D)
    whole = np.zeros((4, 3, 4, 3))
    for a in range(4):
        whole[a, :, a] = D[a]
    for k, (i, j) in enumerate([(0, 1), (0, 2), (0, 3), (1, 0)]):
        whole[i, :, j] -= H[k]
        whole[j, :, i] -= H[k]
    v, out = np.random.default_rng(1).normal(size=(4, 3)), np.zeros((4, 3))
    spring_product(SITES, OWNER, FIRST, INDEX, X, y, W, K, v, out)
    assert out == pytest.approx(np.einsum("iajb,jb->ia", whole, v), abs=1e-14)
    assert not out[3].any()
    assert H[0] * 0.4 == pytest.approx(H[3])  # the same bond, by the weight of its other site
    again, half = np.empty((1, 3, 3)), np.zeros((4, 3, 3))
    spring_blocks(1, 2, SITES, OWNER, FIRST, INDEX, X, y, W, K, again, half)
    assert np.array_equal(again[0], H[3])
