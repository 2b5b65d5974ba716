"""Who owns which unknown: the numbering of displacement blocks over the ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc


@dataclass(frozen=True)
class Rows:
    """Sparse rows of a linear map from displacement blocks, in compressed form with global columns.

    Attributes
    ----------
    first : (n + 1,) int64 ndarray
    column : (nnz,) int64 ndarray
        Full block numbers (see `Layout`).
    value : (nnz,) ndarray
    """

    first: np.ndarray
    column: np.ndarray
    value: np.ndarray

    @staticmethod
    def from_padded(column: np.ndarray, value: np.ndarray) -> Rows:
        """From (n, m) arrays in which entries of value zero are padding."""
        keep = value != 0.0
        first = np.concatenate([[0], np.cumsum(keep.sum(1))]).astype(np.int64)
        return Rows(first, column[keep].astype(np.int64), value[keep])

    @staticmethod
    def stack(parts: Sequence[Rows]) -> Rows:
        """The rows of several maps, one below the other."""
        if not parts:
            return Rows(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
        count = np.concatenate([np.diff(r.first) for r in parts])
        first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        return Rows(first, np.concatenate([r.column for r in parts]), np.concatenate([r.value for r in parts]))

    def beside(self, column: np.ndarray, value: np.ndarray) -> Rows:
        """These rows with the entries of (n, m) arrays added, of which those of value zero are padding."""
        other = Rows.from_padded(column, value)
        row = np.concatenate([np.repeat(np.arange(len(self)), np.diff(r.first)) for r in (self, other)])
        order = np.argsort(row, kind="stable")
        columns, values = np.concatenate([self.column, other.column]), np.concatenate([self.value, other.value])
        return Rows(self.first + other.first, columns[order], values[order])

    def take(self, which: np.ndarray) -> Rows:
        """The rows ``which``, in that order."""
        count = np.diff(self.first)[which]
        first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        entry = np.repeat(self.first[:-1][which] - first[:-1], count) + np.arange(first[-1])
        return Rows(first, self.column[entry], self.value[entry])

    def __len__(self) -> int:
        return len(self.first) - 1


class Layout:
    """Numbering of displacement blocks: on each rank [free atoms | free nodes | prescribed atoms and nodes].

    The *full* vector holds all of them, the vector of unknowns q only the free ones. Knowing the counts of the other
    ranks (two integers a rank) is enough to translate one numbering into the other.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    components : int
        Displacement components of a block, 2 or 3.
    n_free, n_prescribed : int
        Blocks of this rank.

    Attributes
    ----------
    free_offsets : (n_ranks + 1,) int64 ndarray
        First number of each rank among the free blocks, and their number.
    """

    def __init__(self, comm: MPI.Comm, components: int, n_free: int, n_prescribed: int) -> None:
        self.comm = comm
        self.components = components
        self.n_free = n_free
        self.n_prescribed = n_prescribed
        counts = np.array(comm.allgather((n_free, n_prescribed)), dtype=np.int64).reshape(-1, 2)
        self._free_of_rank = counts[:, 0]
        self._full_offsets = np.concatenate([[0], np.cumsum(counts.sum(1))])
        self.free_offsets = np.concatenate([[0], np.cumsum(counts[:, 0])])

    @property
    def n_own(self) -> int:
        """Blocks of this rank in the full vector."""
        return self.n_free + self.n_prescribed

    @property
    def first_full(self) -> int:
        """Full number of this rank's first block."""
        return int(self._full_offsets[self.comm.rank])

    @property
    def first_free(self) -> int:
        """Number of this rank's first block among the free ones."""
        return int(self.free_offsets[self.comm.rank])

    @property
    def n_unknowns(self) -> int:
        """Scalar unknowns on all ranks."""
        return int(self.free_offsets[-1]) * self.components

    def owner(self, full: np.ndarray) -> np.ndarray:
        """Rank of full block numbers."""
        return np.searchsorted(self._full_offsets, full, side="right") - 1

    def free_number(self, full: np.ndarray) -> np.ndarray:
        """Number among the unknowns for full block numbers; -1 where the block is prescribed."""
        rank = self.owner(full)
        local = full - self._full_offsets[rank]
        return np.where(local < self._free_of_rank[rank], self.free_offsets[rank] + local, -1)

    def create_unknowns(self) -> PETSc.Vec:
        """Zero vector of unknowns q, blocked."""
        return self.create_blocks(self.n_free, self.components)

    def create_blocks(self, n: int, width: int) -> PETSc.Vec:
        """Zero vector of n blocks of this rank with ``width`` values each."""
        vec = PETSc.Vec().create(self.comm)
        vec.setSizes((n * width, PETSc.DETERMINE), bsize=width)
        vec.setType(PETSc.Vec.Type.STANDARD)
        return vec


class BlockScatter:
    """Values of blocks between their owners and whoever needs them: one PETSc scatter. Construction and use are collective.

    Parameters
    ----------
    layout : Layout
    columns : (n,) int ndarray
        Full numbers of the blocks that this rank needs.
    width : int
        Values of a block.
    """

    def __init__(self, layout: Layout, columns: np.ndarray, width: int) -> None:
        self.width = width
        self._full = layout.create_blocks(layout.n_own, width)
        self._local = PETSc.Vec().createSeq(len(columns) * width, bsize=width)
        index = PETSc.IS().createBlock(width, columns.astype(PETSc.IntType), comm=layout.comm)
        self._scatter = PETSc.Scatter().create(self._full, index, self._local, None)

    def gather(self, own: np.ndarray) -> np.ndarray:
        """(n, width) values of the needed blocks from the owners' (n_own, width)."""
        self._full.array[:] = own.ravel()
        self._scatter.scatter(self._full, self._local, PETSc.InsertMode.INSERT_VALUES, PETSc.ScatterMode.FORWARD)
        return self._local.array_r.reshape(-1, self.width)

    def add(self, local: np.ndarray) -> np.ndarray:
        """(n_own, width) sums of what all ranks contribute to the blocks of this rank."""
        self._local.array[:] = local.ravel()
        self._full.zeroEntries()
        self._scatter.scatter(self._local, self._full, PETSc.InsertMode.ADD_VALUES, PETSc.ScatterMode.REVERSE)
        return self._full.array_r.reshape(-1, self.width)
