"""Compiled kernels of angular moments: V_l = mu . mu / 2 + M : M / 2, mu = sum u(r) d, M = deviator of sum w(r) d d.

The angular part of ADP: nine densities besides EAM's. With a = u'/r, b = w'/r, derivatives by one bond are

    g = u mu + a (mu . d) d + 2 w M d + b (d . M d) d,

its own second derivatives those of g at fixed mu and M, and between any two bonds come the changes of mu and M: nine rows J, K = J^T J.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .bonds import P1
from .pair import F1, F2, FLAGS, I1, f8, i8, longest

TABLE = (nb.float64[:, :, :, ::1], f8)
"""Cubic pieces of u (0..3) and w (4..7): [site, neighbour, knot]; the spacing of the knots."""
U, A, W, B = range(4)
"""Numbers of a bond: u, u'/r, w, w'/r."""
XX, YY, ZZ, YZ, XZ, XY = range(6)
"""Order of a block's numbers."""
OFF = np.sqrt(2.0)


@nb.njit(nb.types.UniTuple(f8, 5)(*TABLE, i8, i8, f8), **FLAGS)
def functions(table, dr, a, b, r):
    """u'/r, (u'/r)'/r, w, w'/r, (w'/r)'/r at distance r of a neighbour of type b."""
    inv, ri = 1.0 / dr, 1.0 / r
    t = r * inv
    k = min(i8(t), i8(table.shape[2] - 2))
    t = min(t - k, 1.0)
    c = table[a, b, k]
    u1 = ((3.0 * c[3] * t + 2.0 * c[2]) * t + c[1]) * inv * ri
    u2 = ((6.0 * c[3] * t + 2.0 * c[2]) * inv * inv - u1) * ri * ri
    w = ((c[7] * t + c[6]) * t + c[5]) * t + c[4]
    w1 = ((3.0 * c[7] * t + 2.0 * c[6]) * t + c[5]) * inv * ri
    w2 = ((6.0 * c[7] * t + 2.0 * c[6]) * inv * inv - w1) * ri * ri
    return u1, u2, w, w1, w2


@nb.njit(nb.void(*TABLE, i8, i8, i8, I1, F2, F2, i8, F1), **FLAGS)
def moments(table, dr, a, begin, end, kinds, D, N, row, m):
    """mu (3) and M (6) of a site into m; u, u'/r, w, w'/r of its bonds into N, from a row on."""
    inv, top = 1.0 / dr, i8(table.shape[2] - 2)
    for k in range(begin, end):  # lengths in a loop of their own, which vectorises
        i = row + k - begin
        N[i, U] = np.sqrt(D[k, 0] * D[k, 0] + D[k, 1] * D[k, 1] + D[k, 2] * D[k, 2])
        N[i, A] = 1.0 / N[i, U]
    m0, m1, m2, m3, m4, m5, m6, m7, m8 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(begin, end):
        i, b, d0, d1, d2 = row + k - begin, kinds[k], D[k, 0], D[k, 1], D[k, 2]
        t, ri = N[i, U] * inv, N[i, A] * inv
        q = nb.uint64(min(i8(t), top))
        t = min(t - q, 1.0)
        c1, c2, c3 = table[a, b, q, 1], table[a, b, q, 2], table[a, b, q, 3]
        u = ((c3 * t + c2) * t + c1) * t + table[a, b, q, 0]
        N[i, U], N[i, A] = u, ((3.0 * c3 * t + 2.0 * c2) * t + c1) * ri
        c1, c2, c3 = table[a, b, q, 5], table[a, b, q, 6], table[a, b, q, 7]
        w = ((c3 * t + c2) * t + c1) * t + table[a, b, q, 4]
        N[i, W], N[i, B] = w, ((3.0 * c3 * t + 2.0 * c2) * t + c1) * ri
        w0, w1, w2 = w * d0, w * d1, w * d2
        m0, m1, m2 = m0 + u * d0, m1 + u * d1, m2 + u * d2
        m3, m4, m5 = m3 + w0 * d0, m4 + w1 * d1, m5 + w2 * d2
        m6, m7, m8 = m6 + w1 * d2, m7 + w0 * d2, m8 + w0 * d1
    m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8] = m0, m1, m2, m3, m4, m5, m6, m7, m8
    third = (m[3 + XX] + m[3 + YY] + m[3 + ZZ]) / 3.0
    for i in range(3):
        m[3 + i] -= third


