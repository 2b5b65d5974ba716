"""The sparse matrix of a coupling: blocks of all terms, spread over the unknowns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from petsc4py import PETSc

from ..terms.term import Term
from ..unknowns.layout import Layout

Spread = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Free blocks i and j (-1: prescribed), pairs p of variables, factors: blocks[p] factor belongs to (i, j)."""


class Assembly:
    """The matrix sum of A^T H A over terms with local variables z = A x, from the blocks (components, components) of each H.

    Blocks between variables that are unknowns go into the matrix as they are; those of interpolated variables are summed
    before. The pattern is kept until `connect` is called. All methods are collective but `connect`, `spread` and `blocks`.

    Parameters
    ----------
    layout : Layout
    symmetric : bool

    Attributes
    ----------
    matrix : PETSc.Mat
        AIJ with its block size, always the same object.
    version : int
        Times that the pattern has been fixed: solvers must forget their symbolic factors when it changes.
    known : bool
        Whether the pattern is that of the terms as they are.
    """

    def __init__(self, layout: Layout, symmetric: bool) -> None:
        self.layout = layout
        self.matrix = create_matrix(layout, symmetric)
        self.version = 0
        self.known = False
        self._maps: Sequence[sp.csr_matrix] = ()
        self._free = np.empty(0, dtype=PETSc.IntType)
        self._first_block = [0]
        self._transfer = sp.csr_matrix((0, 0))
        self._values: np.ndarray | None = None

    def connect(self, maps: Sequence[sp.csr_matrix], free: np.ndarray) -> None:
        """Take the maps A of all terms, on blocks with these free numbers (-1: prescribed), and forget the pattern."""
        self._maps, self._free = maps, free
        self.known, self._values = False, None

    def spread(self, term: int, a: np.ndarray, b: np.ndarray) -> Spread:
        """Pairs of free blocks i, j (-1: prescribed) that pairs p of variables a, b of a term add to, and with which factor."""
        i, j, p, factor = products(self._maps[term], a, b)
        return self._free[i], self._free[j], p, factor

    def preallocate(self, terms: Sequence[Term]) -> None:
        """Fix the sparsity pattern: which blocks of terms are blocks of the matrix, and sums of which others are."""
        rows, cols = self._pairs(terms)
        m = self.layout.components
        alpha, beta = np.divmod(np.arange(m * m, dtype=PETSc.IntType), m)
        self.matrix.setPreallocationCOO((m * rows[:, None] + alpha).ravel(), (m * cols[:, None] + beta).ravel())
        self.known = True
        self.version += 1

    def blocks(self) -> Iterator[np.ndarray]:
        """Where each term writes its blocks (n_pairs, components, components), term by term.

        The room is kept as long as the pattern. It is as large as the matrix: processes that map so many new pages at once
        wait for the kernel, longer than they compute.
        """
        m = self.layout.components
        if self._values is None:
            self._values = np.empty((self._first_block[-1] + self._transfer.shape[0], m**2))
        for begin, end in pairwise(self._first_block):
            yield self._values[begin:end].reshape(-1, m, m)

    def assemble(self) -> PETSc.Mat:
        """The matrix of what has been written to `blocks`."""
        assert self._values is not None
        end = self._first_block[-1]
        self._values[end:] = self._transfer @ self._values[:end]
        self.matrix.setValuesCOO(self._values.ravel(), PETSc.InsertMode.INSERT_VALUES)
        return self.matrix

    def _pairs(self, terms: Sequence[Term]) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the blocks of all terms, -1 where they are none of the matrix, and of the sums behind them."""
        self._first_block = [0]
        places, names, parts = [], [], []
        for k, term in enumerate(terms):
            a, b = term.pattern()
            begin = self._first_block[-1]
            self._first_block.append(begin + len(a))
            i, j, source, factor = self.spread(k, a, b)
            alone = (np.bincount(source, minlength=len(a)) == 1)[source] & (factor == 1.0)
            place = np.full((2, len(a)), -1, dtype=PETSc.IntType)
            place[:, source[alone]] = i[alone], j[alone]
            keep = ~alone & (i >= 0) & (j >= 0)
            names.append(i[keep].astype(np.int64) * (self.layout.n_unknowns + 1) + j[keep])
            parts.append((source[keep] + begin, factor[keep]))
            places.append(place)
        pairs, target = np.unique(np.concatenate(names), return_inverse=True)
        source, factor = (np.concatenate(part) for part in zip(*parts, strict=True))
        self._transfer = sp.csr_matrix((factor, (target, source)), shape=(len(pairs), self._first_block[-1]))
        sums = np.stack(np.divmod(pairs, self.layout.n_unknowns + 1)).astype(PETSc.IntType)
        rows, cols = np.concatenate([*places, sums], axis=1)
        return rows, cols


def create_matrix(layout: Layout, symmetric: bool) -> PETSc.Mat:
    """Empty matrix (AIJ) between the unknowns of a layout. Collective."""
    n, m = layout.n_free * layout.components, layout.components
    matrix = PETSc.Mat().create(layout.comm)
    matrix.setSizes(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)), bsize=m)
    matrix.setType(PETSc.Mat.Type.AIJ)
    declare_symmetry(matrix, symmetric)
    return matrix


def declare_symmetry(matrix: PETSc.Mat, symmetric: bool) -> None:
    """Tell PETSc whether a matrix is symmetric, whatever its values."""
    matrix.setOption(PETSc.Mat.Option.SYMMETRIC, symmetric)
    matrix.setOption(PETSc.Mat.Option.SYMMETRY_ETERNAL, symmetric)


def products(A: sp.csr_matrix, a: np.ndarray, b: np.ndarray) -> Spread:
    """All (i, j, p, A[a_p, i] A[b_p, j]) for block pairs p: the pattern of A^T H A, whatever the values of H."""
    width = np.diff(A.indptr)
    count = width[a] * width[b]
    p = np.repeat(np.arange(len(a)), count)
    within = np.arange(len(p)) - np.repeat(np.cumsum(count) - count, count)
    left = A.indptr[a][p] + within // width[b][p]
    right = A.indptr[b][p] + within % width[b][p]
    return A.indices[left], A.indices[right], p, A.data[left] * A.data[right]
