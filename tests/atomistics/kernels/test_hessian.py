"""Kernels of the Hessian's pattern: who takes part in which site, and which blocks that makes."""

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, load_potential
from atomistics.kernels.hessian import members_of_sites, pattern_rows, sites_of_atoms

FIRST, INDEX = np.array([0, 3, 4, 5], np.int32), np.array([1, 2, 4, 0, 0], np.int32)
OWNER = np.array([0, 1, 2, 3, 1], np.int32)  # extended atom 4 is an image of atom 1
SITES = np.array([0, 1, 2], np.int32)


def members(w):
    begin, member = np.empty(4, np.int32), np.empty(8, np.int32)
    n = members_of_sites(4, SITES, FIRST, INDEX, np.array(w, float), OWNER, begin, member)
    return begin, member[:n]


def test_members_of_a_site_are_there_once():
    """The site first, images folded, sites without weight empty."""
    begin, member = members([1, 1, 1])
    assert begin.tolist() == [0, 3, 5, 7]
    assert member.tolist() == [0, 1, 2, 1, 0, 2, 0]
    begin, member = members([0, 1, 0])
    assert begin.tolist() == [0, 0, 2, 2]
    assert member.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("many_body", "rows"),
    [(True, [{0, 1, 2}, {0, 1, 2}, {0, 1, 2}, set()]), (False, [{0, 1, 2}, {0, 1}, {0, 2}, set()])],
)
def test_blocks_of_atoms_that_share_a_site(many_body, rows):
    """All of them, or for pairs a neighbour with the site and itself only."""
    begin, member = members([1, 1, 1])
    start, entry, row_first = np.empty(5, np.int32), np.empty(2 * len(member), np.int32), np.empty(5, np.int32)
    sites_of_atoms(4, begin, member, start, entry)
    assert np.diff(start).tolist() == [3, 2, 2, 0]
    n = pattern_rows(4, many_body, begin, member, start, entry, row_first, np.empty(0, np.int32))
    col = np.empty(n, np.int32)
    assert pattern_rows(4, many_body, begin, member, start, entry, row_first, col) == n
    assert [set(col[a:b].tolist()) for a, b in pairwise(row_first)] == rows


def test_a_dimer_is_a_spring_with_tension():
    """H = U'' along the bond and U'/r across it, with opposite signs between the two atoms."""
    potential, r = load_potential("morse"), 1.1
    energy = AtomisticEnergy(potential, Atoms("X2", [[0, 0, 0], [r, 0, 0]]))
    H, h = energy.hessian().toarray(), 1e-4
    e, here, further = (energy.energy(np.array([[0.0, 0, 0], [r + d, 0, 0]])) for d in (-h, 0.0, h))
    assert H[3:, 3:] == pytest.approx(H[:3, :3])
    assert H[:3, 3:] == pytest.approx(-H[:3, :3])
    expected = np.diag([(e - 2 * here + further) / h**2, *[(further - e) / (2 * h * r)] * 2])
    assert H[:3, :3] == pytest.approx(expected, abs=1e-5)
    assert abs(expected[1, 1]) > 1e-2
