"""Compiled kernels of the reconstructed stencil: bonds C D of a site, the transpose, and the Hessian through them."""

# mypy: disable-error-code="no-untyped-def, call-arg"

from __future__ import annotations

import numba as nb
import numpy as np

from .hessian import ACROSS, ALONG, SLOPE
from .pair import F1, F2, F3, FLAGS, FROM_KERNELS, I1, f8, i4, i8
from .panels import panel_product
from .vector import W as LANES
from .vector import load, store

I2 = i4[:, ::1]


@nb.njit(nb.void(F2, i4, I2, i8, F2, F2, F2), **FLAGS)
def affine(y, a, index, l, G, fit, F):
    """F (3, m), the least-squares map of the generalised bonds G (n, m) of site row l at atom a; fit = (G^T G)^-1."""
    m = G.shape[1]
    M = np.zeros((3, m))
    for s in range(len(G)):
        j = index[l, s]
        for x in range(3):
            d = y[j, x] - y[a, x]
            for k in range(m):
                M[x, k] += d * G[s, k]
    for x in range(3):
        for k in range(m):
            F[x, k] = 0.0
            for q in range(m):
                F[x, k] += M[x, q] * fit[q, k]


@nb.njit(nb.void(F2, I1, I2, F2, F2, F2, I1, F1, F1, I1, F2), **FLAGS)
def reconstruct(y, rows, index, lam, G, fit, half, factor, sign, column, out):
    """Bonds C_l D of every site, written after a zero for the site itself: out has 1 + n rows a site.

    C D_k = D_k + sign_l factor_k sum_s (lam[l + s, half_k] - lam[l, half_k]) d_s with d = D - G F^T, F the map nearest to D.
    The multipliers of site l are those from ``column[l]`` on.
    """
    n, h = len(G), half[len(G) - 1] + 1
    c = np.empty((3, h))
    F = np.empty((3, G.shape[1]))
    d = np.empty(3)
    for l in range(len(rows)):
        a, first = rows[l], l * (n + 1)
        affine(y, a, index, l, G, fit, F)
        for x in range(3):
            out[first, x] = 0.0
            for r in range(h):
                c[x, r] = 0.0
        for s in range(n):
            j = index[l, s]
            for x in range(3):
                d[x] = y[j, x] - y[a, x]
                out[first + 1 + s, x] = d[x]
                for k in range(G.shape[1]):
                    d[x] -= F[x, k] * G[s, k]
            for r in range(h):
                e = lam[j, column[l] + r] - lam[a, column[l] + r]
                c[0, r] += e * d[0]
                c[1, r] += e * d[1]
                c[2, r] += e * d[2]
        for k in range(n):
            for x in range(3):
                out[first + 1 + k, x] += sign[l] * factor[k] * c[x, half[k]]


@nb.njit(nb.void(F2, I1, I2, F2, F2, F2, I1, F1, F1, I1, F2), **FLAGS)
def transpose(p, rows, index, lam, G, fit, half, factor, sign, column, g):
    """g += (C_l D)^T p: from the gradient on the bonds of `reconstruct` to that on the extended atoms."""
    n, h, m = len(G), half[len(G) - 1] + 1, G.shape[1]
    c = np.empty((3, h))
    e = np.empty((n, 3))
    N = np.empty((3, m))
    for l in range(len(rows)):
        a, first = rows[l], l * (n + 1) + 1
        for x in range(3):
            for r in range(h):
                c[x, r] = 0.0
            for k in range(n):
                c[x, half[k]] += sign[l] * factor[k] * p[first + k, x]
        M = np.zeros((3, m))
        for s in range(n):
            j = index[l, s]
            e0, e1, e2 = 0.0, 0.0, 0.0
            for r in range(h):
                t = lam[j, column[l] + r] - lam[a, column[l] + r]
                e0 += t * c[0, r]
                e1 += t * c[1, r]
                e2 += t * c[2, r]
            e[s, 0], e[s, 1], e[s, 2] = e0, e1, e2
            for k in range(m):
                M[0, k] += e0 * G[s, k]
                M[1, k] += e1 * G[s, k]
                M[2, k] += e2 * G[s, k]
        for x in range(3):
            for k in range(m):
                N[x, k] = 0.0
                for q in range(m):
                    N[x, k] += M[x, q] * fit[q, k]
        for s in range(n):
            j = index[l, s]
            for x in range(3):
                t = e[s, x] + p[first + s, x]
                for k in range(m):
                    t -= N[x, k] * G[s, k]
                g[j, x] += t
                g[a, x] -= t


