"""Surface energy at temperature: at 0 K the usual one; that of the free energy's own minimum up to the second order of T."""

import numpy as np
import pytest
from scipy.optimize import minimize

from atomistics import Crystal, load_potential
from atomistics.energy import energy_of
from atomistics.species import species_of
from atomistics.units import KB
from fem.brillouin import slab_vectors
from fem.cauchy_born import CauchyBornMaterial
from fem.phonons import Vibrations
from fem.thermal import sampled
from qc.material.cleavage import gap_to_open, surface_cell
from qc.material.rest import at_rest
from qc.material.surface import EV_PER_A2, one_cell, slab_of_layers, surface_energy
from qc.material.warm import warm_crystal
from qc.material.warm_surface import slab_as_crystal, surface_free_energy

UP = np.array([0.0, 1.0, 0.0])


def known(crystal, potential):
    return sampled(Vibrations(CauchyBornMaterial(at_rest(crystal, potential), potential)))


def test_at_0_K_it_is_the_relaxed_surface_and_it_falls_with_temperature():
    potential = load_potential("Cu_mishin1.eam.alloy", ("Cu",))
    some = known(Crystal.fcc("Cu", 3.615).oriented((1, 1, 1), (1, -1, 0)), potential)
    masses = some.vibrations.masses
    cold = surface_free_energy(warm_crystal(some, 0.0), potential, masses, thickness=12.0)
    assert cold.gamma == pytest.approx(surface_energy(some.vibrations.material.crystal, potential, thickness=12.0).relaxed, abs=1e-6)
    assert cold.vibrational == 0.0
    warm = surface_free_energy(warm_crystal(some, 300.0), potential, masses, thickness=12.0)
    assert 0.95 * cold.gamma < warm.gamma < 0.995 * cold.gamma


@pytest.mark.slow
def test_a_thicker_slab_has_the_same_surface():
    potential = load_potential("Si.sw", ("Si",))
    some = known(Crystal.diamond("Si", 5.431).oriented((1, 1, 1), (1, -1, 0)), potential)
    warm = warm_crystal(some, 300.0)
    found = [surface_free_energy(warm, potential, some.vibrations.masses, thickness=thickness) for thickness in (20.0, 40.0)]
    assert found[1].layers > 1.5 * found[0].layers
    assert found[1].gamma == pytest.approx(found[0].gamma, rel=1e-3)


def free_energy_of_strip(warm, potential, mass):
    """2 gamma A of a strip whose rows lie where E + f is least, eV: f anew at every trial, no tension and no approximation."""
    crystal = warm.crystal
    cell = surface_cell(crystal, UP)
    height, _ = gap_to_open(crystal, cell, UP, "widest")
    layers = int(np.ceil(7.0 / float(cell[2] @ UP)))
    slab = slab_of_layers(crystal, cell, UP, height, layers)
    energy, whole = energy_of(potential, slab), slab_as_crystal(np.array(slab.cell), slab.positions, tuple(species_of(slab)), 2)
    vibrations = Vibrations(CauchyBornMaterial(whole, potential), np.full(layers, mass), slab_vectors(whole, UP))
    order = np.argsort(slab.positions[:, 1])

    def free(outward):
        moved = np.zeros((layers, 3))
        moved[order, 1] = 0.1 * np.concatenate([-outward[::-1], np.zeros(layers % 2), outward])
        f = vibrations.free_energy(vibrations.eigenvalues(np.eye(3)[None], moved[None]), warm.temperature)[0]
        return energy.energy(slab.positions + moved) + float(f)

    least = minimize(free, np.zeros(layers // 2), method="BFGS", options={"gtol": 1e-5})
    bulk = layers * (energy_of(potential, one_cell(crystal)).energy() + warm.free_energy)
    return least.fun - bulk, float(np.linalg.norm(cell[0]))


def test_it_is_the_minimum_of_the_free_energy_up_to_the_second_order():
    potential = load_potential("morse", None, alpha=4.0, cutoff=2.5)
    some = known(Crystal.hexagonal(), potential)
    above, thick = [], 0.0
    for T in (0.01 / KB, 0.02 / KB):
        warm = warm_crystal(some, T)
        least, width = free_energy_of_strip(warm, potential, some.vibrations.masses[0])
        found = surface_free_energy(warm, potential, some.vibrations.masses, thickness=7.0).gamma / EV_PER_A2 * 2 * width
        above.append(found - least)
        thick = surface_free_energy(warm, potential, some.vibrations.masses, thickness=14.0).gamma / EV_PER_A2 * 2 * width
    assert thick == pytest.approx(found, rel=5e-5)  # without the tension at the faces the inside would not be the crystal
    assert 0 < above[0] < above[1] < 2e-3 * least
    assert above[1] / above[0] == pytest.approx(4.0, rel=0.35)
