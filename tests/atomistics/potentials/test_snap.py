"""SNAP potentials against LAMMPS, and what their second derivatives say of crystals."""

import numpy as np
import pytest
from ase.build import bulk

from atomistics import Crystal, NeighbourList, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.snap_tables import Layout
from tests.lammps_engine import lammps_energy_forces, needs_lammps

FILES = {
    "Ta06A.snap": (("Ta",), "bcc", 3.316, 1e-12),
    "W_2940_2017_2.snap": (("W",), "bcc", 3.18, 1e-12),
    "Mo_Chen_PRM2017.snap": (("Mo",), "bcc", 3.16, 1e-12),
    "Ni_Zuo_JPCA2020.snap": (("Ni",), "fcc", 3.52, 1e-12),
    "Ni_Zuo_JPCA2020.quadratic.snap": (("Ni",), "fcc", 3.52, 1e-12),
    "Si_Zuo_JPCA2020.quadratic.snap": (("Si",), "diamond", 5.46, 1e-12),
    "InP_JCPA2020.snap": (("In", "P"), "zincblende", 5.83, 1e-8),  # LAMMPS' own forces are as far from its energy
    "WBe_Wood_PRB2019.snap": (("W", "Be"), "bcc", 3.18, 1e-12),
}
"""Species, structure, lattice constant (A), and how far forces may be from LAMMPS' (eV/A)."""


def disturbed(name, seed=3):
    """Rattled by 0.08 A, sheared and strained by 2 %, species in turn."""
    elements, structure, a, _ = FILES[name]
    atoms = bulk("".join(elements) if structure == "zincblende" else elements[0], structure, a=a, cubic=True)
    if structure == "bcc":
        atoms *= (2, 2, 1)
    if structure != "zincblende":
        atoms.symbols = [elements[k % len(elements)] for k in range(len(atoms))]
    rng = np.random.default_rng(seed)
    atoms.positions += rng.normal(0, 0.08, atoms.positions.shape)
    atoms.set_cell(atoms.cell @ (np.eye(3) + 0.02 * rng.normal(size=(3, 3))), scale_atoms=True)
    return atoms


@needs_lammps
@pytest.mark.parametrize("name", FILES)
def test_energies_forces_and_stress_are_those_of_lammps(name):
    elements, *_, tolerance = FILES[name]
    atoms = disturbed(name)
    energies, forces, stress = lammps_energy_forces(atoms, "include", str(find_potential(name)), list(elements))
    atoms.calc = load_potential(name).calculator()
    assert np.abs(forces).max() > 0.5
    np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=0, atol=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=tolerance)
    np.testing.assert_allclose(atoms.get_stress(voigt=False), stress, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["InP_JCPA2020.snap", "WBe_Wood_PRB2019.snap"])
def test_the_order_of_species_does_not_matter(name):
    elements = FILES[name][0]
    atoms = disturbed(name)
    found = []
    for order in (elements, elements[::-1]):
        potential = load_potential(name, elements=order)
        assert potential.elements == order
        atoms.calc = potential.calculator()
        found.append((atoms.get_forces(), atoms.get_potential_energies()))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_coefficients_take_the_parameters_beside_them():
    atoms = disturbed("Mo_Chen_PRM2017.snap")
    forces = []
    for name in ("Mo_Chen_PRM2017.snap", "Mo_Chen_PRM2017.snapcoeff"):
        atoms.calc = load_potential(name).calculator()
        forces.append(atoms.get_forces())
    np.testing.assert_array_equal(*forces)


def test_one_atom_alone_and_many_of_few_bonds():
    """Lanes without a site, sites without a bond."""
    potential = load_potential("WBe_Wood_PRB2019.snapcoeff")
    X = np.array([[0, 0, 0], [2.6, 0, 0], [50.0, 0, 0]])
    nl, types = NeighbourList(X, potential.cutoff), np.array([0, 1, 0], dtype=np.int32)
    _, V, g = potential.energy_gradient(X, types, nl, np.array([1.0, 0.5, 2.0]))
    assert np.isfinite(V).all()
    assert not g[2].any()
    assert g.sum() == pytest.approx(0.0, abs=1e-13)
    f = potential.factors(X, types, nl, np.array([1.0, 0.5, 2.0]))
    np.testing.assert_array_equal(np.diff(f.begin), [1, 1, 0])
    h, v = 1e-5, np.array([[0.3, -0.2, 0.5], [0, 0.1, 0], [1, 1, 1.0]])
    difference = [potential.energy_gradient(X + s * h * v, types, nl, np.array([1.0, 0.5, 2.0]))[2] for s in (1, -1)]
    np.testing.assert_allclose(potential.hessian_vector(f, nl, v), (difference[0] - difference[1]) / (2 * h), atol=1e-7)


