"""Sites eight at a time, one in each lane: their bonds from a list or from strains, and what comes back to atoms and site Hessians."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .pair import F1, F2, F3, FROM_PYTHON, I1, f8, i8
from .vector import W, load, splat, store

P1 = nb.int64[::1]
LISTED = (F2, I1, I1, I1, I1)
FAR = 1e3
"""Where a lane has fewer bonds than others: beyond every cutoff, A."""


@nb.njit(i8(I1, I1, P1, i8, P1), **FROM_PYTHON)
def take_sites(types, sites, order, begin, which):
    """The next sites of one type, eight at most; their number."""
    lanes = 0
    while lanes < W and begin + lanes < len(order):
        s = order[begin + lanes]
        if types[sites[s]] != types[sites[order[begin]]]:
            break
        which[lanes] = s
        lanes += 1
    return lanes


@nb.njit(i8(*LISTED, F2, P1, i8, P1, P1, F1, P1), **FROM_PYTHON)
def gather(y, types, sites, first, index, reach, which, lanes, count, kinds, D, atom):
    """Bonds D inside the cutoffs of the sites ``which``, by type of their far ends ``atom`` (-1: none); the number of places for them."""
    n = 0
    for e in range(len(reach)):
        most = n
        for s in range(W):
            c = n
            if s < lanes:
                l = sites[which[s]]
                rc = reach[types[l], e]
                for q in range(first[which[s]], first[which[s] + 1]):
                    j = index[q]
                    if types[j] != e:
                        continue
                    d0, d1, d2 = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2]
                    if d0 * d0 + d1 * d1 + d2 * d2 < rc * rc:
                        o = 3 * c * W + s
                        D[o], D[o + W], D[o + 2 * W] = d0, d1, d2
                        atom[c * W + s] = j
                        c += 1
            count[s] = c
            most = max(most, c)
        for c in range(n, most):
            kinds[c] = e
            for s in range(W):
                if c >= count[s]:
                    o = 3 * c * W + s
                    D[o], D[o + W], D[o + 2 * W] = FAR, 0.0, 0.0
                    atom[c * W + s] = -1
        n = most
    return n


@nb.njit(nb.void(I1, P1, i8, i8, F1, P1, F1, F2), **FROM_PYTHON)
def add_gradients(sites, which, lanes, n, w, atom, bond_g, g):
    """Add w dV/dD of n places for bonds of the sites ``which`` to the gradient g by atoms."""
    for s in range(lanes):
        l, weight = sites[which[s]], w[which[s]]
        a0, a1, a2 = 0.0, 0.0, 0.0
        for k in range(n):
            j = atom[k * W + s]
            if j < 0:
                continue
            o = 3 * k * W + s
            g0, g1, g2 = weight * bond_g[o], weight * bond_g[o + W], weight * bond_g[o + 2 * W]
            g[j, 0] += g0
            g[j, 1] += g1
            g[j, 2] += g2
            a0 += g0
            a1 += g1
            a2 += g2
        g[l, 0] -= a0
        g[l, 1] -= a1
        g[l, 2] -= a2


@nb.njit(i8(*LISTED, F1, F2, I1, P1), **FROM_PYTHON)
def count_bonds(y, types, sites, first, index, w, reach, begin, place):
    """begin[s]: first bond inside the cutoffs of each site with w != 0; place[s]: where its (3m)^2 numbers start; their number."""
    n, size = 0, 0
    for s in range(len(sites)):
        begin[s], place[s] = n, size
        l = sites[s]
        for k in range(first[s], first[s + 1] if w[s] != 0.0 else first[s]):
            j = index[k]
            d0, d1, d2, rc = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2], reach[types[l], types[j]]
            n += i8(d0 * d0 + d1 * d1 + d2 * d2 < rc * rc)
        size += 9 * (n - begin[s]) ** 2
    begin[len(sites)], place[len(sites)] = n, size
    return size


@nb.njit(nb.void(i8, i8, i8, i8, f8, P1, F1, F1, I1, P1, I1, F1), **FROM_PYTHON)
def scatter(s, lane, n, width, w, atom, K, H, begin, place, ends, values):
    """w (K + K^T + H) of the bonds that site s of a lane has, from `congruence` and `bond_seconds`."""
    m, place_s, r = i8(begin[s + 1] - begin[s]), place[s], 0
    for k in range(n):
        if atom[k * W + lane] < 0:
            continue
        ends[begin[s] + r] = atom[k * W + lane]
        c = 0
        for i in range(n):
            if atom[i * W + lane] < 0:
                continue
            for x in range(3):
                for y in range(3):
                    a, b = 3 * k + x, 3 * i + y
                    v = K[((b // W) * width + a) * W + b % W] + K[((a // W) * width + b) * W + a % W]
                    if i == k:
                        v += H[(9 * k + 3 * x + y) * W + lane]
                    values[place_s + (3 * r + x) * 3 * m + 3 * c + y] = w * v
            c += 1
        r += 1


@nb.njit(i8(F2, I1, i8, F2, F3, i8, i8, P1, P1, F1), **FROM_PYTHON)
def strained(R, types, own, reach, F, begin, lanes, kinds, which, D):
    """Bonds D = F R of the bonds ``which`` that are inside the cutoff under one of the strains at least; their number."""
    n, d = 0, R.shape[1]
    for b in range(len(R)):
        rc, inside = reach[own, types[b]], False
        for s in range(W):
            o, r2 = 3 * n * W + s, 0.0
            for x in range(3):
                t = FAR
                if s < lanes:
                    t = 0.0
                    for j in range(d):
                        t += F[begin + s, x, j] * R[b, j]
                D[o + x * W] = t
                r2 += t * t
            inside = inside or r2 < rc * rc
        if inside:
            kinds[n], which[n] = types[b], b
            n += 1
    return n


@nb.njit(nb.void(i8, i8, i8, P1, F2, F1, F1, F1, F3), **FROM_PYTHON)
def responses(begin, lanes, n, which, R, V, g, E, P):
    """E and dE/dF of the strains from ``begin`` on, of V and of dV/dD ``g`` of the ``n`` bonds R[which]."""
    for s in range(lanes):
        E[begin + s] = V[s]
        for x in range(3):
            for j in range(R.shape[1]):
                t = 0.0
                for k in range(n):
                    t += g[(3 * k + x) * W + s] * R[which[k], j]
                P[begin + s, x, j] = t


@nb.njit(nb.void(i8, i8, F1, F1, F1), **FROM_PYTHON)
def tangent_products(n_t, nx, tangents, moved, pairs):
    """pairs [i, t] = tangents [i] . moved [t] of ``n_t`` directions with ``nx`` numbers."""
    for i in range(n_t):
        for t in range(n_t):
            v = splat(0.0)
            for a in range(nx):
                v = v + load(tangents, i * nx + a) * load(moved, t * nx + a)
            store(pairs, i * n_t + t, v)


@nb.njit(nb.void(i8, i8, i8, P1, F2, F1, F1, nb.float64[:, :, :, :, ::1]), **FROM_PYTHON)
def moduli(begin, lanes, n, which, R, pairs, H, C):
    """d2E/dF2 of the strains from ``begin`` on, of halves by pairs of directions and of blocks H by bond."""
    d = R.shape[1]
    n_t = 3 * d
    for s in range(lanes):
        for x in range(3):
            for j in range(d):
                for y in range(3):
                    for l in range(d):
                        a, b = d * x + j, d * y + l
                        t = pairs[(a * n_t + b) * W + s] + pairs[(b * n_t + a) * W + s]
                        for k in range(n):
                            t += H[(9 * k + 3 * x + y) * W + s] * R[which[k], j] * R[which[k], l]
                        C[begin + s, x, j, y, l] = t
