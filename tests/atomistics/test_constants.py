"""Constants of real materials against figures of other codes."""

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from atomistics import AtomisticEnergy, Crystal, cohesive_energy, equilibrium_lattice_constant, load_potential
from fem import CauchyBornMaterial

# file, crystal, a0, E_coh, (C11, C12, C44), relative tolerance of the constants
MATERIALS = {
    "Cu": ("Cu_mishin1.eam.alloy", Crystal.fcc("Cu"), 3.614925, -3.54022, (169.88, 122.58, 76.21), 1e-3),
    "Fe": ("Fe_mm.eam.fs", Crystal.bcc("Fe"), 2.855325, -4.12244, (244.01, 145.27, 116.31), 5e-3),  # C1 table
    "W": ("W_zhou.eam.alloy", Crystal.bcc("W"), 3.164849, -8.75999, (522.54, 204.22, 160.75), 1e-3),
    "Si": ("stillinger-weber", Crystal.diamond("Si"), 5.43095, -4.3366, (151.42, 76.42, 56.45), 1e-3),
    "brittle Si": ("holland-marder", Crystal.diamond("Si"), 5.43095, -4.3366, (201.43, 51.42, 90.51), 1e-3),
    "Si T3": ("tersoff-t3", Crystal.diamond("Si"), 5.43201, -4.6296, (142.54, 75.38, 69.03), 1e-3),
}


@pytest.fixture(params=MATERIALS, scope="module")
def material(request):
    file, crystal, *figures = MATERIALS[request.param]
    potential = load_potential(file, elements=tuple(dict.fromkeys(crystal.species)))
    a = equilibrium_lattice_constant(crystal, potential)
    return potential, crystal.with_lattice_constant(a), figures


def test_lattice_constant_and_cohesive_energy(material):
    potential, crystal, (a0, E, *_) = material
    assert crystal.a == pytest.approx(a0, rel=1e-5)
    assert cohesive_energy(crystal, potential) == pytest.approx(E, rel=1e-5)


def test_elastic_constants(material):
    potential, crystal, (_, _, expected, tolerance) = material
    C = CauchyBornMaterial(crystal, potential).elastic_constants()
    assert (C[0, 0], C[0, 1], C[3, 3]) == pytest.approx(expected, rel=tolerance)
    cubic = np.diag([C[0, 0]] * 3 + [C[3, 3]] * 3)
    cubic[:3, :3] += C[0, 1] * (1 - np.eye(3))
    np.testing.assert_allclose(C, cubic, atol=1e-6)


def test_perfect_crystal_is_at_rest(material):
    potential, crystal, (_, E, *_) = material
    atoms = crystal.atoms((2, 2, 2))
    energy = AtomisticEnergy(potential, atoms)
    assert energy.energy() == pytest.approx(len(atoms) * E, rel=1e-5)
    assert np.abs(energy.gradient()).max() < 1e-11
    atoms.calc = potential.calculator()
    assert np.abs(atoms.get_stress()).max() < 1e-8


def test_wrong_lattice_constant_far_off_is_named():
    with pytest.raises(ValueError, match="no equilibrium within 20 % of a = 6 A for bcc Fe"):
        equilibrium_lattice_constant(Crystal.bcc("Fe", 6.0), load_potential("Fe_mm.eam.fs"))


def relaxed(energy: AtomisticEnergy, y: np.ndarray, free: np.ndarray, steps: int = 12) -> np.ndarray:
    """Newton's method on the exact Hessian; ``free`` are indices of coordinates."""
    for _ in range(steps):
        g = energy.gradient(y).ravel()[free]
        if np.abs(g).max() < 1e-9:
            return y
        step = np.zeros(y.size)
        step[free] = spsolve(energy.hessian(y)[free][:, free].tocsc(), -g)
        y = y + step.reshape(-1, 3)
    raise AssertionError(f"Newton's method did not converge: {np.abs(g).max():g} eV/A left")


@pytest.mark.parametrize(
    ("file", "crystal", "unrelaxed", "after"),
    [
        ("Cu_mishin1.eam.alloy", Crystal.fcc("Cu"), 1.309, 1.273),
        ("Fe_mm.eam.fs", Crystal.bcc("Fe"), 1.836, 1.713),
        ("W_zhou.eam.alloy", Crystal.bcc("W"), 3.851, 3.575),
    ],
)
def test_vacancy(file, crystal, unrelaxed, after):
    """Formation energy in a cell of fixed volume with some 500 atoms."""
    potential = load_potential(file)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    n = 5 if crystal.structure == "fcc" else 6
    atoms = crystal.atoms((n, n, n))
    perfect = cohesive_energy(crystal, potential)
    del atoms[len(atoms) // 2]
    energy = AtomisticEnergy(potential, atoms)
    y = atoms.positions
    assert energy.energy() - len(y) * perfect == pytest.approx(unrelaxed, abs=1e-3)
    free = np.arange(y.size - 3)  # the last atom is far from the vacancy and held: no translations
    y = relaxed(energy, y, free)
    assert energy.energy(y) - len(y) * perfect == pytest.approx(after, abs=1e-3)