@nb.njit(f8(F2, I1, I1, I1), **FLAGS)
def shortest(y, rows, first, index):
    """Smallest squared distance between the sites and the atoms of a list."""
    least = np.inf
    for l in range(len(rows)):
        a = rows[l]
        for k in range(first[l], first[l + 1]):
            j = index[k]
            d0, d1, d2 = y[j, 0] - y[a, 0], y[j, 1] - y[a, 1], y[j, 2] - y[a, 2]
            least = min(least, d0 * d0 + d1 * d1 + d2 * d2)
    return least


@nb.njit(nb.void(I1, I2, i8, F2, F2, F2, I1, I1, I1, I1, I1, F2), **FLAGS)
def differences(rows, index, l, lam, G, fit, column, owner, begin, member, place, E):
    """E (h, n_members) = (lam(l + s) - lam(l)) (I - G fit G^T) of site row l, from the differences of bonds to its atoms, images folded."""
    n, width, h = len(G), G.shape[1], len(E)
    a, m, first = rows[l], begin[l + 1] - begin[l], column[l]
    for k in range(m):
        place[member[begin[l] + k]] = k
    t, f, g = np.empty((n, h)), np.empty((width, h)), np.zeros((width, h))
    for s in range(n):
        j = index[l, s]
        for r in range(h):
            t[s, r] = lam[j, first + r] - lam[a, first + r]
        for k in range(width):
            for r in range(h):
                g[k, r] += G[s, k] * t[s, r]
    for q in range(width):
        for r in range(h):
            f[q, r] = 0.0
        for k in range(width):
            for r in range(h):
                f[q, r] += fit[q, k] * g[k, r]
    for r in range(h):
        for k in range(m):
            E[r, k] = 0.0
    for s in range(n):
        p = place[owner[index[l, s]]]
        for k in range(width):
            for r in range(h):
                t[s, r] -= f[k, r] * G[s, k]
        for r in range(h):
            E[r, p] += t[s, r]
            E[r, 0] -= t[s, r]


@nb.njit(nb.void(I1, I2, i8, F2, F2, F2, I1, F1, F1, I1, I1, I1, I1, I1, F2, F2), **FLAGS)
def site_map(rows, index, l, lam, G, fit, half, factor, sign, column, owner, begin, member, place, E, T):
    """T (n, n_members): the bonds C D of site row l from the atoms of the site, images folded; and E of `differences`."""
    differences(rows, index, l, lam, G, fit, column, owner, begin, member, place, E)
    for r in range(len(G)):
        f = sign[l] * factor[r]
        for k in range(begin[l + 1] - begin[l]):
            T[r, k] = f * E[half[r], k]
        T[r, place[owner[index[l, r]]]] += 1.0
        T[r, 0] -= 1.0


@nb.njit(nb.void(I1, I1, I1, I1, I1, I1, i8, i8), **FLAGS)
def find_row(row_first, col, begin, member, entry, at, l, i):
    """at[k]: place in the pattern of the pair of members i and k of site row l. ``entry`` (n_atoms,) is work space.

    Writing down where each column of the row is takes less time than a search for each member: a row is not much longer than a site.
    """
    b = member[begin[l] + i]
    for q in range(row_first[b], row_first[b + 1]):
        entry[col[q]] = q
    for k in range(begin[l + 1] - begin[l]):
        at[k] = entry[member[begin[l] + k]]


