"""The ASE calculator: energy, energies, forces and stress of any atoms, also while cells change."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.constraints import FixAtoms
from ase.filters import UnitCellFilter
from ase.optimize import BFGS

from atomistics import AtomisticEnergy, Crystal, load_potential
from tests.atomistics.structures import TABLE, disturbed


@pytest.mark.parametrize("name", [name for name in TABLE if name != "toy EAM"])  # fixed neighbours: below
def test_forces_are_minus_the_gradient_of_the_energy(name):
    potential, atoms, _, y = disturbed(name)
    atoms.positions = y
    energy = AtomisticEnergy(potential, TABLE[name][1]())
    atoms.calc = potential.calculator()
    np.testing.assert_allclose(atoms.get_forces(), -energy.gradient(y), atol=1e-12)
    assert atoms.get_potential_energy() == pytest.approx(energy.energy(y), abs=1e-11)
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    assert atoms.get_potential_energies().sum() == pytest.approx(atoms.get_potential_energy(), abs=1e-11)
    numerical = calculate_numerical_forces(atoms, eps=1e-4, iatoms=[0, len(atoms) // 2])
    np.testing.assert_allclose(atoms.get_forces()[[0, len(atoms) // 2]], numerical, atol=1e-6)


@pytest.mark.parametrize("name", ["Lennard-Jones", "Cu", "W", "FeAl", "AlNi"])
def test_stress_is_the_derivative_with_respect_to_strain(name):
    potential, atoms, _, y = disturbed(name)
    atoms.positions = y
    atoms.calc = potential.calculator()
    numerical = calculate_numerical_stress(atoms, eps=1e-5)
    assert np.abs(numerical).max() > 1e-3
    np.testing.assert_allclose(atoms.get_stress(), numerical, atol=1e-7)


@pytest.mark.parametrize("name", ["Lennard-Jones", "AlNi", "SiC Tersoff"])
def test_stresses_are_the_derivatives_of_the_energies_with_respect_to_strain(name):
    """Of each atom, in one component; and they add up to the stress. Nobody pays for them who does not ask."""
    potential, atoms, _, y = disturbed(name)
    atoms.positions = y
    atoms.calc = potential.calculator()
    stress = atoms.get_stress()
    assert "stresses" not in atoms.calc.results
    stresses, eps = atoms.get_stresses(voigt=False), 1e-5
    np.testing.assert_allclose(stresses.sum(0), atoms.get_stress(voigt=False), atol=1e-13)
    assert stress == pytest.approx(atoms.get_stress(), abs=1e-13)
    energies = []
    for sign in (1, -1):
        strained = atoms.copy()
        shear = np.eye(3) + sign * eps * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
        strained.set_cell(atoms.cell @ shear, scale_atoms=True)
        strained.calc = atoms.calc
        energies.append(strained.get_potential_energies())
    numerical = (energies[0] - energies[1]) / (4 * eps) / atoms.get_volume()
    assert np.abs(numerical).max() > 1e-5
    np.testing.assert_allclose(stresses[:, 0, 1], numerical, atol=1e-8)


def test_fixed_topology_keeps_the_neighbours_it_saw_first():
    potential, atoms, _, y = disturbed("toy EAM")
    energy = AtomisticEnergy(potential, atoms)
    atoms.calc = potential.calculator()
    atoms.get_potential_energy()
    atoms.positions = y * 1.5
    assert atoms.get_potential_energy() == pytest.approx(energy.energy(y * 1.5), abs=1e-11)
    np.testing.assert_allclose(atoms.get_forces(), -energy.gradient(y * 1.5), atol=1e-12)


def test_stress_of_a_slab_counts_its_whole_cell():
    atoms = Crystal.fcc("Cu", 3.6).atoms((2, 2, 2))
    atoms.center(vacuum=6.0, axis=2)
    atoms.pbc = (True, True, False)
    atoms.calc = load_potential("Cu_mishin1.eam.alloy").calculator()
    np.testing.assert_allclose(atoms.get_stress(), calculate_numerical_stress(atoms, eps=1e-5), atol=1e-7)


def test_molecules_have_no_stress():
    atoms = Atoms("Cu2", positions=[(0, 0, 0), (2.3, 0, 0)])
    atoms.calc = load_potential("Cu_mishin1.eam.alloy").calculator()
    assert np.isfinite(atoms.get_potential_energy())
    assert "stress" not in atoms.calc.results
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stresses()
    alone = Atoms("Cu", calculator=load_potential("Cu_mishin1.eam.alloy").calculator())
    np.testing.assert_array_equal(alone.get_forces(), np.zeros((1, 3)))


def test_one_calculator_follows_strain_motion_and_other_atoms():
    """Anything that changes between calls gives what a fresh calculator gives."""
    potential, rng = load_potential("AlFe_mm.eam.fs", elements=("Fe", "Al")), np.random.default_rng(4)
    calculator = potential.calculator()
    atoms = Crystal.bcc("Fe", 2.9).atoms((2, 2, 2))

    def agrees(atoms):
        atoms.calc = calculator
        fresh = atoms.copy()
        fresh.calc = potential.calculator()
        assert atoms.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-10)
        np.testing.assert_allclose(atoms.get_forces(), fresh.get_forces(), atol=1e-10)
        np.testing.assert_allclose(atoms.get_stress(), fresh.get_stress(), atol=1e-10)

    agrees(atoms)
    for step in range(12):
        atoms.positions += rng.normal(0, 0.06, atoms.positions.shape)
        if step % 3 == 0:
            atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0, 0.02, (3, 3))), scale_atoms=bool(step % 2))
        if step == 5:
            atoms.symbols[3] = "Al"
        if step == 6:
            atoms.wrap()
        if step == 7:
            del atoms[2]
        if step == 8:
            atoms.pbc = (True, False, True)
        agrees(atoms)


def test_images_come_near_when_only_the_cell_shrinks():
    potential = load_potential("Cu_mishin1.eam.alloy")
    atoms = Crystal.fcc("Cu", 3.6).atoms((2, 2, 2))
    atoms.center(vacuum=4.0, axis=2)
    atoms.calc = potential.calculator()
    apart = atoms.get_potential_energy()
    atoms.cell[2, 2] -= 6.0
    fresh = atoms.copy()
    fresh.calc = potential.calculator()
    assert atoms.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-10)
    assert atoms.get_potential_energy() < apart - 1.0


def test_cell_relaxation_finds_the_equilibrium():
    atoms = Crystal.bcc("W", 3.05).atoms((2, 1, 1))
    atoms.set_cell(atoms.cell @ (np.eye(3) + 0.02 * np.array([[0, 1, 0], [0, 1, 0], [0, 0, -1]])), scale_atoms=True)
    atoms.calc = load_potential("W_zhou.eam.alloy").calculator()
    BFGS(UnitCellFilter(atoms), logfile=None).run(fmax=1e-5, steps=200)
    assert (2 * atoms.get_volume() / len(atoms)) ** (1 / 3) == pytest.approx(3.164849, rel=1e-5)


def test_optimizers_and_constraints_work():
    atoms = Crystal.fcc("Cu", 3.615).atoms((2, 2, 2))
    atoms.rattle(0.1, seed=2)
    atoms.set_constraint(FixAtoms([0]))
    atoms.calc = load_potential("Cu_mishin1.eam.alloy").calculator()
    held = atoms.positions[0].copy()
    BFGS(atoms, logfile=None).run(fmax=1e-4, steps=200)
    assert atoms.get_potential_energy() / len(atoms) == pytest.approx(-3.54022, abs=1e-5)
    np.testing.assert_array_equal(atoms.positions[0], held)


def test_unknown_species_is_named():
    atoms = Atoms("CuZn", positions=[(0, 0, 0), (2.5, 0, 0)])
    atoms.calc = load_potential("Cu_mishin1.eam.alloy").calculator()
    with pytest.raises(ValueError, match="no parameters for Zn: it knows Cu"):
        atoms.get_potential_energy()
