"""Angular-dependent potentials (ADP) from tables: EAM, and a dipole and a quadrupole of the neighbours of a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..kernels.compilation import load_kernel
from ..neighbours import NeighbourList
from .bonds import BondPotential, Bonds
from .dense import SiteHessians
from .eam import EAM, spline
from .setfl import Setfl, read_table
from .sum_potential import SumPotential


@dataclass(frozen=True)
class MomentFactors:
    """H = sum over bonds of blocks + sum over sites of J^T J, J nine rows: 104 bytes a bond with its vector.

    Attributes
    ----------
    bonds : Bonds
    ends : (n_bonds,) int32 ndarray
        Extended atom at the far end of each bond.
    numbers : (n_bonds, 4) ndarray
        u, u'/r, w, w'/r, of which J is made.
    blocks : (n_bonds, 6) ndarray
        Second derivatives by one bond at fixed moments: xx yy zz yz xz xy, eV/A^2.
    w : (n_sites,) ndarray
    of : Moments
    """

    bonds: Bonds
    ends: np.ndarray
    numbers: np.ndarray
    blocks: np.ndarray
    w: np.ndarray
    of: Moments

    @property
    def dense(self) -> SiteHessians:
        """The same as a dense block for each site."""
        return self.of.dense_of(self.bonds, self.ends, self.w)


class Moments(BondPotential):
    """V_l = mu . mu / 2 + lambda : lambda / 2 - (tr lambda)^2 / 6, mu = sum_n u(r_n) d_n, lambda = sum_n w(r_n) d_n d_n.

    The angular part of `ADP`, with LAMMPS' cubic splines (C1).

    Parameters
    ----------
    table : Setfl
        With tables of u and w.
    elements : sequence of str
    """

    def __init__(self, table: Setfl, elements: Sequence[str]) -> None:
        super().__init__(elements, table.cutoff)
        assert table.dipole is not None
        assert table.quadrupole is not None
        pick, n = [table.elements.index(name) for name in elements], len(elements)
        pieces = np.empty((n, n, table.nr, 8))
        for a, b in np.ndindex(n, n):
            pieces[a, b, :, :4] = spline(table.dipole[pick[a], pick[b]])
            pieces[a, b, :, 4:] = spline(table.quadrupole[pick[a], pick[b]])
        self._tables = (pieces, table.dr)
        self._kernels = load_kernel("adp")

    def slopes(self, bonds: Bonds, V: np.ndarray, G: np.ndarray) -> None:
        """See `BondPotential.slopes`."""
        self._kernels.slopes(*self._tables, *bonds.words, V, G)

    def curvatures(self, bonds: Bonds, w: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
        """See `BondPotential.curvatures`."""
        self._kernels.curvatures(*self._tables, *bonds.words, w, place, values)

    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> MomentFactors:  # type: ignore[override]
        """See `SitePotential.factors`."""
        w = np.ascontiguousarray(w, dtype=float)
        bonds, ends = self.bonds_of(nl.extended(y), types[nl.owner_of_extended], nl, w, slice(0, len(nl.rows)))
        numbers, blocks = np.empty((len(ends), 4)), np.empty((len(ends), 6))
        self._kernels.factors(*self._tables, *bonds.words, numbers, blocks)
        return MomentFactors(bonds, ends, numbers, blocks, w, self)

    def hessian_vector(self, factors: MomentFactors, nl: NeighbourList, v: np.ndarray) -> np.ndarray:  # type: ignore[override]
        """See `SitePotential.hessian_vector`."""
        v, f = nl.extended_vector(v), factors
        out = np.zeros_like(v)
        self._kernels.product(nl.rows, f.bonds.begin, f.ends, f.bonds.D, f.numbers, f.blocks, f.w, v, out)
        return nl.fold(out)


class ADP(SumPotential):
    """V_l of EAM + mu . mu / 2 + lambda : lambda / 2 - (tr lambda)^2 / 6, with LAMMPS' cubic splines (C1, as `EAM`).

    Parameters
    ----------
    table : Setfl
        Contents of the file, with tables of u and w.
    elements : sequence of str, optional
        Species to use, in this order; default: all of the file.

    Raises
    ------
    ValueError
        A species that the file does not have, or a file that is not of adp.

    References
    ----------
    Y. Mishin, M. J. Mehl & D. A. Papaconstantopoulos, Acta Mater. 53 (2005) 4029.
    """

    def __init__(self, table: Setfl, elements: Sequence[str] | None = None) -> None:
        if table.dipole is None:
            raise ValueError(f"{table.path}: expected a file of adp, found no tables of u(r) and w(r) behind those of r phi(r)")
        eam = EAM(table, elements)
        super().__init__(eam, Moments(table, eam.elements))
        self.path = table.path

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> ADP:
        """Read LAMMPS' setfl of pair style adp; ValueError names file, line and expectation."""
        return cls(read_table(Path(path)), elements)
