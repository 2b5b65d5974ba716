"""Kernels of the reconstructed stencil: affine maps, bonds, and their transpose."""

import numpy as np
import pytest

from atomistics.kernels.reconstruction import affine, reconstruct, shortest, transpose

RNG = np.random.default_rng(5)
R = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, -1.0, 0], [0.3, 0.4, 1.0], [-0.3, -0.4, -1.0]])
FIT = np.linalg.inv(R.T @ R)
HALF, FACTOR, SIGN = np.array([0, 0, 1, 1, 2, 2], np.int32), np.array([0.5, -0.5] * 3), np.array([1.0, -1.0])
ROWS = np.array([0, 7], np.int32)
INDEX = np.array([[1, 2, 3, 4, 5, 6], [8, 9, 10, 11, 12, 13]], np.int32)
COLUMN = np.array([0, 3], np.int32)
LAM = RNG.normal(size=(14, 6))


def crystal(F):
    """Two sites with their complete stencils."""
    X = np.concatenate([np.zeros((1, 3)), R])
    return np.concatenate([X, X + np.array([5.0, 0, 0])]) @ F.T


def reconstructed(y):
    out = np.empty((14, 3))
    reconstruct(y, ROWS, INDEX, LAM, R, FIT, HALF, FACTOR, SIGN, COLUMN, out)
    return out.reshape(2, 7, 3)


def test_an_affine_map_is_found_and_not_changed():
    F, found = np.eye(3) + 0.1 * RNG.normal(size=(3, 3)), np.empty((3, 3))
    y = crystal(F)
    affine(y, 7, INDEX, 1, R, FIT, found)
    assert found == pytest.approx(F)
    bonds = reconstructed(y)
    assert not bonds[:, 0].any()
    assert bonds[:, 1:] == pytest.approx(np.broadcast_to(R @ F.T, (2, 6, 3)), abs=1e-12)


def test_opposite_bonds_are_changed_alike():
    """What is added to one half of a stencil is taken from the other."""
    y = crystal(np.eye(3)) + 0.1 * RNG.normal(size=(14, 3))
    change = reconstructed(y)[:, 1:] - (y[INDEX] - y[ROWS][:, None])
    assert np.abs(change).max() > 1e-2
    assert change[:, ::2] == pytest.approx(-change[:, 1::2])


def test_a_site_has_the_multipliers_of_its_sublattice():
    y = crystal(np.eye(3)) + 0.1 * RNG.normal(size=(14, 3))
    swapped = np.empty((14, 3))
    reconstruct(y, ROWS, INDEX, np.roll(LAM, 3, axis=1), R, FIT, HALF, FACTOR, SIGN, COLUMN[::-1].copy(), swapped)
    assert swapped.reshape(2, 7, 3) == pytest.approx(reconstructed(y))


def test_the_transpose():
    """p . (C D y) = y . (C D)^T p: both are linear in y."""
    y, p, g = RNG.normal(size=(14, 3)), RNG.normal(size=(14, 3)), np.zeros((14, 3))
    transpose(p, ROWS, INDEX, LAM, R, FIT, HALF, FACTOR, SIGN, COLUMN, g)
    p[ROWS] = 0.0  # the first row of a site is the site itself
    assert np.vdot(p, reconstructed(y)) == pytest.approx(np.vdot(g, y))
    assert g.sum(0) == pytest.approx(np.zeros(3), abs=1e-12)


def test_the_shortest_distance():
    y = np.array([[0.0, 0, 0], [2.0, 0, 0], [0, 0.5, 0]])
    first, index = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    assert shortest(y, np.zeros(1, np.int32), first, index) == 4.0
    assert shortest(y, np.zeros(0, np.int32), np.zeros(1, np.int32), index) == np.inf
