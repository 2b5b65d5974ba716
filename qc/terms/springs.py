"""Bonds between nearest neighbours in the place of the atoms: a matrix near their Hessian that takes 1 kB an atom, not 23."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import nnls

from atomistics import Crystal, NeighbourList
from atomistics.kernels import springs as spring_kernels
from fem.cauchy_born import CauchyBornMaterial

from ..unknowns.halo import Halo
from ..unknowns.layout import Rows
from .term import PairBlocks, Pairs, Product, Stiffness

SHELL = 1.1
"""Neighbours up to so many nearest-neighbour distances have a bond: the first shell, not the second one of bcc at 1.155."""
TORN = 1.4
"""Bonds longer than so many times their reference length have no stiffness: crack faces do not hold each other."""
LEAST_ACROSS = 0.05
"""Least stiffness across a bond by that along it: chains and bcc's first shell alone would have soft modes."""
DIRECTIONS = 40
CHUNK = 8192
"""Sites whose bonds are worked out at once."""


@dataclass(frozen=True)
class Springs:
    """Stiffness of a bond along and across it, chosen so that the crystal of bonds has nearly the elastic waves of the true one.

    Attributes
    ----------
    reach : float
        Bonds are up to so long in the reference crystal, A.
    along, across : float
        eV/A^2.
    """

    reach: float
    along: float
    across: float

    @classmethod
    def fitted(cls, crystal: Crystal, material: CauchyBornMaterial) -> Springs:
        """Least squares over the acoustic tensors C_iajb k_a k_b of some directions k, shifts relaxed."""
        reach, m = SHELL * crystal.nearest_neighbour_distance, crystal.dimension
        bonds = np.concatenate([crystal.stencil(reach, a) for a in range(len(crystal.species))])
        k = _directions(m)
        C = material.tangent(np.eye(3)[None])[0]
        wanted = np.einsum("iajb,ka,kb->kij", C, k, k)[:, :m, :m]
        n = bonds / np.linalg.norm(bonds, axis=1)[:, None]
        share = (k @ bonds.T) ** 2 / (2.0 * material.volume)
        whole = share.sum(1)[:, None, None] * np.eye(m)
        along = np.einsum("kr,ri,rj->kij", share, n, n)[:, :m, :m]
        (a, t), _ = nnls(np.column_stack([along.ravel(), (whole - along).ravel()]), wanted.ravel())
        size = max(a, t)
        return cls(reach, *(float(max(k, LEAST_ACROSS * size)) for k in (a, t)))


def _directions(dimension: int) -> np.ndarray:
    """(n, 3) unit vectors spread over the sphere, or over the circle."""
    i = np.arange(DIRECTIONS) + 0.5
    angle = np.pi * (1.0 + np.sqrt(5.0)) * i
    z = 1.0 - 2.0 * i / DIRECTIONS if dimension == 3 else np.zeros(DIRECTIONS)
    r = np.sqrt(1.0 - z**2)
    return np.column_stack([r * np.cos(angle), r * np.sin(angle), z])


class SpringSites(Protocol):
    """The atomistic term as far as its bonds must know it: `terms.atomistic.AtomisticEnergy`."""

    halo: Halo
    weight: np.ndarray
    springs: Springs | None

    @property
    def rows(self) -> Rows:
        """Rows of P for the local atoms."""

    def positions(self, z: np.ndarray) -> np.ndarray:
        """Positions (n, 3) of the local atoms for displacements z (n, components), A."""

    def reference_list(self, reach: float) -> NeighbourList:
        """Neighbours of the sites up to ``reach`` (A) in the reference crystal."""


class Bonds(Stiffness):
    """The Hessian of an atomistic term with springs in the place of its potential; a site's bonds have its weight.

    Parameters
    ----------
    term : SpringSites
        With springs.
    """

    name = "bonds"

    def __init__(self, term: SpringSites) -> None:
        if term.springs is None:
            raise ValueError("the atomistic term has no springs: give it Springs.fitted(crystal, material)")
        self._term, self._springs = term, term.springs
        self._stiffness = np.array([term.springs.along, term.springs.across, TORN * term.springs.reach])
        self._known: Rows | None = None  # the rows that the bonds were found for
        self._list: NeighbourList

    def pattern_chunks(self) -> Iterator[Pairs]:
        """Both atoms of each bond in either order, the bonds of some sites at a time; all atoms with themselves."""
        self._find()
        for begin, end in self._chunks():
            i, j = self._ends(begin, end)
            yield np.concatenate([i, j]), np.concatenate([j, i])
        yield self._own, self._own

    def hessian_chunks(self, z: np.ndarray) -> Iterator[PairBlocks]:
        """As `pattern_chunks`, with (n_pairs, components, components) blocks, eV/A^2; they change only where bonds tear."""
        self._find()
        m, bonds, state = z.shape[1], self._bonds(), self._state(z)
        diagonal = np.zeros((len(z), 3, 3))
        for begin, end in self._chunks():
            i, j = self._ends(begin, end)
            H = np.empty((len(i), 3, 3))
            spring_kernels.spring_blocks(begin, end, *bonds, *state, H, diagonal)
            H = -H[:, :m, :m]
            yield np.concatenate([i, j]), np.concatenate([j, i]), np.concatenate([H, H])
        yield self._own, self._own, diagonal[:, :m, :m]

    def hessian_product(self, z: np.ndarray) -> Product:
        """v -> H v at displacements z, all (n, components), by the same blocks."""
        self._find()
        m, bonds, state = z.shape[1], self._bonds(), self._state(z)

        def product(v: np.ndarray) -> np.ndarray:
            whole = np.zeros((len(v), 3))
            whole[:, :m] = v
            out = np.zeros_like(whole)
            spring_kernels.spring_product(*bonds, *state, whole, out)
            return out[:, :m]

        return product

    def _bonds(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The list as the kernels want it."""
        nl = self._list
        return nl.rows, nl.owner_of_extended, nl.first, nl.index

    @property
    def _own(self) -> np.ndarray:
        return np.arange(len(self._term.rows), dtype=np.int32)

    def _chunks(self) -> Iterator[tuple[int, int]]:
        n = len(self._list.rows)
        return ((begin, min(begin + CHUNK, n)) for begin in range(0, n, CHUNK))

    def _ends(self, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Atoms at the two ends of the bonds of some sites."""
        nl = self._list
        i = np.repeat(nl.sites[begin:end], np.diff(nl.first[begin : end + 1]))
        return i, nl.owner_of_extended[nl.index[nl.first[begin] : nl.first[end]]]

    def _state(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Reference and present positions of the extended atoms, weights of the sites, stiffness, as the kernels want them."""
        nl, term = self._list, self._term
        return nl.extended(term.halo.X), nl.extended(term.positions(z)), term.weight, self._stiffness

    def _find(self) -> None:
        """Bonds of this rank's sites among its atoms, in the reference crystal."""
        if self._known is not self._term.rows:
            self._known = self._term.rows
            self._list = self._term.reference_list(self._springs.reach)
