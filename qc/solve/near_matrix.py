"""A small matrix near the Hessian of a coupling, written block by block into PETSc's: nothing is kept beside the matrix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from petsc4py import PETSc

from ..coupling.assembly import create_matrix
from ..coupling.coupling import Coupling
from ..stages import stage
from ..terms.term import Stiffness
from ..unknowns.layout import Layout


class NearMatrix:
    """Sum of A^T K A over the terms of a coupling, K from `Term.near`: springs for atoms, else the term's own blocks.

    Index maps that tell where each block goes, as `Coupling.hessian` has them, would be larger than the matrix. Here blocks come a
    few at a time, and PETSc looks for their places. All methods are collective.

    Parameters
    ----------
    coupling : Coupling

    Attributes
    ----------
    matrix : PETSc.Mat
        Always the same object.
    near : list of Stiffness
        `Term.near` of each term of the coupling, as of the last update.
    pattern_version : int
        Changes with the sparsity.
    """

    def __init__(self, coupling: Coupling) -> None:
        self._coupling = coupling
        self.near: list[Stiffness] = []
        self.matrix = create_matrix(coupling.layout, coupling.has_energy)
        self.pattern_version = 0
        self._connected = 0

    def update(self, z: list[np.ndarray]) -> None:
        """Assemble at the local variables z of the terms."""
        if self._connected != self._coupling.connections:
            self._connected = self._coupling.connections
            self.near = [term.near() for term in self._coupling.terms]
            with stage("matrix"):
                self._preallocate()
        self.matrix.zeroEntries()
        for k, (near, zt) in enumerate(zip(self.near, z, strict=True)):
            with stage(near.name):
                for a, b, blocks in near.hessian_chunks(zt):
                    i, j, p, factor = self._coupling.assembly.spread(k, a, b)
                    values = blocks[p]
                    values *= factor[:, None, None]
                    self.matrix.setValuesBlockedRCV(i[:, None], j[:, None], values, PETSc.InsertMode.ADD_VALUES)
        with stage("matrix"):
            self.matrix.assemble()

    def _preallocate(self) -> None:
        """Room for the blocks of all ranks in the rows of this one."""
        layout, m = self._coupling.layout, self._coupling.layout.components
        names = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *self._names()]))
        rows, columns = np.divmod(_of_own_rows(layout, names), layout.n_unknowns)
        first = layout.first_free
        inside = (columns >= first) & (columns < first + layout.n_free)
        rows -= first
        counts = [m * np.bincount(rows[here], minlength=layout.n_free) for here in (inside, ~inside)]
        self.matrix.setPreallocationNNZ(tuple(np.repeat(count, m).astype(PETSc.IntType) for count in counts))
        self.pattern_version += 1

    def _names(self) -> Iterator[np.ndarray]:
        """Pairs of free blocks as single numbers, some of them several times."""
        n = self._coupling.layout.n_unknowns
        for k, near in enumerate(self.near):
            for a, b in near.pattern_chunks():
                i, j, *_ = self._coupling.assembly.spread(k, a, b)
                here = (i >= 0) & (j >= 0)
                yield np.unique(i[here].astype(np.int64) * n + j[here])


def _of_own_rows(layout: Layout, names: np.ndarray) -> np.ndarray:
    """Pairs of all ranks in the rows of this one, each once, from the sorted pairs that this rank has."""
    ends = np.searchsorted(names, layout.free_offsets * layout.n_unknowns)
    parts = [names[b:e] for b, e in pairwise(ends)]
    own, parts[layout.comm.rank] = parts[layout.comm.rank], names[:0]
    met = layout.comm.alltoall(parts)
    return np.unique(np.concatenate([own, *met])) if any(len(part) for part in met) else own
