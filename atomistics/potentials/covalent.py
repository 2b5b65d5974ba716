"""Site energies of bonds and angles: what Stillinger-Weber, Tersoff and Kumagai have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels import covalent as kernels
from ..neighbours import NeighbourList
from .dense import DensePotential, SiteHessians
from .site_potential import different


class CovalentPotential(DensePotential):
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

    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """See `DensePotential.site_hessians`."""
        rows, weight = nl.rows[some], np.ascontiguousarray(w[some], dtype=float)
        begin, place = np.empty(len(rows) + 1, np.int32), np.empty(len(rows) + 1, np.int64)
        where = (rows, nl.first[some.start : some.stop + 1], nl.index, weight)
        values = np.empty(kernels.count_bonds(y, *where, self.cutoff, begin, place))
        ends = np.empty(begin[-1], np.int32)
        kernels.site_hessians(y, types, *where, self._kind, *self._tables, self.cutoff, begin, place, ends, values)
        return SiteHessians(begin, place, ends, values)

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
