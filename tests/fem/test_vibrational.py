"""Vibrations as a material of their own: what W_T has beyond W."""

import numpy as np
import pytest

from atomistics import Crystal, Morse
from fem.cauchy_born import CauchyBornMaterial
from fem.phonons import Vibrations
from fem.thermal import ThermalMaterial, ThermalRangeError, sampled
from fem.vibrational import Vibrational

STATIC = CauchyBornMaterial(Crystal.hexagonal("X", 1.0), Morse())
F = np.eye(3) + 0.01 * np.array([[[1, 2, 0], [0, -1, 0], [0, 0, 0]], [[0, 1, 0], [-1, 2, 0], [0, 0, 0.0]]])


@pytest.fixture(scope="module")
def warm():
    return ThermalMaterial(sampled(Vibrations(STATIC)), 200.0)


def test_it_is_what_the_warm_material_has_beyond_the_cold_one(warm):
    alone, static = Vibrational(warm), STATIC
    f, P = alone.energy_and_stress(F)
    np.testing.assert_allclose(alone.energy_density(F), warm.energy_density(F) - static.energy_density(F), atol=1e-12)
    np.testing.assert_allclose(alone.stress(F), warm.stress(F) - static.stress(F), atol=1e-12)
    np.testing.assert_allclose(alone.tangent(F), warm.tangent(F) - static.tangent(F), atol=1e-10)
    assert np.array_equal(f, alone.energy_density(F))
    assert np.array_equal(P, alone.stress(F))
    assert np.abs(P).max() > 1e-2


def test_to_the_second_order_it_has_no_range_and_its_own_derivatives(warm):
    """As the polynomial about the middle, with an error of the third order; stress and tangent are derivatives at any strain."""
    middle = 1.002 * np.eye(3)
    whole, near = Vibrational(warm), Vibrational(warm, middle)
    off = [np.abs(near.stress(middle + t * (F - np.eye(3))) - whole.stress(middle + t * (F - np.eye(3)))).max() for t in (0.2, 0.1)]
    assert off[0] < 5e-4
    assert off[0] / off[1] > 3.5
    far = np.eye(3) + 15.0 * (F - np.eye(3))
    with pytest.raises(ThermalRangeError):
        whole.stress(far)
    way, h = np.array([[0.3, -0.2, 0], [0.5, 0.4, 0], [0, 0, 0]]), 1e-5
    up, down = far + h * way, far - h * way
    slope = (near.energy_density(up) - near.energy_density(down)) / (2 * h)
    np.testing.assert_allclose(slope, np.einsum("nij,ij->n", near.stress(far), way), rtol=1e-7)
    turn = (near.stress(up) - near.stress(down)) / (2 * h)
    np.testing.assert_allclose(np.einsum("nijkl,kl->nij", near.tangent(far), way), turn, rtol=1e-6, atol=1e-7)
