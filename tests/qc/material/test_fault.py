"""Stacking fault energies against other people's, and their symmetries."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from qc.material.fault import FaultSlab, gamma_line
from qc.material.rest import at_rest
from qc.material.slip import FAMILIES, slip_family

UNIT = 16.02176634e-3
"""1 meV/A^2 in J/m^2."""


def line_of(structure, element, file, number):
    potential = load_potential(file)
    return gamma_line(at_rest(getattr(Crystal, structure)(element), potential), potential, FAMILIES[structure][number])


@pytest.mark.parametrize(
    ("structure", "element", "file", "number", "unstable", "at", "unrelaxed", "stable"),
    [
        ("bcc", "Fe", "Fe_mm.eam.fs", 0, 41.285, 0.447, 43.278, None),
        ("bcc", "Fe", "Fe_mm.eam.fs", 1, 47.868, 0.430, 49.695, None),
        ("fcc", "Al", "Al_mm.eam.fs", 0, 13.710, 0.574, 15.415, 7.932),
        ("fcc", "Ni", "NiAlH_jea.eam.alloy", 0, 13.250, 0.551, 16.498, 5.542),
    ],
)
def test_unstable_and_stable_faults(structure, element, file, number, unstable, at, unrelaxed, stable):
    """Values of a separate program (slab of 30 A, layers relaxed by L-BFGS); Fe {110}: 41.32 in the literature."""
    line = line_of(structure, element, file, number)
    assert line.unstable / UNIT == pytest.approx(unstable, rel=1e-3)
    assert line.unstable_unrelaxed / UNIT == pytest.approx(unrelaxed, rel=1e-3)
    assert line.at == pytest.approx(at, abs=3e-3)
    assert line.relaxed[0] == pytest.approx(0.0, abs=1e-9)
    assert (line.relaxed <= line.unrelaxed + 1e-9).all()
    if stable is None:
        assert line.stable is None
        assert line.relaxed[-1] == pytest.approx(0.0, abs=1e-9)
    else:
        assert line.stable / UNIT == pytest.approx(stable, rel=1e-3)
        assert line.wrong > 3 * line.stable


def test_a_partial_of_the_wrong_sense_is_turned_round():
    potential = load_potential("Al_mm.eam.fs")
    crystal = at_rest(Crystal.fcc("Al"), potential)
    there, back = (gamma_line(crystal, potential, slip_family(f"(1 1 1) 1/6[{b}]")) for b in ("1 1 -2", "-1 -1 2"))
    assert (there.sense, back.sense) == (1, -1)
    assert back.relaxed == pytest.approx(there.relaxed, abs=1e-9)


def test_the_gap_that_slips_is_the_one_asked_for():
    """Silicon: a slip along the glide plane shears three bonds for each that the shuffle plane has; faces stay those of the widest gap."""
    potential = load_potential("holland-marder")
    crystal = at_rest(Crystal.diamond("Si"), potential)
    normal, b = np.array([1.0, 1.0, 1.0]) / np.sqrt(3), 0.5 * crystal.a * np.array([1.0, -1.0, 0.0])
    shuffle, glide = (FaultSlab(crystal, potential, normal, cut) for cut in ("shuffle", "glide"))
    assert glide._energy.energy(glide._X) == pytest.approx(shuffle._energy.energy(shuffle._X))
    assert glide.unrelaxed(0.5 * b) > 5 * shuffle.unrelaxed(0.5 * b)
    for slab in (shuffle, glide):
        assert slab.unrelaxed(b) == pytest.approx(0.0, abs=1e-9)
        assert slab._upper.sum() == pytest.approx(len(slab._X) / 2, abs=1)
