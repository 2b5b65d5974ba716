"""Crystals: cells, orientation, stencils, sites in a box."""

import time

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene

from atomistics import Crystal, LennardJones, NeighbourList, equilibrium_lattice_constant, load_potential

CUBIC = {"fcc": (Crystal.fcc, [12, 6, 24, 12, 24], 4), "bcc": (Crystal.bcc, [8, 6, 12, 24, 8], 2)}


def shells(bonds):
    """Number of bonds at each length."""
    return np.unique(np.round(np.linalg.norm(bonds, axis=1), 8), return_counts=True)[1].tolist()


@pytest.mark.parametrize("name", CUBIC)
def test_cubic_crystals(name):
    make, counts, per_cell = CUBIC[name]
    crystal = make("Cu", 3.6)
    assert crystal.cell_volume == pytest.approx(3.6**3 / per_cell)
    assert shells(crystal.stencil(3.6 * 1.74))[: len(counts)] == counts
    assert crystal.nearest_neighbour_distance == pytest.approx(3.6 * {"fcc": 0.5, "bcc": 0.75}[name] ** 0.5)
    atoms = crystal.atoms((2, 3, 1))
    assert len(atoms) == 6 * per_cell
    assert atoms.pbc.all()
    np.testing.assert_allclose(np.array(atoms.cell), np.diag([7.2, 10.8, 3.6]), atol=1e-12)


def test_triangular_lattice():
    crystal = Crystal.hexagonal("X", 2.0)
    assert crystal.dimension == 2
    assert crystal.cell_volume == pytest.approx(2 * 3**0.5)
    bonds = crystal.stencil(5.3)
    assert shells(bonds) == [6, 6, 6, 12]
    assert (bonds[:, 2] == 0).all()
    assert crystal.nearest_neighbour_distance == pytest.approx(2.0)
    atoms = crystal.atoms((3, 2, 1))
    assert atoms.pbc.tolist() == [True, True, False]
    assert len(atoms) == 6


def test_stencil_is_sorted_and_comes_with_its_inverse():
    bonds = Crystal.bcc("Fe", 2.855).oriented((1, 1, 0), (0, 0, 1)).stencil(5.3)
    length = np.linalg.norm(bonds, axis=1)
    assert (np.diff(length) > -1e-6).all()
    assert {tuple(np.round(r, 6) + 0.0) for r in bonds} == {tuple(np.round(-r, 6) + 0.0) for r in bonds}
    assert length.max() <= 5.3
    assert length.min() > 0


def test_orientation_of_a_crack():
    a = 2.855
    crystal = Crystal.bcc("Fe", a).oriented((1, 1, 0), (0, 0, 1))
    np.testing.assert_allclose(crystal.rotation @ [1, 1, 0] / 2**0.5, [0, 1, 0], atol=1e-14)
    np.testing.assert_allclose(crystal.rotation @ [0, 0, 1], [0, 0, 1], atol=1e-14)
    assert np.linalg.det(crystal.rotation) == pytest.approx(1.0)
    assert crystal.period() == pytest.approx(a)
    assert Crystal.bcc("Fe", a).oriented((1, 0, 0), (0, 1, 1)).period() == pytest.approx(a * 2**0.5)
    assert Crystal.bcc("Fe", a).oriented((1, -1, 0), (1, 1, 1)).period() == pytest.approx(a * 0.75**0.5)
    assert Crystal.fcc("Cu", a).oriented((1, -1, 0), (1, 1, 2)).period() == pytest.approx(a * 1.5**0.5)


def test_sites_lie_on_planes_normal_to_y_and_repeat_along_z():
    crystal = Crystal.fcc("Cu", 3.6).oriented((1, 1, 1), (1, -1, 0))
    X = crystal.sites_in_box((-10, -10, 0), (10, 10, crystal.period()))[0]
    planes = X[:, 1] / (3.6 / 3**0.5)
    np.testing.assert_allclose(planes, np.rint(planes), atol=1e-9)
    nl = NeighbourList(X, 2.6, cell=np.diag([1, 1, crystal.period()]), pbc=(False, False, True))
    inside = np.hypot(X[:, 0], X[:, 1]) < 6
    assert inside.sum() > 10
    assert (np.diff(nl.first)[inside] == 12).all()


def test_two_dimensional_orientation_turns_the_row_onto_x():
    crystal = Crystal.hexagonal("X", 1.0).oriented((1, 1), (0, 0, 1))
    assert crystal.cell_ij[0] @ [0, 1, 0] == pytest.approx(-0.5)
    np.testing.assert_allclose(crystal.cell_ij[:2].sum(0), [3**0.5, 0, 0], atol=1e-14)


