"""Kernels of bonds and densities: closed forms and tables with their derivatives, and what a bond list needs."""

import numpy as np
import pytest

from atomistics.kernels.pair import (
    INVERSE,
    LENNARD_JONES,
    MORSE,
    OPPOSITE,
    SWITCHED_TOY,
    TABLE,
    TOY,
    R,
    bond_functions,
    embedding,
    gather,
    longest,
)

NO_TABLE = np.zeros((1, 1, 1, 8))
P = np.array([0.3, 1.5, 1.1, 0.0, 2.0, 1.6, 2.4])
"""Depth, steepness or size, distance, unused, decay of the density, switch on, cutoff."""


def cubic_table(n=12, dr=0.25, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (1, 1, n, 8)), dr


@pytest.mark.parametrize("kind", [LENNARD_JONES, MORSE, TOY, SWITCHED_TOY, TABLE])
@pytest.mark.parametrize("r", [1.07, 1.9, 2.31])
def test_derivatives_of_bond_functions(kind, r):
    table, dr = cubic_table() if kind == TABLE else (NO_TABLE, 1.0)
    h = 1e-5

    def at(r):
        return np.array(bond_functions(kind, P, table, dr, 0, 0, r))

    found, slopes = at(r), (at(r + h) - at(r - h)) / (2 * h)
    assert found[[1, 2, 4, 5]] == pytest.approx(slopes[[0, 1, 3, 4]], rel=1e-6, abs=1e-7)
    assert np.abs(found[:3]).max() > 1e-3


@pytest.mark.parametrize("kind", [LENNARD_JONES, MORSE, SWITCHED_TOY])
def test_the_switch_ends_with_two_derivatives(kind):
    for r, expected in ((P[6] - 1e-9, 0.0), (P[5] + 1e-9, None)):
        now = np.array(bond_functions(kind, P, NO_TABLE, 1.0, 0, 0, r))
        before = np.zeros(6) if expected == 0.0 else np.array(bond_functions(kind, P, NO_TABLE, 1.0, 0, 0, P[5]))
        assert now == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(("kind", "rho"), [(TOY, 0.7), (SWITCHED_TOY, 1.3), (TABLE, 0.83), (TABLE, 5.0), (MORSE, 1.0)])
def test_derivatives_of_the_embedding(kind, rho):
    """Beyond its table F is a straight line."""
    table = np.random.default_rng(2).uniform(-1, 1, (1, 12, 4))
    p = np.array([0.25, 2.75]) if kind == TABLE else np.array([0.4, 0.9])
    h = 1e-5

    def at(rho):
        return np.array(embedding(kind, p, table, 0, rho))

    found, slopes = at(rho), (at(rho + h) - at(rho - h)) / (2 * h)
    assert found[1:] == pytest.approx(slopes[:2], rel=1e-6, abs=1e-7)
    assert kind != MORSE or not found.any()
    assert rho < 2.75 or found[2] == 0.0


def test_neighbours_within_the_cutoff_are_gathered():
    y = np.array([[0.0, 0, 0], [1.0, 0, 0], [0, 3.0, 0], [0, 0, -2.0]])
    first, index = np.array([0, 3], np.int32), np.array([2, 1, 3], np.int32)
    n = longest(first)
    assert n == 4  # and a spare slot
    member, buffer = np.empty(n, np.int32), np.empty((OPPOSITE + 1, n))
    m = gather(y, index, 0, 0, 3, 2.5**2, member, buffer)
    assert member[:m].tolist() == [1, 3]
    assert buffer[R, :m] == pytest.approx([1.0, 2.0])
    assert buffer[INVERSE, :m] == pytest.approx([1.0, 0.5])
    assert longest(np.zeros(1, np.int32)) == 1
