"""How far the near-tip field, which is linear, is one of the crystal itself: J of the field with the crystal's own energy.

At the radius where the field is prescribed strains are small, but not nothing: a crystal that is soft in shear leaves the linear range
far out. J of the field on a circle, by the energy and the stress of the continuum, misses G = K^2 / E' by what J of the relaxed model
misses it, a difference that falls as 1 / sqrt(R).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.near_tip import NearTipField

log = logging.getLogger(__name__)

LINEAR = 0.04
"""Largest |J/G - 1| of the field where a domain that nobody has asked for may end: below the tolerance of a first state, 0.05."""
LARGEST = 16
"""Times the usual radius at most: a crystal that is not linear there is not linear at all."""
POINTS = 128
"""Of Gauss and Legendre on the circle; J is known to 1e-6 then."""
GPA_A = 0.1
"""1 GPa A in J/m^2."""


def release_of_field(material: CauchyBornMaterial, field: NearTipField, K: Sequence[float], radius: float) -> float:
    """J / G of the near-tip field on a circle round the tip.

    J. R. Rice, J. Appl. Mech. 35 (1968) 379, with the stored energy and the first Piola-Kirchhoff stress of the crystal.

    Parameters
    ----------
    material : CauchyBornMaterial
    field : NearTipField
    K : (K_I, K_II, K_III)
        MPa m^1/2.
    radius : float
        A.

    Returns
    -------
    float
        1 for a crystal whose energy is quadratic in the strain.
    """
    angle, weight = np.polynomial.legendre.leggauss(POINTS)
    normal = np.stack([np.cos(np.pi * angle), np.sin(np.pi * angle), np.zeros(POINTS)], axis=1)
    slope = np.zeros((POINTS, 3, 3))
    slope[:, :, :2] = field.displacement_gradient(radius * normal[:, 0], radius * normal[:, 1], K)
    W, P = material.energy_and_stress(np.eye(3) + slope)
    W_0, P_0 = material.energy_and_stress(np.eye(3)[None])
    W = W - W_0 - np.einsum("ij,nij->n", P_0[0], slope)  # what a lattice that is not quite at rest is left with has no part in J
    J = np.pi * radius * weight @ (W * normal[:, 0] - np.einsum("ni,nij,nj->n", slope[:, :, 0], P - P_0, normal))
    return float(J * GPA * GPA_A / field.energy_release_rate(K))


def radius_of_linear_field(material: CauchyBornMaterial, field: NearTipField, K: Sequence[float], radius: float) -> float:
    """The first of a doubling sequence of radii, A, from a given one, at which J / G of the field is 1 within `LINEAR`.

    Where there is none up to `LARGEST` times that radius it is the one at which J is nearest to G; the one given where forces have no
    energy of a site.
    """
    if material.table is not None:
        return radius
    off: dict[float, float] = {}
    for times in 2 ** np.arange(int(np.log2(LARGEST)) + 1):
        here = float(times * radius)
        off[here] = abs(release_of_field(material, field, K, here) - 1.0)
        if off[here] <= LINEAR:
            break
    found = min(off, key=lambda here: off[here])
    if found > radius:
        log.info(
            "J of the near-tip field misses G by %.1f %% at %.0f A, where a domain usually ends, by %.1f %% at %.0f A: it ends there",
            100 * off[radius], radius, 100 * off[found], found,
        )  # fmt: skip
    return found
