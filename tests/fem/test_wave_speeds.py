"""Speeds of waves against closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from fem.cauchy_born import GPA
from fem.wave_speeds import fastest_speed, rayleigh_speed


def isotropic(lame, shear):
    C = np.zeros((6, 6))
    C[:3, :3] = lame
    C[np.arange(6), np.arange(6)] += [2 * shear] * 3 + [shear] * 3
    return C * GPA


def rotated_about_y(C_voigt, angle):
    """Constants of a crystal turned about the normal of the plane."""
    voigt = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
    c, s = np.cos(angle), np.sin(angle)
    Q = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    C = np.einsum("ip,jq,kr,ls,pqrs->ijkl", Q, Q, Q, Q, C_voigt[voigt[:, :, None, None], voigt])
    pairs = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]
    return np.array([[C[i, j, k, m] for k, m in pairs] for i, j in pairs])


@pytest.mark.parametrize("lame", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("density", [1.0, 0.03])
def test_an_isotropic_solid_has_rayleighs_own_speed(lame, density):
    """(2 - v^2/c_s^2)^2 = 4 sqrt((1 - v^2/c_l^2)(1 - v^2/c_s^2)), Rayleigh 1885."""
    cs, cl = np.sqrt(1 / density), np.sqrt((lame + 2) / density)
    own = brentq(lambda v: (2 - (v / cs) ** 2) ** 2 - 4 * np.sqrt((1 - (v / cl) ** 2) * (1 - (v / cs) ** 2)), 0.3 * cs, 0.99999 * cs)
    for dimension in (2, 2.5):
        assert rayleigh_speed(isotropic(lame, 1.0), density, dimension) == pytest.approx(own, rel=1e-10)
    assert fastest_speed(isotropic(lame, 1.0), density) == pytest.approx(cl, rel=1e-12)


def test_a_plane_that_is_coupled_to_the_antiplane_has_nearly_the_speed_of_one_that_is_not():
    """Copper on (010): turned a little about the normal, three displacements take part; known is 2.01 km/s along [100]."""
    C = np.zeros((6, 6))
    C[:3, :3] = 121.4
    C[np.arange(6), np.arange(6)] = [168.4] * 3 + [75.4] * 3
    density = 63.546 * 1.03642696526e-4 / 11.81
    along = rayleigh_speed(C, density)
    assert 0.1 * along == pytest.approx(2.01, abs=0.01)
    turned = [rayleigh_speed(rotated_about_y(C, angle), density) for angle in (1e-4, 1e-3, 1e-2)]
    assert turned == pytest.approx([along] * 3, rel=1e-3)
    assert rayleigh_speed(rotated_about_y(C, np.pi / 2), density) == pytest.approx(along, rel=1e-9)


def test_no_density_and_no_stability_are_refused():
    with pytest.raises(ValueError, match=r"density is 0 eV ps.2/A.5, expected a number > 0"):
        rayleigh_speed(isotropic(1.0, 1.0), 0.0)
    with pytest.raises(ValueError, match="not those of a stable solid"):
        rayleigh_speed(isotropic(-3.0, 1.0), 1.0)
