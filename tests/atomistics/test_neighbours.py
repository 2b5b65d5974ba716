"""Neighbour lists against brute force, and what happens when atoms or cells move."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistics import AtomisticEnergy, Crystal, NeighbourList, load_potential

CELL = np.array([[4.0, 0.3, 0.0], [-1.1, 3.7, 0.4], [0.6, -0.2, 2.9]])


def brute_force(X, cell, pbc, cutoff):
    """Sorted (i, bond vector) of all pairs, images included."""
    reach = [range(-4, 5) if p else (0,) for p in pbc]
    shifts = np.array(list(itertools.product(*reach))) @ cell
    D = X[None, :, None] + shifts - X[:, None, None]
    r = np.linalg.norm(D, axis=-1)
    i, j, s = np.nonzero((r < cutoff) & (r > 1e-9))
    return sorted((int(a), *np.round(D[a, b, c], 8)) for a, b, c in zip(i, j, s, strict=True))


def bonds(nl, X):
    extended = nl.extended(X)
    rows = np.repeat(nl.sites, np.diff(nl.first))
    D = extended[nl.index] - X[rows]
    return sorted((int(a), *np.round(d, 8)) for a, d in zip(rows, D, strict=True))


@pytest.mark.parametrize("pbc", list(itertools.product((False, True), repeat=3)))
def test_bonds_are_those_of_brute_force(pbc):
    X = np.random.default_rng(0).uniform(-3, 6, (9, 3))  # many outside the cell
    nl = NeighbourList(X, 4.5, cell=CELL, pbc=pbc)
    assert bonds(nl, X) == brute_force(X, CELL, pbc, 4.5)


def test_flat_and_collinear_atoms_far_from_the_origin():
    X = np.array([[1e3, 0, 0], [1e3 + 1, 0, 0], [1e3 + 2.5, 0, 0]])
    nl = NeighbourList(X, 1.6)
    assert bonds(nl, X) == brute_force(X, np.eye(3), (False,) * 3, 1.6)


def test_front_along_x_in_the_third_cell_vector():
    X = np.random.default_rng(1).uniform(0, 4, (6, 3))
    cell, pbc = np.array([[9.0, 0, 0], [0, 9, 0], [2.5, 0, 0]]), (False, False, True)
    assert bonds(NeighbourList(X, 3.0, cell=cell, pbc=pbc), X) == brute_force(X, cell, pbc, 3.0)


def test_rows_of_chosen_sites_only():
    X = np.random.default_rng(1).uniform(0, 5, (30, 3))
    every, some = NeighbourList(X, 2.5), NeighbourList(X, 2.5, sites=np.array([7, 3, 20]))
    assert some.sites.tolist() == [7, 3, 20]
    for row, site in enumerate(some.sites):
        mine = some.index[some.first[row] : some.first[row + 1]]
        full = every.index[every.first[site] : every.first[site + 1]]
        assert sorted(mine) == sorted(full)
        assert len(mine)


@pytest.mark.parametrize("n", [0, 1])
def test_no_atoms_and_one_atom(n):
    nl = NeighbourList(np.zeros((n, 3)), 3.0)
    assert len(nl.index) == 0
    assert len(nl.first) == n + 1
    assert nl.fold(np.ones((n, 3))).shape == (n, 3)


@pytest.mark.parametrize("n", [5, 2500])  # long lists keep the atoms in spatial order
def test_fold_is_the_transpose_of_extended_vector(n):
    rng = np.random.default_rng(2)
    X = rng.uniform(0, 3, (n, 3))
    nl = NeighbourList(X, 4.0 if n < 10 else 0.3, cell=CELL, pbc=(True, False, True))
    v = rng.normal(size=(n, 3))
    g = rng.normal(size=nl.extended_vector(v).shape)
    assert len(g) == n + len(nl.owner) > n
    assert (nl.extended_vector(v) * g).sum() == pytest.approx((v * nl.fold(g)).sum(), rel=1e-12)
    np.testing.assert_allclose(nl.extended(X)[n:], X[nl.owner] + nl.shift)
    np.testing.assert_array_equal(nl.extended_vector(X), X[nl.owner_of_extended])


def test_list_is_worn_out_after_half_the_skin():
    X = np.array([[0.0, 0, 0], [2.5, 0, 0], [6, 0, 0]])
    nl = NeighbourList(X, 3.0, skin=0.4)
    assert not nl.moved_too_far(X)
    assert not nl.moved_too_far(X + np.array([0.19, 0, 0]))
    assert nl.moved_too_far(X + np.array([[0, 0, 0], [0.21, 0, 0], [0, 0, 0]]))
    assert nl.moved_too_far(X * np.nan)


def test_the_order_of_the_atoms_does_not_matter():
    """3000 atoms in random order: energies, forces and Hessian follow the permutation."""
    potential = load_potential("Cu_mishin1.eam.alloy")
    atoms = bulk("Cu", a=3.62, cubic=True) * (10, 10, 8)
    atoms.rattle(0.05, seed=1)
    mix = np.random.default_rng(5).permutation(len(atoms))
    w = np.random.default_rng(6).random(len(atoms))
    given, mixed = AtomisticEnergy(potential, atoms, w), AtomisticEnergy(potential, atoms[mix], w[mix])
    assert mixed.energy() == pytest.approx(given.energy(), rel=1e-13)
    np.testing.assert_allclose(mixed.site_energies(), given.site_energies()[mix], atol=1e-12)
    np.testing.assert_allclose(mixed.gradient(), given.gradient()[mix], atol=1e-12)
    v = np.random.default_rng(7).normal(size=(len(atoms), 3))
    product = given.hessian_vector(v)
    np.testing.assert_allclose(mixed.hessian_vector(v[mix]), product[mix], atol=1e-11)
    np.testing.assert_allclose(given.hessian() @ v.ravel(), product.ravel(), atol=1e-11)
    np.testing.assert_allclose(mixed.hessian() @ v[mix].ravel(), product[mix].ravel(), atol=1e-11)


def test_a_strain_that_brings_new_bonds_wears_the_list_out():
    atoms = bulk("Cu", a=3.6)
    nl = NeighbourList(atoms.positions, 3.2, 0.39, np.array(atoms.cell), atoms.pbc)
    cell = np.array(atoms.cell)  # second neighbours at 3.6 A are not in the list
    assert not nl.moved_too_far(atoms.positions, cell * 0.95)
    assert nl.moved_too_far(atoms.positions, cell * 0.88)


def test_a_shrinking_box_around_one_atom_brings_its_images():
    nl = NeighbourList(np.zeros((1, 3)), 3.0, 0.3, 5.0 * np.eye(3), (True,) * 3)
    assert len(nl.index) == 0
    assert nl.moved_too_far(np.zeros((1, 3)), 2.9 * np.eye(3))


@pytest.mark.parametrize("pbc", [(True, True, True), (False, False, True), (True, False, True)])
def test_atoms_that_follow_the_cell_do_not_wear_the_list_out(pbc):
    atoms = bulk("Cu", cubic=True) * 8
    nl = NeighbourList(atoms.positions, 3.0, 0.3, np.array(atoms.cell), pbc)
    F = np.eye(3) + 0.01 * np.outer(pbc, pbc) * np.array([[1, 0.5, 0], [0.2, -1, 0.3], [0, 0, 0.4]])
    assert not nl.moved_too_far(atoms.positions @ F, np.array(atoms.cell) @ F)
    assert nl.moved_too_far(atoms.positions * 1.02)


def test_a_turning_front_does_not_turn_the_free_directions():
    X = np.random.default_rng(1).uniform(-40, 40, (50, 3))
    cell = np.diag([1, 1, 2.855])
    nl = NeighbourList(X, 3.0, 0.3, cell, (False, False, True))
    for turn in ([1e-4, 0, 0], [0, -1e-4, 0], [1e-4, -1e-4, 1e-4]):
        assert not nl.moved_too_far(X, cell + np.array([[0, 0, 0], [0, 0, 0], turn]))


@pytest.mark.parametrize("skin", [0.0, 0.5])
def test_energy_is_continuous_while_the_list_is_rebuilt(skin):
    """An atom travels through a crystal: a list that is not rebuilt would lose it."""
    potential = load_potential("Cu_mishin1.eam.alloy")
    atoms = bulk("Cu", a=3.615, cubic=True) * (2, 2, 2) + Atoms("Cu", positions=[(0.9, 0.9, 0.9)])
    energy = AtomisticEnergy(potential, atoms, skin=skin)
    for step in np.linspace(0, 5, 7):
        y = atoms.positions.copy()
        y[-1] += step * np.array([1.0, 0.02, 0.01])
        moved = atoms.copy()
        moved.positions = y
        fresh = AtomisticEnergy(potential, moved)
        assert energy.energy(y) == pytest.approx(fresh.energy(), abs=1e-10)
        np.testing.assert_allclose(energy.gradient(y), fresh.gradient(), atol=1e-10)


def test_one_thin_period_equals_a_repeated_supercell():
    """2.5-D: one period of 2.855 A is less than the cutoff, an atom is its own neighbour."""
    potential = load_potential("Fe_mm.eam.fs")
    X = Crystal.bcc("Fe", 2.855).oriented((1, 1, 0), (0, 0, 1)).sites_in_box((-6, -6, 0), (6, 6, 2.8))[0]
    X += np.random.default_rng(6).normal(0, 0.03, X.shape)
    n, copies = len(X), 5
    thin = Atoms("Fe" * n, positions=X, cell=(1, 1, 2.855), pbc=(False, False, True))
    thick = thin.repeat((1, 1, copies))
    w = np.random.default_rng(8).random(n)
    one, many = AtomisticEnergy(potential, thin, w), AtomisticEnergy(potential, thick, np.tile(w, copies))
    assert many.energy() == pytest.approx(copies * one.energy(), rel=1e-13)
    np.testing.assert_allclose(
        many.gradient().reshape(copies, n, 3), np.tile(one.gradient(), (copies, 1, 1)), atol=1e-12
    )
    H = many.hessian().toarray().reshape(copies, 3 * n, copies, 3 * n)
    np.testing.assert_allclose(H[2].sum(1), one.hessian().toarray(), atol=1e-11)
    with pytest.raises(AssertionError):  # not so without the images of the atom itself
        np.testing.assert_allclose(H[2][:, 2], one.hessian().toarray(), atol=1e-11)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((np.zeros((2, 3)), -1.0), "cutoff must be positive.*-1"),
        ((np.zeros((2, 3)), 1.0, -0.1), "skin.*not.*negative.*-0.1"),
        ((np.zeros(3), 1.0), r"shape \(n, 3\).*\(3,\)"),
        ((np.array([[0, 0, np.nan]]), 1.0), "finite.*nan.*atom 0"),
        ((np.zeros((2, 3)), 1.0, 0.0, None, (True, False, False)), "cell vectors.*periodic"),
        ((np.zeros((2, 3)), 1.0, 0.0, np.ones((3, 3)), (True, True, False)), "cell vectors.*independent"),
        ((np.zeros((2, 3)), 1.0, 0.0, None, (False,) * 3, [2]), "0 to 1"),
    ],
)
def test_bad_lists_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        NeighbourList(*arguments)