@pytest.mark.parametrize(
    ("plane", "front", "sentence"),
    [
        ((1, 1, 0), (1, 0, 0), r"front \[1, 0, 0\] must lie in the plane \[1, 1, 0\]"),
        ((0, 0, 0), (1, 0, 0), r"must not be zero.*\[0, 0, 0\]"),
        ((1, 0, 0), (0, 0, 0), r"must not be zero.*\[0, 0, 0\]"),
        ((1, 0), (0, 0, 1), "three Miller indices"),
        ((1, 0, 0), (0, np.nan, 1), "three Miller indices"),
    ],
)
def test_bad_miller_indices(plane, front, sentence):
    with pytest.raises(ValueError, match=sentence):
        Crystal.fcc("Cu", 3.6).oriented(plane, front)


def test_high_index_front_has_no_short_period():
    crystal = Crystal.fcc("Cu", 3.6).rotated(Crystal.fcc("Cu", 1.0).oriented((17, -19, 0), (19, 17, 23)).rotation)
    with pytest.raises(ValueError, match="low-index front"):
        crystal.period()


def test_rotations():
    Q = Crystal.bcc("Fe", 1.0).oriented((1, 1, 0), (0, 0, 1)).rotation
    crystal = Crystal.fcc("Cu", 3.6)
    turned = crystal.rotated(Q)
    np.testing.assert_allclose(turned.cell_ij, crystal.cell_ij @ Q.T, atol=1e-14)
    np.testing.assert_allclose(turned.rotated(Q.T).cell_ij, crystal.cell_ij, atol=1e-14)
    for bad in (np.diag([1, 1, -1]), np.ones((3, 3)), np.eye(2)):
        with pytest.raises(ValueError, match="rotation"):
            crystal.rotated(bad)


@pytest.mark.parametrize("a", [0.0, -1.0, np.nan, np.inf])
def test_bad_lattice_constants(a):
    with pytest.raises(ValueError, match=f"positive length in A, got {a}"):
        Crystal.fcc("Cu", a)
    with pytest.raises(ValueError, match="positive length"):
        Crystal.fcc("Cu", 3.6).with_lattice_constant(a)


def test_lattice_constant_comes_from_the_potential():
    iron = load_potential("Fe_mm.eam.fs")
    assert Crystal.bcc("Fe").resolved(iron).a == pytest.approx(2.855325, abs=2e-6)
    assert Crystal.bcc("Fe", 2.9).resolved(iron).a == 2.9
    with pytest.raises(ValueError, match="no lattice constant yet"):
        Crystal.bcc("Fe").stencil(3.0)
    assert Crystal.fcc("Ar").resolved(LennardJones(elements=("Ar",))).a == pytest.approx(1.55, abs=0.03)


MULTILATTICES = {
    "diamond": (Crystal.diamond("Si", 5.43), bulk("Si", "diamond", a=5.43, cubic=True), [4, 12, 12, 6]),
    "zincblende": (Crystal.zincblende("Ga", "N", 4.5), bulk("GaN", "zincblende", a=4.5, cubic=True), [4, 12, 12, 6]),
    "hcp": (Crystal.hcp("Mg", 3.2, 1.62), bulk("Mg", "hcp", a=3.2, c=3.2 * 1.62), [6, 6, 6, 2]),
}


@pytest.mark.parametrize("name", MULTILATTICES)
def test_multilattices_are_those_of_ase(name):
    crystal, atoms, counts = MULTILATTICES[name]
    assert crystal.structure == name
    assert crystal.cell_volume == pytest.approx(Crystal.from_ase(atoms).cell_volume)
    for b in range(2):
        assert shells(crystal.stencil(5.5, b))[: len(counts)] == counts
        symbols = np.array(atoms.symbols)
        site = int(np.flatnonzero(symbols == crystal.species[b])[b * (name != "zincblende")])
        nl = NeighbourList(atoms.positions, 5.5, 0.0, np.array(atoms.cell), atoms.pbc, sites=[site])
        ends = symbols[nl.owner_of_extended[nl.index]]
        lengths = np.linalg.norm(nl.extended(atoms.positions)[nl.index] - atoms.positions[site], axis=1)
        mine = np.linalg.norm(crystal.stencil(5.5, b), axis=1)
        kinds = np.array(crystal.species)[crystal.stencil_species(5.5, b)]
        for symbol in set(crystal.species):
            np.testing.assert_allclose(np.sort(mine[kinds == symbol]), np.sort(lengths[ends == symbol]), atol=1e-10)
    made = crystal.atoms()
    assert len(made) == len(atoms)
    np.testing.assert_allclose(made.cell.lengths(), atoms.cell.lengths())


