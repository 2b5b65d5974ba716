"""Screening of the bonds of a perfect site: which bonds are seen, and the strains at which that changes."""

from __future__ import annotations

import numpy as np

from .meam_parameters import Parameters

SAME = 1e-9
"""Below it a number is 0 but for rounding."""


def screens(p: Parameters, R: np.ndarray, types: np.ndarray, site_type: int, j: int) -> np.ndarray:
    """2 s - (Cmin - 1) A of the other bonds (n - 1,), inf where A <= 0: bond j is screened altogether where it is not above 0.

    C = 1 + 2 s / A with s = u + v - 1, A = 1 - (u - v)^2, u and v the squares of r_k and r_jk over that of r_j.
    """
    squares, far = (R**2).sum(1), ((R - R[j]) ** 2).sum(1)
    u, v = (np.delete(s, j) / squares[j] for s in (squares, far))
    A = 1.0 - (u - v) ** 2
    low = p.Cmin[site_type, types[j], np.delete(types, j)]
    return np.where(A > SAME, 2.0 * (u + v - 1.0) - (low - 1.0) * A, np.inf)


def unscreened(p: Parameters, R: np.ndarray, types: np.ndarray, site_type: int) -> np.ndarray:
    """(n,) bool: bonds that no other one screens altogether."""
    return np.array([bool((screens(p, R, types, site_type, j) > SAME).all()) for j in range(len(R))], dtype=bool)


def strain_at_kink(p: Parameters, R: np.ndarray, types: np.ndarray, site_type: int) -> float:
    """Smallest strain, to first order, at which a bond within rc begins to be seen, or is screened altogether: where C = Cmin.

    The Frobenius norm of the strain; a bond that several atoms screen needs as much as the one that has furthest to go.
    """
    least = np.inf
    for j in map(int, np.flatnonzero((R**2).sum(1) < p.rc**2)):
        above, others = screens(p, R, types, site_type, j), np.delete(np.arange(len(R)), j)
        near = np.flatnonzero(np.isfinite(above))
        low = p.Cmin[site_type, types[j], types[others]]
        slope = np.array([np.linalg.norm(_slope(R[j], R[others[k]], float(low[k]))) for k in near])
        strain, screened = np.abs(above[near]) / np.maximum(slope, SAME), above[near] <= SAME
        least = min(least, float(strain[screened].max() if screened.any() else strain.min(initial=np.inf)))
    return least


def _slope(Rj: np.ndarray, Rk: np.ndarray, low: float) -> np.ndarray:
    """(3, 3) derivative by strain of what `screens` gives for an atom k and the bond j."""
    E = Rk - Rj
    p, q, r = (float(a @ a) for a in (Rj, Rk, E))
    by_d = 2.0 * (low - 1.0) * (q - r) / p
    parts = ((-(2.0 * (q + r) + by_d * (q - r)) / p**2, Rj), ((2.0 + by_d) / p, Rk), ((2.0 - by_d) / p, E))
    total: np.ndarray = np.sum([2.0 * slope * np.outer(a, a) for slope, a in parts], axis=0)
    return total
