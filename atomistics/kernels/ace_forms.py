"""Energy of ACE sites from their numbers A: rho_p are polynomials of A, V = f(core) sum_p w_p F(rho_p) + core, eight sites side by side.

A polynomial is a sum of c_p x y in groups of equal x, where x is a number or a product of numbers, each of which is worked out once.
With a core that the nearest neighbour switches on, V = f(d) sum_p w_p F(rho_p) + (1 - f(d)) core.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .ace_radial import NEAREST, falling
from .pair import F1, F2, FROM_KERNELS, f8, i8
from .vector import W, load, splat, store

G2, G1 = nb.int32[:, ::1], nb.int32[::1]
GROUP, FIRST, LAST, COEFFICIENT, PRODUCT = range(5)
FORM = nb.types.Tuple((G2, G1, G1, F2, G2))
"""First numbers of groups, where their monomials begin, the last numbers of these, coefficients [monomial, p], pairs of products."""
KIND, WEIGHT, EXPONENT = range(3)
"""Columns of densities: which F (see below), w, m."""
LINEAR, SHIFTED, PLAIN = range(3)
"""F(rho) = rho, FinnisSinclairShiftedScaled, FinnisSinclair."""
ALONE, SWITCH, CORE, CORE_WIDTH = range(4)
"""Parameters of a type: E0, what switches the core on, and where."""
SMALL, SHARP = 1e-10, 1e6
"""Densities of FinnisSinclair that count as 0, and where it changes from a line to a power."""
ENERGY = nb.types.Tuple((FORM, F2, F1))
SHARE, DS, DC, DD, DSC, DSD, DCC, DCD, DDD = range(9)
"""V and its derivatives by S = sum w F, core C and nearest distance D; V is linear in S."""


@nb.njit(nb.types.UniTuple(f8, 3)(f8, f8, f8), **FROM_KERNELS)
def embedding(kind, m, rho):
    """F, F', F''."""
    if kind == LINEAR:
        return rho, 1.0, 0.0
    a, sign = abs(rho), (1.0 if rho >= 0.0 else -1.0)
    if kind == SHIFTED:
        e, nu = np.exp(-a), 1.0 / m
        x, y = nu ** (nu / (1.0 - nu)) * e, nu ** (1.0 / (1.0 - nu)) * e
        t = (x + a) ** (m - 2.0)
        f, f1 = t * (x + a) * (x + a) - y, m * (1.0 - x) * t * (x + a) + y
        return sign * f, f1, sign * (m * (m - 1.0) * (1.0 - x) * (1.0 - x) * t + m * x * t * (x + a) - y)
    k = SHARP ** (1.0 - m)
    if a <= SMALL:
        return k * rho, k, 0.0
    q = SHARP * a
    g = np.exp(-q * q * q) if q * q * q <= 30.0 else 0.0
    g1, g2 = -3.0 * SHARP * q * q * g, (9.0 * q * q * q - 6.0) * q * SHARP * SHARP * g
    t = a ** (m - 2.0)
    f = (1.0 - g) * t * a * a + k * g * a
    f1 = (1.0 - g) * m * t * a - g1 * t * a * a + k * (g + a * g1)
    f2 = (1.0 - g) * m * (m - 1.0) * t - 2.0 * g1 * m * t * a - g2 * t * a * a + k * (2.0 * g1 + a * g2)
    return sign * f, f1, sign * f2


@nb.njit(nb.void(FORM, i8, F1), **FROM_KERNELS)
def products(form, size, x):
    """Products of the numbers x, after them."""
    pairs = form[PRODUCT]
    for i in range(len(pairs)):
        store(x, size + i, load(x, i8(pairs[i, 0])) * load(x, i8(pairs[i, 1])))


@nb.njit(nb.void(FORM, F1, F1), **FROM_KERNELS)
def densities(form, x, rho):
    """rho_p of numbers and products x."""
    group, first, last, c = form[GROUP], form[FIRST], form[LAST], form[COEFFICIENT]
    many = c.shape[1]
    for d in range(0, many, 2):
        r0, r1, two = splat(0.0), splat(0.0), d + 1 < many
        for p in range(nb.uint64(len(group))):
            s0, s1 = splat(0.0), splat(0.0)
            for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
                v = load(x, i8(last[q]))
                s0 = s0 + c[q, d] * v
                if two:
                    s1 = s1 + c[q, d + 1] * v
            v = load(x, i8(group[p, 0]))
            r0, r1 = r0 + v * s0, r1 + v * s1
        store(rho, d, r0)
        if two:
            store(rho, d + 1, r1)


