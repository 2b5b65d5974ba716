"""A crystal at temperature as other code knows it, and one that is not cubic."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from fem.brillouin import wave_vectors
from fem.cauchy_born import CauchyBornMaterial
from fem.phonons import Vibrations
from fem.thermal import sampled
from qc.material.rest import at_rest, axial_ratio
from qc.material.warm import warm_crystal


def known(crystal, potential):
    """On a mesh of half the usual size: it changes the sizes by 1e-5."""
    crystal = at_rest(crystal, potential)
    return sampled(Vibrations(CauchyBornMaterial(crystal, potential), mesh=wave_vectors(crystal, 2.9)))


def test_silicon_at_300_K():
    """Molecular dynamics of LAMMPS, 512 atoms: a = 5.43719(6) A, C11, C12, C44 = 149.0(1), 76.4(1), 55.3(1) GPa (docs/temperature.md)."""
    potential = load_potential("Si.sw", ("Si",))
    some = known(Crystal.diamond("Si", 5.431).oriented((1, 1, 1), (1, -1, 0)), potential)
    warm = warm_crystal(some, 300.0)
    assert warm.crystal.a == pytest.approx(5.43719, rel=2e-4)
    row = warm.row()
    np.testing.assert_allclose([row[name] for name in ("C11", "C12", "C44")], [149.0, 76.4, 55.3], rtol=0.02)
    assert warm.expansion == pytest.approx((warm.crystal.a / some.vibrations.material.crystal.a - 1) / 300.0, rel=0.05)
    assert 14.0 < warm.highest < 20.0
    assert 0.03 < warm.amplitude < 0.08
    np.testing.assert_allclose(warm.crystal.rotation, some.vibrations.material.crystal.rotation, atol=1e-12)
    cold = warm_crystal(some, 0.0)
    assert cold.crystal.a == pytest.approx(some.vibrations.material.crystal.a, rel=1e-9)


def test_a_hexagonal_crystal_has_two_sizes():
    """Both grow, by different strains; the crystal stays hexagonal to the last digit."""
    potential = load_potential("lennard-jones", None, epsilon=0.4, sigma=2.3, cutoff=4.6)
    some = known(Crystal.hcp("X", 2.5), potential)
    warm, cold = warm_crystal(some, 400.0), some.vibrations.material.crystal
    U = warm.stretch
    assert U[0, 0] == pytest.approx(U[1, 1], abs=1e-9)
    assert np.abs(U - np.diag(np.diag(U))).max() < 1e-9
    assert U[0, 0] > 1.002
    assert U[2, 2] > 1.002
    assert axial_ratio(warm.crystal) / axial_ratio(cold) == pytest.approx(U[2, 2] / U[0, 0], rel=1e-9)
    C = warm.constants
    assert C[5, 5] == pytest.approx((C[0, 0] - C[0, 1]) / 2, rel=1e-6)
