"""Bonds of some sites, one site after another: from a list or from strains, and what comes back to atoms and moduli.

A potential's own kernel sees nothing else: begin (n + 1,), the first bond of each site, types of sites and of far ends, D (n_bonds, 3).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, F2, F3, FLAGS, I1, f8, i8

P1 = nb.int64[::1]
F5 = nb.float64[:, :, :, :, ::1]


@nb.njit(i8(F2, I1, I1, I1, I1, F1, f8, I1, I1, F2, I1), **FLAGS)
def gather(y, types, sites, first, index, w, cutoff, begin, kinds, D, ends):
    """Bonds inside the cutoff of the sites with w != 0, and their far ends; their number. There is room for one more."""
    n = nb.uint64(0)
    for s in range(len(sites)):
        begin[s] = n
        if w[s] == 0.0:
            continue
        l = sites[s]
        x0, x1, x2 = y[l, 0], y[l, 1], y[l, 2]
        for k in range(first[s], first[s + 1]):
            j = nb.uint64(nb.uint32(index[k]))
            d0, d1, d2 = y[j, 0] - x0, y[j, 1] - x1, y[j, 2] - x2
            D[n, 0], D[n, 1], D[n, 2] = d0, d1, d2
            ends[n], kinds[n] = index[k], types[j]
            n += nb.uint64(d0 * d0 + d1 * d1 + d2 * d2 < cutoff * cutoff)
    begin[len(sites)] = n
    return i8(n)


@nb.njit(nb.void(I1, I1, I1, F1, F2, F2), **FLAGS)
def scatter(sites, begin, ends, w, G, g):
    """Add w dV/dD to the gradient at the far ends, and subtract it at the sites."""
    for s in range(len(sites)):
        g0, g1, g2 = 0.0, 0.0, 0.0
        for k in range(begin[s], begin[s + 1]):
            j = nb.uint64(nb.uint32(ends[k]))
            a0, a1, a2 = w[s] * G[k, 0], w[s] * G[k, 1], w[s] * G[k, 2]
            g[j, 0] += a0
            g[j, 1] += a1
            g[j, 2] += a2
            g0, g1, g2 = g0 + a0, g1 + a1, g2 + a2
        l = sites[s]
        g[l, 0] -= g0
        g[l, 1] -= g1
        g[l, 2] -= g2


@nb.njit(i8(I1, P1), **FLAGS)
def places(begin, place):
    """Where the (3m)^2 numbers of each site start; their number."""
    size = 0
    for s in range(len(begin) - 1):
        place[s] = size
        size += 9 * i8(begin[s + 1] - begin[s]) ** 2
    place[len(begin) - 1] = size
    return size


@nb.njit(nb.void(i8, i8, f8, F2, F1), **FLAGS)
def keep(place, n, w, K, values):
    """w K of a site with n = 3m components of bonds, to its place."""
    for i in range(n):
        for j in range(n):
            values[place + i * n + j] = w * K[i, j]


@nb.njit(i8(F2, I1, F3, f8, I1, I1, I1, F2), **FLAGS)
def strained(R, types, F, cutoff, begin, which, kinds, D):
    """Bonds D = F R inside the cutoff under each of the strains, and which of R they are; their number."""
    n = 0
    for q in range(len(F)):
        begin[q] = n
        for b in range(len(R)):
            r2 = 0.0
            for x in range(3):
                t = 0.0
                for j in range(R.shape[1]):
                    t += F[q, x, j] * R[b, j]
                D[n, x] = t
                r2 += t * t
            which[n], kinds[n] = b, types[b]
            n += i8(r2 < cutoff * cutoff)
    begin[len(F)] = n
    return n


@nb.njit(nb.void(I1, I1, F2, F2, F3), **FLAGS)
def stresses(begin, which, R, G, P):
    """dV/dF of each strain, from dV/dD."""
    for q in range(len(begin) - 1):
        for x in range(3):
            for j in range(R.shape[1]):
                t = 0.0
                for k in range(begin[q], begin[q + 1]):
                    t += G[k, x] * R[which[k], j]
                P[q, x, j] = t


@nb.njit(nb.void(I1, P1, I1, F2, F1, F5), **FLAGS)
def moduli(begin, place, which, R, values, C):
    """d2V/dF2 of each strain, from site Hessians."""
    d = R.shape[1]
    half = np.empty((3, d))
    for q in range(len(begin) - 1):
        C[q] = 0.0
        n = 3 * (begin[q + 1] - begin[q])
        for i in range(n):
            row, x, here = place[q] + i * n, i % 3, which[begin[q] + i // 3]
            half[:] = 0.0
            for k in range(begin[q], begin[q + 1]):
                at = row + 3 * (k - begin[q])
                for j in range(d):
                    t = R[which[k], j]
                    half[0, j] += values[at] * t
                    half[1, j] += values[at + 1] * t
                    half[2, j] += values[at + 2] * t
            for j in range(d):
                for y in range(3):
                    for l in range(d):
                        C[q, x, j, y, l] += R[here, j] * half[y, l]
