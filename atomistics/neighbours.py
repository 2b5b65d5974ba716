"""Full neighbour lists over chosen sites, with periodic images as ghost atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kernels import pair as kernels
from .kernels.cells import find_pairs

SORT_FROM = 2000
"""Atoms from which a list keeps its own copy of the positions in spatial order: below, all of it fits the cache."""


@dataclass(frozen=True)
class HalfList:
    """One direction of each bond between two sites, and the bonds of sites to other atoms.

    Attributes
    ----------
    home : (n + n_ghost,) int32 ndarray
        Extended index of the atom behind each extended atom.
    first : (m + 1,) int32 ndarray
    index : (nnz,) int32 ndarray
        Extended index of the far ends.
    work : tuple of ndarray
        Room for what kernels remember of sites and bonds between two passes.
    """

    home: np.ndarray
    first: np.ndarray
    index: np.ndarray
    work: tuple[np.ndarray, np.ndarray, np.ndarray]


class NeighbourList:
    """Neighbours of each site within ``cutoff + skin``, in compressed rows.

    Kernels see *extended* atoms: the given ones (in spatial order, which spares cache misses), then the periodic
    images that occur, so that they need no shifts. What goes in and out of `extended` and `fold` is in the caller's
    order.

    Parameters
    ----------
    positions : (n, 3) ndarray
        Positions, A; inside the cell or not.
    cutoff, skin : float
        Range of the potential and how much further the list looks, A.
    cell : (3, 3) ndarray, optional
        Cell vectors as rows, A; only those along periodic directions matter. Shorter than the cutoff is allowed.
    pbc : sequence of three bool
    sites : (m,) int ndarray, optional
        Atoms that get a row; all by default.

    Attributes
    ----------
    sites : (m,) int32 ndarray
        Atom of each row.
    rows : (m,) int32 ndarray
        The same, numbered among the extended atoms.
    first : (m + 1,) int32 ndarray
    index : (nnz,) int32 ndarray
        Neighbours, numbered among the extended atoms.
    owner : (n_ghost,) int32 ndarray
        Atom of which each ghost is an image.
    images : (n_ghost, 3) ndarray
        Cell translations of the ghosts, integers.
    owner_of_extended : (n + n_ghost,) int32 ndarray
        The atom behind each extended atom.
    """

    def __init__(
        self,
        positions: np.ndarray,
        cutoff: float,
        skin: float = 0.0,
        cell: np.ndarray | None = None,
        pbc: Sequence[bool] | np.ndarray = (False, False, False),
        sites: np.ndarray | None = None,
    ) -> None:
        X = _checked_positions(positions)
        if not (np.isfinite(cutoff) and cutoff > 0 and np.isfinite(skin) and skin >= 0):
            raise ValueError(f"the cutoff must be positive and the skin not negative, got {cutoff} A and {skin} A")
        self.cutoff, self.skin = float(cutoff), float(skin)
        self.pbc = tuple(bool(p) for p in pbc)
        self.cell = np.zeros((3, 3)) if cell is None else np.array(cell, dtype=float)
        self.n_atoms = len(X)
        self.sites = _checked_sites(sites, self.n_atoms)
        self._built_at = X.copy()
        self._built_frame = _frame(self.cell, self.pbc)
        self._search(X)

    @property
    def shift(self) -> np.ndarray:
        """(n_ghost, 3) translations of the ghosts in the cell of the list, A."""
        return self.images @ self.cell

    @cached_property
    def half(self) -> HalfList:
        """Half of the list, made when first asked for."""
        n = self.n_atoms
        place = np.empty(n, np.int32)
        place[self.owner_of_extended[:n]] = np.arange(n, dtype=np.int32)
        home, first, index = (
            place[self.owner_of_extended],
            np.empty_like(self.first),
            np.empty(len(self.index) + 1, np.int32),
        )
        upper = np.zeros(len(home), dtype=bool)
        for d in range(3):  # the first step that is not zero leads upwards
            undecided = (self.images[:, :d] == 0).all(1)
            upper[n:] |= undecided & (self.images[:, d] > 0)
        index = index[: kernels.halve(self.rows, self.first, self.index, home, upper, first, index)].copy()
        work = (np.empty(len(self.rows), np.int32), np.empty(len(index), np.int32), np.empty((len(index), 3)))
        return HalfList(home, first, index, work)

    def extended(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(n + n_ghost, 3) positions of the extended atoms, in another cell than the list's if one is given, A."""
        out = np.asarray(y, dtype=float)[self.owner_of_extended]
        if len(self.images):
            out[self.n_atoms :] += self.images @ (self.cell if cell is None else cell)
        return out

    def extended_vector(self, v: np.ndarray) -> np.ndarray:
        """(n + n_ghost, 3) values that all images share with their owner."""
        return np.asarray(v, dtype=float)[self.owner_of_extended]

    def fold(self, g: np.ndarray) -> np.ndarray:
        """(n, 3) values on the extended atoms added up on the atoms behind them."""
        out = np.zeros((self.n_atoms, 3))
        kernels.fold(self.owner_of_extended, g, out)
        return out

    def moved_too_far(self, y: np.ndarray, cell: np.ndarray | None = None) -> bool:
        """Whether a pair outside the list may have come within the cutoff.

        With cell = built cell @ G, a pair's bond is its old one times G plus the two atoms' own motion, so that it
        is safe as long as (cutoff + skin) s - 2 max ``|y - X G|`` >= cutoff, s the smallest singular value of G.
        """
        old, smallest = self._built_at, 1.0
        if cell is not None and any(self.pbc):
            G = np.linalg.solve(self._built_frame, _frame(np.asarray(cell, dtype=float), self.pbc))
            old, smallest = old @ G, float(np.linalg.svd(G, compute_uv=False)[-1])
        moved = float(np.sqrt(((y - old) ** 2).sum(1).max(initial=0.0)))
        return not (self.cutoff + self.skin) * smallest - 2.0 * moved >= self.cutoff - 1e-12  # nan: too far

    def _search(self, X: np.ndarray) -> None:
        reach, n = self.cutoff + self.skin, self.n_atoms
        found = find_pairs(X, self.sites, reach, self._built_frame, np.array(self.pbc), n >= SORT_FROM)
        place = np.empty(n, np.int32)
        place[found.order] = np.arange(n, dtype=np.int32)
        self.first, self.index, self.rows = found.first, found.index, place[self.sites]
        self.owner, self.images = found.owner, found.images.astype(float)
        self.owner_of_extended = np.concatenate([found.order, found.owner])


