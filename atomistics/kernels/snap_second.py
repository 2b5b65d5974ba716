"""Second derivatives of the bonds of SNAP sites, eight sites side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .pair import F1, FROM_KERNELS, i8
from .snap_bonds import (
    COS,
    INVERSE,
    NX,
    P1,
    ROWS,
    SIN,
    THETA1,
    WEIGHT,
    WEIGHT1,
    WEIGHT2,
    bond_sums,
    level_tangents,
    levels,
)
from .vector import load, splat, store


@nb.njit(nb.void(i8, P1, i8, F1, i8, F1, F1, F1, F1, F1, F1, F1), **FROM_KERNELS)
def bond_seconds(J, at, density, B, k, g, S, u, du, t, X, H):
    """X [x, i] = dx/dD of bond k and H [k, x, y] = d2V/dDdD of it at constant dV/dx.

    t is room for 24 vectors. With p = s n: dp/dD_x = al n n_x + (s/r) e_x, and q (see `bond_sums`) is dual to p.
    """
    size, o, zero = at[J + 1], ROWS * k, splat(0.0)
    levels(J, at, B, k, u)
    first = size * density
    bond_sums(at[J], first, S, u, t, 0)
    F = zero
    for i in range(2 * size):
        F = F + load(g, 2 * first + i) * load(u, i)
    c, s, theta1, ri = load(B, o + COS), load(B, o + SIN), load(B, o + THETA1), load(B, o + INVERSE)
    f, f1, f2 = load(B, o + WEIGHT), load(B, o + WEIGHT1), load(B, o + WEIGHT2)
    n0, n1, n2 = load(B, o + NX), load(B, o + NX + 1), load(B, o + NX + 2)
    be = s * ri
    al = c * theta1 - be
    for x in range(3):
        n, sx = load(B, o + NX + x), al * load(B, o + NX + x)
        p0, p1, p2 = sx * n0, sx * n1, sx * n2
        if x == 0:
            p0 = p0 + be
        elif x == 1:
            p1 = p1 + be
        else:
            p2 = p2 + be
        store(t, 20, zero - s * theta1 * n)
        store(t, 21, zero - p2)
        store(t, 22, p1)
        store(t, 23, zero - p0)
        level_tangents(J, at, B, k, t, 20, u, du)
        bond_sums(at[J], first, S, du, t, 4 + 4 * x)
        slope = f1 * n
        for i in range(2 * size):
            store(X, 2 * size * x + i, slope * load(u, i) + f * load(du, i))
    ga, qn = load(t, 0), load(t, 3) * n0 + load(t, 2) * n1 + load(t, 1) * n2
    al1 = zero - (s * theta1 * theta1 + c * theta1 * ri - be * ri)
    be1 = (c * theta1 - be) * ri
    for x in range(3):  # gradient of F
        n = load(B, o + NX + x)
        store(t, 16 + x, (al * qn - ga * s * theta1) * n + be * load(t, 3 - x))
    for x in range(3):
        nx, qx = load(B, o + NX + x), load(t, 3 - x)
        for y in range(3):
            ny, qy, d = load(B, o + NX + y), load(t, 3 - y), 4 + 4 * y
            across = (1.0 if x == y else 0.0) - nx * ny
            h = (al * (load(t, d + 3) * n0 + load(t, d + 2) * n1 + load(t, d + 1) * n2) - load(t, d) * s * theta1) * nx
            h = h + be * load(t, d + 3 - x)
            h = h - ga * (c * theta1 * theta1 * nx * ny + s * theta1 * ri * across)
            h = h + al1 * qn * nx * ny + al * ri * ((qy - qn * ny) * nx + qn * across) + be1 * ny * qx
            h = f * h + F * (f2 * nx * ny + f1 * ri * across) + f1 * (nx * load(t, 16 + y) + ny * load(t, 16 + x))
            store(H, 9 * k + 3 * x + y, h)