def test_sublattices_of_silicon_lie_on_shuffle_and_glide_planes():
    """(111) planes in turn a/sqrt(3) * 3/4 and a/sqrt(3) / 4 apart, period a/sqrt(2) along [1-10]."""
    crystal = Crystal.diamond("Si", 5.43).oriented((1, 1, 1), (1, -1, 0))
    assert crystal.period() == pytest.approx(5.43 / 2**0.5)
    X = crystal.sites_in_box((-8, -8, 0), (8, 8, crystal.period()))[0]
    gaps = np.diff(np.unique(np.round(X[:, 1], 6)))
    wide, narrow = 5.43 / 3**0.5 * 0.75, 5.43 / 3**0.5 * 0.25
    assert all(min(abs(g - wide), abs(g - narrow)) < 1e-5 for g in gaps)
    assert 0.4 < (gaps > 1.5).mean() < 0.6


def test_ideal_hcp_has_twelve_neighbours():
    crystal = Crystal.hcp("X", 2.0)
    assert shells(crystal.stencil(2.1)) == [12]
    with pytest.raises(ValueError, match="c_over_a must be positive, got -1"):
        Crystal.hcp("X", 2.0, -1.0)


@pytest.mark.parametrize(
    ("potential", "elements", "crystal", "a"),
    [
        ("stillinger-weber", None, Crystal.diamond("Si"), 5.43095),
        ("tersoff-t3", None, Crystal.diamond("Si"), 5.43201),
        ("tersoff-t3", ("C", "Si"), Crystal.zincblende("Si", "C"), 4.3211),  # Tersoff 1989: 4.32
        ("tersoff-t3", ("Si", "C"), Crystal.diamond("C"), 3.5656),
    ],
)
def test_lattice_constant_of_a_multilattice_comes_from_the_potential(potential, elements, crystal, a):
    potential = load_potential(potential, elements)
    assert crystal.resolved(potential).a == pytest.approx(a, rel=1e-5)
    assert equilibrium_lattice_constant(crystal, potential) == pytest.approx(crystal.resolved(potential).a, rel=1e-12)


def test_a_multilattice_that_the_potential_does_not_know():
    silicon = load_potential("stillinger-weber")
    with pytest.raises(ValueError, match="no parameters for C: it knows Si"):
        Crystal.zincblende("Si", "C").resolved(silicon)
    assert silicon.lattice_constant("hexagonal") is None


def test_from_ase_refuses_what_is_not_a_crystal():
    with pytest.raises(ValueError, match=r"periodic in all directions, got pbc = .*False"):
        Crystal.from_ase(graphene())
    with pytest.raises(ValueError, match="at least one atom"):
        Crystal.from_ase(Atoms(cell=np.eye(3), pbc=True))


def test_atoms_of_a_multilattice_keep_their_basis():
    crystal = Crystal.from_ase(bulk("Si", "diamond", a=5.43, cubic=True))
    atoms = crystal.atoms((2, 1, 1))
    assert len(atoms) == 16
    assert np.sort(atoms.get_all_distances(mic=True), axis=1)[:, 1] == pytest.approx(5.43 * 3**0.5 / 4)
    assert len(crystal.atoms(cubic=False)) == 2


@pytest.mark.parametrize(
    "crystal", [Crystal.fcc("Cu", 3.6).oriented((1, 1, 1), (1, -1, 0)), Crystal.from_ase(bulk("Si", "diamond", a=5.43))]
)
def test_sites_in_a_box(crystal):
    lo, hi, origin = np.array([-7.0, -5, -6]), np.array([8.0, 9, 7]), (0.3, -0.2, 0.1)
    X, index, basis = crystal.sites_in_box(lo, hi, origin)
    np.testing.assert_allclose(X, index @ crystal.cell_ij + crystal.basis_ai[basis] + origin, atol=1e-12)
    assert ((lo - 1e-9 <= X) & (hi > X)).all()
    expected = np.prod(hi - lo) / crystal.cell_volume * len(crystal.species)
    assert abs(len(X) - expected) < 0.1 * expected
    assert len(np.unique(np.column_stack([index, basis]), axis=0)) == len(X)
    wide = crystal.sites_in_box(lo - 5, hi + 5, origin)[0]
    assert ((lo <= wide) & (hi > wide)).all(1).sum() == len(X)


