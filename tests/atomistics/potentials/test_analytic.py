"""Closed-form potentials: values, and two continuous derivatives at both ends of the switch."""

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, Crystal, HexagonalEAM, LennardJones, Morse, equilibrium_lattice_constant

POTENTIALS = {
    "Lennard-Jones": LennardJones(0.4, 2.3, cutoff=5.0, switch_on=4.1),
    "Morse": Morse(0.3, 1.5, 2.5, 5.2, 4.0),
    "hexagonal EAM": HexagonalEAM(),
}
SWITCH_ON = {"Lennard-Jones": 4.1, "Morse": 4.0, "hexagonal EAM": 1.6}


def bond(potential, r):
    """phi, phi', phi'' of a dimer at distance r."""
    energy = AtomisticEnergy(potential, Atoms("X2", positions=[(0, 0, 0), (r, 0, 0)]))
    return np.array([energy.energy(), energy.gradient()[1, 0], energy.hessian()[3, 3]])


def test_closed_forms_below_the_switch():
    r = 2.7
    x = (2.3 / r) ** 6
    assert bond(POTENTIALS["Lennard-Jones"], r)[0] == pytest.approx(1.6 * (x * x - x), abs=1e-14)
    e = np.exp(-1.5 * (r - 2.5))
    assert bond(POTENTIALS["Morse"], r)[0] == pytest.approx(0.3 * (e * e - 2 * e), abs=1e-14)
    e, d = np.exp(-4 * 0.3), np.exp(-3 * 1.3) - 6 * np.exp(-2.7)
    expected = e * e - 2 * e + 2 * 10 * (d**2 + d**4)
    assert bond(POTENTIALS["hexagonal EAM"], 1.3)[0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("end", ["switch_on", "cutoff"])
def test_two_derivatives_are_continuous(name, end):
    potential = POTENTIALS[name]
    at = potential.cutoff if end == "cutoff" else SWITCH_ON[name]
    gaps = []
    for h in (1e-3, 1e-4, 1e-5):
        below, above = bond(potential, at - h), bond(potential, at + h)
        if end == "cutoff":
            np.testing.assert_array_equal(above, bond(potential, 2 * at))  # lone atoms: no force, no stiffness
            np.testing.assert_array_equal(above[1:], 0.0)
        gaps.append(np.abs(above - below))
    gaps = np.array(gaps)
    assert gaps[0].max() > 1e-6
    np.testing.assert_array_less(gaps[1:], 0.2 * gaps[:-1] + 1e-13)  # each gap closes at least linearly


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("structure", ["fcc", "bcc", "hexagonal"])
def test_own_lattice_constant_is_the_equilibrium(name, structure):
    potential = POTENTIALS[name]
    crystal = getattr(Crystal, structure)("X").resolved(potential)
    assert equilibrium_lattice_constant(crystal, potential) == pytest.approx(crystal.a, rel=1e-10)
    atoms = crystal.atoms((5, 5, 1 if structure == "hexagonal" else 5))
    lower = [AtomisticEnergy(potential, strained(atoms, s)).energy() for s in (0.999, 1.0, 1.001)]
    assert lower[1] < min(lower[0], lower[2])


def strained(atoms, scale):
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell * [[scale], [scale], [scale]], scale_atoms=True)
    return atoms


def test_bad_weights_and_positions_are_refused():
    atoms = Atoms("X3", positions=np.eye(3))
    for weights in (np.ones(2), np.ones((3, 1)), [1.0, np.nan, 1.0]):
        with pytest.raises(ValueError, match=r"weights must be one finite number per atom \(3\)"):
            AtomisticEnergy(Morse(), atoms, weights)
    energy = AtomisticEnergy(Morse(), atoms)
    with pytest.raises(ValueError, match=r"positions must have shape \(3, 3\), got \(2, 3\)"):
        energy.energy(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="positions must be finite"):
        energy.energy(np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match=r"v must have .*9 numbers"):
        energy.hessian_vector(np.zeros(4))


def test_the_hexagonal_crystal_of_three_shells_is_stable():
    """18 neighbours, a fourth shell that stays out, no soft mode at rest nor at the strains of the benchmark."""
    potential = HexagonalEAM()
    crystal = Crystal.hexagonal().resolved(potential)
    assert crystal.a == pytest.approx(0.9605, abs=1e-4)
    assert len(crystal.stencil(potential.cutoff)) == len(crystal.stencil(potential.cutoff / 0.94)) == 18
    for F in (np.eye(3), np.array([[1, 0.025, 0], [0, 1.025, 0], [0, 0, 1]])):
        atoms = crystal.atoms((12, 12, 1))
        atoms.set_cell(atoms.cell @ F.T, scale_atoms=True)
        H = AtomisticEnergy(potential, atoms).hessian().toarray().reshape(144, 3, 144, 3)[:, :2, :, :2]
        eigenvalues = np.linalg.eigvalsh(H.reshape(288, 288))
        assert np.abs(eigenvalues[:2]).max() < 1e-10
        assert eigenvalues[2] > 1.0
