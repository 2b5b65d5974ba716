"""The bonds of a perfect site in pairs that inversion maps on each other: what B-GRAC reconstructs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .crystal import Crystal
from .neighbours import NeighbourList
from .potentials.site_potential import SitePotential


@dataclass(frozen=True, kw_only=True)
class Stencil:
    """Bonds of a perfect site, in pairs that inversion maps on each other: bond k of sublattice b is ``sign[b] R[k]``.

    In a Bravais crystal both bonds of a pair, R and -R, belong to one site; row h + k is the opposite of row k. So they do
    where several species share the sites of one lattice such that each is a centre of inversion, as in B2 and L1_2: the sites of
    each sublattice have multipliers of their own then. In a crystal whose inversion exchanges two sublattices, as in diamond, the
    opposite of a bond of A is one of B.

    Attributes
    ----------
    R : (n, 3) ndarray
        A.
    G : (n, m) ndarray
        Generalised bonds: R, and for a multilattice 1 where the bond leads to the other sublattice (B2, L1_2: a column for each
        of the other three). Any uniform deformation with any inner shift is linear in them.
    half : (n,) int32 ndarray
        Pair of each bond, one set of multipliers each.
    factor : (n,) ndarray
        Share of a bond in the reconstruction of its pair.
    sign : (n_basis,) ndarray
    lattice : (n, 3) ndarray
        R less the way from the centroid of the cell to its atoms, where inversion exchanges the sublattices, A.
    sets : int
        Sublattices that have multipliers of their own.
    """

    R: np.ndarray
    G: np.ndarray
    half: np.ndarray
    factor: np.ndarray
    sign: np.ndarray
    lattice: np.ndarray
    sets: int = 1

    @property
    def radius(self) -> float:
        """Length of the longest bond, A."""
        return float(np.linalg.norm(self.R, axis=1).max())

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return int(self.half[-1]) + 1

    @property
    def exchanged(self) -> bool:
        """Whether inversion exchanges two sublattices."""
        return bool((self.sign < 0.0).any())

    @property
    def across(self) -> np.ndarray:
        """(n,) bool: bonds to the sublattice that inversion exchanges with one's own."""
        return self.G[:, 3:].any(1) & self.exchanged

    def column(self, sublattice: np.ndarray) -> np.ndarray:
        """(m,) int32: the first multiplier of sites of the given sublattices."""
        return (sublattice * self.pairs * (self.sets > 1)).astype(np.int32)


def paired_stencil(crystal: Crystal, potential: SitePotential, compression: float, least: float = 0.0) -> Stencil:
    """Bonds of a perfect site that can come within the cutoff, and more of them if those are too few to reconstruct.

    Parameters
    ----------
    compression : float
        Largest compression 1 - |D y| / |D X| at which the stencil must hold all neighbours.
    least : float
        The stencil reaches this far at least, A: to the other end of a mesh edge, or a node would be out of reach of all sites.

    Raises
    ------
    ValueError
        If no inversion maps the crystal's bonds, and with them the potential's forces, on their opposites.
    """
    if not potential.inversion_symmetric:
        raise ValueError(
            "bgrac needs a potential that does not change when all bonds of a site are inverted: this one changes, use bgfc"
        )
    reach = stencil_radius(potential, compression)
    R = crystal.stencil(_ample_radius(crystal, max(reach, least)))
    if _classes(crystal, R) is not None:
        return _of_centres(crystal, max(reach, least + _widest(crystal) if least > 0.0 else reach))
    _insist_on_inversion(crystal, R)
    ends = crystal.stencil_species(float(np.linalg.norm(R, axis=1).max()))
    offset = crystal.cell_offsets[ends] - crystal.cell_offsets[0]
    G, half = np.column_stack([R, ends.astype(float)]), np.arange(len(R), dtype=np.int32)
    return Stencil(R=R, G=G, half=half, factor=np.ones(len(R)), sign=np.array([1.0, -1.0]), lattice=R - offset)


