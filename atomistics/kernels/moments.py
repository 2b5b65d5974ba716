"""Compiled kernel of the Cauchy-Born response of pair functionals: one site whose bonds are F R, at many F.

A length is r^2 = R . (F^T F) R, the stress is F s with s = sum (phi'/2r + F'(rho) f'/r) R R^T over the bonds, and the tangent has
moments of fourth order besides (M. Born & K. Huang, Dynamical Theory of Crystal Lattices, 1954, section 11): all of it sums over bonds
of what belongs to the crystal times one number a bond, in loops that vectorise. Components of F R take 18 products a bond, and 81.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import (
    BOND,
    EMBED,
    F1,
    F2,
    F3,
    F5,
    FLAGS,
    FROM_KERNELS,
    FROM_PYTHON,
    I1,
    TABLE,
    bond_functions,
    embedding,
    f8,
    i4,
    i8,
)

LENGTH, SLOPE, SLOPE_OF_DENSITY, CURVATURE, CURVATURE_OF_DENSITY, PRODUCT = range(6)
"""Rows of the buffer of a site's bonds: r, phi'/2r, f'/r, (phi''/2 - phi'/2r)/r^2, (f'' - f'/r)/r^2; and room for a product."""


@nb.njit(nb.void(F2, F2), **FROM_KERNELS)
def dyads(R, S):
    """S (d (d + 1) / 2, n): the products R_J R_K, J <= K, of the components of all bonds R (n, d)."""
    p = 0
    for j in range(R.shape[1]):
        for k in range(j, R.shape[1]):
            for b in range(len(R)):
                S[p, b] = R[b, j] * R[b, k]
            p += 1


@nb.njit(nb.void(F3, i8, F2, F2), **FROM_KERNELS)
def lengths(F, q, S, B):
    """B[LENGTH]: lengths of the bonds whose dyads are S, under F[q]."""
    n, d, p = S.shape[1], F.shape[2], 0
    for b in range(n):
        B[LENGTH, b] = 0.0
    for j in range(d):
        for k in range(j, d):
            c = F[q, 0, j] * F[q, 0, k] + F[q, 1, j] * F[q, 1, k] + F[q, 2, j] * F[q, 2, k]
            if k > j:
                c *= 2.0
            for b in range(n):
                B[LENGTH, b] += c * S[p, b]
            p += 1
    for b in range(n):
        B[LENGTH, b] = np.sqrt(max(B[LENGTH, b], 0.0))  # of atoms that meet, rounding may leave less than nothing


@nb.njit(f8(F2, i8, F2, i8), **FROM_KERNELS)
def moment(S, p, B, row):
    """sum_b B[row, b] S[p, b]."""
    s = 0.0
    for b in range(S.shape[1]):
        s += B[row, b] * S[p, b]
    return s


@nb.njit(nb.void(F3, i8, F1, F2), **FROM_KERNELS)
def pushed(F, q, s, out):
    """out (3, d) = F[q] s for a symmetric s, its upper triangle row by row."""
    d = F.shape[2]
    for i in range(3):
        for j in range(d):
            out[i, j] = 0.0
        p = 0
        for j in range(d):
            for k in range(j, d):
                out[i, j] += F[q, i, k] * s[p]
                if k > j:
                    out[i, k] += F[q, i, j] * s[p]
                p += 1


@nb.njit(inline="always", **FLAGS)
def tangent(d, F, q, s, g, Q, E2, G, X, T, C):
    """C[q]_iJxL = delta_ix s_JL + F_iA F_xB Q_(JL)(AB) + E2 G_iJ G_xL with G = F g; Q is symmetric; X, T: work space (d, d), (3, d)."""
    pushed(F, q, g, G)
    o = 0
    for j in range(d):
        for l in range(j, d):
            p = 0
            for a in range(d):
                for b in range(a, d):
                    X[a, b] = Q[o, p]
                    X[b, a] = Q[o, p]
                    p += 1
            for i in range(3):
                for b in range(d):
                    T[i, b] = 0.0
                    for a in range(d):
                        T[i, b] += F[q, i, a] * X[a, b]
            for i in range(3):
                for x in range(3):
                    h = s[o] if i == x else 0.0
                    for b in range(d):
                        h += T[i, b] * F[q, x, b]
                    C[q, i, j, x, l] = h + E2 * G[i, j] * G[x, l]
                    C[q, i, l, x, j] = h + E2 * G[i, l] * G[x, j]
            o += 1


@nb.njit(nb.types.UniTuple(f8, 2)(f8[:, :, :, ::1], f8, i4, I1, f8, nb.boolean, F2), **FROM_KERNELS)
def from_table(table, dr, a, types, cutoff, second, B):
    """Fill the rows of all bonds from lengths, by splines; the sums of phi and f. `bond_functions` takes four times as long here."""
    inv, last = 1.0 / dr, table.shape[2] - 2
    pair, rho = 0.0, 0.0
    for b in range(len(types)):
        r, w = B[LENGTH, b], types[b]
        t = min(r * inv, last + 1.0)
        k = max(min(int(t), last), 0)  # an integer made of no number would lie outside the table
        t -= k
        inside = 1.0 if r < cutoff else 0.0
        ri = inside / r
        f = ((table[a, w, k, 3] * t + table[a, w, k, 2]) * t + table[a, w, k, 1]) * t + table[a, w, k, 0]
        f1 = ((3.0 * table[a, w, k, 3] * t + 2.0 * table[a, w, k, 2]) * t + table[a, w, k, 1]) * inv
        z = ((table[a, w, k, 7] * t + table[a, w, k, 6]) * t + table[a, w, k, 5]) * t + table[a, w, k, 4]
        z1 = ((3.0 * table[a, w, k, 7] * t + 2.0 * table[a, w, k, 6]) * t + table[a, w, k, 5]) * inv
        phi = z * ri
        phi1 = (z1 - phi) * ri
        B[SLOPE, b], B[SLOPE_OF_DENSITY, b] = 0.5 * phi1 * ri, f1 * ri
        pair += phi
        rho += f * inside
        if second:
            f2 = (6.0 * table[a, w, k, 3] * t + 2.0 * table[a, w, k, 2]) * inv * inv
            z2 = (6.0 * table[a, w, k, 7] * t + 2.0 * table[a, w, k, 6]) * inv * inv
            B[CURVATURE, b] = (0.5 * (z2 - 2.0 * phi1) * ri - B[SLOPE, b]) * ri * ri
            B[CURVATURE_OF_DENSITY, b] = (f2 - B[SLOPE_OF_DENSITY, b]) * ri * ri
    return pair, rho


@nb.njit(nb.types.UniTuple(f8, 2)(*BOND, i4, I1, f8, F2), **FROM_KERNELS)
def from_functions(kind, p, table, dr, a, types, cutoff, B):
    """As `from_table`, of any kind."""
    pair, rho = 0.0, 0.0
    for b in range(len(types)):
        r = B[LENGTH, b]
        if r >= cutoff:
            B[SLOPE, b], B[SLOPE_OF_DENSITY, b], B[CURVATURE, b], B[CURVATURE_OF_DENSITY, b] = 0.0, 0.0, 0.0, 0.0
            continue
        phi, phi1, phi2, f, f1, f2 = bond_functions(kind, p, table, dr, a, types[b], r)
        ri = 1.0 / r
        B[SLOPE, b], B[SLOPE_OF_DENSITY, b] = 0.5 * phi1 * ri, f1 * ri
        B[CURVATURE, b] = (0.5 * phi2 - B[SLOPE, b]) * ri * ri
        B[CURVATURE_OF_DENSITY, b] = (f2 - B[SLOPE_OF_DENSITY, b]) * ri * ri
        pair += phi
        rho += f
    return pair, rho


@nb.njit(nb.void(F2, *BOND, *EMBED, I1, i4, f8, F3, F1, F3, F5, nb.boolean, f8), **FROM_PYTHON)
def cauchy_born(R, kind, p, bonds, dr, pe, embed, types, site_type, cutoff, F, W, P, C, second, copies):
    """W, dW/dF and (if ``second``) d2W/dF2 of one site with bonds F R, for all F[k] (3, d) and bonds R (n, d), each ``copies`` times."""
    n, d = R.shape
    pairs = d * (d + 1) // 2
    S, B, Q, G = np.empty((pairs, n)), np.empty((6, n)), np.empty((pairs, pairs)), np.empty((3, d))
    s, g, X, T = np.empty(pairs), np.empty(pairs), np.empty((d, d)), np.empty((3, d))
    dyads(R, S)
    for q in range(len(F)):
        lengths(F, q, S, B)
        if kind == TABLE:
            pair, rho = from_table(bonds, dr, site_type, types, cutoff, second, B)
        else:
            pair, rho = from_functions(kind, p, bonds, dr, site_type, types, cutoff, B)
        E, E1, E2 = embedding(kind, pe, embed, site_type, copies * rho)
        W[q] = copies * 0.5 * pair + E
        for k in range(pairs):
            g[k] = copies * moment(S, k, B, SLOPE_OF_DENSITY)
            s[k] = copies * moment(S, k, B, SLOPE) + E1 * g[k]
        pushed(F, q, s, P[q])
        if not second:
            continue
        for b in range(n):
            B[CURVATURE, b] = copies * (B[CURVATURE, b] + E1 * B[CURVATURE_OF_DENSITY, b])
        for k in range(pairs):
            for b in range(n):
                B[PRODUCT, b] = B[CURVATURE, b] * S[k, b]
            for l in range(k, pairs):
                Q[k, l] = Q[l, k] = moment(S, l, B, PRODUCT)
        if d == 3:  # a constant unrolls the loops
            tangent(3, F, q, s, g, Q, E2, G, X, T, C)
        else:
            tangent(d, F, q, s, g, Q, E2, G, X, T, C)
