"""Stillinger-Weber potentials: silicon as published, its brittle variant, and LAMMPS' .sw files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels import covalent as kernels
from .covalent import CovalentPotential
from .triplets import Triplets, read_triplets

COLUMNS = ("epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol")
EPSILON, SIGMA, A, LAMBDA, GAMMA, COSTHETA0, BIG_A, BIG_B, P, Q, TOL = range(11)
SAME = 1e-5
"""Relative difference up to which (i, j, k) and (i, k, j) are the same angle: files round products to some digits."""
SILICON = (2.1683, 2.0951, 1.80, 21.0, 1.20, -1.0 / 3.0, 7.049556277, 0.6022245584, 4.0, 0.0, 0.0)


class StillingerWeber(CovalentPotential):
    """V_l = 1/2 sum_j phi(r_j) + sum_{j<k} lambda epsilon e(r_j) e(r_k) (cos theta_jk - cos theta_0)^2.

    phi = A epsilon [B (sigma/r)^p - (sigma/r)^q] exp(sigma/(r - a sigma)), e = exp(gamma sigma/(r - a sigma)):
    smooth (C-infinity) at the cutoff a sigma.

    Parameters
    ----------
    entries : Triplets
        With `COLUMNS`, eV and A. A pair takes its parameters from the triplet (i, j, j), an angle lambda, epsilon
        and theta_0 from (i, j, k), as in LAMMPS. Pairs and angles that do not interact have epsilon or sigma 0.
    elements : sequence of str, optional
        Species to use, in this order; default: all.

    References
    ----------
    F. H. Stillinger & T. A. Weber, Phys. Rev. B 31 (1985) 5262.
    """

    def __init__(self, entries: Triplets, elements: Sequence[str] | None = None) -> None:
        names = tuple(elements) if elements else entries.elements
        table = entries.table(names)
        n = len(names)
        pairs, angles = np.empty((n, n, 8)), np.empty((n, n, n, 2))
        angles[..., kernels.LAMBDA_EPS] = table[..., LAMBDA] * table[..., EPSILON]
        angles[..., kernels.COS0] = table[..., COSTHETA0]
        bends = angles[..., kernels.LAMBDA_EPS] != 0.0
        for i, j in np.ndindex(n, n):
            key, t = (names[i], names[j], names[j]), table[i, j, j]
            if np.delete(t, COSTHETA0).min() < 0:
                entries.refuse(key, "numbers that are not negative (but for costheta0)")
            bent = bool(bends[i, j].any() or bends[i, :, j].any())
            reach = t[A] * t[SIGMA]
            if bent and reach > 0 and t[GAMMA] == 0:
                entries.refuse(key, "a positive gamma, or its angles would not end smoothly at the cutoff")
            cut = _cut(t) if bent or t[BIG_A] * t[EPSILON] > 0 else 0.0
            pairs[i, j] = (t[BIG_A] * t[EPSILON], t[BIG_B], t[SIGMA], t[P], t[Q], reach, t[GAMMA] * t[SIGMA], cut)
        if not pairs[..., kernels.CUT].max() > 0:
            entries.refuse(
                (names[0],) * 3, f"a pair of {', '.join(names)} that interacts, found epsilon, sigma or a of 0"
            )
        turned = angles.transpose(0, 2, 1, 3)
        for i, j, k in np.argwhere((abs(angles - turned) > SAME * abs(angles)).any(-1)):
            entries.refuse(
                (names[i], names[j], names[k]),
                f"the lambda epsilon and costheta0 of {names[i]} {names[k]} {names[j]}: the angle is the same",
            )
        super().__init__(
            names, float(pairs[..., kernels.CUT].max()), kernels.STILLINGER_WEBER, pairs, 0.5 * (angles + turned)
        )

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> StillingerWeber:
        """Read a LAMMPS .sw file; ValueError names file, line and expectation."""
        return cls(read_triplets(Path(path), COLUMNS, ("epsilon",)), elements)


def _cut(t: np.ndarray) -> float:
    """Where a pair ends: at a sigma, or with ``tol`` where its exponential has become that small (LAMMPS)."""
    if t[TOL] == 0.0:
        return float(t[A] * t[SIGMA])
    return float(t[A] * t[SIGMA] + min(t[GAMMA], 1.0) * t[SIGMA] / math.log(min(t[TOL], 0.01)))


def stillinger_weber(elements: Sequence[str] = ("Si",)) -> StillingerWeber:
    """Silicon of Stillinger & Weber, Phys. Rev. B 31 (1985) 5262, with epsilon = 2.1683 eV, sigma = 2.0951 A.

    It does not cleave: cracks in it blunt. `holland_marder` does.
    """
    return _silicon("stillinger-weber", SILICON, elements)


def holland_marder(elements: Sequence[str] = ("Si",)) -> StillingerWeber:
    """Stillinger-Weber silicon with twice the bending stiffness, lambda = 42: brittle.

    D. Holland & M. Marder, Phys. Rev. Lett. 80 (1998) 746; Adv. Mater. 11 (1999) 793.
    """
    return _silicon("holland-marder", (*SILICON[:LAMBDA], 42.0, *SILICON[GAMMA:]), elements)


def _silicon(name: str, values: Sequence[float], elements: Sequence[str]) -> StillingerWeber:
    return StillingerWeber(Triplets(name, COLUMNS, {("Si", "Si", "Si"): np.array(values)}, {}), elements)
