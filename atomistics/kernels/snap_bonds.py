"""Bonds of SNAP sites, eight sites side by side: matrices u of a bond, density, gradient.

A bond is a point (a, b) on the 3-sphere, a = c - i s n_z, b = s (n_y - i n_x), with c, s = cos, sin of theta(r) and n its
direction. Level j of it is u_j[mb, ma], here without the square roots of Wigner's matrices, which are in the tables: the
coefficient of x^ma in (a* - b* x)^(j - mb) (b + a x)^mb. Rows 2 mb <= j are stored, and for odd j < J one more, so that
the recursion and all derivatives stay inside what is stored; the rest is u_j[j-mb, j-ma] = (-1)^(mb-ma) conj u_j[mb, ma].
A function F of u has derivatives that are sums over the level below: no product rule is ever spelled out.

A. P. Thompson, L. P. Swiler, C. R. Trott, S. M. Foiles & G. J. Tucker, J. Comput. Phys. 285 (2015) 316.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, FROM_KERNELS, f8, i8
from .vector import W, load, splat, store

AR, AI, BR, BI, NX, NY, NZ, WEIGHT, WEIGHT1, WEIGHT2, COS, SIN, THETA1, INVERSE, ROWS = range(15)
"""Rows of a bond: a, b, direction, w f, w f', w f'', cos and sin theta, theta', 1/r; their number."""
RMIN, RFAC, SWITCH, SELF_ALL = range(4)
"""Parameters: where theta and the switch begin, largest theta over pi, whether there is a switch, whether a site is in all densities."""
P1 = nb.int64[::1]


@nb.njit(nb.void(F1, F1, F1, i8, i8, P1, F1, F1), **FROM_KERNELS)
def geometry(R, weight, p, own, n, kinds, D, B):
    """Rows B [bond, row] of n bonds D [bond, 3] of sites of type ``own``: bond k is to type kinds[k]; w f = 0 beyond the cutoff."""
    for k in range(n):
        rc = R[own] + R[kinds[k]]
        span = 1.0 / (rc - p[RMIN])
        theta1 = p[RFAC] * np.pi * span
        for s in range(W):
            x, y, z = D[(3 * k) * W + s], D[(3 * k + 1) * W + s], D[(3 * k + 2) * W + s]
            r = np.sqrt(x * x + y * y + z * z)
            ri = 1.0 / r
            f, f1, f2 = 1.0, 0.0, 0.0
            if r >= rc:
                f = 0.0
            elif p[SWITCH] != 0.0 and r > p[RMIN]:
                q = np.pi * span
                c, t = np.cos(q * (r - p[RMIN])), np.sin(q * (r - p[RMIN]))
                f, f1, f2 = 0.5 * (c + 1.0), -0.5 * q * t, -0.5 * q * q * c
            w = weight[kinds[k]]
            c, t = np.cos(theta1 * (r - p[RMIN])), np.sin(theta1 * (r - p[RMIN]))
            x, y, z = x * ri, y * ri, z * ri
            o = ROWS * k * W + s
            B[o + AR * W], B[o + AI * W], B[o + BR * W], B[o + BI * W] = c, -t * z, t * y, -t * x
            B[o + NX * W], B[o + NY * W], B[o + NZ * W] = x, y, z
            B[o + WEIGHT * W], B[o + WEIGHT1 * W], B[o + WEIGHT2 * W] = w * f, w * f1, w * f2
            B[o + COS * W], B[o + SIN * W], B[o + THETA1 * W], B[o + INVERSE * W] = c, t, theta1, ri


@nb.njit(nb.void(i8, i8, F1), **FROM_KERNELS)
def mirror(j, at, u):
    """The row beyond the middle of an odd level, from the one before it."""
    mb = (j + 1) // 2
    o, q = 2 * (at + mb * (j + 1)), 2 * (at + (j - mb) * (j + 1))
    for ma in range(j + 1):
        sign = 1.0 - 2.0 * ((ma + mb) & 1)
        store(u, o + 2 * ma, sign * load(u, q + 2 * (j - ma)))
        store(u, o + 2 * ma + 1, (-sign) * load(u, q + 2 * (j - ma) + 1))


@nb.njit(nb.void(i8, P1, F1, i8, F1), **FROM_KERNELS)
def levels(J, at, B, k, u):
    """u of bond k: real part of element i at 2 i, imaginary part after it; level j begins at element at[j]."""
    ar, ai, br, bi = load(B, ROWS * k), load(B, ROWS * k + 1), load(B, ROWS * k + 2), load(B, ROWS * k + 3)
    zero = splat(0.0)
    store(u, 0, splat(1.0))
    store(u, 1, zero)
    for j in range(1, J + 1):
        for mb in range(j // 2 + 1):
            pr, pi = zero, zero
            q, o = 2 * (at[j - 1] + mb * j), 2 * (at[j] + mb * (j + 1))
            for ma in range(j):
                cr, ci = load(u, q + 2 * ma), load(u, q + 2 * ma + 1)
                store(u, o + 2 * ma, ar * cr + ai * ci - (br * pr + bi * pi))
                store(u, o + 2 * ma + 1, ar * ci - ai * cr - (br * pi - bi * pr))
                pr, pi = cr, ci
            store(u, o + 2 * j, zero - (br * pr + bi * pi))
            store(u, o + 2 * j + 1, bi * pr - br * pi)
        if j & 1 and j < J:
            mirror(j, at[j], u)


@nb.njit(nb.void(i8, P1, F1, i8, F1, i8, F1, F1), **FROM_KERNELS)
def level_tangents(J, at, B, k, d, first, u, du):
    """Derivative du of u (see `levels`) where (a, b) has the derivative d, four vectors from the ``first`` on."""
    ar, ai, br, bi = load(B, ROWS * k), load(B, ROWS * k + 1), load(B, ROWS * k + 2), load(B, ROWS * k + 3)
    er, ei, fr, fi = load(d, first), load(d, first + 1), load(d, first + 2), load(d, first + 3)
    zero = splat(0.0)
    store(du, 0, zero)
    store(du, 1, zero)
    for j in range(1, J + 1):
        for mb in range(j // 2 + 1):
            pr, pi, xr, xi = zero, zero, zero, zero
            q, o = 2 * (at[j - 1] + mb * j), 2 * (at[j] + mb * (j + 1))
            for ma in range(j):
                cr, ci, yr, yi = (
                    load(u, q + 2 * ma),
                    load(u, q + 2 * ma + 1),
                    load(du, q + 2 * ma),
                    load(du, q + 2 * ma + 1),
                )
                t = ar * yr + ai * yi - (br * xr + bi * xi)
                store(du, o + 2 * ma, t + er * cr + ei * ci - (fr * pr + fi * pi))
                t = ar * yi - ai * yr - (br * xi - bi * xr)
                store(du, o + 2 * ma + 1, t + er * ci - ei * cr - (fr * pi - fi * pr))
                pr, pi, xr, xi = cr, ci, yr, yi
            store(du, o + 2 * j, zero - (br * xr + bi * xi) - (fr * pr + fi * pi))
            store(du, o + 2 * j + 1, bi * xr - br * xi + fi * pr - fr * pi)
        if j & 1 and j < J:
            mirror(j, at[j], du)


@nb.njit(nb.void(i8, P1, i8, i8, f8, i8, P1, F1, F1, F1), **FROM_KERNELS)
def density(J, at, densities, own, self_all, n, kinds, B, u, x):
    """x = what the site itself gives plus sum w f u over its n bonds; of several densities each bond belongs to that of its type."""
    size = 2 * at[J + 1]
    for i in range(size * densities):
        store(x, i, splat(0.0))
    for e in range(densities):
        if densities == 1 or self_all != 0.0 or e == own:
            for j in range(J + 1):
                for m in range((j + 1) // 2 + 1):
                    if 2 * m <= j or j < J:
                        store(x, size * e + 2 * (at[j] + m * (j + 1) + m), splat(1.0))
    for k in range(n):
        levels(J, at, B, k, u)
        w, o = load(B, ROWS * k + WEIGHT), size * kinds[k] if densities > 1 else 0
        for i in range(size):
            store(x, o + i, load(x, o + i) + w * load(u, i))


@nb.njit(nb.void(i8, P1, i8, F1, F1), **FROM_KERNELS)
def sum_coefficients(J, at, densities, g, S):
    """What `bond_sums` multiplies u with, from the gradient g = dV/dx: eight numbers for each element below level J."""
    zero = splat(0.0)
    size = at[J + 1]
    for e in range(densities):
        for j in range(1, J + 1):
            for mb in range(j // 2 + 1):
                up, down = mb + 1.0, f8(j - mb)
                for ma in range(j):
                    h = 2 * (e * size + at[j] + mb * (j + 1) + ma)
                    cr, ci, dr, di = (
                        down * load(g, h),
                        down * load(g, h + 1),
                        (-down) * load(g, h + 2),
                        (-down) * load(g, h + 3),
                    )
                    a, b, c, d = zero, zero, zero, zero
                    if 2 * (mb + 1) <= j:
                        h += 2 * (j + 1)
                        c, d, a, b = (
                            up * load(g, h),
                            (-up) * load(g, h + 1),
                            up * load(g, h + 2),
                            (-up) * load(g, h + 3),
                        )
                    o = 8 * (e * size + at[j - 1] + mb * j + ma)
                    store(S, o, a + cr)
                    store(S, o + 1, b + ci)
                    store(S, o + 2, ci - b)
                    store(S, o + 3, a - cr)
                    store(S, o + 4, c + dr)
                    store(S, o + 5, d + di)
                    store(S, o + 6, di - d)
                    store(S, o + 7, c - dr)


@nb.njit(nb.void(i8, i8, F1, F1, F1, i8), **FROM_KERNELS)
def bond_sums(n, begin, S, u, out, first):
    """Re, Im of 2 dF/da and of 2 dF/db for u of a bond, or their derivatives for its derivative: n elements below level J.

    Written from the vector ``first`` of ``out`` on. (Im 2 dF/db, Re 2 dF/db, Im 2 dF/da) is q, dual to s n.
    """
    a0, a1, b0, b1 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
    for i in range(n):
        p = 8 * (begin + i)
        ur, ui = load(u, 2 * i), load(u, 2 * i + 1)
        a0 = a0 + (load(S, p) * ur + load(S, p + 2) * ui)
        a1 = a1 + (load(S, p + 1) * ur + load(S, p + 3) * ui)
        b0 = b0 + (load(S, p + 4) * ur + load(S, p + 6) * ui)
        b1 = b1 + (load(S, p + 5) * ur + load(S, p + 7) * ui)
    store(out, first, a0)
    store(out, first + 1, a1)
    store(out, first + 2, b0)
    store(out, first + 3, b1)


@nb.njit(nb.void(i8, P1, i8, i8, P1, F1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def bond_gradients(J, at, densities, n, kinds, B, g, S, u, t, G):
    """G [bond, 3] = dV/dD of n bonds."""
    size = at[J + 1]
    for k in range(n):
        e, o = kinds[k] if densities > 1 else 0, ROWS * k
        levels(J, at, B, k, u)
        bond_sums(at[J], e * size, S, u, t, 0)
        F0, F1_ = splat(0.0), splat(0.0)
        for i in range(size):
            h = 2 * (e * size + i)
            F0 = F0 + load(g, h) * load(u, 2 * i)
            F1_ = F1_ + load(g, h + 1) * load(u, 2 * i + 1)
        n0, n1, n2, w = load(B, o + NX), load(B, o + NY), load(B, o + NZ), load(B, o + WEIGHT)
        ga, q0, q1, q2 = load(t, 0), load(t, 3), load(t, 2), load(t, 1)
        qn = q0 * n0 + q1 * n1 + q2 * n2
        turn = w * (load(B, o + SIN) * load(B, o + INVERSE))
        along = load(B, o + WEIGHT1) * (F0 + F1_) - turn * qn
        along = along + w * load(B, o + THETA1) * (load(B, o + COS) * qn - load(B, o + SIN) * ga)
        store(G, 3 * k, along * n0 + turn * q0)
        store(G, 3 * k + 1, along * n1 + turn * q1)
        store(G, 3 * k + 2, along * n2 + turn * q2)
