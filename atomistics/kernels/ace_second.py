"""Second derivatives of the bonds of ACE sites, eight sites side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .ace_bonds import BASE, LEVELS, RADIAL, SHAPE, SPECIES, bond_functions, numbers_each
from .ace_radial import C1, C2, INVERSE, NX, ROWS
from .pair import F1, F2, FROM_KERNELS, i8
from .vector import load, splat, store

PHI1, PHI2, G, G1, XX, XY, XZ, YZ, ZZ = 0, 1, 2, 5, 8, 9, 10, 11, 12
"""Derivatives of phi: by r once and twice, by n (3), by r and n (3), by n twice (of which yy = -xx)."""


@nb.njit(nb.void(SHAPE, F1, i8, i8, F1, F1, F1, F1, F1), **FROM_KERNELS)
def curvatures(shape, B, bond, kind, w, g, R, p, s):
    """Derivatives s of phi = w . A of one bond."""
    each, levels, many, base = numbers_each(shape), shape[LEVELS], shape[RADIAL], shape[BASE]
    rows, size, zero = 4 * ((many * levels + 3) // 4), levels * (levels + 1) // 2, splat(0.0)
    o, core = ROWS * bond, load(w, shape[SPECIES] * each)
    x, y = load(B, o + NX), load(B, o + NX + 1)
    for i in range(13):
        store(s, i, zero)
    f1, f2 = core * load(B, o + C1), core * load(B, o + C2)
    a = each * kind
    er, ei, lr, li, kr, ki = splat(1.0), zero, zero, zero, zero, zero
    for m in range(levels):
        up, upper = 1.0 * m, 1.0 * m * (m - 1)
        for l in range(m, levels):
            cr, ci, dr, di, hr, hi = zero, zero, zero, zero, zero, zero
            for i in range(l * many, (l + 1) * many):
                v, v1, v2, wr, wi = load(R, i), load(R, rows + i), load(R, 2 * rows + i), load(w, a), zero
                if m > 0:
                    wi = load(w, a + 1)
                    a += 1
                a += 1
                cr, ci, dr, di, hr, hi = cr + v * wr, ci + v * wi, dr + v1 * wr, di + v1 * wi, hr + v2 * wr, hi + v2 * wi
            q = l * (l + 1) // 2 + m
            p0, p1, p2 = load(p, q), load(p, size + q), load(p, 2 * size + q)
            f1 = f1 + p0 * (dr * er + di * ei)
            f2 = f2 + p0 * (hr * er + hi * ei)
            # d/dx (x + i y)^m = m (x + i y)^(m - 1), d/dy = i times that
            store(s, G, load(s, G) + up * p0 * (cr * lr + ci * li))
            store(s, G + 1, load(s, G + 1) + up * p0 * (ci * lr - cr * li))
            store(s, G + 2, load(s, G + 2) + p1 * (cr * er + ci * ei))
            store(s, G1, load(s, G1) + up * p0 * (dr * lr + di * li))
            store(s, G1 + 1, load(s, G1 + 1) + up * p0 * (di * lr - dr * li))
            store(s, G1 + 2, load(s, G1 + 2) + p1 * (dr * er + di * ei))
            store(s, XX, load(s, XX) + upper * p0 * (cr * kr + ci * ki))
            store(s, XY, load(s, XY) + upper * p0 * (ci * kr - cr * ki))
            store(s, XZ, load(s, XZ) + up * p1 * (cr * lr + ci * li))
            store(s, YZ, load(s, YZ) + up * p1 * (ci * lr - cr * li))
            store(s, ZZ, load(s, ZZ) + p2 * (cr * er + ci * ei))
        kr, ki, lr, li = lr, li, er, ei
        er, ei = er * x - ei * y, er * y + ei * x
    for i in range(base):
        f1 = f1 + load(w, a + i) * load(g, base + i)
        f2 = f2 + load(w, a + i) * load(g, 2 * base + i)
    store(s, PHI1, f1)
    store(s, PHI2, f2)


@nb.njit(nb.void(F1, i8, F1, F1), **FROM_KERNELS)
def bond_block(B, bond, s, H):
    """H [bond, x, y] = d2 phi/dDdD from `curvatures`: the formula of the module `ace_bonds`, once more."""
    o, zero = ROWS * bond, splat(0.0)
    ri = load(B, o + INVERSE)
    n = (load(B, o + NX), load(B, o + NX + 1), load(B, o + NX + 2))
    g, g1 = (load(s, G), load(s, G + 1), load(s, G + 2)), (load(s, G1), load(s, G1 + 1), load(s, G1 + 2))
    xx, xy, xz, yz, zz = load(s, XX), load(s, XY), load(s, XZ), load(s, YZ), load(s, ZZ)
    h = (xx, xy, xz, xy, zero - xx, yz, xz, yz, zz)
    ng, ng1 = n[0] * g[0] + n[1] * g[1] + n[2] * g[2], n[0] * g1[0] + n[1] * g1[1] + n[2] * g1[2]
    hn = (
        h[0] * n[0] + h[1] * n[1] + h[2] * n[2],
        h[3] * n[0] + h[4] * n[1] + h[5] * n[2],
        h[6] * n[0] + h[7] * n[1] + h[8] * n[2],
    )
    nhn = n[0] * hn[0] + n[1] * hn[1] + n[2] * hn[2]
    f1, f2 = load(s, PHI1), load(s, PHI2)
    # (1/r) (P g' - P g / r) is what mixes r and n
    c = (
        ri * (g1[0] - ng1 * n[0] - ri * (g[0] - ng * n[0])),
        ri * (g1[1] - ng1 * n[1] - ri * (g[1] - ng * n[1])),
        ri * (g1[2] - ng1 * n[2] - ri * (g[2] - ng * n[2])),
    )
    ri2 = ri * ri
    across = ri * f1 - ri2 * ng
    for x in range(3):
        for y in range(3):
            both = n[x] * n[y]
            v = f2 * both + n[x] * c[y] + n[y] * c[x]
            v = v + across * ((1.0 if x == y else 0.0) - both)
            v = v + ri2 * (h[3 * x + y] - n[x] * hn[y] - n[y] * hn[x] + nhn * both)
            store(H, 9 * bond + 3 * x + y, v)


@nb.njit(nb.void(SHAPE, F1, i8, F1, F1, F1, F1), **FROM_KERNELS)
def slopes(shape, B, bond, g, R, p, X):
    """X [x, number] = dA/dD of a bond: the numbers of its species."""
    each, levels, many, base = numbers_each(shape), shape[LEVELS], shape[RADIAL], shape[BASE]
    rows, size, o = 4 * ((many * levels + 3) // 4), levels * (levels + 1) // 2, ROWS * bond
    n0, n1, n2, ri = load(B, o + NX), load(B, o + NX + 1), load(B, o + NX + 2), load(B, o + INVERSE)
    zero = splat(0.0)
    er, ei, lr, li = splat(1.0), zero, zero, zero
    a = 0
    for m in range(levels):
        for l in range(m, levels):
            q = l * (l + 1) // 2 + m
            p0, p1 = load(p, q), load(p, size + q)
            yr, yi = p0 * er, p0 * ei
            up = (1.0 * m) * p0
            # gradients of the real and the imaginary part by n, across n, over r
            ar, ai, br, bi, cr, ci = up * lr, up * li, zero - up * li, up * lr, p1 * er, p1 * ei
            tr, ti = n0 * ar + n1 * br + n2 * cr, n0 * ai + n1 * bi + n2 * ci
            ar, br, cr = ri * (ar - tr * n0), ri * (br - tr * n1), ri * (cr - tr * n2)
            ai, bi, ci = ri * (ai - ti * n0), ri * (bi - ti * n1), ri * (ci - ti * n2)
            for i in range(l * many, (l + 1) * many):
                v, v1 = load(R, i), load(R, rows + i)
                t = v1 * yr
                store(X, a, t * n0 + v * ar)
                store(X, each + a, t * n1 + v * br)
                store(X, 2 * each + a, t * n2 + v * cr)
                a += 1
                if m > 0:
                    t = v1 * yi
                    store(X, a, t * n0 + v * ai)
                    store(X, each + a, t * n1 + v * bi)
                    store(X, 2 * each + a, t * n2 + v * ci)
                    a += 1
        lr, li = er, ei
        er, ei = er * n0 - ei * n1, er * n1 + ei * n0
    for i in range(base):
        t = load(g, base + i)
        store(X, a + i, t * n0)
        store(X, each + a + i, t * n1)
        store(X, 2 * each + a + i, t * n2)


@nb.njit(nb.void(SHAPE, F1, F2, F1, i8, i8, F1, F1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def bond_seconds(shape, radial, t, B, bond, kind, w, g, R, p, s, X, H):
    """X [x, number] = dA/dD of a bond and H [bond, x, y] = d2V/dDdD of it at constant w = dV/dA."""
    bond_functions(shape, radial, t, B, bond, kind, 2, g, R, p)
    curvatures(shape, B, bond, kind, w, g, R, p, s)
    bond_block(B, bond, s, H)
    slopes(shape, B, bond, g, R, p, X)
