"""Bond-order potentials of Tersoff and of Kumagai: published parameters, and LAMMPS' .tersoff and .tersoff.mod files."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels import covalent as kernels
from .covalent import CovalentPotential
from .triplets import Triplets, read_triplets

PAIR = ("beta", "lambda2", "B", "R", "D", "lambda1", "A")
COLUMNS = ("m", "gamma", "lambda3", "c", "d", "costheta0", "n", *PAIR)
MOD_COLUMNS = ("m", "alpha", "h", "eta", *PAIR, "n", "c1", "c2", "c3", "c4", "c5")
NOT_NEGATIVE = ("gamma", "c", "n", *PAIR)

KUMAGAI = (
    1.0, 2.3890327, -0.365, 1.0, 1.0, 1.345797, 121.00047, 3.0, 0.3, 3.2300135, 3281.5905, 0.93810551,
    0.20173476, 730418.72, 1000000.0, 1.0, 26.0,
)  # fmt: skip
T3 = {  # A, B (eV), lambda, mu (1/A), beta, n, c, d, h, R, S (A)
    "C": (1393.6, 346.74, 3.4879, 2.2119, 1.5724e-7, 0.72751, 38049.0, 4.3484, -0.57058, 1.8, 2.1),
    "Si": (1830.8, 471.18, 2.4799, 1.7322, 1.1000e-6, 0.78734, 100390.0, 16.217, -0.59825, 2.7, 3.0),
    "Ge": (1769.0, 419.23, 2.4451, 1.7047, 9.0166e-7, 0.75627, 106430.0, 15.652, -0.43884, 2.8, 3.1),
}
CHI = {frozenset(("Si", "C")): 0.9776, frozenset(("Si", "Ge")): 1.00061}


class Tersoff(CovalentPotential):
    """V_l = 1/2 sum_j f_C(r_j) [A exp(-lambda1 r_j) - b_j B exp(-lambda2 r_j)], b_j = (1 + (beta zeta_j)^eta)^(-1/2n).

    zeta_j = sum_k f_C(r_k) g(cos theta_jk) exp((lambda3 (r_j - r_k))^m). Tersoff's f_C is C1 only: its second
    derivative jumps where it begins and ends, and Newton's method needs a safeguard there; Kumagai's is C2.

    Parameters
    ----------
    entries : Triplets
        With `COLUMNS` (Tersoff: eta = n) or `MOD_COLUMNS` (Kumagai), eV and A. What belongs to a bond comes from the
        triplet (i, j, j), what belongs to an angle from (i, j, k), as in LAMMPS.
    elements : sequence of str, optional
        Species to use, in this order; default: all.

    References
    ----------
    J. Tersoff, Phys. Rev. B 37 (1988) 6991; 38 (1988) 9902; 39 (1989) 5566, erratum 41 (1990) 3248.
    T. Kumagai, S. Izumi, S. Hara & S. Sakai, Comput. Mater. Sci. 39 (2007) 457.
    """

    def __init__(self, entries: Triplets, elements: Sequence[str] | None = None) -> None:
        names = tuple(elements) if elements else entries.elements
        table = entries.table(names)
        _check(entries, names, table)
        value = {column: table[..., k] for k, column in enumerate(entries.columns)}
        modified = "eta" in value
        n = len(names)
        pairs, angles = np.zeros((n, n, 9)), np.zeros((n, n, n, 10))
        i, j = np.indices((n, n))
        own = {column: numbers[i, j, j] for column, numbers in value.items()}
        for column, name in (
            (kernels.A_T, "A"), (kernels.LAMBDA1, "lambda1"), (kernels.B_T, "B"), (kernels.LAMBDA2, "lambda2"),
            (kernels.R_T, "R"), (kernels.D_T, "D"), (kernels.BETA, "beta"), (kernels.ETA, "eta" if modified else "n"),
        ):  # fmt: skip
            pairs[..., column] = own[name]
        pairs[..., kernels.DELTA] = 0.5 / np.where(own["n"] > 0, own["n"], np.inf)
        for column, name in (
            (kernels.R_A, "R"), (kernels.D_A, "D"), (kernels.POWER, "m"),
            (kernels.LAMBDA3, "alpha" if modified else "lambda3"), (kernels.H_A, "h" if modified else "costheta0"),
        ):  # fmt: skip
            angles[..., column] = value[name]
        shape = (
            [value[f"c{k}"] for k in range(1, 6)] if modified else [value["gamma"], value["c"] ** 2, value["d"] ** 2]
        )
        angles[..., kernels.G1 : kernels.G1 + len(shape)] = np.stack(shape, axis=-1)
        cutoff = float((table[..., entries.columns.index("R")] + table[..., entries.columns.index("D")]).max())
        super().__init__(names, cutoff, kernels.KUMAGAI if modified else kernels.TERSOFF, pairs, angles)

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> Tersoff:
        """Read a LAMMPS .tersoff or .tersoff.mod file; ValueError names file, line and expectation."""
        path = Path(path)
        modified = path.name.removesuffix(".gz").endswith(".mod")
        return cls(read_triplets(path, MOD_COLUMNS if modified else COLUMNS, ("A", "B")), elements)


def _check(entries: Triplets, names: Sequence[str], table: np.ndarray) -> None:
    """ValueError at the first entry that is not a potential."""
    for key, numbers in zip(itertools.product(names, names, names), table.reshape(-1, table.shape[-1]), strict=True):
        v = dict(zip(entries.columns, numbers, strict=True))
        negative = [column for column in NOT_NEGATIVE if v.get(column, 0.0) < 0]
        if negative:
            entries.refuse(key, f"{', '.join(negative)} that are not negative")
        if v["m"] not in (1.0, 3.0):
            entries.refuse(key, f"m = 1 or 3, found {v['m']:g}")
        if not v["D"] <= v["R"] or v["R"] == 0:
            entries.refuse(key, f"a cutoff R above its half width D, found R = {v['R']:g}, D = {v['D']:g}")
        if v.get("d", 1.0) <= 0 or v.get("c3", 1.0) <= 0:
            entries.refuse(key, f"a positive {'d' if 'd' in v else 'c3'}")
        if v["beta"] > 0 and key[1] == key[2] and min(v["n"], v.get("eta", 1.0)) <= 0:
            entries.refuse(key, "a positive exponent n (and eta)")


def tersoff_t3(elements: Sequence[str] = ("Si",)) -> Tersoff:
    """Tersoff's third potential, "T3", for Si, C, Ge, SiC and SiGe, mixed by his rules.

    J. Tersoff, Phys. Rev. B 39 (1989) 5566, erratum 41 (1990) 3248; silicon alone: Phys. Rev. B 38 (1988) 9902.
    """
    unknown = [e for e in elements if e not in T3]
    if unknown:
        raise ValueError(f"tersoff-t3 has no {', '.join(unknown)}: it has {', '.join(T3)}")
    if {"C", "Ge"} <= set(elements):
        raise ValueError("tersoff-t3 has no parameters for C and Ge together: Tersoff published none")
    keys = list(itertools.product(elements, elements, elements))
    return Tersoff(Triplets("tersoff-t3", COLUMNS, {key: _mixed(*key) for key in keys}, {}), elements)


def _mixed(i: str, j: str, k: str) -> np.ndarray:
    """Entry of a triplet in the order of `COLUMNS`; pair parameters are those of i and k, used where j = k."""
    A, B, lam, mu, beta, n, c, d, h, R, S = T3[i]
    if k != i:
        A2, B2, lam2, mu2, *_, R2, S2 = T3[k]
        chi = CHI[frozenset((i, k))]
        A, B, lam, mu = math.sqrt(A * A2), chi * math.sqrt(B * B2), 0.5 * (lam + lam2), 0.5 * (mu + mu2)
        R, S = math.sqrt(R * R2), math.sqrt(S * S2)
    return np.array([3.0, 1.0, 0.0, c, d, h, n, beta, mu, B, 0.5 * (R + S), 0.5 * (S - R), lam, A])


def kumagai(elements: Sequence[str] = ("Si",)) -> Tersoff:
    """Modified Tersoff silicon, "MOD": elastic constants and melting point fitted.

    T. Kumagai, S. Izumi, S. Hara & S. Sakai, Comput. Mater. Sci. 39 (2007) 457.
    """
    return Tersoff(Triplets("kumagai", MOD_COLUMNS, {("Si", "Si", "Si"): np.array(KUMAGAI)}, {}), elements)
