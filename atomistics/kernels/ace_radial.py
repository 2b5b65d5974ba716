"""Bonds of ACE sites, eight sites side by side: radial functions and their derivatives, core repulsion.

g_k(r) = E(r) h_k(x(r)) with a cutoff E and Chebyshev polynomials h_k, or sin(k x) / (k x). Formulas and their order of
evaluation are those of ICAMS' evaluator (Y. Lysogorskiy et al., npj Comput. Mater. 7 (2021) 97), which tabulates them.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, F2, FROM_KERNELS, SHARES, f8, i8
from .vector import W, load, splat, store

POWER, EXPONENTIAL, SINC = range(3)
"""Radial bases ChebPow, ChebExpCos, SBessel."""
DENSITY, DISTANCE, NEAREST = range(3)
"""What switches the core on: its own sum, each distance, or the distance of the nearest neighbour (with ZBL)."""
BASIS, INNER, CUTOFF, RATE, WIDTH, INNER_CUTOFF, INNER_WIDTH, CORE, CORE_RATE, CHARGES, SCREENING, ZBL3, ZBL4, ZBL0, PARAMETERS = range(15)
"""Columns of a pair's parameters; the last five are of ZBL: Z Z' e^2 / 2, 1 / length, and coefficients of what it adds at its cutoff."""
NX, NY, NZ, INVERSE, X, X1, X2, E, E1, E2, COS, SIN, C, C1, C2, ROWS = range(16)
"""Rows of a bond: direction, 1/r, x, x', x'', E, E', E'', cos x and sin x, core and its derivatives; their number."""
LEAST_CORE = 50.0
"""Exponent beyond which the evaluator takes the core for 0."""
P1 = nb.int64[::1]
f3 = nb.types.UniTuple(f8, 3)


@nb.njit(f3(f8, f8, f8), **FROM_KERNELS)
def falling(r, end, width):
    """A quintic from 1 at end - width to 0 at end, and its derivatives."""
    if r >= end or width == 0.0:
        return (0.0 if r > end or width > 0.0 else 1.0), 0.0, 0.0
    if r <= end - width:
        return 1.0, 0.0, 0.0
    x = 1.0 - 2.0 * (1.0 + (r - end) / width)
    x2, s = x * x, -2.0 / width
    f = 0.5 + 3.75 * x * (0.25 - x2 / 6.0 + x2 * x2 / 20.0)
    return f, 3.75 * s * (0.25 - 0.5 * x2 + 0.25 * x2 * x2), 3.75 * s * s * x * (x2 - 1.0)


@nb.njit(f3(f8, F1), **FROM_KERNELS)
def core_repulsion(r, p):
    """Core repulsion of a bond and its derivatives."""
    if p[INNER] == NEAREST:
        ri, z, z1, z2 = 1.0 / r, 0.0, 0.0, 0.0
        for share, rate in SHARES:
            q = rate * p[SCREENING]
            t = share * np.exp(-q * r)
            z, z1, z2 = z + t, z1 - q * t, z2 + q * q * t
        v = z * ri
        v1 = (z1 - v) * ri
        v2 = (z2 - 2.0 * v1) * ri
        t = max(r - (p[CUTOFF] - p[WIDTH]), 0.0)
        v += p[ZBL0] + t * t * t * (p[ZBL3] / 3.0 + p[ZBL4] / 4.0 * t)
        v1 += t * t * (p[ZBL3] + p[ZBL4] * t)
        v2 += t * (2.0 * p[ZBL3] + 3.0 * p[ZBL4] * t)
        f, f1, f2 = falling(r, p[CUTOFF], p[WIDTH])
        k = p[CORE] * p[CHARGES]
        return k * v * f, k * (v1 * f + v * f1), k * (v2 * f + 2.0 * v1 * f1 + v * f2)
    if p[CORE_RATE] * r * r >= LEAST_CORE or p[CORE] == 0.0:
        return 0.0, 0.0, 0.0
    ri, q, k = 1.0 / r, np.pi / p[CUTOFF], p[CORE_RATE]
    v = p[CORE] * np.exp(-k * r * r) * ri
    v1 = -(2.0 * k * r + ri) * v
    v2 = -(2.0 * k - ri * ri) * v - (2.0 * k * r + ri) * v1
    c, s = np.cos(q * r), np.sin(q * r)
    f, f1, f2 = 0.5 * (1.0 + c), -0.5 * q * s, -0.5 * q * q * c
    v, v1, v2 = v * f, v1 * f + v * f1, v2 * f + 2.0 * v1 * f1 + v * f2
    if p[INNER] == DISTANCE:
        f, f1, f2 = falling(r, p[INNER_CUTOFF], p[INNER_WIDTH])
        v, v1, v2 = v * f, v1 * f + v * f1, v2 * f + 2.0 * v1 * f1 + v * f2
    return v, v1, v2


@nb.njit(f3(f8, F1), **FROM_KERNELS)
def envelope(r, p):
    """E and its derivatives at a distance below the cutoff."""
    e, e1, e2 = (p[CUTOFF] ** -1.5 if p[BASIS] == SINC else 1.0), 0.0, 0.0
    if p[BASIS] == EXPONENTIAL:
        q = np.pi / p[CUTOFF]
        c, s = np.cos(q * r), np.sin(q * r)
        e, e1, e2 = 0.5 * (1.0 + c), -0.5 * q * s, -0.5 * q * q * c
        begin = p[CUTOFF] - p[WIDTH]
        if r > begin:
            q = np.pi / p[WIDTH]
            c, s = np.cos(q * (r - begin)), np.sin(q * (r - begin))
            f, f1, f2 = 0.5 * (1.0 + c), -0.5 * q * s, -0.5 * q * q * c
            e, e1, e2 = e * f, e1 * f + e * f1, e2 * f + 2.0 * e1 * f1 + e * f2
    if p[INNER] == DISTANCE:
        f, f1, f2 = falling(r, p[INNER_CUTOFF], p[INNER_WIDTH])
        f = 1.0 - f
        e, e1, e2 = e * f, e1 * f - e * f1, e2 * f - 2.0 * e1 * f1 - e * f2
    return e, e1, e2


@nb.njit(f3(f8, F1), **FROM_KERNELS)
def variable(r, p):
    """x and its derivatives at a distance below the cutoff; of SBessel 1 / x in place of the second, which vanishes."""
    if p[BASIS] == POWER:
        rate, s = p[RATE], 1.0 / p[CUTOFF]
        q = 1.0 - r * s
        if rate == 2.0:
            y2 = 1.0
        elif rate == 3.0:
            y2 = q
        elif rate == 4.0:
            y2 = q * q
        else:
            y2 = q ** (rate - 2.0)
        return 1.0 - 2.0 * y2 * q * q, 2.0 * rate * s * y2 * q, -2.0 * rate * (rate - 1.0) * s * s * y2
    if p[BASIS] == EXPONENTIAL:
        q, end = p[RATE] / p[CUTOFF], np.exp(-p[RATE])
        y = 2.0 / (1.0 - end) * np.exp(-q * r)
        return 1.0 - (y - 2.0 / (1.0 - end) * end), q * y, -q * q * y
    q = np.pi / p[CUTOFF]
    return q * r, q, 1.0 / (q * r)


@nb.njit(nb.void(F2, i8, P1, F1, F1), **FROM_KERNELS)
def geometry(parameters, n, kinds, D, B):
    """Rows B [bond, row] of n bonds D [bond, 3] of sites of one type; E = 0 and no core beyond the cutoff."""
    for k in range(n):
        p = parameters[kinds[k]]
        for s in range(W):
            x, y, z = D[(3 * k) * W + s], D[(3 * k + 1) * W + s], D[(3 * k + 2) * W + s]
            r = np.sqrt(x * x + y * y + z * z)
            ri, o = 1.0 / r, ROWS * k * W + s
            B[o + NX * W], B[o + NY * W], B[o + NZ * W], B[o + INVERSE * W] = x * ri, y * ri, z * ri, ri
            inside = r < p[CUTOFF]
            v, e, c = (0.5, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
            if inside:
                v, e, c = variable(r, p), envelope(r, p), core_repulsion(r, p)
            B[o + X * W], B[o + X1 * W], B[o + X2 * W] = v
            B[o + E * W], B[o + E1 * W], B[o + E2 * W] = e
            B[o + C * W], B[o + C1 * W], B[o + C2 * W] = c
            if p[BASIS] == SINC:
                B[o + COS * W], B[o + SIN * W] = np.cos(v[0]), np.sin(v[0])


@nb.njit(nb.void(i8, F1, i8, i8, i8, F1), **FROM_KERNELS)
def base_functions(kind, B, bond, n, order, g):
    """The n functions g of a bond and, from n and 2 n on, their first and second derivatives up to ``order``."""
    o = ROWS * bond
    x, x1, x2 = load(B, o + X), load(B, o + X1), load(B, o + X2)
    e, e1, e2 = load(B, o + E), load(B, o + E1), load(B, o + E2)
    one, zero, half = splat(1.0), splat(0.0), splat(0.5)
    if kind == SINC:
        c1, s1 = load(B, o + COS), load(B, o + SIN)
        ri, c, s = load(B, o + INVERSE), c1, s1
        for k in range(n):  # of f = sin(q x) / (q x), for which row X2 has 1 / x
            q = k + 1.0
            f = (1.0 / q) * s * x2
            store(g, k, e * f)
            if order > 0:
                f1 = (c - f) * ri
                store(g, n + k, e1 * f + e * f1)
                if order > 1:
                    store(g, 2 * n + k, e2 * f + 2.0 * e1 * f1 - e * ((q * x1 * s + 2.0 * f1) * ri))
            c, s = c * c1 - s * s1, s * c1 + c * s1
        return
    t0, t1, d0, d1, a0, a1 = one, x, zero, one, zero, zero
    first = 0
    if kind == EXPONENTIAL:
        store(g, 0, e)
        if order > 0:
            store(g, n, e1)
        if order > 1:
            store(g, 2 * n, e2)
        first = 1
    for k in range(first, n):
        h, h1 = half - 0.5 * t1, -0.5 * d1
        store(g, k, e * h)
        if order > 0:
            store(g, n + k, e1 * h + e * h1 * x1)
        if order > 1:
            h2 = -0.5 * a1
            store(g, 2 * n + k, e2 * h + 2.0 * e1 * h1 * x1 + e * (h2 * x1 * x1 + h1 * x2))
            a0, a1 = a1, 4.0 * d1 + 2.0 * x * a1 - a0
        d0, d1 = d1, 2.0 * t1 + 2.0 * x * d1 - d0
        t0, t1 = t1, 2.0 * x * t1 - t0
