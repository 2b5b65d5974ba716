"""The pair search on large and awkward systems, and the spatial order that large lists keep inside."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from matscipy.neighbours import neighbour_list

from atomistics import AtomisticEnergy, NeighbourList, load_potential, neighbours


def triples(nl):
    """Sorted (site, neighbour, shift) of all bonds."""
    ghost = nl.index >= nl.n_atoms
    shift = np.zeros((len(nl.index), 3), int)
    shift[ghost] = nl.images[nl.index[ghost] - nl.n_atoms]
    return sort(np.repeat(nl.sites, np.diff(nl.first)), nl.owner_of_extended[nl.index], shift)


def sort(i, j, S):
    table = np.column_stack([i, j, S]).astype(int)
    return table[np.lexsort(table.T[::-1])]


@pytest.mark.parametrize("pbc", [(True, True, True), (False, True, False), (False, False, False)])
def test_large_lists_equal_those_of_matscipy(pbc):
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True) * (11, 8, 7)
    assert len(atoms) > neighbours.SORT_FROM
    atoms.set_cell(atoms.cell @ (np.eye(3) + 0.1 * np.triu(np.ones((3, 3)), 1)), scale_atoms=True)
    atoms.rattle(0.2, seed=3)
    atoms.positions += [0.0, 1.0, -2.0]  # some leave the cell
    atoms.pbc = pbc
    reach, cell = 4.7, np.array(atoms.cell)
    nl = NeighbourList(atoms.positions, 4.5, 0.2, cell, pbc)
    assert (nl.owner_of_extended[: len(atoms)] != np.arange(len(atoms))).any()
    box, origin = cell, np.zeros(3)
    if not all(pbc):  # matscipy wants the atoms inside its box along free directions
        free = ~np.array(pbc)
        origin = -(20.0 * free) @ cell / np.linalg.norm(cell, axis=1).min()
        box = cell * np.where(free, 3.0, 1.0)[:, None]
    expected = neighbour_list("ijS", positions=atoms.positions, cell=box, pbc=pbc, cutoff=reach, cell_origin=origin)
    np.testing.assert_array_equal(triples(nl), sort(*expected))


def test_sparse_atoms_do_not_need_a_bin_each():
    X = np.array([[0.0, 0, 0], [1.0, 0, 0], [1e6, 1e6, 1e6], [1e6, 1e6, 1e6 + 1], [-1e6, 0, 3]])
    nl = NeighbourList(X, 1.5)
    assert np.diff(nl.first).tolist() == [1, 1, 1, 1, 0]


def test_far_outside_a_thin_cell():
    """Atoms may be any number of periods away: bonds are those of the atoms put back."""
    rng = np.random.default_rng(5)
    X, cell = rng.uniform(0, 3, (6, 3)), np.diag([1.0, 1.0, 2.5])
    away = X + rng.integers(-7, 8, 6)[:, None] * cell[2]
    args = (3.0, 0.0, cell, (False, False, True))
    near, far = NeighbourList(X, *args), NeighbourList(away, *args)
    lengths = [
        np.sort(np.linalg.norm(nl.extended(x)[nl.index] - np.repeat(x, np.diff(nl.first), 0), axis=1))
        for nl, x in ((near, X), (far, away))
    ]
    np.testing.assert_allclose(*lengths, atol=1e-12)
    np.testing.assert_array_equal(np.diff(near.first), np.diff(far.first))


def test_spatial_order_stays_inside(monkeypatch):
    """Energies, gradients and Hessians come out in the caller's order, whatever the order inside."""
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True) * (3, 2, 2)
    atoms.rattle(0.05, seed=1)
    atoms = atoms[np.random.default_rng(2).permutation(len(atoms))]
    potential, w = load_potential("Cu_mishin1.eam.alloy"), np.linspace(0.0, 1.0, len(atoms))
    plain = AtomisticEnergy(potential, atoms, w)
    monkeypatch.setattr(neighbours, "SORT_FROM", 0)
    sorted_ = AtomisticEnergy(potential, atoms, w)
    assert (sorted_._list.rows != plain._list.rows).any()
    assert sorted_.energy() == pytest.approx(plain.energy(), rel=1e-14)
    np.testing.assert_allclose(sorted_.site_energies(), plain.site_energies(), rtol=1e-13)
    np.testing.assert_allclose(sorted_.gradient(), plain.gradient(), atol=1e-13)
    np.testing.assert_allclose((sorted_.hessian() - plain.hessian()).toarray(), 0, atol=1e-12)
    v = np.random.default_rng(3).normal(size=(len(atoms), 3))
    np.testing.assert_allclose(sorted_.hessian_vector(v), plain.hessian_vector(v), atol=1e-12)


@pytest.mark.parametrize("pbc", [True, (False, False, True)])
def test_a_list_that_is_not_worn_out_is_complete(pbc):
    """Strained cells and moved atoms: as long as the list claims to hold, a fresh one gives the same energy."""
    potential = load_potential("Cu_mishin1.eam.alloy")
    atoms = bulk("Cu", "fcc", a=3.6) * (2, 2, 1)
    atoms.pbc = pbc
    X, cell, types = atoms.positions, np.array(atoms.cell), np.zeros(len(atoms), np.int32)
    nl = NeighbourList(X, potential.cutoff, 0.8, cell, atoms.pbc)
    rng, held = np.random.default_rng(7), 0
    for _ in range(60):
        G = np.eye(3) + rng.uniform(0, 0.06) * rng.normal(size=(3, 3))
        new_cell = cell @ G
        y = X @ G + rng.uniform(0, 0.15) * rng.normal(size=X.shape)
        if nl.moved_too_far(y, new_cell):
            continue
        held += 1
        fresh = NeighbourList(y, potential.cutoff, 0.0, new_cell, atoms.pbc)
        V = potential.site_energies(y, types, nl, new_cell)
        np.testing.assert_allclose(V, potential.site_energies(y, types, fresh), rtol=1e-12)
    assert 5 < held < 55


def test_a_rank_without_atoms():
    potential = load_potential("Fe_mm.eam.fs")
    nl = NeighbourList(np.empty((0, 3)), potential.cutoff, cell=np.eye(3) * 3, pbc=(False, False, True))
    y, types, w = np.empty((0, 3)), np.empty(0, np.int32), np.empty(0)
    E, V, g = potential.energy_gradient(y, types, nl, w)
    assert (E, V.shape, g.shape) == (0.0, (0,), (0, 3))
    pattern = potential.hessian_pattern(nl, 0, w)
    assert potential.hessian_blocks(y, types, nl, w, pattern).shape == (0, 3, 3)


def test_atoms_without_sites_get_no_energy_and_no_forces():
    potential = load_potential("Fe_mm.eam.fs")
    atoms = Atoms("Fe4", positions=[[0, 0, 0], [2.4, 0, 0], [4.8, 0, 0], [9.0, 9, 9]])
    nl = NeighbourList(atoms.positions, potential.cutoff, sites=np.array([], int))
    E, V, g = potential.energy_gradient(atoms.positions, np.zeros(4, np.int32), nl, np.empty(0))
    assert E == 0.0
    assert not len(V)
    np.testing.assert_array_equal(g, np.zeros((4, 3)))
    assert not len(potential.hessian_pattern(nl, 4, np.empty(0)).rows)
