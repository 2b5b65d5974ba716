"""Rice's interaction of kinks against the sum over Fourier amplitudes that it comes from; the share of the grips; the caution."""

import numpy as np
import pytest

from qc.crack.front_theory import front_caution, grip_energy, kink_energy, mesh_excess, pair_interaction
from qc.material.surface import EV_PER_A2

G, H, L = 3.4, 3.3258, 30.7


def by_amplitudes(d, modes=200_000):
    """L (G / 2) sum_k |k| |a_k|^2 of a front that is H ahead over a distance d, eV."""
    k = 2 * np.pi * np.arange(1, modes + 1) / L
    amplitude = H / L * 2 * np.sin(0.5 * k * d) / k
    return L * 0.5 * (G / EV_PER_A2) * 2 * float(np.sum(k * amplitude**2))


@pytest.mark.parametrize(("d", "other"), [(3.84, 15.35), (7.68, 15.35), (19.2, 3.84)])
def test_interaction_is_that_of_the_amplitudes(d, other):
    found = pair_interaction(G, H, L, d, 3.84) - pair_interaction(G, H, L, other, 3.84)
    assert found == pytest.approx(by_amplitudes(d) - by_amplitudes(other), abs=1e-4)


def test_unit_of_silicon():
    """G h^2 / pi = 0.755 eV at 1.1 K_G of Holland-Marder silicon (G = 1.21 x 2.84 J/m^2)."""
    assert kink_energy(1.21 * 2.84, 3.326) == pytest.approx(0.755, abs=1e-3)


def test_grip_energy_is_that_of_a_parabola():
    """E(a) = c a^2 / 2 a period: below the chord from 0 to 1."""
    for advanced in range(9):
        share = advanced / 8
        chord, straight = 8 * 0.5 * 0.222 * share, 8 * 0.5 * 0.222 * share**2
        assert grip_energy(0.222, 8, advanced) == pytest.approx(chord - straight)


@pytest.mark.parametrize(
    ("length", "core", "excess"), [(23.04, 12.0, 0.0407), (23.04, 8.0, 0.5339), (30.72, 16.0, 0.0349), (30.72, 10.0, 0.3348)]
)
def test_excess_of_the_mesh_is_what_was_measured(length, core, excess):
    """Pairs of docs/fronts.md less those of all atoms; 2 gamma = 2.72 J/m^2, cutoff 3.771 A."""
    low, high = mesh_excess(2.72, 3.3258, length, core, 3.771)
    assert low < excess < high


def test_caution_of_a_long_front():
    assert front_caution(2.72, 3.326, 30.7, 15.4, 3.77) == ""
    sentence = front_caution(2.72, 3.326, 61.4, 16.0, 3.77)
    low, high = mesh_excess(2.72, 3.326, 61.4, 16.0, 3.77)
    assert f"by {low:.2g} to {high:.2g} eV" in sentence
    assert "model.core_radius = 16 A" in sentence
    assert "30.7 A or more" in sentence
