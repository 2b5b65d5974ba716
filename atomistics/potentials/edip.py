"""Environment-dependent interatomic potentials (EDIP): LAMMPS' .edip files, silicon and silicon carbide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels.compilation import load_kernel
from .bonds import BondPotential, Bonds
from .site_potential import chosen
from .triplets import Triplets, read_triplets

COLUMNS = (
    "A", "B", "cutoffA", "cutoffC", "alpha", "beta", "eta", "gamma", "lambda", "mu", "rho", "sigma", "Q0", "u1", "u2", "u3", "u4",
)  # fmt: skip
ANGLE = ("eta", "lambda", "mu", "Q0", "u1", "u2", "u3", "u4")
"""Columns of an angle, which is the same for its two neighbours in either order."""
NOT_NEGATIVE = ("A", "B", "alpha", "beta", "eta", "lambda", "mu", "rho", "Q0")


class EDIP(BondPotential):
    """V_l = sum_j A [(B/r_j)^rho - exp(-beta Z^2)] e_sigma(r_j) + sum_{j<k} e_gamma(r_j) e_gamma(r_k) h(cos theta_jk, Z).

    e_s = exp(s/(r - a)), h = lambda [1 - exp(-q) + eta q], q = Q0 exp(-mu Z) (cos theta + tau(Z))^2,
    tau = u1 + u2 (u3 exp(-u4 Z) - exp(-2 u4 Z)). The coordination Z = sum_j f(r_j) falls from 1 at c to 0 at a: C2 at c,
    everything is smooth at a. As LAMMPS' pair style edip/multi, whose edip reads the same from tables.

    Parameters
    ----------
    entries : Triplets
        With `COLUMNS`, eV and A. A bond takes its parameters from the triplet (i, j, j), an angle lambda, eta, Q and tau
        from (i, j, k).
    elements : sequence of str, optional
        Species to use, in this order; default: all.

    Raises
    ------
    ValueError
        A triplet that is missing or that is no potential.

    References
    ----------
    J. F. Justo, M. Z. Bazant, E. Kaxiras, V. V. Bulatov & S. Yip, Phys. Rev. B 58 (1998) 2539; C. Jiang, D. Morgan & I.
    Szlufarska, Phys. Rev. B 86 (2012) 144118 (several species).
    """

    def __init__(self, entries: Triplets, elements: Sequence[str] | None = None) -> None:
        names = chosen(entries.source, entries.elements, elements)
        table = entries.table(names)
        for i, j, k in np.ndindex(table.shape[:3]):
            _check(entries, (names[i], names[j], names[k]), table[i, j, k], table[i, k, j])
        n = np.arange(len(names))
        super().__init__(names, float(table[:, n, n, COLUMNS.index("cutoffA")].max()))
        self._table = np.ascontiguousarray(table)
        self._kernels = load_kernel("edip")

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> EDIP:
        """Read a LAMMPS .edip file; ValueError names file, line and expectation."""
        return cls(read_triplets(Path(path), COLUMNS, ("A", "lambda")), elements)

    def slopes(self, bonds: Bonds, V: np.ndarray, G: np.ndarray) -> None:
        """See `BondPotential.slopes`."""
        self._kernels.slopes(self._table, *bonds.words, V, G)

    def curvatures(self, bonds: Bonds, w: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
        """See `BondPotential.curvatures`."""
        self._kernels.curvatures(self._table, *bonds.words, w, place, values)


def _check(entries: Triplets, key: tuple[str, str, str], numbers: np.ndarray, other: np.ndarray) -> None:
    """ValueError at an entry that is no potential; ``other``: that with both neighbours exchanged."""
    v = dict(zip(COLUMNS, numbers.tolist(), strict=True))
    negative = [name for name in NOT_NEGATIVE if v[name] < 0]
    if negative:
        entries.refuse(key, f"{', '.join(negative)} that are not negative")
    if not 0 <= v["cutoffC"] < v["cutoffA"]:
        entries.refuse(key, f"a cutoffC below cutoffA, found cutoffC = {v['cutoffC']:g}, cutoffA = {v['cutoffA']:g}")
    small = [name for name in ("gamma", "sigma", "alpha") if v[name] <= 0]
    if small:
        entries.refuse(key, f"positive {', '.join(small)}, or its functions would not end smoothly at the cutoff")
    different = [name for name in ANGLE if numbers[COLUMNS.index(name)] != other[COLUMNS.index(name)]]
    if different:
        entries.refuse(key, f"the same {', '.join(different)} as for {key[0]} {key[2]} {key[1]}, the same angle")
