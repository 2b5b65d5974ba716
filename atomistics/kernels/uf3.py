"""Compiled kernels of tensor splines: V_l = sum_{j<k} f(r_j, r_k, r_jk), f = sum c_abc B_a(r_j) B_b(r_k) B_c(r_jk).

Between two knots four cubics of each length do not vanish: 64 coefficients a pair of neighbours. The cubics of a bond are worked out
once for each species that the other neighbour may have.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .bonds import P1, keep
from .pair import F1, F2, FLAGS, I1, f8, i8, longest

F4 = nb.float64[:, :, :, ::1]
TRIPLETS = nb.types.Tuple((i8, nb.int64[:, ::1], F2, F4, F2, F4, F4))
"""Species; by triplet (a n + b) n + c: intervals of r_j and of r_jk, knots and cubics [interval, function, power] of r_j, the same of
r_jk, coefficients [j, k, jk]."""


@nb.njit(i8(F2, i8, i8, f8), **FLAGS)
def interval(knots, t, count, r):
    """The interval between the knots of triplet t that holds r; -1: none does."""
    if not (knots[t, 0] <= r < knots[t, count]):
        return -1
    q = min(i8((r - knots[t, 0]) / (knots[t, count] - knots[t, 0]) * count), count - 1)  # right where knots are uniform
    while r < knots[t, q]:
        q -= 1
    while r >= knots[t, q + 1]:
        q += 1
    return q


@nb.njit(nb.void(F4, i8, i8, f8, F2, i8), **FLAGS)
def cubics(pieces, t, q, x, B, row):
    """The four cubics of an interval at x behind its first knot, their slopes and second derivatives, into B[row]."""
    for i in range(4):
        c0, c1, c2, c3 = pieces[t, q, i, 0], pieces[t, q, i, 1], pieces[t, q, i, 2], pieces[t, q, i, 3]
        B[row, i] = ((c3 * x + c2) * x + c1) * x + c0
        B[row, 4 + i] = (3.0 * c3 * x + 2.0 * c2) * x + c1
        B[row, 8 + i] = 6.0 * c3 * x + 2.0 * c2


@nb.njit(nb.void(TRIPLETS, i8, i8, i8, I1, F2, F2, F2, P1), **FLAGS)
def near(triplets, a, begin, end, kinds, D, U, B, place):
    """Directions and lengths U (m, 4) of a site's bonds; cubics B and interval of bond i beside a neighbour of species c: row i n + c."""
    n, counts, knots, pieces, _, _, _ = triplets
    for k in range(begin, end):
        i = k - begin
        r = np.sqrt(D[k, 0] * D[k, 0] + D[k, 1] * D[k, 1] + D[k, 2] * D[k, 2])
        for x in range(3):
            U[i, x] = D[k, x] / r
        U[i, 3] = r
        for c in range(n):
            t = (a * n + kinds[k]) * n + c
            q = interval(knots, t, counts[t, 0], r)
            place[i * n + c] = q
            if q >= 0:
                cubics(pieces, t, q, r - knots[t, q], B, i * n + c)


