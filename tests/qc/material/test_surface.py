"""Surface energies against other codes and by hand."""

import numpy as np
import pytest
import scipy.sparse
from ase import Atoms
from ase.build import bulk as ase_bulk

from atomistics import Crystal, load_potential
from qc.errors import ConvergenceError
from qc.material.griffith import griffith
from qc.material.rest import at_rest
from qc.material.surface import LONG, relax, surface_energy

GAMMA = [
    ("Cu", (1, 0, 0), (0, 1, 1), 1.3453),
    ("Cu", (1, 1, 0), (0, 0, 1), 1.4755),
    ("Cu", (1, 1, 1), (1, -1, 0), 1.2395),
    ("Fe", (1, 0, 0), (0, 1, 1), 1.7853),
    ("Fe", (1, 1, 0), (0, 0, 1), 1.6506),
    ("W", (1, 0, 0), (0, 0, 1), 2.9835),
    ("W", (1, 1, 0), (0, 0, 1), 2.5677),
]


def crystal_of(element, potential, plane=None, front=None):
    make = Crystal.fcc if element == "Cu" else Crystal.bcc
    crystal = at_rest(make(element), potential)
    return crystal if plane is None else crystal.oriented(plane=plane, front=front)


@pytest.mark.parametrize(("element", "plane", "front", "gamma"), GAMMA)
def test_surface_energies_of_other_codes(potentials, element, plane, front, gamma):
    crystal = crystal_of(element, potentials[element], plane, front)
    surface = surface_energy(crystal, potentials[element])
    assert surface.relaxed == pytest.approx(gamma, rel=1e-3)
    assert surface.relaxed <= surface.unrelaxed
    assert surface.thickness >= 25.0


@pytest.mark.parametrize("plane", [(1, 0, 0), (1, 1, 1), (2, 1, 0), (3, 1, 1), (4, 3, 1)])
def test_slab_of_any_plane_agrees_with_ase(potentials, plane):
    """Unrelaxed energy of the same plane cut by ASE's own surface builder."""
    from ase.build import surface

    potential = potentials["Cu"]
    crystal = crystal_of("Cu", potential)
    ours = surface_energy(crystal, potential, normal=plane)
    conventional = ase_bulk("Cu", "fcc", a=crystal.a, cubic=True)
    slab = surface(conventional, plane, 24, vacuum=15.0)
    slab.calc = conventional.calc = potential.calculator()
    area = np.linalg.norm(np.cross(slab.cell[0], slab.cell[1]))
    excess = slab.get_potential_energy() - len(slab) / 4 * conventional.get_potential_energy()
    assert ours.unrelaxed == pytest.approx(16.02176634 * excess / (2 * area), rel=1e-8)


def test_orientation_does_not_matter(potentials):
    crystal = crystal_of("Fe", potentials["Fe"])
    turned = crystal.oriented(plane=(1, 1, 0), front=(0, 0, 1))
    a = surface_energy(crystal, potentials["Fe"], normal=(0, 1, 1))
    b = surface_energy(turned, potentials["Fe"])
    assert a.relaxed == pytest.approx(b.relaxed, rel=1e-9)


def test_thicker_slab_changes_nothing(potentials):
    crystal = crystal_of("Cu", potentials["Cu"], (1, 1, 1), (1, -1, 0))
    thin, thick = (surface_energy(crystal, potentials["Cu"], thickness=t).relaxed for t in (25.0, 50.0))
    assert thin == pytest.approx(thick, rel=1e-5)


def test_relaxation_ends_at_rest(potentials):
    """The relaxed energy is that of an independent optimiser."""
    from ase.optimize import BFGS

    potential = potentials["Cu"]
    crystal = crystal_of("Cu", potential)
    slab = ase_bulk("Cu", "fcc", a=crystal.a, cubic=True).repeat((1, 1, 8))
    slab.pbc = (True, True, False)
    slab.cell[2, 2] += 30
    slab.calc = potential.calculator()
    BFGS(slab, logfile=None).run(fmax=1e-5, steps=500)
    reference = ase_bulk("Cu", "fcc", a=crystal.a, cubic=True)
    reference.calc = potential.calculator()
    excess = slab.get_potential_energy() - 8 * reference.get_potential_energy()
    ours = surface_energy(crystal, potential, normal=(0, 0, 1))
    assert ours.relaxed == pytest.approx(16.02176634 * excess / (2 * crystal.a**2), rel=1e-5)


def test_hexagonal_row_by_hand():
    """Lennard-Jones sheet: a row costs the bonds that cross it, per length; its thickness counts as 1 A."""
    potential = load_potential("lennard-jones")
    crystal = at_rest(Crystal.hexagonal(), potential)
    surface = surface_energy(crystal, potential)
    a = np.linalg.norm(crystal.cell_ij[0])
    pair = Atoms([crystal.species[0]] * 2, [[0, 0, 0], [1, 0, 0]])
    pair.calc = potential.calculator()

    def phi(r):
        pair.positions[1, 0] = r
        return pair.get_potential_energy()

    broken = 0.0  # a bond to a row k below crosses k rows of gaps
    for k in range(1, 40):
        for m in range(-60, 60):
            r = a * np.hypot(m + 0.5 * k, k * np.sqrt(0.75))
            broken += k * phi(r) if r < potential.cutoff else 0.0
    assert surface.unrelaxed == pytest.approx(-16.02176634 * broken / (2 * a), rel=1e-10)
    report = griffith(crystal, potential)
    assert pytest.approx(np.sqrt(2 * report.gamma * report.effective_modulus / 1e3)) == report.K_G
    C = report.elastic_constants
    assert report.effective_modulus == pytest.approx(C["C11"] - C["C12"] ** 2 / C["C11"], rel=1e-6)


def test_relax_says_when_it_fails(potentials):
    from atomistics import AtomisticEnergy

    atoms = ase_bulk("Cu", "fcc", a=3.615, cubic=True)
    atoms.rattle(0.1, seed=1)
    energy = AtomisticEnergy(potentials["Cu"], atoms)
    with pytest.raises(RuntimeError, match="did not relax"):
        relax(energy, atoms.positions, steps=1)


def test_pressure_is_taken_off(potentials, caplog):
    """The header of Zhou's tungsten names 3.157 A, its crystal rests at 3.1648 A."""
    given = Crystal.bcc("W", 3.157).oriented(plane=(1, 0, 0), front=(0, 0, 1))
    assert surface_energy(given, potentials["W"]).relaxed == pytest.approx(2.9835, rel=1e-3)
    assert "zero pressure" in caplog.text


def test_a_slab_without_a_bottom_is_given_up_early():
    """A mutated potential whose forces never fall: two hundred Hessians of it would take a minute."""
    asked = []

    class Slope:
        def energy(self, y):
            return -100.0 * float(y.sum())

        def gradient(self, y):
            return np.full_like(y, -100.0)

        def hessian(self, y):
            asked.append(1)
            return scipy.sparse.identity(y.size, format="csr")

    with pytest.raises(ConvergenceError, match=r"largest force 1\.00e\+02 eV/A after 25 steps"):
        relax(Slope(), np.zeros((2, 3)))
    assert len(asked) == LONG
