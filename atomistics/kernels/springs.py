"""Compiled kernels of bonds as springs: blocks of their Hessian, some sites at a time, and products with it. Style: see `kernels`.

Nothing is kept of a bond but its far end: the rest is quickly worked out, and would be several times the memory of the list.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb

from .pair import F1, F2, F3, FLAGS, I1, f8, i8


@nb.njit(nb.types.UniTuple(f8, 5)(F2, F2, i8, i8, f8, F1), **FLAGS)
def spring(X, y, l, j, share, K):
    """Vector R in the reference crystal X, and the stiffnesses s, t of s R R^T + t 1, of the bond from l to j.

    K: stiffness along and across, and the present length (positions y) beyond which there is none.
    """
    d0, d1, d2 = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2]
    if d0 * d0 + d1 * d1 + d2 * d2 >= K[2] * K[2]:
        share = 0.0
    R0, R1, R2 = X[j, 0] - X[l, 0], X[j, 1] - X[l, 1], X[j, 2] - X[l, 2]
    return R0, R1, R2, share * (K[0] - K[1]) / (R0 * R0 + R1 * R1 + R2 * R2), share * K[1]


@nb.njit(nb.void(i8, i8, I1, I1, I1, I1, F2, F2, F1, F1, F3, F3), **FLAGS)
def spring_blocks(begin, end, sites, owner, first, index, X, y, w, K, H, D):
    """Blocks H of the bonds of the sites begin..end, half of each site's weight w each; added to D at both ends."""
    for s in range(begin, end):
        l = sites[s]
        for k in range(first[s], first[s + 1]):
            j = index[k]
            R0, R1, R2, a, t = spring(X, y, l, j, 0.5 * w[s], K)
            B = H[k - first[begin]]
            B[0, 0], B[1, 1], B[2, 2] = a * R0 * R0 + t, a * R1 * R1 + t, a * R2 * R2 + t
            B[0, 1], B[0, 2], B[1, 2] = a * R0 * R1, a * R0 * R2, a * R1 * R2
            B[1, 0], B[2, 0], B[2, 1] = B[0, 1], B[0, 2], B[1, 2]
            for p in range(3):
                for q in range(3):
                    D[owner[l], p, q] += B[p, q]
                    D[owner[j], p, q] += B[p, q]


@nb.njit(nb.void(I1, I1, I1, I1, F2, F2, F1, F1, F2, F2), **FLAGS)
def spring_product(sites, owner, first, index, X, y, w, K, v, out):
    """out += H v with the blocks of `spring_blocks`; X and y on the extended atoms, v and out on the atoms behind them."""
    for s in range(len(sites)):
        l = sites[s]
        a = owner[l]
        o0, o1, o2 = 0.0, 0.0, 0.0
        for k in range(first[s], first[s + 1]):
            j = index[k]
            b = owner[j]
            R0, R1, R2, q, t = spring(X, y, l, j, 0.5 * w[s], K)
            e0, e1, e2 = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
            q *= R0 * e0 + R1 * e1 + R2 * e2
            h0, h1, h2 = q * R0 + t * e0, q * R1 + t * e1, q * R2 + t * e2
            out[b, 0] += h0
            out[b, 1] += h1
            out[b, 2] += h2
            o0 += h0
            o1 += h1
            o2 += h2
        out[a, 0] -= o0
        out[a, 1] -= o1
        out[a, 2] -= o2
