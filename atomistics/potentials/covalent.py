"""Site energies of bonds and angles: what Stillinger-Weber, Tersoff and Kumagai have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..crystal import Crystal
from ..kernels import covalent as kernels
from ..neighbours import NeighbourList
from .rest import constant_at_rest
from .site_potential import HessianPattern, SitePotential, different

SITES = 256
"""Most sites whose Hessians are there at once while blocks are assembled: 0.3 MB with four bonds, 2 MB with ten."""
WORK = 8_000_000
"""Most bytes of these Hessians: the more neighbours a site has, the fewer sites at once; one site in any case."""


@dataclass(frozen=True)
class SiteHessians:
    """H = sum over sites of w d2V/dDdD, dense in the few bonds D of each site.

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


def batches(nl: NeighbourList) -> list[slice]:
    """The sites of a list in order, some at a time: at most `SITES`, and so few that their Hessians take at most `WORK` bytes.

    A site with m neighbours in the list, of which some may be beyond the cutoff, is counted with its (3m)^2 numbers.
    """
    most = int(np.diff(nl.first).max(initial=1))
    size = max(1, min(SITES, WORK // (8 * (3 * max(most, 1)) ** 2)))
    return [slice(begin, min(begin + size, len(nl.sites))) for begin in range(0, len(nl.sites), size)]


class CovalentPotential(SitePotential):
    """V_l = sum_j U(r_j, zeta_j), zeta_j = sum_k h(r_j, r_k, cos theta_jk), see `covalent_kernels`.

    Half of each pair energy belongs to either atom; an angle belongs to the atom at its centre.

    Parameters
    ----------
    elements : sequence of str
    cutoff : float
        Largest range of all species, A.
    kind : int
        `covalent_kernels.STILLINGER_WEBER`, `TERSOFF` or `KUMAGAI`.
    pairs : (n, n, n_columns) ndarray
        Parameters of the bond [site, neighbour].
    angles : (n, n, n, n_columns) ndarray
        Parameters of the angle [site, neighbour j, neighbour k].
    """

    def __init__(
        self, elements: Sequence[str], cutoff: float, kind: int, pairs: np.ndarray, angles: np.ndarray
    ) -> None:
        self.elements = different(elements)
        self.cutoff = float(cutoff)
        self._tables = (np.ascontiguousarray(pairs, dtype=float), np.ascontiguousarray(angles, dtype=float))
        self._kind = kind

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        args = (y, types, nl.rows, nl.first, nl.index, w)
        if self._kind == kernels.STILLINGER_WEBER:
            kernels.sw_site_sum(*args, *self._tables, self.cutoff, V, g)
        else:
            kernels.tersoff_site_sum(*args, self._kind, *self._tables, self.cutoff, V, g)

    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> SiteHessians:
        """See `SitePotential.factors`."""
        return self._site_hessians(nl.extended(y), types[nl.owner_of_extended], nl, w, slice(0, len(nl.sites)))

    def _site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """Those of some sites; y and types on extended atoms."""
        rows, weight = nl.rows[some], np.ascontiguousarray(w[some], dtype=float)
        begin, place = np.empty(len(rows) + 1, np.int32), np.empty(len(rows) + 1, np.int64)
        where = (rows, nl.first[some.start : some.stop + 1], nl.index, weight)
        values = np.empty(kernels.count_bonds(y, *where, self.cutoff, begin, place))
        ends = np.empty(begin[-1], np.int32)
        kernels.site_hessians(y, types, *where, self._kind, *self._tables, self.cutoff, begin, place, ends, values)
        return SiteHessians(begin, place, ends, values)

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
            f = self._site_hessians(extended, kinds, nl, w, some)
            where = (nl.owner_of_extended, pattern.row_first, pattern.cols)
            kernels.assemble(nl.rows[some], f.begin, f.place, f.ends, f.values, *where, H)
        return H

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        assert copies == 1, "angles need every bond"
        F, bonds = np.ascontiguousarray(F, dtype=float), np.ascontiguousarray(bonds)
        n, d = len(F), bonds.shape[1]
        W, P, C = np.empty(n), np.empty((n, 3, d)), np.empty((n if second else 0, 3, d, 3, d))
        types = np.ascontiguousarray(types, dtype=np.int32)
        kernels.cauchy_born(
            bonds, self._kind, *self._tables, types, np.int32(site_type), self.cutoff, F, W, P, C, second
        )
        return W, P, C

    def lattice_constant(self, structure: str = "diamond", element: str | None = None) -> float | None:
        """Lattice constant of zero pressure of a crystal of one species, A; None where there is none."""
        if structure not in ("fcc", "bcc", "diamond", "hcp"):
            return None
        return self.constant_of(getattr(Crystal, structure)(element or self.elements[0]))

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of zero pressure of a perfect crystal whose shape is given, A; None where there is none."""
        return constant_at_rest(self, crystal)