@nb.njit(f8(TRIPLETS, i8, i8, i8, i8, f8, F2, i8, i8, F1), **FLAGS)
def value(triplets, t, qj, qk, q, x, B, J, K, f):
    """f of one pair of neighbours, and into f its derivatives by r_j, r_k and r_jk, x behind the first knot of interval q."""
    _, _, _, _, _, pieces, table = triplets
    a0, a1, a2, a3 = pieces[t, q, 0, 0], pieces[t, q, 0, 1], pieces[t, q, 0, 2], pieces[t, q, 0, 3]
    n0, m0 = ((a3 * x + a2) * x + a1) * x + a0, (3.0 * a3 * x + 2.0 * a2) * x + a1
    a0, a1, a2, a3 = pieces[t, q, 1, 0], pieces[t, q, 1, 1], pieces[t, q, 1, 2], pieces[t, q, 1, 3]
    n1, m1 = ((a3 * x + a2) * x + a1) * x + a0, (3.0 * a3 * x + 2.0 * a2) * x + a1
    a0, a1, a2, a3 = pieces[t, q, 2, 0], pieces[t, q, 2, 1], pieces[t, q, 2, 2], pieces[t, q, 2, 3]
    n2, m2 = ((a3 * x + a2) * x + a1) * x + a0, (3.0 * a3 * x + 2.0 * a2) * x + a1
    a0, a1, a2, a3 = pieces[t, q, 3, 0], pieces[t, q, 3, 1], pieces[t, q, 3, 2], pieces[t, q, 3, 3]
    n3, m3 = ((a3 * x + a2) * x + a1) * x + a0, (3.0 * a3 * x + 2.0 * a2) * x + a1
    E, fj, fk, ff = 0.0, 0.0, 0.0, 0.0
    for i in range(4):
        p0, p1, p2 = 0.0, 0.0, 0.0
        for h in range(4):
            u, v = nb.uint64(qj + i), nb.uint64(qk + h)
            c0, c1, c2, c3 = table[t, u, v, q], table[t, u, v, q + 1], table[t, u, v, q + 2], table[t, u, v, q + 3]
            z = c0 * n0 + c1 * n1 + c2 * n2 + c3 * n3
            p0 += z * B[K, h]
            p1 += z * B[K, 4 + h]
            p2 += (c0 * m0 + c1 * m1 + c2 * m2 + c3 * m3) * B[K, h]
        E += B[J, i] * p0
        fj += B[J, 4 + i] * p0
        fk += B[J, i] * p1
        ff += B[J, i] * p2
    f[0], f[1], f[2] = fj, fk, ff
    return E


@nb.njit(nb.void(TRIPLETS, I1, I1, I1, F2, F1, F2), **FLAGS)
def slopes(triplets, begin, site_types, kinds, D, V, G):
    """V of each site and dV/dD of each bond."""
    n, counts, _, _, knots, _, _ = triplets
    most = longest(begin)
    U, B, place, f = np.empty((most, 4)), np.empty((most * n, 12)), np.empty(most * n, np.int64), np.empty(3)
    for s in range(len(site_types)):
        a, first, E = i8(site_types[s]), i8(begin[s]), 0.0
        m = begin[s + 1] - first
        near(triplets, a, first, first + m, kinds, D, U, B, place)
        for k in range(first, first + m):
            G[k, 0], G[k, 1], G[k, 2] = 0.0, 0.0, 0.0
        for j in range(m):
            b, u = i8(kinds[first + j]), nb.uint64(first + j)
            g0, g1, g2 = 0.0, 0.0, 0.0
            for k in range(j + 1, m):
                c, v = i8(kinds[first + k]), nb.uint64(first + k)
                J, K, t = j * n + c, k * n + b, (a * n + b) * n + c
                if place[J] < 0 or place[K] < 0:
                    continue
                d0, d1, d2 = D[v, 0] - D[u, 0], D[v, 1] - D[u, 1], D[v, 2] - D[u, 2]
                r = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
                q = interval(knots, t, counts[t, 1], r)
                if q < 0:
                    continue
                E += value(triplets, t, place[J], place[K], q, r - knots[t, q], B, J, K, f)
                h = f[2] / r
                d0, d1, d2 = h * d0, h * d1, h * d2
                g0, g1, g2 = g0 + f[0] * U[j, 0] - d0, g1 + f[0] * U[j, 1] - d1, g2 + f[0] * U[j, 2] - d2
                G[v, 0] += f[1] * U[k, 0] + d0
                G[v, 1] += f[1] * U[k, 1] + d1
                G[v, 2] += f[1] * U[k, 2] + d2
            G[u, 0] += g0
            G[u, 1] += g1
            G[u, 2] += g2
        V[s] = E


J_, K_, JK, J_J, K_K, JK_JK, J_K, J_JK, K_JK = range(9)
"""Derivatives by r_j, r_k and r_jk."""