@nb.njit(inline="always", **FLAGS)
def turned(m, d0, d1, d2):
    """mu . d and M d."""
    return (
        m[0] * d0 + m[1] * d1 + m[2] * d2,
        m[3 + XX] * d0 + m[3 + XY] * d1 + m[3 + XZ] * d2,
        m[3 + XY] * d0 + m[3 + YY] * d1 + m[3 + YZ] * d2,
        m[3 + XZ] * d0 + m[3 + YZ] * d1 + m[3 + ZZ] * d2,
    )


@nb.njit(nb.void(*TABLE, I1, I1, I1, F2, F1, F2), **FLAGS)
def slopes(table, dr, begin, site_types, kinds, D, V, G):
    """V of each site and dV/dD of each bond."""
    N, m = np.empty((longest(begin), 4)), np.empty(9)
    for s in range(len(site_types)):
        moments(table, dr, site_types[s], begin[s], begin[s + 1], kinds, D, N, 0, m)
        m0, m1, m2, m3, m4, m5, m6, m7, m8 = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
        V[s] = 0.5 * (m0 * m0 + m1 * m1 + m2 * m2 + m3 * m3 + m4 * m4 + m5 * m5) + m6 * m6 + m7 * m7 + m8 * m8
        for k in range(begin[s], begin[s + 1]):
            i = k - begin[s]
            d0, d1, d2 = D[k, 0], D[k, 1], D[k, 2]
            e0, e1, e2 = m3 * d0 + m8 * d1 + m7 * d2, m8 * d0 + m4 * d1 + m6 * d2, m7 * d0 + m6 * d1 + m5 * d2
            along = N[i, A] * (m0 * d0 + m1 * d1 + m2 * d2) + N[i, B] * (d0 * e0 + d1 * e1 + d2 * e2)
            u, w = N[i, U], 2.0 * N[i, W]
            G[k, 0] = u * m0 + w * e0 + along * d0
            G[k, 1] = u * m1 + w * e1 + along * d1
            G[k, 2] = u * m2 + w * e2 + along * d2


@nb.njit(nb.void(*TABLE, I1, I1, I1, F2, F2, F2), **FLAGS)
def factors(table, dr, begin, site_types, kinds, D, N, H):
    """Numbers N (n_bonds, 4) of each bond, and its own second derivatives H (n_bonds, 6) at fixed mu and M."""
    m = np.empty(9)
    for s in range(len(site_types)):
        moments(table, dr, site_types[s], begin[s], begin[s + 1], kinds, D, N, begin[s], m)
        for k in range(begin[s], begin[s + 1]):
            d0, d1, d2 = D[k, 0], D[k, 1], D[k, 2]
            a, a1, w, b, b1 = functions(table, dr, site_types[s], kinds[k], np.sqrt(d0 * d0 + d1 * d1 + d2 * d2))
            q, e0, e1, e2 = turned(m, d0, d1, d2)
            p = d0 * e0 + d1 * e1 + d2 * e2
            one, dd, w = a * q + b * p, a1 * q + b1 * p, 2.0 * w
            f0, f1, f2 = a * m[0] + 2.0 * b * e0, a * m[1] + 2.0 * b * e1, a * m[2] + 2.0 * b * e2
            H[k, XX] = one + dd * d0 * d0 + 2.0 * f0 * d0 + w * m[3 + XX]
            H[k, YY] = one + dd * d1 * d1 + 2.0 * f1 * d1 + w * m[3 + YY]
            H[k, ZZ] = one + dd * d2 * d2 + 2.0 * f2 * d2 + w * m[3 + ZZ]
            H[k, YZ] = dd * d1 * d2 + f1 * d2 + f2 * d1 + w * m[3 + YZ]
            H[k, XZ] = dd * d0 * d2 + f0 * d2 + f2 * d0 + w * m[3 + XZ]
            H[k, XY] = dd * d0 * d1 + f0 * d1 + f1 * d0 + w * m[3 + XY]


@nb.njit(nb.void(F2, F2, i8, i8, f8, f8, f8, F1), **FLAGS)
def add_change(D, N, k, n, e0, e1, e2, m):
    """Add the change of mu and of sum w d d (6) to m, if bond k with numbers n changes by e."""
    d0, d1, d2 = D[k, 0], D[k, 1], D[k, 2]
    de = d0 * e0 + d1 * e1 + d2 * e2
    u, a, w, b = N[n, U], N[n, A] * de, N[n, W], N[n, B] * de
    m[0] += u * e0 + a * d0
    m[1] += u * e1 + a * d1
    m[2] += u * e2 + a * d2
    m[3 + XX] += 2.0 * w * d0 * e0 + b * d0 * d0
    m[3 + YY] += 2.0 * w * d1 * e1 + b * d1 * d1
    m[3 + ZZ] += 2.0 * w * d2 * e2 + b * d2 * d2
    m[3 + YZ] += w * (d1 * e2 + d2 * e1) + b * d1 * d2
    m[3 + XZ] += w * (d0 * e2 + d2 * e0) + b * d0 * d2
    m[3 + XY] += w * (d0 * e1 + d1 * e0) + b * d0 * d1