def _of_centres(crystal: Crystal, radius: float) -> Stencil:
    """The stencil of a crystal each of whose sites is a centre of inversion."""
    R, n = crystal.stencil(_ample_radius(crystal, radius)), len(crystal.species)
    x, y, z = np.round(R, 6).T
    positive = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z > 0))))
    R = np.concatenate([R[positive], -R[positive]])
    classes, h = _classes(crystal, R), len(R) // 2
    assert classes is not None
    half, factor = np.tile(np.arange(h, dtype=np.int32), 2), np.repeat([0.5, -0.5], h)
    return Stencil(R=R, G=np.column_stack([R, classes]), half=half, factor=factor, sign=np.ones(n), lattice=R, sets=n)


def _widest(crystal: Crystal) -> float:
    """Longest way between two atoms of a cell, A: so much further a site may be from the atoms that follow a vertex."""
    offset = crystal.cell_offsets
    return float(np.linalg.norm(offset[:, None] - offset[None], axis=2).max())


def _classes(crystal: Crystal, R: np.ndarray) -> np.ndarray | None:
    """(n, n_basis - 1) bool, to which sublattice bonds of the first lead, if all sites form one lattice of centres of inversion.

    None if not: bonds of all sublattices must be the same, a bond and its opposite lead to the same sublattice, and those that
    lead from the first to another do so from every sublattice.
    """
    n, radius = len(crystal.species), float(np.linalg.norm(R, axis=1).max())
    ends = []
    for basis in range(n):
        bonds, end = crystal.stencil_and_species(radius, basis)
        if len(bonds) != len(R):
            return None
        distance, which = cKDTree(bonds).query(np.concatenate([R, -R]))
        forth, back = end[which[: len(R)]], end[which[len(R) :]]
        if distance.max() > 1e-6 * radius or (forth != back).any():
            return None
        ends.append(forth)
    found = ends[0][:, None] == np.arange(1, n)
    alike = all(len(set(end[ends[0] == k].tolist())) <= 1 for end in ends for k in range(n))
    return found if alike else None


def _ample_radius(crystal: Crystal, radius: float) -> float:
    """At least this radius of a stencil, A: with twice as many bonds as a uniform deformation fixes."""
    fixed = crystal.dimension + len(crystal.species) - 1
    while len(crystal.stencil(radius)) < 2 * fixed:
        radius *= 1.05
    return radius


def _insist_on_inversion(crystal: Crystal, R: np.ndarray) -> None:
    """Two sublattices of one species that inversion exchanges: the opposites of the bonds of the first are those of the second."""
    n, radius = len(crystal.species), float(np.linalg.norm(R, axis=1).max())
    what = (
        "bgrac needs a crystal whose sites are centres of inversion on one lattice, or with two atoms of one species a cell that "
        "inversion maps on each other; "
        f"{crystal.structure}"
    )
    if n != 2 or len(set(crystal.species)) != 1:
        raise ValueError(f"{what} has {n} atoms a cell of species {', '.join(crystal.species)}: use bgfc")
    other, ends = crystal.stencil_and_species(radius, 1)
    distance, which = cKDTree(-other).query(R) if len(other) == len(R) else (np.array([np.inf]), np.zeros(1, dtype=int))
    if distance.max() > 1e-6 * radius or (ends[which] == crystal.stencil_species(radius)).any():
        raise ValueError(f"{what} has no such inversion: use bgfc")


def stencil_radius(potential: SitePotential, compression: float) -> float:
    """Length of the longest reference bond that a compression can bring within the cutoff, A."""
    return potential.cutoff if potential.fixed_topology else potential.cutoff / (1.0 - compression)


def match_stencil(nl: NeighbourList, X: np.ndarray, R: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """(n_sites, |R|) extended atoms at X_l + sign_l R of the list's sites in the reference crystal, -1 where there is none."""
    extended = nl.extended(X)
    site = np.repeat(np.arange(len(nl.sites)), np.diff(nl.first))
    bonds = (extended[nl.index] - extended[nl.rows][site]) * sign[site, None]
    distance, which = cKDTree(R).query(bonds, distance_upper_bound=1e-3 * float(np.linalg.norm(R, axis=1).min()))
    hit = np.isfinite(distance)
    out = np.full((len(nl.sites), len(R)), -1, dtype=np.int32)
    out[site[hit], which[hit]] = nl.index[hit]
    return out
