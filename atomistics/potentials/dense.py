"""Potentials whose second derivatives are a dense block for each site: products, assembly, and batches that fit into memory."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from ..crystal import Crystal
from ..kernels import covalent as kernels
from ..neighbours import BondList, NeighbourList
from .rest import constant_at_rest, lattice_constant_at_rest
from .site_potential import HessianPattern, SitePotential

SITES = 256
"""Most sites whose Hessians are there at once while blocks are assembled: 0.3 MB with four bonds, 2 MB with ten."""
WORK = 8_000_000
"""Most bytes of these Hessians: the more neighbours a site has, the fewer sites at once; one site in any case."""


@dataclass(frozen=True)
class SiteHessians:
    """H = sum over sites of w d2V/dDdD, dense in the bonds D of each site.

    Attributes
    ----------
    begin : (n_sites + 1,) int32 ndarray
        First bond inside the cutoff of each site.
    place : (n_sites + 1,) int64 ndarray
        Where the (3m)^2 numbers of each site start in ``values``, eV/A^2.
    ends : (n_bonds,) int32 ndarray
        Extended atom at the far end of each bond.
    """

    begin: np.ndarray
    place: np.ndarray
    ends: np.ndarray
    values: np.ndarray

    @property
    def dense(self) -> SiteHessians:
        """As those who see dense blocks only ask for them; other factors of a dense potential make them."""
        return self


def batches(nl: NeighbourList | BondList) -> list[slice]:
    """The sites of a list in order, some at a time: at most `SITES`, and so few that their Hessians take at most `WORK` bytes.

    A site with m neighbours in the list, of which some may be beyond the cutoff, is counted with its (3m)^2 numbers.
    """
    most = int(np.diff(nl.first).max(initial=1))
    size = max(1, min(SITES, WORK // (8 * (3 * max(most, 1)) ** 2)))
    return [slice(begin, min(begin + size, len(nl.sites))) for begin in range(0, len(nl.sites), size)]


class DensePotential(SitePotential):
    """Everything that follows from `site_hessians`."""

    @abstractmethod
    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """Those of some sites of the list; y and types on extended atoms."""

    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> SiteHessians:
        """See `SitePotential.factors`."""
        return self.site_hessians(nl.extended(y), types[nl.owner_of_extended], nl, w, slice(0, len(nl.sites)))

    def hessian_vector(self, factors: SiteHessians, nl: NeighbourList, v: np.ndarray) -> np.ndarray:
        """See `SitePotential.hessian_vector`."""
        v = nl.extended_vector(v)
        out = np.zeros_like(v)
        kernels.product(nl.rows, factors.begin, factors.place, factors.ends, factors.values, v, out)
        return nl.fold(out)

    def hessian_blocks(
        self,
        y: np.ndarray,
        types: np.ndarray,
        nl: NeighbourList,
        w: np.ndarray,
        pattern: HessianPattern,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """See `SitePotential.hessian_blocks`."""
        H = np.empty((len(pattern.cols), 3, 3)) if out is None else out
        H[:] = 0.0
        extended, kinds = nl.extended(y), types[nl.owner_of_extended]
        for some in batches(nl):
            f = self.site_hessians(extended, kinds, nl, w, some)
            where = (nl.owner_of_extended, pattern.row_first, pattern.cols)
            kernels.assemble(nl.rows[some], f.begin, f.place, f.ends, f.values, *where, H)
        return H

    def lattice_constant(self, structure: str = "diamond", element: str | None = None) -> float | None:
        """See `lattice_constant_at_rest`."""
        return lattice_constant_at_rest(self, structure, element)

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of zero pressure of a perfect crystal whose shape is given, A; None where there is none."""
        return constant_at_rest(self, crystal)
