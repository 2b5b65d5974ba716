"""Where a dislocation comes to rest, against the balance of its forces and figures of a separate program."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import GPA_SQRT_A, NearTipField
from qc.material.glide import direction, resolved_factors, rest_distance, stiffness


def test_the_partial_of_aluminium():
    """f = 0.3888, p = 82.44 GPa on the inclined plane, and where the separate program has it at eight loads."""
    potential = load_potential("Al_mm.eam.fs")
    crystal = Crystal.fcc("Al").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    field = NearTipField(CauchyBornMaterial(crystal, potential).elastic_tensor(), 2.5)
    s, n = direction(-np.degrees(np.arccos(1 / 3)), 180.0)
    assert (s @ n, np.linalg.norm(s)) == pytest.approx((0.0, 1.0), abs=1e-12)
    f, p = resolved_factors(field, -np.degrees(np.arccos(1 / 3)), s, n)[0], stiffness(field, s)
    assert (f, p) == pytest.approx((0.3888, 82.44), rel=1e-3)
    at = [rest_distance(f * K, p, crystal.a / np.sqrt(6), 0.1271) for K in np.arange(0.34, 0.415, 0.01)]
    assert at == pytest.approx([31.3, 34.2, 37.2, 40.3, 43.4, 46.6, 49.9, 53.3], abs=0.15)


def test_forces_are_in_balance_at_the_outer_root():
    """Nearer the tip the load prevails, further out the fault; a full dislocation has no such place."""
    drive, p, b, fault = 0.15, 80.0, 1.65, 0.1

    def force(r):
        return drive * GPA_SQRT_A * b / np.sqrt(2 * np.pi * r) - p * b**2 / (8 * np.pi * r) - fault / 0.1

    r = rest_distance(drive, p, b, fault)
    assert force(r) == pytest.approx(0.0, abs=1e-12)
    assert force(0.9 * r) > 0 > force(1.1 * r)
    assert rest_distance(drive, p, b, 0.0) == np.inf
    least = rest_distance(drive, p, b, 10 * fault)
    assert force(least) == pytest.approx(max(force(x) for x in np.linspace(0.5 * least, 2 * least, 301)), rel=1e-3)
