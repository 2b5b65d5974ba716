"""Screened repulsion of nuclei of Ziegler, Biersack & Littmark, as LAMMPS' pair style zbl has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels import pair as kernels
from .pair_functional import PairFunctional

CHARGES = 14.399645
"""Square of the elementary charge in LAMMPS' units metal, eV A."""
LENGTH, POWER = 0.46850, 0.23
"""Screening length of two nuclei: LENGTH / (Z^POWER + Z'^POWER), A."""


class ZBL(PairFunctional):
    """phi(r) = Z Z' e^2/r sum_i c_i exp(-d_i r/a) + S(r), V_l = 1/2 sum phi.

    S is constant up to the inner cutoff, then C + A/3 t^3 + B/4 t^4 with t = r - inner, such that phi, phi' and phi''
    vanish at the outer one: second derivatives are continuous.

    Parameters
    ----------
    elements : sequence of str
    Z : (n, n) array_like
        Nuclear charge of the first of two species, [first, second]: Z' is Z of the transposed pair.
    inner, outer : float
        Where the switch begins and ends, A.

    References
    ----------
    J. F. Ziegler, J. P. Biersack & U. Littmark, The Stopping and Range of Ions in Matter (1985); docs.lammps.org/pair_zbl.html.
    """

    def __init__(self, elements: Sequence[str], Z: np.ndarray, inner: float, outer: float) -> None:
        Z = np.asarray(Z, dtype=float)
        if Z.shape != (len(elements), len(elements)) or not (np.isfinite(Z).all() and (Z > 0).all()):
            raise ValueError(
                f"zbl needs a positive nuclear charge for each pair of {', '.join(elements)}, got {Z.tolist()}"
            )
        if not 0.0 < inner < outer < np.inf:
            raise ValueError(
                f"zbl needs an inner cutoff above 0 and below the outer one, got {inner:g} and {outer:g} A"
            )
        table = np.zeros((len(elements), len(elements), 2, 8))
        table[:, :, 0, 0] = CHARGES * Z * Z.T
        table[:, :, 0, 1] = (Z**POWER + Z.T**POWER) / LENGTH
        table[:, :, 0, 2:4] = inner, outer
        t = outer - inner
        for a, b in np.ndindex(Z.shape):
            row = table[a, b, 0]
            rate = np.array([rate for _, rate in kernels.SHARES]) * row[1]
            x = np.array([share for share, _ in kernels.SHARES]) * np.exp(-rate * outer)
            z, z1, z2 = x.sum(), -(rate * x).sum(), (rate**2 * x).sum()
            e, e1 = row[0] * z / outer, row[0] * (z1 - z / outer) / outer
            e2 = row[0] * (z2 - 2.0 * (z1 - z / outer) / outer) / outer
            row[4:7] = switch(e, e1, e2, t)
        super().__init__(elements, outer, kernels.ZBL, bond_table=table)


def switch(e: float, e1: float, e2: float, t: float) -> tuple[float, float, float]:
    """A, B, C of S for a function with value e and derivatives e1, e2 where the switch ends, t behind its beginning."""
    return (-3.0 * e1 + t * e2) / t**2, (2.0 * e1 - t * e2) / t**3, -e + 0.5 * t * e1 - t * t * e2 / 12.0