@pytest.mark.parametrize("name", ["Ta06A.snap", "Si_Zuo_JPCA2020.quadratic.snap", "InP_JCPA2020.snap"])
def test_the_cauchy_born_response_is_the_derivative_of_the_energy(name):
    """With a shift as fourth column, of more strains than there are lanes."""
    (element, *more), structure, a, _ = FILES[name]
    crystal = getattr(Crystal, "diamond" if structure == "zincblende" else structure)(element, a)
    potential, rng = load_potential(name), np.random.default_rng(1)
    R, ends = crystal.stencil_and_species(1.06 * potential.cutoff, 0)
    types = np.ascontiguousarray(ends if more else np.zeros_like(ends), dtype=np.int32)
    R = np.column_stack([R, (np.arange(len(R)) % 2).astype(float)])
    F = np.concatenate([np.eye(3) + 0.03 * rng.normal(size=(11, 3, 3)), 0.05 * rng.normal(size=(11, 3, 1))], 2)
    D = np.linalg.norm(np.einsum("qxj,kj->qkx", F, R), axis=2)
    assert np.abs(D - potential.cutoff).min() > 1e-4 or name == "InP_JCPA2020.snap"
    W, P, C = potential.cauchy_born(R, types, 0, F)
    h, dF = 1e-5, rng.normal(size=F.shape)
    plus, minus = (potential.cauchy_born(R, types, 0, F + s * h * dF, second=False) for s in (1, -1))
    np.testing.assert_allclose((plus[0] - minus[0]) / (2 * h), (P * dF).sum((1, 2)), rtol=1e-6, atol=1e-6)
    change = np.einsum("qxjyl,qyl->qxj", C, dF)
    assert np.abs((plus[1] - minus[1]) / (2 * h) - change).max() < 1e-6 * np.abs(change).max()
    assert np.abs(C - C.transpose(0, 3, 4, 1, 2)).max() < 1e-13 * np.abs(C).max()
    alone = potential.cauchy_born(R, types, 0, F[-1:])
    for one, all_of_them in zip(alone, (W, P, C), strict=True):
        np.testing.assert_allclose(one[0], all_of_them[-1], rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "crystal", "a"),
    [
        ("Ta06A.snap", Crystal.bcc("Ta", 3.3), 3.316264),
        ("W_2940_2017_2.snap", Crystal.bcc("W", 3.17), 3.180460),
        ("Mo_Chen_PRM2017.snap", Crystal.bcc("Mo", 3.1), 3.159988),
        ("Si_Zuo_JPCA2020.quadratic.snap", Crystal.diamond("Si", 5.4), 5.464353),
    ],
)
def test_lattice_constants(name, crystal, a):
    """Of LAMMPS' differences of the stress; wells of expanded and of crushed crystals are not taken for it."""
    potential = load_potential(name)
    assert equilibrium_lattice_constant(crystal, potential) == pytest.approx(a, abs=1e-6)
    assert potential.constant_of(crystal) == pytest.approx(a, abs=1e-6)


def test_a_well_of_a_crushed_crystal_is_none():
    """Ni of Zuo et al., quadratic, has 109 eV an atom less at 2.58 A than at its constant."""
    assert load_potential("Ni_Zuo_JPCA2020.quadratic.snap").lattice_constant("fcc") == pytest.approx(3.52, abs=0.02)


def test_numbers_that_determine_a_density():
    for J in (0, 1, 2, 5, 8):
        assert len(Layout(J).real) == sum((j + 1) ** 2 for j in range(J + 1))
