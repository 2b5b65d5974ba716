"""Potentials of which a kernel is all there is: V, dV/dD and d2V/dDdD of sites from their bonds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..kernels.compilation import load_bonds
from ..neighbours import NeighbourList
from .dense import WORK, DensePotential, SiteHessians
from .site_potential import different

SITES = 1024
"""Sites whose bonds are copied at once: some 5 MB at a hundred neighbours."""


@dataclass(frozen=True)
class Bonds:
    """Bonds inside the cutoff of some sites, one site after another.

    Attributes
    ----------
    begin : (n_sites + 1,) int32 ndarray
        First bond of each site.
    site_types : (n_sites,) int32 ndarray
    kinds : (n_bonds,) int32 ndarray
        Species at the far ends.
    D : (n_bonds, 3) ndarray
        A.
    """

    begin: np.ndarray
    site_types: np.ndarray
    kinds: np.ndarray
    D: np.ndarray

    @property
    def words(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What a kernel is given."""
        return self.begin, self.site_types, self.kinds, self.D


class BondPotential(DensePotential):
    """Everything that follows from V, dV/dD and d2V/dDdD of sites with given bonds.

    Parameters
    ----------
    elements : sequence of str
    cutoff : float
        A; bonds beyond it are not seen.
    """

    def __init__(self, elements: Sequence[str], cutoff: float) -> None:
        self.elements = different(elements)
        self.cutoff = float(cutoff)

    @abstractmethod
    def slopes(self, bonds: Bonds, V: np.ndarray, G: np.ndarray) -> None:
        """V (n_sites,), eV, and dV/dD (n_bonds, 3), eV/A, of sites with these bonds, written over V and G."""

    @abstractmethod
    def curvatures(self, bonds: Bonds, w: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
        """w d2V/dDdD of each site, (3m)^2 numbers from place[s] on, eV/A^2."""

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        for begin in range(0, len(nl.rows), SITES):
            some = slice(begin, min(begin + SITES, len(nl.rows)))
            bonds, ends = self.bonds_of(y, types, nl, w, some)
            energies, G = np.empty(len(bonds.site_types)), np.empty_like(bonds.D)
            self.slopes(bonds, energies, G)
            V[some] = energies
            load_bonds().scatter(nl.rows[some], bonds.begin, ends, w[some], G, g)

    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """See `DensePotential.site_hessians`."""
        w = np.ascontiguousarray(w, dtype=float)
        return self.dense_of(*self.bonds_of(y, types, nl, w, some), w[some])

    def dense_of(self, bonds: Bonds, ends: np.ndarray, w: np.ndarray) -> SiteHessians:
        """w d2V/dDdD of sites whose bonds have these far ends."""
        place = np.empty(len(bonds.begin), np.int64)
        values = np.empty(load_bonds().places(bonds.begin, place))
        self.curvatures(bonds, w, place, values)
        return SiteHessians(bonds.begin, place, ends, values)

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        assert copies == 1, "angles need every bond"
        F, R, kinds = np.ascontiguousarray(F, dtype=float), np.ascontiguousarray(bonds), np.ascontiguousarray(types, dtype=np.int32)
        k, d = len(F), R.shape[1]
        W, P, C = np.empty(k), np.empty((k, 3, d)), np.empty((k if second else 0, 3, d, 3, d))
        size = max(1, min(SITES, WORK // (8 * (3 * max(len(R), 1)) ** 2)))
        for begin in range(0, k, size):
            part = slice(begin, begin + size)
            self._respond(R, kinds, site_type, F[part], W[part], P[part], C[part], second)
        return W, P, C

    def _respond(
        self, R: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, W: np.ndarray, P: np.ndarray, C: np.ndarray, second: bool
    ) -> None:
        """Responses to some of the strains, written over W, P and C."""
        kernels, n, most = load_bonds(), len(F), len(F) * len(R) + 1
        begin, which, kinds, D = np.empty(n + 1, np.int32), np.empty(most, np.int32), np.empty(most, np.int32), np.empty((most, 3))
        found = kernels.strained(R, types, F, self.cutoff, begin, which, kinds, D)
        bonds = Bonds(begin, np.full(n, site_type, np.int32), kinds[:found], D[:found])
        G = np.empty((found, 3))
        self.slopes(bonds, W, G)
        kernels.stresses(begin, which, R, G, P)
        if second:
            place = np.empty(n + 1, np.int64)
            values = np.empty(kernels.places(begin, place))
            self.curvatures(bonds, np.ones(n), place, values)
            kernels.moduli(begin, place, which, R, values, C)

    def bonds_of(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> tuple[Bonds, np.ndarray]:
        """Those of some sites of a list (none where w = 0), and the extended atoms at their far ends."""
        rows, first = nl.rows[some], nl.first[some.start : some.stop + 1]
        most = int(first[-1] - first[0]) + 1
        begin, kinds, D, ends = np.empty(len(rows) + 1, np.int32), np.empty(most, np.int32), np.empty((most, 3)), np.empty(most, np.int32)
        found = load_bonds().gather(y, types, rows, first, nl.index, w[some], self.cutoff, begin, kinds, D, ends)
        return Bonds(begin, types[rows], kinds[:found], D[:found]), ends[:found]