@nb.njit(nb.int64(I1), **FLAGS)
def most_members(begin):
    """Largest number of members of a site."""
    m = 0
    for l in range(len(begin) - 1):
        m = max(m, begin[l + 1] - begin[l])
    return m


@nb.njit(nb.void(F1, i8, F1, i8, i8, f8), **FROM_KERNELS)
def add_row(V, v, E, e, panels, t):
    """Vectors v, v + 1, ... of V += t times those of E from e on."""
    for p in range(panels):
        store(V, v + p, load(V, v + p) + t * load(E, e + p))


@nb.njit(nb.void(F2, F1), **FROM_KERNELS)
def in_panels(E, EP):
    """EP [panel, h, 8]: the columns of E in panels of eight."""
    halves, wide = E.shape
    for h in range(halves):
        for k in range(wide):
            EP[((k // LANES) * halves + h) * LANES + k % LANES] = E[h, k]


@nb.njit(nb.void(F2, F1, F1, i8, F1, F1), **FROM_KERNELS)
def weighted_squares(E, EP, w, m, WE, K):
    """K [panel, i, 8] = sum_h w_h E_hi E_hk of the upper triangle of m members; EP is E `in_panels`, WE work space."""
    halves, wide = E.shape
    for h in range(halves):
        for k in range(wide):
            WE[h * wide + k] = w[h] * E[h, k]
    for p in range(wide // LANES):
        for i in range(0, min(m, (p + 1) * LANES), 4):
            panel_product(WE, i, 1, wide, EP, p * halves, halves, K, p * wide + i)


@nb.njit(nb.void(I1, I2, F2, F2, F2, I1, F1, F1, I1, I1, I1, I1, I1, I1, F2, F2, F1, I1, I1, F3), **FLAGS)
def hessian(
    rows, index, lam, G, fit, half, factor, sign, column, owner, begin, member, active, ends, bonds, A, c, row_first, col, H
):
    """Add sum_l (C D)^T [pair blocks + c s s^T] (C D) to the 3x3 blocks H of a pattern.

    ``active``, ``ends``, ``bonds``, A and c are the fields of `site_potential.HessianFactors` on the reconstructed bonds. Row r of
    C D is f E[half_r] plus the bond itself, two entries: only f^2 E^T E, once for the two bonds of a half, fills the block of a site.
    What a bond adds besides is V + V^T with two rows in V: its own atom's and the site's.
    """
    n, halves = len(G), half[len(G) - 1] + 1
    panels = (most_members(begin) + LANES - 1) // LANES
    wide = panels * LANES  # members, filled up with zeros
    place, entry, at = np.zeros(len(owner), np.int32), np.empty(len(owner), np.int32), np.empty(wide, np.int32)
    E, w, K = np.zeros((halves, wide)), np.empty((6, halves)), np.empty(6)  # K: xx yy zz yz xz xy of a bond's pair block
    V, U, B = np.empty(6 * wide * wide), np.empty((3, wide)), np.empty((6, wide, wide))
    WE, EP, KP = np.empty(halves * wide), np.empty(halves * wide), np.empty(wide * wide)
    rows_of_E, rows_of_U = E.reshape(-1), U.reshape(-1)
    for l in range(len(rows)):
        m = begin[l + 1] - begin[l]
        differences(rows, index, l, lam, G, fit, column, owner, begin, member, place, E)
        E[:, m:], U[:], V[:], w[:] = 0.0, 0.0, 0.0, 0.0
        in_panels(E, EP)
        for q in range(active[l], active[l + 1]):
            r, d = ends[q] - l * (n + 1) - 1, bonds[ends[q]]
            f, h, p = sign[l] * factor[r], half[r], place[owner[index[l, r]]]
            for e in range(3):
                K[e] = A[q, ALONG] * d[e] * d[e] + A[q, ACROSS]
                K[3 + e] = A[q, ALONG] * d[(e + 1) % 3] * d[(e + 2) % 3]
                t = A[q, SLOPE] * d[e]
                add_row(rows_of_U, e * panels, rows_of_E, h * panels, panels, f * t)
                U[e, p] += t
                U[e, 0] -= t
            for e in range(6):
                if K[e] == 0.0:
                    continue
                w[e, h] += f * f * K[e]
                t, first = f * K[e], e * wide
                add_row(V, (first + p) * panels, rows_of_E, h * panels, panels, t)
                add_row(V, first * panels, rows_of_E, h * panels, panels, -t)
                V[(first + p) * wide + p] += 0.5 * K[e]
                V[first * wide + p] -= K[e]
                V[first * wide] += 0.5 * K[e]
        for e in range(6):
            weighted_squares(E, EP, w[e], m, WE, KP)
            o = e * wide
            for i in range(m):
                for k in range(i, m):
                    B[e, i, k] = V[(o + i) * wide + k] + V[(o + k) * wide + i] + KP[((k // LANES) * wide + i) * LANES + k % LANES]
                    B[e, k, i] = B[e, i, k]
        for i in range(m):
            find_row(row_first, col, begin, member, entry, at, l, i)
            u0, u1, u2 = c[l] * U[0, i], c[l] * U[1, i], c[l] * U[2, i]
            for k in range(m):
                q = at[k]
                H[q, 0, 0] += B[0, i, k] + u0 * U[0, k]
                H[q, 1, 1] += B[1, i, k] + u1 * U[1, k]
                H[q, 2, 2] += B[2, i, k] + u2 * U[2, k]
                H[q, 1, 2] += B[3, i, k] + u1 * U[2, k]
                H[q, 2, 1] += B[3, i, k] + u2 * U[1, k]
                H[q, 0, 2] += B[4, i, k] + u0 * U[2, k]
                H[q, 2, 0] += B[4, i, k] + u2 * U[0, k]
                H[q, 0, 1] += B[5, i, k] + u0 * U[1, k]
                H[q, 1, 0] += B[5, i, k] + u1 * U[0, k]


@nb.njit(nb.void(I1, I2, F2, F2, F2, I1, F1, F1, I1, I1, I1, I1, I1, nb.int64[::1], I1, F1, I1, I1, F3), **FLAGS)
def dense_hessian(
    rows, index, lam, G, fit, half, factor, sign, column, owner, begin, member, active, start, ends, values, row_first, col, H
):
    """As `hessian` for potentials whose site Hessians are dense in the bonds (`covalent_kernels.site_hessians`).

    ``active``, ``start``, ``ends`` and ``values`` are the fields of `covalent.SiteHessians` on the reconstructed bonds.
    """
    n, m_max = len(G), most_members(begin)
    place = np.zeros(len(owner), np.int32)
    E, T = np.empty((half[n - 1] + 1, m_max)), np.empty((n, m_max))
    Y = np.empty((n, m_max, 3, 3))
    at, entry = np.empty(m_max, np.int32), np.empty(len(owner), np.int32)
    for l in range(len(rows)):
        m, bonds = begin[l + 1] - begin[l], active[l + 1] - active[l]
        if bonds == 0:
            continue
        site_map(rows, index, l, lam, G, fit, half, factor, sign, column, owner, begin, member, place, E, T)
        Y[:bonds, :m] = 0.0
        for r in range(bonds):
            for s in range(bonds):
                bond = ends[active[l] + s] - l * (n + 1) - 1
                for k in range(m):
                    t = T[bond, k]
                    if t != 0.0:
                        for x in range(3):
                            for y in range(3):
                                Y[r, k, x, y] += t * values[start[l] + (3 * r + x) * 3 * bonds + 3 * s + y]
        for i in range(m):
            find_row(row_first, col, begin, member, entry, at, l, i)
            for r in range(bonds):
                t = T[ends[active[l] + r] - l * (n + 1) - 1, i]
                if t != 0.0:
                    for k in range(m):
                        for x in range(3):
                            for y in range(3):
                                H[at[k], x, y] += t * Y[r, k, x, y]