@dataclass(frozen=True)
class BondList:
    """A list of bonds that belong to one site each, in the form that site potentials read.

    Every site comes with its own copy of its neighbours: first the site, then they, then the next site.
    """

    rows: np.ndarray
    first: np.ndarray
    index: np.ndarray
    half = None
    """No bond has an opposite."""

    @classmethod
    def of_counts(cls, counts: np.ndarray) -> BondList:
        """For sites with so many bonds (n_sites,)."""
        first = np.concatenate([[0], np.cumsum(counts)])
        rows = first[:-1] + np.arange(len(counts))
        index = np.arange(first[-1]) + np.repeat(np.arange(1, len(counts) + 1), counts)
        return cls(rows.astype(np.int32), first.astype(np.int32), index.astype(np.int32))

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

    def members(self, sites: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Sites (n_sites,) and the ends of their bonds (n_bonds,) of another list, in the order of this one."""
        out = np.empty(len(self.rows) + len(self.index), dtype=np.int32)
        out[self.rows], out[self.index] = sites, ends
        return out


def _frame(cell: np.ndarray, pbc: Sequence[bool]) -> np.ndarray:
    """The cell with its free directions replaced by unit vectors normal to the periodic ones."""
    if cell.shape != (3, 3) or not np.isfinite(cell).all():
        raise ValueError(f"the cell must be three finite row vectors, got {cell.tolist()}")
    periodic = [d for d in range(3) if pbc[d]]
    frame = cell.copy()
    if periodic:
        span = cell[periodic]
        sizes = np.linalg.norm(span, axis=1)
        _, s, normals = np.linalg.svd(span / np.where(sizes > 0, sizes, 1.0)[:, None])
        if s.min() < 1e-6:
            raise ValueError(f"the cell vectors along periodic directions must be independent, got {span.tolist()}")
    else:
        normals = np.eye(3)
    for d, normal in zip((d for d in range(3) if not pbc[d]), normals[len(periodic) :], strict=True):
        frame[d] = normal
    return frame


def _checked_positions(positions: np.ndarray) -> np.ndarray:
    X = np.ascontiguousarray(positions, dtype=float)
    if X.ndim != 2 or X.shape[1] != 3:
        raise ValueError(f"positions must have shape (n, 3), got {X.shape}")
    if not np.isfinite(X).all():
        bad = np.flatnonzero(~np.isfinite(X).all(1))[0]
        raise ValueError(f"positions must be finite, got {X[bad].tolist()} for atom {bad}")
    return X


def _checked_sites(sites: np.ndarray | None, n: int) -> np.ndarray:
    if sites is None:
        return np.arange(n, dtype=np.int32)
    out = np.ascontiguousarray(sites, dtype=np.int32)
    if out.ndim != 1 or (len(out) and (out.min() < 0 or out.max() >= n)):
        raise ValueError(
            f"sites must be indices of atoms from 0 to {n - 1}, got shape {out.shape}: {out[:5].tolist()}..."
        )
    return out
