"""Compiled kernels of the reconstructed stencil: bonds C D of a site, the transpose, and the Hessian through them."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .kernels import F1, F2, F3, FLAGS, I1, f8, i4, i8

I2 = i4[:, ::1]


@nb.njit(nb.void(F2, i4, I2, i8, F2, F2, F2), **FLAGS)
def affine(y, a, index, l, R, fit, F):
    """F, the least-squares deformation gradient of the bonds of site row l at atom a."""
    M = np.zeros((3, 3))
    for s in range(len(R)):
        j = index[l, s]
        for x in range(3):
            d = y[j, x] - y[a, x]
            for k in range(3):
                M[x, k] += d * R[s, k]
    for x in range(3):
        for k in range(3):
            F[x, k] = M[x, 0] * fit[0, k] + M[x, 1] * fit[1, k] + M[x, 2] * fit[2, k]


@nb.njit(nb.void(F2, I1, I2, F2, F2, F2, F2), **FLAGS)
def reconstruct(y, rows, index, lam, R, fit, out):
    """Bonds C_l D of every site, written after a zero for the site itself: out has 1 + |R| rows a site.

    C D_rho = D_rho +- 1/2 sum_s (lam[l + s, rho] - lam[l, rho]) d_s with d = D - R F^T, F the affine map nearest to D
    (fit = (R^T R)^-1), + in the first half of R, - in the second, which holds the opposite vectors.
    """
    n = len(R)
    h = n // 2
    c = np.empty((3, h))
    F = np.empty((3, 3))
    for l in range(len(rows)):
        a, first = rows[l], l * (n + 1)
        affine(y, a, index, l, R, fit, F)
        for x in range(3):
            out[first, x] = 0.0
            for r in range(h):
                c[x, r] = 0.0
        for s in range(n):
            j = index[l, s]
            d0, d1, d2 = y[j, 0] - y[a, 0], y[j, 1] - y[a, 1], y[j, 2] - y[a, 2]
            out[first + 1 + s, 0], out[first + 1 + s, 1], out[first + 1 + s, 2] = d0, d1, d2
            d0 -= F[0, 0] * R[s, 0] + F[0, 1] * R[s, 1] + F[0, 2] * R[s, 2]
            d1 -= F[1, 0] * R[s, 0] + F[1, 1] * R[s, 1] + F[1, 2] * R[s, 2]
            d2 -= F[2, 0] * R[s, 0] + F[2, 1] * R[s, 1] + F[2, 2] * R[s, 2]
            for r in range(h):
                e = 0.5 * (lam[j, r] - lam[a, r])
                c[0, r] += e * d0
                c[1, r] += e * d1
                c[2, r] += e * d2
        for r in range(h):
            for x in range(3):
                out[first + 1 + r, x] += c[x, r]
                out[first + 1 + h + r, x] -= c[x, r]


@nb.njit(nb.void(F2, I1, I2, F2, F2, F2, F2), **FLAGS)
def transpose(p, rows, index, lam, R, fit, g):
    """g += (C_l D)^T p: from the gradient on the bonds of `reconstruct` to that on the extended atoms."""
    n = len(R)
    h = n // 2
    c = np.empty((3, h))
    e = np.empty((n, 3))
    for l in range(len(rows)):
        a, first = rows[l], l * (n + 1) + 1
        for r in range(h):
            for x in range(3):
                c[x, r] = 0.5 * (p[first + r, x] - p[first + h + r, x])
        M = np.zeros((3, 3))
        for s in range(n):
            j = index[l, s]
            e0, e1, e2 = 0.0, 0.0, 0.0
            for r in range(h):
                t = lam[j, r] - lam[a, r]
                e0 += t * c[0, r]
                e1 += t * c[1, r]
                e2 += t * c[2, r]
            e[s, 0], e[s, 1], e[s, 2] = e0, e1, e2
            for k in range(3):
                M[0, k] += e0 * R[s, k]
                M[1, k] += e1 * R[s, k]
                M[2, k] += e2 * R[s, k]
        M = M @ fit
        for s in range(n):
            j = index[l, s]
            for x in range(3):
                t = e[s, x] - M[x, 0] * R[s, 0] - M[x, 1] * R[s, 1] - M[x, 2] * R[s, 2] + p[first + s, x]
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


@nb.njit(nb.void(I1, I2, F2, F2, F2, I1, I1, I1, F2, F2, F1, I1, I1, F3), **FLAGS)
def hessian(rows, index, lam, R, fit, owner, begin, member, A, S, c, row_first, col, H):
    """Add sum_l (C D)^T [bond blocks A + c S S^T] (C D) to the 3x3 blocks H of a pattern with sorted columns.

    A (n_bonds, 6), S (n_bonds, 3) and c (n_sites,) are the factors of `kernels.bond_factors` on the reconstructed bonds.
    """
    n = len(R)
    h = n // 2
    m_max = 0
    for l in range(len(begin) - 1):
        m_max = max(m_max, begin[l + 1] - begin[l])
    place = np.zeros(len(owner), np.int32)
    E, T, B = np.empty((h, n)), np.empty((n, m_max)), np.empty((6, m_max, m_max))
    U = np.empty((3, m_max))
    at = np.empty(m_max, np.int32)
    for l in range(len(rows)):
        a, m = rows[l], begin[l + 1] - begin[l]
        for k in range(m):
            place[member[begin[l] + k]] = k
        for r in range(h):  # E = (lam(l + s) - lam(l)) (I - R fit R^T)
            g0, g1, g2 = 0.0, 0.0, 0.0
            for s in range(n):
                t = lam[index[l, s], r] - lam[a, r]
                E[r, s] = t
                g0 += t * R[s, 0]
                g1 += t * R[s, 1]
                g2 += t * R[s, 2]
            f0 = g0 * fit[0, 0] + g1 * fit[1, 0] + g2 * fit[2, 0]
            f1 = g0 * fit[0, 1] + g1 * fit[1, 1] + g2 * fit[2, 1]
            f2 = g0 * fit[0, 2] + g1 * fit[1, 2] + g2 * fit[2, 2]
            for s in range(n):
                E[r, s] -= f0 * R[s, 0] + f1 * R[s, 1] + f2 * R[s, 2]
        for r in range(n):  # bond r from the atoms of the site, images folded
            half, sign = (r, 0.5) if r < h else (r - h, -0.5)
            for k in range(m):
                T[r, k] = 0.0
            for s in range(n):
                t = sign * E[half, s]
                T[r, place[owner[index[l, s]]]] += t
                T[r, 0] -= t
            T[r, place[owner[index[l, r]]]] += 1.0
            T[r, 0] -= 1.0
        for x in range(3):
            for k in range(m):
                U[x, k] = 0.0
        B[:, :m, :m] = 0.0
        for r in range(n):
            q = l * n + r
            if A[q, 0] == 0.0 and A[q, 1] == 0.0 and A[q, 2] == 0.0 and S[q, 0] == S[q, 1] == S[q, 2] == 0.0:
                continue
            for x in range(3):
                for k in range(m):
                    U[x, k] += T[r, k] * S[q, x]
            for i in range(m):
                if T[r, i] == 0.0:
                    continue
                for e in range(6):
                    t = T[r, i] * A[q, e]
                    for k in range(m):
                        B[e, i, k] += t * T[r, k]
        for i in range(m):
            b = member[begin[l] + i]
            for k in range(m):  # members are looked up in the sorted row
                lo, hi, j = row_first[b], row_first[b + 1], member[begin[l] + k]
                while hi - lo > 1:
                    mid = (lo + hi) // 2
                    if col[mid] <= j:
                        lo = mid
                    else:
                        hi = mid
                at[k] = lo
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