@nb.njit(nb.void(*TABLE, I1, I1, I1, F2, F1, P1, F1), **FLAGS)
def curvatures(table, dr, begin, site_types, kinds, D, w, place, values):
    """w d2V/dDdD of each site, (3m)^2 numbers from place[s] on."""
    n = len(kinds)
    N, H, m = np.empty((n, 4)), np.empty((n, 6)), np.empty(9)
    J = np.empty((9, 3 * longest(begin)))
    factors(table, dr, begin, site_types, kinds, D, N, H)
    for s in range(len(site_types)):
        size, at = 3 * i8(begin[s + 1] - begin[s]), place[s]
        for i in range(size):
            k, x = begin[s] + i // 3, i % 3
            m[:] = 0.0
            add_change(D, N, k, k, 1.0 * (x == 0), 1.0 * (x == 1), 1.0 * (x == 2), m)
            third = (m[3] + m[4] + m[5]) / 3.0
            for q in range(3):
                J[q, i], J[3 + q, i], J[6 + q, i] = m[q], m[3 + q] - third, OFF * m[6 + q]
        for i in range(size):
            j0, j1, j2, j3, j4, j5, j6, j7, j8 = J[0, i], J[1, i], J[2, i], J[3, i], J[4, i], J[5, i], J[6, i], J[7, i], J[8, i]
            row = nb.uint64(at + i * size)
            for j in range(size):
                t = j0 * J[0, j] + j1 * J[1, j] + j2 * J[2, j] + j3 * J[3, j] + j4 * J[4, j]
                t += j5 * J[5, j] + j6 * J[6, j] + j7 * J[7, j] + j8 * J[8, j]
                values[row + nb.uint64(j)] = w[s] * t
        for k in range(begin[s], begin[s + 1]):
            i = 3 * i8(k - begin[s])
            for x in range(3):
                for y in range(3):
                    t = H[k, x] if x == y else H[k, 6 - x - y]
                    values[at + (i + x) * size + i + y] += w[s] * t


@nb.njit(nb.void(I1, I1, I1, F2, F2, F2, F1, F2, F2), **FLAGS)
def product(sites, begin, ends, D, N, H, w, v, out):
    """out += Hessian v of sum w V from `factors`; v and out on the extended atoms."""
    m = np.empty(9)
    for s in range(len(sites)):
        l = sites[s]
        m[:] = 0.0
        for k in range(begin[s], begin[s + 1]):
            j = ends[k]
            add_change(D, N, k, k, v[j, 0] - v[l, 0], v[j, 1] - v[l, 1], v[j, 2] - v[l, 2], m)
        third = (m[3] + m[4] + m[5]) / 3.0
        for i in range(3):
            m[3 + i] -= third
        for k in range(begin[s], begin[s + 1]):
            j = ends[k]
            d0, d1, d2 = D[k, 0], D[k, 1], D[k, 2]
            v0, v1, v2 = v[j, 0] - v[l, 0], v[j, 1] - v[l, 1], v[j, 2] - v[l, 2]
            q, e0, e1, e2 = turned(m, d0, d1, d2)
            along = N[k, A] * q + N[k, B] * (d0 * e0 + d1 * e1 + d2 * e2)
            u, t = N[k, U], 2.0 * N[k, W]
            h0 = w[s] * (u * m[0] + t * e0 + along * d0 + H[k, XX] * v0 + H[k, XY] * v1 + H[k, XZ] * v2)
            h1 = w[s] * (u * m[1] + t * e1 + along * d1 + H[k, XY] * v0 + H[k, YY] * v1 + H[k, YZ] * v2)
            h2 = w[s] * (u * m[2] + t * e2 + along * d2 + H[k, XZ] * v0 + H[k, YZ] * v1 + H[k, ZZ] * v2)
            out[j, 0] += h0
            out[j, 1] += h1
            out[j, 2] += h2
            out[l, 0] -= h0
            out[l, 1] -= h1
            out[l, 2] -= h2
