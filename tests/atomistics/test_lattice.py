"""Lattices as arrays: the primitive cell of any crystal, the points in a turned box."""

import numpy as np
import pytest
from ase.build import bulk

from atomistics import Crystal, NeighbourList


@pytest.mark.parametrize(
    ("atoms", "n_basis", "volume"),
    [
        (bulk("Cu", "fcc", a=3.6, cubic=True), 1, 3.6**3 / 4),
        (bulk("Fe", "bcc", a=2.855, cubic=True) * (2, 1, 1), 1, 2.855**3 / 2),
        (bulk("Si", "diamond", a=5.43, cubic=True), 2, 5.43**3 / 4),
        (bulk("NiAl", "cesiumchloride", a=2.9), 2, 2.9**3),
        (bulk("NaCl", "rocksalt", a=5.6, cubic=True), 2, 5.6**3 / 4),
        (bulk("Mg", "hcp", a=3.2, c=5.2), 2, 3.2**2 * 0.75**0.5 * 5.2),
        (bulk("Cu", "fcc", a=3.6, cubic=True) * (1, 1, 12), 1, 3.6**3 / 4),
        (bulk("Cu", "fcc", a=3.6), 1, 3.6**3 / 4),
    ],
)
def test_crystals_from_atoms_are_reduced_to_a_primitive_cell(atoms, n_basis, volume):
    crystal = Crystal.from_ase(atoms)
    assert len(crystal.species) == n_basis
    assert crystal.cell_volume == pytest.approx(volume)
    np.testing.assert_allclose(crystal.conventional_ij, np.array(atoms.cell))
    reach, symbols = 4.6, np.array(atoms.symbols)
    nl = NeighbourList(atoms.positions, reach, 0.0, np.array(atoms.cell), atoms.pbc, sites=[0])
    bonds = nl.extended(atoms.positions)[nl.index] - atoms.positions[0]
    expected = sorted(
        (*np.round(v, 5) + 0.0, str(s)) for v, s in zip(bonds, symbols[nl.owner_of_extended[nl.index]], strict=True)
    )
    assert len(expected) > 10
    found = zip(crystal.stencil(reach), crystal.stencil_species(reach), strict=True)
    assert sorted((*np.round(v, 5) + 0.0, crystal.species[k]) for v, k in found) == expected


def test_a_turned_thin_box_holds_as_many_sites_as_its_volume():
    crystal = Crystal.fcc("Cu", 3.6).oriented((3, 1, -2), (1, 1, 2))
    X, index, _ = crystal.sites_in_box((-60, -60, 0), (60, 60, crystal.period()))
    assert len(X) == pytest.approx(120**2 * crystal.period() / crystal.cell_volume, rel=0.01)
    every = np.array(np.meshgrid(*(range(-12, 13),) * 3, indexing="ij")).reshape(3, -1).T
    at = every @ crystal.cell_ij
    inside = (np.abs(at[:, :2]) < 8).all(1) & (at[:, 2] > -1e-9) & (at[:, 2] < crystal.period() - 1e-9)
    middle = (np.abs(X[:, :2]) < 8).all(1)
    assert set(map(tuple, every[inside])) == set(map(tuple, index[middle]))
