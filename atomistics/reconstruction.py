"""Perfect sites whose stencil is reconstructed: V_l(C_l D y), the atomistic side of B-GRAC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from . import reconstruction_kernels as kernels
from .crystal import Crystal
from .neighbours import NeighbourList
from .site_potential import HessianPattern, SitePotential


class StencilError(ValueError):
    """A pair of atoms outside the reconstructed stencil came within the range of the potential."""


def paired_stencil(crystal: Crystal, potential: SitePotential, compression: float) -> np.ndarray:
    """(2 h, 3) bonds of a perfect site that can come within the cutoff, A; row h + k is the opposite of row k.

    Parameters
    ----------
    compression : float
        Largest compression 1 - |D y| / |D X| at which the stencil must hold all neighbours.
    """
    if not potential.inversion_symmetric:
        raise ValueError(
            "bgrac needs a potential that does not change when all bonds of a site are inverted (EAM and pair potentials): "
            "this one changes, use bgfc"
        )
    if len(crystal.species) != 1:
        raise ValueError(
            f"bgrac needs a crystal with one atom per cell, and this one has {len(crystal.species)}: use bgfc"
        )
    R = crystal.stencil(stencil_radius(potential, compression))
    x, y, z = np.round(R, 6).T
    positive = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z > 0))))
    return np.concatenate([R[positive], -R[positive]])


def stencil_radius(potential: SitePotential, compression: float) -> float:
    """Length of the longest reference bond that a compression can bring within the cutoff, A."""
    return potential.cutoff if potential.fixed_topology else potential.cutoff / (1.0 - compression)


def match_stencil(nl: NeighbourList, X: np.ndarray, R: np.ndarray) -> np.ndarray:
    """(n_sites, |R|) extended atoms at X_l + R of the list's sites in the reference crystal, -1 where there is none."""
    extended = nl.extended(X)
    site = np.repeat(np.arange(len(nl.sites)), np.diff(nl.first))
    bonds = extended[nl.index] - extended[nl.rows][site]
    distance, which = cKDTree(R).query(bonds, distance_upper_bound=1e-3 * float(np.linalg.norm(R, axis=1).min()))
    hit = np.isfinite(distance)
    out = np.full((len(nl.sites), len(R)), -1, dtype=np.int32)
    out[site[hit], which[hit]] = nl.index[hit]
    return out


@dataclass(frozen=True)
class BondList:
    """A list of bonds that belong to one site each, in the form that site potentials read.

    Every site comes with its own copy of its neighbours: site l is atom l (1 + |R|), followed by its |R| neighbours.
    """

    rows: np.ndarray
    first: np.ndarray
    index: np.ndarray

    @classmethod
    def of_size(cls, n_sites: int, n_bonds: int) -> BondList:
        """For n_sites sites with n_bonds bonds each."""
        rows = np.arange(n_sites, dtype=np.int32) * (n_bonds + 1)
        index = (rows[:, None] + 1 + np.arange(n_bonds, dtype=np.int32)).ravel()
        return cls(rows, np.arange(n_sites + 1, dtype=np.int32) * n_bonds, index)

    @property
    def sites(self) -> np.ndarray:
        """Atom of each row."""
        return self.rows

    @property
    def owner_of_extended(self) -> np.ndarray:
        """Every atom is itself."""
        return np.arange(len(self.rows) + len(self.index), dtype=np.int32)

    def extended(self, y: np.ndarray) -> np.ndarray:
        """The positions themselves."""
        return y


class ReconstructedSites:
    """E = sum_l w_l V_l(C_l D y) over perfect sites l, with gradient and exact Hessian.

    C_l D_rho y = D_rho y +- 1/2 sum_s E_l[rho, s] D_s y, with E_l[rho, :] = (lam(l + s) - lam(l))_s (I - R (R^T R)^-1 R^T):
    affine displacements are not changed.

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
    R : (2 h, 3) ndarray
        See `paired_stencil`.
    lam : (n, h) ndarray
        Multipliers at the atoms, see `qc.reconstruction`.
    watch : float
        Pairs outside the stencil up to this reference distance are watched, A.
    cell : (3, 3) ndarray
    pbc : sequence of bool
        Periodicity of the reference positions.

    References
    ----------
    C. Ortner & L. Zhang, Energy-based atomistic-to-continuum coupling without ghost forces, CMAME 279 (2014) 29
    (reconstruction with blending and least norm: METHODS 3).
    """

    def __init__(
        self,
        potential: SitePotential,
        X: np.ndarray,
        types: np.ndarray,
        sites: np.ndarray,
        weight: np.ndarray,
        R: np.ndarray,
        lam: np.ndarray,
        watch: float,
        cell: np.ndarray,
        pbc: tuple[bool, bool, bool],
    ) -> None:
        radius = float(np.linalg.norm(R, axis=1).max(initial=0.0))
        self.potential, self.weight, self.R = potential, np.ascontiguousarray(weight, dtype=float), R
        self.list = NeighbourList(X, max(watch, radius) + 1e-6, cell=cell, pbc=pbc, sites=sites)
        self.index = match_stencil(self.list, X, R)
        if (self.index < 0).any():
            short = int((self.index < 0).any(1).sum())
            raise ValueError(f"{short} sites lack a neighbour of their perfect stencil and cannot be reconstructed")
        self._fit = np.linalg.pinv(R.T @ R)
        owner = self.list.owner_of_extended
        self._lam = np.ascontiguousarray(lam[owner])
        self._bonds = BondList.of_size(len(self.list.sites), len(R))
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
        extended = self.list.extended(y, cell)
        kernels.reconstruct(extended, self.list.rows, self.index, self._lam, self.R, self._fit, out)
        return out

    def site_energies(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(m,) energies V_l(C_l D y), eV."""
        return self._sum(y, cell)[0]

    def energy_gradient(self, y: np.ndarray, cell: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Site energies (m,), eV, and the gradient of sum w V (n, 3), eV/A."""
        V, p = self._sum(y, cell)
        g = np.zeros((len(self.list.owner_of_extended), 3))
        kernels.transpose(p, self.list.rows, self.index, self._lam, self.R, self._fit, g)
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
        f = self.potential.factors(self.bonds(y, cell), self._types, self._bonds, self.weight)  # type: ignore[arg-type]
        H = np.zeros((len(pattern.cols), 3, 3))
        kernels.hessian(
            self.list.rows, self.index, self._lam, self.R, self._fit, self.list.owner_of_extended, *pattern.members,
            f.A, f.S, f.c, pattern.row_first, pattern.cols, H,
        )  # fmt: skip
        return H


@dataclass(frozen=True)
class _Stencils:
    """What `SitePotential.hessian_pattern` reads of a list."""

    rows: np.ndarray
    first: np.ndarray
    index: np.ndarray
    owner_of_extended: np.ndarray
