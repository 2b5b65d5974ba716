"""Full neighbour lists over chosen sites, with periodic images as ghost atoms; the search itself is matscipy's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matscipy.neighbours import neighbour_list


class NeighbourList:
    """Neighbours of each site within ``cutoff + skin``, in compressed rows.

    Periodic images that occur become ghost atoms behind the ``n_atoms`` given ones, so that kernels need no shifts.

    Parameters
    ----------
    positions : (n, 3) ndarray
        Positions, A.
    cutoff, skin : float
        Range of the potential and how much further the list looks, A.
    cell : (3, 3) ndarray, optional
        Cell vectors as rows, A; needed along periodic directions.
    pbc : sequence of three bool
    sites : (m,) int ndarray, optional
        Atoms that get a row; all by default.

    Attributes
    ----------
    sites : (m,) int32 ndarray
    first : (m + 1,) int32 ndarray
    index : (nnz,) int32 ndarray
        Neighbours, numbered among the extended atoms.
    owner : (n_ghost,) int32 ndarray
        Atom of which each ghost is an image.
    images : (n_ghost, 3) ndarray
        Cell translations of the ghosts, integers.
    """

    def __init__(
        self,
        positions: np.ndarray,
        cutoff: float,
        skin: float = 0.0,
        cell: np.ndarray | None = None,
        pbc: Sequence[bool] = (False, False, False),
        sites: np.ndarray | None = None,
    ) -> None:
        self.cutoff, self.skin = float(cutoff), float(skin)
        self.pbc = tuple(bool(p) for p in pbc)
        self.cell = np.eye(3) if cell is None else np.array(cell, dtype=float)
        self.n_atoms = len(positions)
        self._built_at = np.array(positions, dtype=float)
        self._built_cell = self.cell.copy()
        self.sites = np.arange(self.n_atoms, dtype=np.int32) if sites is None else np.asarray(sites, dtype=np.int32)
        i, j, S = self._search(positions)
        self._store(i, j, S)

    @property
    def shift(self) -> np.ndarray:
        """(n_ghost, 3) translations of the ghosts in the cell of the list, A."""
        return self.images @ self.cell

    @property
    def owner_of_extended(self) -> np.ndarray:
        """(n_atoms + n_ghost,) int32: the atom behind each extended atom."""
        return np.concatenate([np.arange(self.n_atoms, dtype=np.int32), self.owner])

    def extended(self, y: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """(n_atoms + n_ghost, 3) positions with those of the images appended, A."""
        cell = self.cell if cell is None else cell
        return np.ascontiguousarray(np.concatenate([y, y[self.owner] + self.images @ cell]))

    def extended_vector(self, v: np.ndarray) -> np.ndarray:
        """(n_atoms + n_ghost, 3) values that all images share with their owner."""
        return np.ascontiguousarray(np.concatenate([v, v[self.owner]]))

    def fold(self, g: np.ndarray) -> np.ndarray:
        """(n_atoms, 3) with the rows of the ghosts added to their owners."""
        out = g[: self.n_atoms].copy()
        np.add.at(out, self.owner, g[self.n_atoms :])
        return out

    def moved_too_far(self, y: np.ndarray, cell: np.ndarray | None = None) -> bool:
        """Whether a pair outside the list may have come within the cutoff (no atom by more than half the skin, else)."""
        moved = np.sqrt(((y - self._built_at) ** 2).sum(1).max(initial=0.0))
        if cell is not None and len(self.images):
            change = np.linalg.norm(self.images @ (np.asarray(cell) - self._built_cell), axis=1).max()
            return bool(2 * moved + change > self.skin)
        return bool(2 * moved > self.skin)

    def _search(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not self.n_atoms:
            return np.empty(0, int), np.empty(0, int), np.empty((0, 3), int)
        reach = self.cutoff + self.skin
        box, origin = _covering_box(np.asarray(positions, dtype=float), self.cell, self.pbc, reach)
        i, j, S = neighbour_list(
            "ijS", positions=np.asarray(positions, dtype=float), cell=box, pbc=np.array(self.pbc), cutoff=reach, cell_origin=origin
        )
        return i, j, S

    def _store(self, i: np.ndarray, j: np.ndarray, S: np.ndarray) -> None:
        row = np.full(self.n_atoms, -1)
        row[self.sites] = np.arange(len(self.sites))
        keep = row[i] >= 0
        i, j, S = row[i[keep]], j[keep], S[keep]
        image = S.any(1)
        ghosts, inverse = np.unique(np.column_stack([j, S])[image], axis=0, return_inverse=True)
        self.owner = ghosts[:, 0].astype(np.int32)
        self.images = ghosts[:, 1:].astype(float)
        index = j.astype(np.int32)
        index[image] = self.n_atoms + inverse
        order = np.argsort(i, kind="stable")
        self.index = np.ascontiguousarray(index[order])
        self.first = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(self.sites)))]).astype(np.int32)


def _covering_box(X: np.ndarray, cell: np.ndarray, pbc: tuple[bool, ...], reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Cell for the search that covers the atoms along free directions; matscipy is slow (or worse) outside its box."""
    box = cell.copy()
    for d in range(3):
        if not pbc[d]:
            others = [box[e] for e in range(3) if e != d and pbc[e]]
            box[d] = _free_direction(others, d)
    scaled = X @ np.linalg.inv(box)
    origin = np.zeros(3)
    for d in range(3):
        if not pbc[d]:
            lo, hi = scaled[:, d].min() - 0.1, scaled[:, d].max() + 0.1
            origin = origin + lo * box[d]
            box[d] = box[d] * max(hi - lo, reach)
    return box, origin


def _free_direction(others: list[np.ndarray], d: int) -> np.ndarray:
    """A unit vector that completes the periodic directions: normal to them where two are given."""
    if len(others) == 2:
        normal = np.cross(*others)
        return normal / np.linalg.norm(normal)
    return np.eye(3)[d]