@nb.njit(nb.void(TRIPLETS, i8, i8, i8, i8, f8, F2, i8, i8, i8, F1), **FLAGS)
def derivatives(triplets, t, qj, qk, q, x, B, J, K, far, f):
    """First and second derivatives of one pair of neighbours into f; row ``far`` of B is work space."""
    _, _, _, _, _, pieces, table = triplets
    cubics(pieces, t, q, x, B, far)
    for i in range(9):
        f[i] = 0.0
    for i in range(4):
        p00, p10, p20, p01, p11, p02 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for h in range(4):
            z0, z1, z2 = 0.0, 0.0, 0.0
            for e in range(4):
                c = table[t, qj + i, qk + h, q + e]
                z0, z1, z2 = z0 + c * B[far, e], z1 + c * B[far, 4 + e], z2 + c * B[far, 8 + e]
            b0, b1, b2 = B[K, h], B[K, 4 + h], B[K, 8 + h]
            p00, p10, p20 = p00 + z0 * b0, p10 + z0 * b1, p20 + z0 * b2
            p01, p11, p02 = p01 + z1 * b0, p11 + z1 * b1, p02 + z2 * b0
        b0, b1, b2 = B[J, i], B[J, 4 + i], B[J, 8 + i]
        f[J_] += b1 * p00
        f[K_] += b0 * p10
        f[JK] += b0 * p01
        f[J_J] += b2 * p00
        f[K_K] += b0 * p20
        f[JK_JK] += b0 * p02
        f[J_K] += b1 * p10
        f[J_JK] += b1 * p01
        f[K_JK] += b0 * p11


@nb.njit(nb.void(F1, i8, i8, f8, f8, F1, F1, F1, F2), **FLAGS)
def add_blocks(f, j, k, rj, rk, u, v, e, H):
    """Second derivatives of one pair of neighbours by their bonds: directions u and v, from one to the other e with length e[3]."""
    r1, r2, r3 = f[J_] / rj, f[K_] / rk, f[JK] / e[3]
    for x in range(3):
        for y in range(3):
            far = (f[JK_JK] - r3) * e[x] * e[y]
            onj = (f[J_J] - r1) * u[x] * u[y] + far - f[J_JK] * (u[x] * e[y] + e[x] * u[y])
            onk = (f[K_K] - r2) * v[x] * v[y] + far + f[K_JK] * (v[x] * e[y] + e[x] * v[y])
            mixed = f[J_K] * u[x] * v[y] + f[J_JK] * u[x] * e[y] - f[K_JK] * e[x] * v[y] - far
            if x == y:
                onj += r1 + r3
                onk += r2 + r3
                mixed -= r3
            H[3 * j + x, 3 * j + y] += onj
            H[3 * k + x, 3 * k + y] += onk
            H[3 * j + x, 3 * k + y] += mixed
            H[3 * k + y, 3 * j + x] += mixed


@nb.njit(nb.void(TRIPLETS, I1, I1, I1, F2, F1, P1, F1), **FLAGS)
def curvatures(triplets, begin, site_types, kinds, D, w, places, values):
    """w d2V/dDdD of each site, (3m)^2 numbers from places[s] on."""
    n, counts, _, _, knots, _, _ = triplets
    most = longest(begin)
    U, B, place, f = np.empty((most, 4)), np.empty((most * n + 1, 12)), np.empty(most * n, np.int64), np.empty(9)
    H, e, u, v = np.empty((3 * most, 3 * most)), np.empty(4), np.empty(3), np.empty(3)
    for s in range(len(site_types)):
        a, first = i8(site_types[s]), i8(begin[s])
        m = begin[s + 1] - first
        near(triplets, a, first, first + m, kinds, D, U, B, place)
        for i in range(3 * m):
            for j in range(3 * m):
                H[i, j] = 0.0
        for j in range(m):
            b = i8(kinds[first + j])
            for k in range(j + 1, m):
                c = i8(kinds[first + k])
                J, K, t = j * n + c, k * n + b, (a * n + b) * n + c
                if place[J] < 0 or place[K] < 0:
                    continue
                r2 = 0.0
                for x in range(3):
                    e[x], u[x], v[x] = D[first + k, x] - D[first + j, x], U[j, x], U[k, x]
                    r2 += e[x] * e[x]
                e[3] = np.sqrt(r2)
                q = interval(knots, t, counts[t, 1], e[3])
                if q < 0:
                    continue
                for x in range(3):
                    e[x] /= e[3]
                derivatives(triplets, t, place[J], place[K], q, e[3] - knots[t, q], B, J, K, most * n, f)
                add_blocks(f, j, k, U[j, 3], U[k, 3], u, v, e, H)
        keep(places[s], 3 * m, w[s], H, values)
