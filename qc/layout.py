"""Who owns which unknown: the numbering of displacement blocks over the ranks."""

from __future__ import annotations

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
    """

    def __init__(self, comm: MPI.Comm, components: int, n_free: int, n_prescribed: int) -> None:
        self.comm = comm
        self.components = components
        self.n_free = n_free
        self.n_prescribed = n_prescribed
        counts = np.array(comm.allgather((n_free, n_prescribed)), dtype=np.int64).reshape(-1, 2)
        self._free_of_rank = counts[:, 0]
        self._full_offsets = np.concatenate([[0], np.cumsum(counts.sum(1))])
        self._free_offsets = np.concatenate([[0], np.cumsum(counts[:, 0])])

    @property
    def n_own(self) -> int:
        """Blocks of this rank in the full vector."""
        return self.n_free + self.n_prescribed

    @property
    def first_full(self) -> int:
        """Full number of this rank's first block."""
        return int(self._full_offsets[self.comm.rank])

    @property
    def n_unknowns(self) -> int:
        """Scalar unknowns on all ranks."""
        return int(self._free_offsets[-1]) * self.components

    def free_number(self, full: np.ndarray) -> np.ndarray:
        """Number among the unknowns for full block numbers; -1 where the block is prescribed."""
        rank = np.searchsorted(self._full_offsets, full, side="right") - 1
        local = full - self._full_offsets[rank]
        return np.where(local < self._free_of_rank[rank], self._free_offsets[rank] + local, -1)

    def create_unknowns(self) -> PETSc.Vec:
        """Zero vector of unknowns q, blocked."""
        return self._create(self.n_free)

    def create_full(self) -> PETSc.Vec:
        """Zero vector of all displacement blocks, prescribed ones included."""
        return self._create(self.n_own)

    def _create(self, n: int) -> PETSc.Vec:
        vec = PETSc.Vec().create(self.comm)
        vec.setSizes((n * self.components, PETSc.DETERMINE), bsize=self.components)
        vec.setType(PETSc.Vec.Type.STANDARD)
        return vec