@nb.njit(nb.void(FORM, F1, F1, i8, i8, F1), **FROM_KERNELS)
def gradients(form, f, x, size, top, g):
    """g = d/dx of sum_p f_p rho_p for numbers up to ``size``; products, up to ``top``, are used on the way."""
    group, first, last, c, pairs = form[GROUP], form[FIRST], form[LAST], form[COEFFICIENT], form[PRODUCT]
    many = c.shape[1]
    for i in range(top):
        store(g, i, splat(0.0))
    for p in range(nb.uint64(len(group))):
        a = i8(group[p, 0])
        v, total = load(x, a), splat(0.0)
        for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
            t = c[q, 0] * load(f, 0)
            for d in range(1, many):
                t = t + c[q, d] * load(f, d)
            b = i8(last[q])
            total = total + t * load(x, b)
            store(g, b, load(g, b) + t * v)
        store(g, a, load(g, a) + total)
    for i in range(len(pairs) - 1, -1, -1):
        a, b, v = i8(pairs[i, 0]), i8(pairs[i, 1]), load(g, size + i)
        store(g, a, load(g, a) + v * load(x, b))
        store(g, b, load(g, b) + v * load(x, a))


@nb.njit(nb.void(F2, F1, F1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def site_energies(densities_, p, rho, core, near, f, f2, z):
    """w F' and w F'' of the densities, and V with its derivatives z, from rho, the sums of the core and the nearest distances."""
    for s in range(W):
        total = 0.0
        for d in range(len(densities_)):
            w = densities_[d, WEIGHT]
            v, v1, v2 = embedding(i8(densities_[d, KIND]), densities_[d, EXPONENT], rho[d * W + s])
            total += w * v
            f[d * W + s], f2[d * W + s] = w * v1, w * v2
        c = core[s]
        if p[SWITCH] == NEAREST:
            d, width = near[s], near[W + s]
            u, u1, u2 = falling(width - d, width, width)
            u1 = -u1
            z[s] = p[ALONE] + total * u + c * (1.0 - u)
            z[DS * W + s], z[DC * W + s], z[DD * W + s] = u, 1.0 - u, (total - c) * u1
            z[DSC * W + s], z[DSD * W + s], z[DCC * W + s] = 0.0, u1, 0.0
            z[DCD * W + s], z[DDD * W + s] = -u1, (total - c) * u2
        else:
            u, u1, u2 = falling(c, p[CORE], p[CORE_WIDTH])
            z[s] = p[ALONE] + total * u + c
            z[DS * W + s], z[DC * W + s], z[DD * W + s] = u, total * u1 + 1.0, 0.0
            z[DSC * W + s], z[DSD * W + s], z[DCC * W + s] = u1, 0.0, total * u2
            z[DCD * W + s], z[DDD * W + s] = 0.0, 0.0


@nb.njit(nb.void(FORM, F1, F1, i8, i8, F1, F1), **FROM_KERNELS)
def pair_matrices(form, f, x, lanes, size, room, L):
    """Add to L [lane, a, b] half of d2/dAdA of sum_p f_p rho_p of each site, which is L + L^T; rows of ``size``."""
    group, first, last, c = form[GROUP], form[FIRST], form[LAST], form[COEFFICIENT]
    many = c.shape[1]
    for p in range(nb.uint64(len(group))):
        total = splat(0.0)
        for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
            t = c[q, 0] * load(f, 0)
            for d in range(1, many):
                t = t + c[q, d] * load(f, d)
            total = total + t * load(x, i8(last[q]))
        store(room, 0, total)
        o = group[p, 0] * size + group[p, 1]
        for lane in range(lanes):
            L[o + lane * size * size] += room[lane]


@nb.njit(nb.void(FORM, F1, F1, i8, i8, F1, F1), **FROM_KERNELS)
def pair_tangents(form, f, x, n, size, X, Y):
    """Y [t, a] = sum_b L [a, b] X [t, b] for n directions X of ``size`` numbers; L as in `pair_matrices`."""
    group, first, last, c = form[GROUP], form[FIRST], form[LAST], form[COEFFICIENT]
    many = c.shape[1]
    for i in range(n * size):
        store(Y, i, splat(0.0))
    for p in range(nb.uint64(len(group))):
        total = splat(0.0)
        for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
            t = c[q, 0] * load(f, 0)
            for d in range(1, many):
                t = t + c[q, d] * load(f, d)
            total = total + t * load(x, i8(last[q]))
        a, b = i8(group[p, 0]), i8(group[p, 1])
        for i in range(n):
            store(Y, i * size + a, load(Y, i * size + a) + total * load(X, i * size + b))
