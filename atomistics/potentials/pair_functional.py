"""Pair functionals: a pair sum and an embedding energy of a sum of densities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels import hessian as hessian_kernels
from ..kernels import moments
from ..kernels import pair as kernels
from ..neighbours import NeighbourList
from .site_potential import HessianFactors, HessianPattern, SitePotential, different

HALF_UP_TO = 300_000
"""Sites up to which tables are summed over half of the list: it spares 15 to 25 % of the time and takes 1.3 kB a site."""


class PairFunctional(SitePotential):
    """V_l = 1/2 sum_n phi(r_n) + F(sum_n f(r_n)): pair potentials and EAM, on one set of kernels.

    Parameters
    ----------
    elements : tuple of str
    cutoff : float
    kind : int
        Bond functions, see `kernels`.
    bond_parameters, embedding_parameters : sequence of float
    bond_table : (n_types, n_types, n_knots, 8) ndarray, optional
        Cubic pieces of f (0..3) and r phi (4..7): [site, neighbour, knot]; or the parameters of ZBL's pairs.
    knot_spacing : float
    embedding_table : (n_types, n_knots, 4) ndarray, optional
    """

    radial = True

    def __init__(
        self,
        elements: Sequence[str],
        cutoff: float,
        kind: int,
        bond_parameters: Sequence[float] = (),
        embedding_parameters: Sequence[float] = (),
        bond_table: np.ndarray | None = None,
        knot_spacing: float = 1.0,
        embedding_table: np.ndarray | None = None,
    ) -> None:
        self.elements = different(elements)
        self.cutoff = float(cutoff)
        bonds = np.zeros((1, 1, 2, 8)) if bond_table is None else np.ascontiguousarray(bond_table)
        embed = np.zeros((1, 2, 4)) if embedding_table is None else np.ascontiguousarray(embedding_table)
        p, pe = (np.array([*values, 0.0], dtype=float) for values in (bond_parameters, embedding_parameters))
        self._functions = (kind, p, bonds, float(knot_spacing), pe, embed)
        self._range = np.inf if self.fixed_topology else self.cutoff
        self.many_body = kind not in (kernels.LENNARD_JONES, kernels.MORSE, kernels.ZBL, kernels.SPLINE)

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`: tables over half of the list if every site has a weight and there are not too many."""
        few = len(nl.rows) <= HALF_UP_TO
        half = nl.half if few and self._functions[0] == kernels.TABLE and w.all() else None
        if half is None:
            kernels.site_sum(y, types, nl.rows, nl.first, nl.index, w, *self._functions, self._range, V, g)
        else:
            bonds = (half.home, half.first, half.index)
            kernels.half_sum(y, types, nl.rows, *bonds, w, *self._functions[2:], self._range, *half.work, V, g)

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
        ends, A, *work = pattern.work
        f = self._factors(y, types, nl, w, ends, A)
        H = np.empty((len(pattern.cols), 3, 3)) if out is None else out
        bonds, where = (nl.rows, nl.owner_of_extended, f.begin, f.ends, f.y, f.A), (pattern.row_first, pattern.cols)
        if pattern.many_body:
            site, bond, atom, g = work
            hessian_kernels.assemble(nl.n_atoms, *bonds, f.c, *where, site, bond, atom, g, H)
        else:
            hessian_kernels.assemble_pairs(nl.n_atoms, *bonds, *where, H)
        return H

    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> HessianFactors:
        """See `SitePotential.factors`."""
        return self._factors(y, types, nl, w, np.empty(len(nl.index), np.int32), np.empty((len(nl.index), 3)))

    def _factors(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, ends: np.ndarray, A: np.ndarray
    ) -> HessianFactors:
        """Those whose ends and A are views of the arrays given."""
        extended, n = nl.extended(y), len(nl.sites)
        begin, c = np.empty(n + 1, np.int32), np.empty(n)
        found = hessian_kernels.bond_factors(
            extended, types[nl.owner_of_extended], nl.rows, nl.first, nl.index,
            np.ascontiguousarray(w, dtype=float), *self._functions, self._range, begin, ends, A, c,
        )  # fmt: skip
        return HessianFactors(begin=begin, ends=ends[:found], y=extended, A=A[:found], c=c)

    def hessian_vector(self, factors: HessianFactors, nl: NeighbourList, v: np.ndarray) -> np.ndarray:
        """See `SitePotential.hessian_vector`."""
        v = nl.extended_vector(v)
        out = np.zeros_like(v)
        f = factors
        hessian_kernels.factored_product(nl.rows, f.begin, f.ends, f.y, f.A, f.c, v, out)
        return nl.fold(out)

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        n, d = len(F), bonds.shape[1]
        W, P, C = np.empty(n), np.empty((n, 3, d)), np.empty((n if second else 0, 3, d, 3, d))
        F, bonds = np.ascontiguousarray(F, dtype=float), np.ascontiguousarray(bonds)
        types = np.ascontiguousarray(types, dtype=np.int32)
        site = (types, np.int32(site_type), self._range)
        moments.cauchy_born(bonds, *self._functions, *site, F, W, P, C, second, float(copies))
        return W, P, C
