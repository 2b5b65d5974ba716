"""Products of a matrix with vectors of eight sites or columns, by blocks of four rows and eight columns: what registers hold.

Site Hessians are K = J^T (d2V/dxdx) J + a block for each bond, J = dx/dD of the numbers x of a site; columns of J are in panels of eight.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .pair import F1, FROM_PYTHON, i8
from .vector import W, load, splat, store

P1 = nb.int64[::1]


@nb.njit(nb.void(F1, i8, i8, i8, F1, i8, i8, F1, i8), **FROM_PYTHON)
def panel_product(A, a, down, along, B, b, n, C, c):
    """C [i] = sum_k A [a + i down + k along] B [k] for i < 4: numbers of A, vectors of B from b on and of C from c on."""
    c0, c1, c2, c3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
    for k in range(n):
        v, o = load(B, b + k), nb.uint64(a + k * along)
        c0 = c0 + A[o] * v
        c1 = c1 + A[o + nb.uint64(down)] * v
        c2 = c2 + A[o + nb.uint64(2 * down)] * v
        c3 = c3 + A[o + nb.uint64(3 * down)] * v
    store(C, c, c0)
    store(C, c + 1, c1)
    store(C, c + 2, c2)
    store(C, c + 3, c3)


@nb.njit(nb.void(F1, i8, i8, i8, F1, F1, F1, i8, P1, P1, F1, F1), **FROM_PYTHON)
def congruence(L, begin, nx, nk, N, A, J, columns, low, high, M, K):
    """K [panel, row, 8] of one site: K + K^T = J^T (L + L^T + N^T (2 A) N) J; L, N, J begin at ``begin`` times their size.

    nx rows of L and nk of N, which are multiples of four; J has nx + nk rows, of which the last are for N J; ``columns`` of J, a multiple
    of eight. The rows of L that a panel of J does not vanish in are low[p] to high[p]: those of one density where there are several.
    """
    rows, panels = nx + nk, columns // W
    o = begin * panels * rows
    for p in range(panels):
        for a in range(0, nx, 4):
            k = max(a, low[p])
            panel_product(L, (begin * nx + a) * nx + k, nx, 1, J, o + p * rows + k, high[p] - k, M, p * rows + a)
        for a in range(0, nk, 4):
            panel_product(N, (begin * nk + a) * nx, nx, 1, J, o + p * rows, nx, J, o + p * rows + nx + a)
        for a in range(0, nk, 4):
            panel_product(A, a * nk, nk, 1, J, o + p * rows + nx, nk, M, p * rows + nx + a)
    for p in range(panels):
        for r in range(0, columns, 4):
            k = low[r // W]
            a = (o + (r // W) * rows + k) * W + r % W
            panel_product(J, a, 1, W, M, p * rows + k, (rows if nk > 0 else high[r // W]) - k, K, p * columns + r)
