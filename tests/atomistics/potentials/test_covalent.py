"""Hessians of bonds and angles: batches of sites whose work space stays small, whatever the neighbours."""

import tracemalloc

import numpy as np
import pytest
from ase.build import bulk

from atomistics import AtomisticEnergy, NeighbourList, load_potential
from atomistics.potentials import dense
from atomistics.potentials.dense import SITES, WORK, batches


def silicon(a, repeats=4):
    """Disturbed silicon: at 5.43 A a site has four neighbours, at 3.1 A about sixty."""
    atoms = bulk("Si", "diamond", a, cubic=True) * ((repeats,) * 3)
    atoms.rattle(0.02, seed=1)
    return load_potential("stillinger-weber"), atoms


def case(a, **changes):
    """What `hessian_blocks` needs, without a place for the blocks."""
    potential, atoms = silicon(a, **changes)
    y, n = atoms.positions, len(atoms)
    nl = NeighbourList(y, potential.cutoff, skin=0.1, cell=atoms.cell.array, pbc=(True, True, True))
    w = np.random.default_rng(2).uniform(0.1, 1.0, n)
    types = potential.types_of(["Si"] * n).astype(np.int32)
    return potential, (y, types, nl, w, potential.hessian_pattern(nl, n, w))


@pytest.mark.parametrize(("a", "least", "most"), [(5.43, SITES, SITES), (3.1, 8, 60)])
def test_sites_at_once(a, least, most):
    """Every site once and in order, at most `SITES`, at most `WORK` bytes."""
    _, (_, _, nl, *_) = case(a)
    parts = batches(nl)
    assert np.array_equal(np.concatenate([np.arange(len(nl.sites))[part] for part in parts]), np.arange(512))
    size = max(part.stop - part.start for part in parts)
    assert least <= size <= most
    assert size * 8 * (3 * np.diff(nl.first).max()) ** 2 <= WORK


def test_one_site_at_least():
    class Dense:
        sites, first = np.arange(3), 1000 * np.arange(4)

    assert batches(Dense()) == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_no_sites_and_sites_without_neighbours():
    class Sparse:
        sites, first = np.arange(0), np.zeros(1, dtype=int)

    assert batches(Sparse()) == []
    Sparse.sites, Sparse.first = np.arange(300), np.zeros(301, dtype=int)
    assert batches(Sparse()) == [slice(0, SITES), slice(SITES, 300)]


def test_blocks_do_not_depend_on_the_batches(monkeypatch):
    """Not in the last bit: sites are added up in their order."""
    potential, args = case(3.1, repeats=2)
    found = []
    for sites, work in ((1, WORK), (7, WORK), (10_000, 10**9)):
        monkeypatch.setattr(dense, "SITES", sites)
        monkeypatch.setattr(dense, "WORK", work)
        found.append(potential.hessian_blocks(*args))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    assert np.abs(found[0]).max() > 1.0


def test_work_space_stays_small_with_sixty_neighbours():
    potential, args = case(3.1)
    nl, pattern = args[2], args[4]
    assert np.diff(nl.first).mean() > 55
    out = np.empty((len(pattern.cols), 3, 3))
    tracemalloc.start()
    potential.hessian_blocks(*args, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * WORK


def test_matrix_and_product_agree_over_several_batches():
    potential, atoms = silicon(3.1, repeats=2)
    energy, v = AtomisticEnergy(potential, atoms), np.sin(np.arange(3.0 * len(atoms)))
    expected = energy.hessian_vector(v)
    assert energy.hessian() @ v == pytest.approx(expected, abs=1e-10 * np.abs(expected).max())
