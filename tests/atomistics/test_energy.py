"""`AtomisticEnergy` at one structure after another; lattice constants belong to an element."""

import numpy as np
import pytest
from ase.build import bulk

from atomistics import AtomisticEnergy, Crystal, LennardJones, Morse, ToyEAM, cohesive_energy, load_potential


@pytest.fixture
def energy():
    atoms = bulk("Cu", "fcc", a=3.615, cubic=True) * (2, 1, 1)
    return AtomisticEnergy(load_potential("Cu_mishin1.eam.alloy"), atoms, np.linspace(0.1, 1.0, len(atoms)), skin=0.4)


@pytest.mark.parametrize("size", [0.02, 0.5])
def test_second_derivatives_follow_the_positions(energy, size):
    """Within the skin and beyond it, there and back: nothing kept from another structure may show."""
    rng = np.random.default_rng(0)
    a = energy.positions.copy()
    b, v = a + size * rng.normal(size=a.shape), rng.normal(size=a.shape)
    for y in (a, b, a):
        fresh = AtomisticEnergy(energy.potential, bulk("Cu", "fcc", a=3.615, cubic=True) * (2, 1, 1), energy.weights)
        np.testing.assert_allclose(energy.hessian_vector(v, y), fresh.hessian_vector(v, y), atol=1e-11)
        np.testing.assert_allclose((energy.hessian(y) - fresh.hessian(y)).toarray(), 0, atol=1e-11)
    assert np.abs(energy.hessian_vector(v, a) - energy.hessian_vector(v, b)).max() > 1e-3


def test_positions_changed_in_place_are_noticed(energy):
    v = np.random.default_rng(1).normal(size=energy.positions.shape)
    y = energy.positions.copy()
    before = energy.hessian_vector(v, y)
    y[0, 0] += 0.05
    assert np.abs(energy.hessian_vector(v, y) - before).max() > 1e-3


def test_pair_potentials_have_the_narrow_pattern():
    """Only atoms within reach of each other, not those that share a neighbour."""
    X = np.array([[0.0, 0, 0], [1.1, 0, 0], [2.2, 0, 0]])
    atoms = bulk("Cu") * (3, 1, 1)
    atoms.set_cell(np.eye(3) * 20)
    atoms.positions = X
    atoms.pbc = False
    potential = LennardJones(cutoff=1.5, elements=("Cu",))
    energy = AtomisticEnergy(potential, atoms, weights=[0.0, 1.0, 0.0], skin=0.0)
    pattern = potential.hessian_pattern(energy._list, 3, energy.weights)
    pairs = set(zip(pattern.rows.tolist(), pattern.cols.tolist(), strict=True))
    assert pairs == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2)}
    toy = ToyEAM(elements=("Cu",))
    wide = toy.hessian_pattern(AtomisticEnergy(toy, atoms)._list, 3, energy.weights)
    assert len(wide.rows) == 9


def test_lattice_constant_is_that_of_the_element():
    alloy = load_potential("AlFe_mm.eam.fs")
    assert Crystal.fcc("Al").resolved(alloy).a == pytest.approx(4.033302, abs=1e-5)  # the header says 4.04527
    assert Crystal.bcc("Fe").resolved(alloy).a == pytest.approx(2.855312, abs=1e-5)
    assert Crystal.bcc("Al").resolved(alloy).a == pytest.approx(3.219220, abs=1e-5)


@pytest.mark.parametrize("structure", ["fcc", "bcc", "hexagonal"])
@pytest.mark.parametrize("potential", [LennardJones(), Morse(alpha=6.0), Morse(alpha=3.0, cutoff=4.0)])
def test_pair_crystals_rest_at_their_lattice_constant(structure, potential):
    crystal = getattr(Crystal, structure)("X").resolved(potential)
    lowest = cohesive_energy(crystal, potential)
    for scale in (0.999, 1.001):
        assert cohesive_energy(crystal.with_lattice_constant(scale * crystal.a), potential) > lowest


def test_helium_style_tables_are_refused(tmp_path):
    file = tmp_path / "x.eam.he"
    file.write_text("a\nb\nc\n1 He\n10 0.1 10 0.1 5.0 138.0\n")
    with pytest.raises(ValueError, match=r"line 5: expected five numbers.*eam/he"):
        load_potential(file)


def test_unknown_parameters_are_named():
    with pytest.raises(ValueError, match="no parameter gamma: it takes D, alpha, r0, cutoff, switch_on"):
        load_potential("morse", gamma=2.0)
