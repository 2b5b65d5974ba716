"""Sums over one direction of each bond: the same energies and gradients as site by site over the full list."""

import numpy as np
import pytest

from atomistics import NeighbourList, load_potential
from tests.atomistics.structures import TABLE, crystal

TABLES = ["Cu", "Fe", "W", "FeAl", "AlNi"]


def case(name, seed=3):
    make_potential, make_atoms = TABLE[name]
    potential, atoms, rng = make_potential(), make_atoms(), np.random.default_rng(seed)
    y = atoms.positions + rng.normal(0, 0.05, (len(atoms), 3))
    return potential, atoms, y, potential.types_of(atoms.get_chemical_symbols()), rng


def both(potential, atoms, y, types, w, sites=None):
    """Energy, site energies, gradient and virial, over half of the list and site by site."""
    results = []
    for half in (True, False):
        nl = NeighbourList(y, potential.cutoff, 0.4, np.array(atoms.cell), atoms.pbc, sites)
        if not half:
            nl.half = None
        results.append(potential.energy_gradient_virial(y, types, nl, w))
    return results


@pytest.mark.parametrize("name", TABLES)
def test_all_sites(name):
    """Small cells: atoms meet several images of others and of themselves."""
    potential, atoms, y, types, rng = case(name)
    half, full = both(potential, atoms, y, types, rng.uniform(-0.3, 1.0, len(atoms)))
    for a, b in zip(half, full, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    assert np.abs(full[2]).max() > 0.01


@pytest.mark.parametrize("name", ["Cu", "FeAl"])
def test_some_sites_in_any_order(name):
    """Bonds to atoms without a row stay, wherever they lead."""
    potential, atoms, y, types, rng = case(name)
    sites = rng.permutation(len(atoms))[: len(atoms) // 2].astype(np.int32)
    half, full = both(potential, atoms, y, types, rng.uniform(0.1, 1.0, len(sites)), sites)
    for a, b in zip(half, full, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_half_of_a_list_has_each_bond_once():
    atoms = crystal("Cu", "fcc", 3.6, (2, 2, 2))
    nl = NeighbourList(atoms.positions, 3.0, 0.2, np.array(atoms.cell), atoms.pbc)
    assert 2 * len(nl.half.index) == len(nl.index)
    assert nl.half.first[-1] == len(nl.half.index)


def test_a_single_atom_with_its_images():
    potential = load_potential("Cu_mishin1.eam.alloy")
    nl = NeighbourList(np.zeros((1, 3)), potential.cutoff, 0.3, np.eye(3) * 2.6, (True, True, True))
    assert 2 * len(nl.half.index) == len(nl.index)
    args = (np.zeros((1, 3)), np.zeros(1, np.int32), nl)
    half = potential.energy_gradient(*args, np.ones(1))
    nl.half = None
    full = potential.energy_gradient(*args, np.ones(1))
    np.testing.assert_allclose(half[0], full[0], rtol=1e-13)
    np.testing.assert_allclose(half[2], 0.0, atol=1e-12)


def test_a_site_without_weight_is_not_evaluated():
    """Two atoms in one place: infinite where they count, nothing where they do not."""
    potential = load_potential("Cu_mishin1.eam.alloy")
    y = np.array([[0.0, 0, 0], [0.0, 0, 0], [40.0, 0, 0], [42.5, 0, 0]])
    nl, types = NeighbourList(y, potential.cutoff, 0.3), np.zeros(4, np.int32)
    assert np.isfinite(potential.energy_gradient(y, types, nl, np.array([0.0, 0.0, 1.0, 1.0]))[0])
    assert not np.isfinite(potential.energy_gradient(y, types, nl, np.ones(4))[0])
