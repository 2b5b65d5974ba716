"""Perfect sites whose stencil is reconstructed: V_l(C_l D y), the atomistic side of B-GRAC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import reconstruction as kernels
from .neighbours import BondList, NeighbourList
from .potentials.dense import batches
from .potentials.site_potential import HessianFactors, HessianPattern, SitePotential
from .potentials.sum_potential import SumFactors
from .stencil import Stencil, match_stencil


class StencilError(ValueError):
    """A pair of atoms outside the reconstructed stencil came within the range of the potential."""


class ReconstructedSites:
    """E = sum_l w_l V_l(C_l D y) over perfect sites l, with gradient and exact Hessian.

    C_l D_rho y = D_rho y + f sum_s E_l[rho, s] D_s y, with E_l[rho, :] = (lam(l + s) - lam(l))_s (I - G (G^T G)^-1 G^T) and f the
    factor and sign of the `Stencil`: uniform deformations are not changed, whatever the inner shifts.

    Parameters
    ----------
    potential : SitePotential
        Inversion symmetric.
    X : (n, 3) ndarray
        Reference positions of the atoms, A.
    types : (n,) int32 ndarray
    sites : (m,) int ndarray
        Reconstructed sites: every atom of their stencils must be among the atoms.
    weight : (m,) ndarray
    stencil : Stencil
    sublattice : (m,) int ndarray
        Of the sites.
    lam : (n, stencil.sets * stencil.pairs) ndarray
        Multipliers at the atoms, see `qc.terms.reconstruction`.
    watch : float
        Pairs outside the stencil up to this reference distance are watched, A.
    cell : (3, 3) ndarray
    pbc : sequence of bool
        Periodicity of the reference positions.

    References
    ----------
    C. Ortner & L. Zhang, Energy-based atomistic-to-continuum coupling without ghost forces, CMAME 279 (2014) 29
    (reconstruction with blending and least norm; see docs/ghost_forces.md).
    """

    def __init__(
        self,
        potential: SitePotential,
        X: np.ndarray,
        types: np.ndarray,
        sites: np.ndarray,
        weight: np.ndarray,
        stencil: Stencil,
        sublattice: np.ndarray,
        lam: np.ndarray,
        watch: float,
        cell: np.ndarray,
        pbc: tuple[bool, bool, bool],
    ) -> None:
        radius, R = stencil.radius, stencil.R
        self.potential, self.weight, self.stencil = potential, np.ascontiguousarray(weight, dtype=float), stencil
        sign = np.ascontiguousarray(stencil.sign[sublattice])
        self.list = NeighbourList(X, max(watch, radius) + 1e-6, cell=cell, pbc=pbc, sites=sites)
        self.index = match_stencil(self.list, X, R, sign)
        if (self.index < 0).any():
            short = int((self.index < 0).any(1).sum())
            raise ValueError(f"{short} sites lack a neighbour of their perfect stencil and cannot be reconstructed")
        owner, G = self.list.owner_of_extended, np.ascontiguousarray(stencil.G)
        lam = np.ascontiguousarray(lam[owner])
        of_bonds, of_sites = (stencil.half, stencil.factor), (sign, stencil.column(sublattice))
        self._map = (self.list.rows, self.index, lam, G, np.linalg.pinv(G.T @ G), *of_bonds, *of_sites)
        self._bonds = BondList.of_counts(np.full(len(self.list.sites), len(R)))
        atoms = np.column_stack([self.list.rows, self.index]).ravel()
        self._types = np.ascontiguousarray(types[owner][atoms], dtype=np.int32)
        self._outside = self._pairs_outside(radius)
        self._pattern: HessianPattern | None = None

    def _pairs_outside(self, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """List (first, index) of the watched pairs."""
        site = np.repeat(np.arange(len(self.list.sites)), np.diff(self.list.first))
        member = np.zeros(len(self.list.index), dtype=bool)
        if not self.potential.fixed_topology:
            X = self.list.extended(self.list._built_at)
            member = np.linalg.norm(X[self.list.index] - X[self.list.rows][site], axis=1) > radius * (1 + 1e-6)
        count = np.bincount(site[member], minlength=len(self.list.sites))
        return np.concatenate([[0], np.cumsum(count)]).astype(np.int32), self.list.index[member].copy()

    def check(self, y: np.ndarray, cell: np.ndarray | None = None) -> None:
        """`StencilError` if a pair outside the stencil is within the cutoff at positions y (n, 3)."""
        least = np.sqrt(kernels.shortest(self.list.extended(y, cell), self.list.rows, *self._outside))
        if least < self.potential.cutoff:
            raise StencilError(
                f"two atoms outside the stencil of bgrac came within the cutoff ({least:.4f} < {self.potential.cutoff:.4f} A): the "
                "handshake is compressed more than the stencil allows; raise stencil_compression, widen the core, or use bgfc"
            )

    def bonds(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(m (1 + |R|), 3) reconstructed bonds of the sites in the order of `BondList`, A."""
        out = np.empty((len(self._types), 3))
        kernels.reconstruct(self.list.extended(y, cell), *self._map, out)
        return out

    def site_energies(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(m,) energies V_l(C_l D y), eV."""
        return self._sum(y, cell)[0]

    def site_virials(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(m, 3, 3) virials of the site energies, as `SitePotential.site_virials`, over the reconstructed bonds, eV."""
        return self.potential.bond_virials(self.bonds(y, cell), self._types, self._bonds)

    def energy_gradient(self, y: np.ndarray, cell: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Site energies (m,), eV, and the gradient of sum w V (n, 3), eV/A."""
        V, p = self._sum(y, cell)
        g = np.zeros((len(self.list.owner_of_extended), 3))
        kernels.transpose(p, *self._map, g)
        return V, self.list.fold(g)

    def _sum(self, y: np.ndarray, cell: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        self.check(y, cell)
        bonds = self.bonds(y, cell)
        V, p = np.zeros(len(self.weight)), np.zeros_like(bonds)
        self.potential.site_sum(bonds, self._types, self._bonds, self.weight, V, p)  # type: ignore[arg-type]
        return V, p

    def pattern(self) -> HessianPattern:
        """Pairs of atoms that share a site."""
        if self._pattern is None:
            n_sites, n_bonds = self.index.shape
            first = np.arange(n_sites + 1, dtype=np.int32) * n_bonds
            view = _Stencils(self.list.rows, first, self.index.ravel(), self.list.owner_of_extended)
            self._pattern = self.potential.hessian_pattern(view, self.list.n_atoms, np.ones(n_sites), many_body=True)  # type: ignore[arg-type]
        return self._pattern

    def hessian_blocks(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, 3, 3) exact second derivatives in the order of `pattern`, eV/A^2."""
        self.check(y, cell)
        pattern = self.pattern()
        H, bonds = np.zeros((len(pattern.cols), 3, 3)), self.bonds(y, cell)
        at_once = [slice(0, len(self.weight))] if self.potential.radial else batches(self._bonds)
        for some in at_once:  # factors of radial potentials are small
            self._add_blocks(some, bonds, pattern, H)
        return H

    def _add_blocks(self, some: slice, bonds: np.ndarray, pattern: HessianPattern, H: np.ndarray) -> None:
        """Add the second derivatives of some sites."""
        rows, index, *maps, sign, column = self._map
        each = 1 + index.shape[1]
        atoms, sites = slice(some.start * each, some.stop * each), BondList.of_counts(np.full(some.stop - some.start, each - 1))
        f = self.potential.factors(bonds[atoms], self._types[atoms], sites, self.weight[some])  # type: ignore[arg-type]
        begin, member = pattern.members
        of_sites = (sign[some], column[some])
        common = (rows[some], index[some], *maps, *of_sites, self.list.owner_of_extended, begin[some.start : some.stop + 1], member)
        for part in f.parts if isinstance(f, SumFactors) else (f,):
            if isinstance(part, HessianFactors):
                kernels.hessian(*common, part.begin, part.ends, part.y, part.A, part.c, pattern.row_first, pattern.cols, H)  # type: ignore[call-arg]
            else:
                dense = part.dense
                factors = (dense.begin, dense.place, dense.ends, dense.values)
                kernels.dense_hessian(*common, *factors, pattern.row_first, pattern.cols, H)  # type: ignore[call-arg]


@dataclass(frozen=True)
class _Stencils:
    """What `SitePotential.hessian_pattern` reads of a list."""

    rows: np.ndarray
    first: np.ndarray
    index: np.ndarray
    owner_of_extended: np.ndarray
