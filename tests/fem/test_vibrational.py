"""Vibrations as a material of their own: what W_T has beyond W."""

import numpy as np

from atomistics import Crystal, Morse
from fem.cauchy_born import CauchyBornMaterial
from fem.phonons import Vibrations
from fem.thermal import ThermalMaterial, sampled
from fem.vibrational import Vibrational


def test_it_is_what_the_warm_material_has_beyond_the_cold_one():
    static = CauchyBornMaterial(Crystal.hexagonal("X", 1.0), Morse())
    warm = ThermalMaterial(sampled(Vibrations(static)), 200.0)
    alone, F = Vibrational(warm), np.eye(3) + 0.01 * np.array([[[1, 2, 0], [0, -1, 0], [0, 0, 0]], [[0, 1, 0], [-1, 2, 0], [0, 0, 0.0]]])
    f, P = alone.energy_and_stress(F)
    np.testing.assert_allclose(alone.energy_density(F), warm.energy_density(F) - static.energy_density(F), atol=1e-12)
    np.testing.assert_allclose(alone.stress(F), warm.stress(F) - static.stress(F), atol=1e-12)
    np.testing.assert_allclose(alone.tangent(F), warm.tangent(F) - static.tangent(F), atol=1e-10)
    assert np.array_equal(f, alone.energy_density(F))
    assert np.array_equal(P, alone.stress(F))
    assert np.abs(P).max() > 1e-2
