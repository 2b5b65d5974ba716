"""The sparse matrix of a coupling: blocks of all terms, spread over the unknowns."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def _products(A: sp.csr_matrix, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All (i, j, p, A[a_p, i] A[b_p, j]) for block pairs p: the pattern of A^T H A, whatever the values of H."""
    width = np.diff(A.indptr)
    count = width[a] * width[b]
    p = np.repeat(np.arange(len(a)), count)
    within = np.arange(len(p)) - np.repeat(np.cumsum(count) - count, count)
    left = A.indptr[a][p] + within // width[b][p]
    right = A.indptr[b][p] + within % width[b][p]
    return A.indices[left], A.indices[right], p, A.data[left] * A.data[right]
