"""Bonds of ACE sites, eight sites side by side: densities A_nlm = sum R_nl(r) Y_lm, gradients, second derivatives.

Y_lm = p_lm(n_z) (n_x + i n_y)^m with Y_00 = 1 and the phase of Condon and Shortley. A function phi(r, n) of a bond has
dphi/dD = phi_r n + (1/r) P grad phi, P = 1 - n n, where grad takes the components of n for independent.
Numbers of a species are ordered by m, l, n, real before imaginary part, then the sums of g (`atomistics.potentials.ace_tables.Layout`).
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .ace_radial import C1, INVERSE, NX, NY, NZ, P1, ROWS, C, base_functions
from .pair import F1, F2, FROM_KERNELS, FROM_PYTHON, i8
from .panels import panel_product
from .vector import load, splat, store

SHAPE = nb.types.UniTuple(i8, 5)
SPECIES, RADIAL, LEVELS, BASE, KIND = range(5)
"""Numbers of species, of n, of l, of functions g, and which basis they are: two bits for each species of neighbours."""


@nb.njit(i8(SHAPE), **FROM_PYTHON)
def numbers_each(shape):
    """Numbers of one species of neighbours."""
    return shape[RADIAL] * shape[LEVELS] * shape[LEVELS] + shape[BASE]


@nb.njit(nb.void(i8, F2, F1, i8, i8, F1), **FROM_KERNELS)
def legendre(L, t, B, bond, order, p):
    """p_lm of a bond at l (l + 1) / 2 + m, and after all of them their derivatives by n_z up to ``order``."""
    size = L * (L + 1) // 2
    z, zero = load(B, ROWS * bond + NZ), splat(0.0)
    store(p, 0, splat(1.0))
    store(p, size, zero)
    store(p, 2 * size, zero)
    for l in range(1, L):
        o, o1, o2 = l * (l + 1) // 2, (l - 1) * l // 2, (l - 2) * (l - 1) // 2
        for m in range(l - 1):
            a, b = t[0, o + m], t[1, o + m]
            q, q1 = load(p, o1 + m), load(p, size + o1 + m)
            store(p, o + m, a * (z * q - b * load(p, o2 + m)))
            if order > 0:
                store(p, size + o + m, a * (q + z * q1 - b * load(p, size + o2 + m)))
            if order > 1:
                q2 = load(p, 2 * size + o1 + m)
                store(p, 2 * size + o + m, a * (2.0 * q1 + z * q2 - b * load(p, 2 * size + o2 + m)))
        q = load(p, o1 + l - 1)
        below = t[2, o + l - 1] * q
        store(p, o + l - 1, below * z)
        store(p, o + l, t[3, o + l] * q)
        store(p, size + o + l - 1, below)
        for i in range(2):
            store(p, (i + 1) * size + o + l, zero)
        store(p, 2 * size + o + l - 1, zero)


@nb.njit(nb.void(SHAPE, F1, F2, F1, i8, i8, i8, F1, F1, F1), **FROM_KERNELS)
def bond_functions(shape, radial, t, B, bond, kind, order, g, R, p):
    """g, R_nl at l (numbers of n) + n, and p_lm of a bond to species ``kind``, each followed by its derivatives up to ``order``."""
    base = shape[BASE]
    rows = 4 * ((shape[RADIAL] * shape[LEVELS] + 3) // 4)
    base_functions((shape[KIND] >> (2 * kind)) & 3, B, bond, base, order, g)
    for i in range(order + 1):
        for row in range(0, rows, 4):
            panel_product(radial, (kind * rows + row) * base, base, 1, g, i * base, base, R, i * rows + row)
    legendre(shape[LEVELS], t, B, bond, order, p)


@nb.njit(nb.void(SHAPE, F1, F2, i8, P1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def density(shape, radial, t, n, kinds, B, g, R, p, A):
    """Numbers A of all species and the core repulsion after them, sums over n bonds."""
    each, levels, many = numbers_each(shape), shape[LEVELS], shape[RADIAL]
    for i in range(shape[SPECIES] * each + 1):
        store(A, i, splat(0.0))
    core = splat(0.0)
    for k in range(n):
        bond_functions(shape, radial, t, B, k, kinds[k], 0, g, R, p)
        core = core + load(B, ROWS * k + C)
        x, y = load(B, ROWS * k + NX), load(B, ROWS * k + NY)
        a = nb.uint64(each * kinds[k])
        for l in range(levels):
            q = load(p, l * (l + 1) // 2)
            for i in range(nb.uint64(l * many), nb.uint64((l + 1) * many)):
                store(A, i8(a), load(A, i8(a)) + load(R, i8(i)) * q)
                a += nb.uint64(1)
        er, ei = x, y
        for m in range(1, levels):
            for l in range(m, levels):
                q = load(p, l * (l + 1) // 2 + m)
                yr, yi = q * er, q * ei
                for i in range(nb.uint64(l * many), nb.uint64((l + 1) * many)):
                    v = load(R, i8(i))
                    store(A, i8(a), load(A, i8(a)) + v * yr)
                    store(A, i8(a + nb.uint64(1)), load(A, i8(a + nb.uint64(1))) + v * yi)
                    a += nb.uint64(2)
            er, ei = er * x - ei * y, er * y + ei * x
        for i in range(shape[BASE]):
            store(A, i8(a), load(A, i8(a)) + load(g, i))
            a += nb.uint64(1)
    store(A, shape[SPECIES] * each, core)


@nb.njit(nb.void(SHAPE, F1, F2, i8, P1, F1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def bond_gradients(shape, radial, t, n, kinds, B, w, g, R, p, G):
    """G [bond, 3] = dV/dD of n bonds, from w = dV/dA (without the nearest neighbour's)."""
    each, levels, many, base = numbers_each(shape), shape[LEVELS], shape[RADIAL], shape[BASE]
    rows, size = 4 * ((many * levels + 3) // 4), levels * (levels + 1) // 2
    zero = splat(0.0)
    core = load(w, shape[SPECIES] * each)
    for k in range(n):
        o = ROWS * k
        bond_functions(shape, radial, t, B, k, kinds[k], 1, g, R, p)
        x, y, z = load(B, o + NX), load(B, o + NY), load(B, o + NZ)
        fr, gx, gy, gz = core * load(B, o + C1), zero, zero, zero
        a = nb.uint64(each * kinds[k])
        for l in range(levels):
            c, d = zero, zero
            for i in range(nb.uint64(l * many), nb.uint64((l + 1) * many)):
                v = load(w, i8(a))
                c = c + load(R, i8(i)) * v
                d = d + load(R, i8(i) + rows) * v
                a += nb.uint64(1)
            q = l * (l + 1) // 2
            fr = fr + load(p, q) * d
            gz = gz + load(p, size + q) * c
        lr, li, er, ei = splat(1.0), zero, x, y
        for m in range(1, levels):
            for l in range(m, levels):
                cr, ci, dr, di = zero, zero, zero, zero
                for i in range(nb.uint64(l * many), nb.uint64((l + 1) * many)):
                    v, v1 = load(R, i8(i)), load(R, i8(i) + rows)
                    wr, wi = load(w, i8(a)), load(w, i8(a + nb.uint64(1)))
                    cr, ci, dr, di = cr + v * wr, ci + v * wi, dr + v1 * wr, di + v1 * wi
                    a += nb.uint64(2)
                q = l * (l + 1) // 2 + m
                pm = load(p, q)
                fr = fr + pm * (dr * er + di * ei)
                gz = gz + load(p, size + q) * (cr * er + ci * ei)
                pm = (1.0 * m) * pm
                gx = gx + pm * (cr * lr + ci * li)
                gy = gy + pm * (ci * lr - cr * li)
            lr, li = er, ei
            er, ei = er * x - ei * y, er * y + ei * x
        for i in range(base):
            fr = fr + load(w, i8(a)) * load(g, base + i)
            a += nb.uint64(1)
        ri = load(B, o + INVERSE)
        f = fr - ri * (gx * x + gy * y + gz * z)
        store(G, 3 * k, f * x + ri * gx)
        store(G, 3 * k + 1, f * y + ri * gy)
        store(G, 3 * k + 2, f * z + ri * gz)