def test_sites_of_a_plane():
    X, index, _ = Crystal.hexagonal("X", 1.0).sites_in_box((-3, -3, 0), (3, 3, 0))
    assert (X[:, 2] == 0).all()
    assert (index[:, 2] == 0).all()
    assert len(X) == pytest.approx(36 / 0.75**0.5, abs=5)


def test_faces_of_a_box_belong_to_one_side():
    """Two boxes side by side share no site and lose none."""
    crystal = Crystal.bcc("Fe", 2.855)
    one = crystal.sites_in_box((0, 0, 0), (2.855, 2.855, 2.855))[0]
    assert len(one) == 2
    assert len(crystal.sites_in_box((0, 0, 0), (5.71, 2.855, 2.855))[0]) == 4


@pytest.mark.parametrize(
    ("atoms", "sentence"),
    [
        (Atoms("Fe", pbc=True), "three vectors that span a volume, got cell"),
        (Atoms("Fe", cell=[[1, 0, 0], [2, 0, 0], [0, 0, 3]], pbc=True), "three vectors that span a volume"),
        (Atoms("Fe2", np.zeros((2, 3)), cell=[3, 3, 3], pbc=True), r"atom 0 \(Fe\) and atom 1 \(Fe\) 0 A apart"),
        (Atoms("FeAl", [(0, 0, 0), (3, 3, 3)], cell=[3, 3, 3], pbc=True), r"\(Fe\) and atom 1 \(Al\)"),
        (Atoms("Fe", [[np.nan, 0, 0]], cell=[3, 3, 3], pbc=True), "finite numbers"),
    ],
)
def test_from_ase_refuses_in_one_sentence(atoms, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        Crystal.from_ase(atoms)
    assert "\n" not in str(error.value)


def vacancy(n=3):
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True) * (n, n, n)
    del atoms[17]
    return atoms


def skew():
    atoms = bulk("GaAs", "zincblende", a=5.6, cubic=True) * (2, 2, 2)
    atoms.set_cell(np.array([[1, 7, 0], [0, 1, 3], [0, 0, 1]]) @ np.array(atoms.cell))
    return atoms


@pytest.mark.parametrize(
    ("atoms", "basis"),
    [
        (bulk("Si", "diamond", a=5.43, cubic=True) * (8, 8, 8), 2),
        (bulk("Mg", "hcp", a=3.2, c=5.2) * (5, 4, 3), 2),
        (bulk("NiAl", "cesiumchloride", a=2.88) * (5, 5, 5), 2),
        (skew(), 2),
        (vacancy(), 107),
    ],
)
def test_from_ase_finds_the_primitive_cell(atoms, basis):
    """However large, skew or damaged the cell is that it is given in."""
    crystal = Crystal.from_ase(atoms)
    assert len(crystal.species) == basis
    assert crystal.cell_volume == pytest.approx(atoms.get_volume() * basis / len(atoms))
    assert np.linalg.det(crystal.unit_cell) > 0


def test_from_ase_takes_a_large_damaged_cell_in_a_moment():
    """863 atoms that no shorter period repeats, each looked at against each other once: not as N^3, which took minutes."""
    atoms, began = vacancy(6), time.process_time()
    assert len(Crystal.from_ase(atoms).species) == len(atoms)
    assert time.process_time() - began < 10.0


@pytest.mark.parametrize(("name", "per_cell"), [("B2", 2), ("L1_2", 4)])
def test_intermetallics_are_those_of_ase(name, per_cell):
    ours = getattr(Crystal, name)("Al", "Ni", 3.0)
    cells = {"B2": [(0, 0, 0), (1.5, 1.5, 1.5)], "L1_2": [(0, 0, 0), (0, 1.5, 1.5), (1.5, 0, 1.5), (1.5, 1.5, 0)]}[name]
    assert ours.species == ("Al", *["Ni"] * (per_cell - 1))
    np.testing.assert_allclose(ours.basis_ai, cells, atol=1e-12)
    nickel = load_potential("NiAlH_jea.eam.alloy", ["Al", "Ni"])
    a = getattr(Crystal, name)("Al", "Ni").resolved(nickel).a
    assert a == pytest.approx({"B2": 2.887, "L1_2": 3.57}[name], rel=0.02)  # as measured
