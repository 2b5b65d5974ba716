"""Compiled kernels for V_l = 1/2 sum_n phi(r_n) + F(sum_n f(r_n)): one site at a time over a full list, or all over half of it.

A per-bond stage fills short buffers (distance, phi, f and derivatives) for the neighbours inside the cutoff, from
a spline table or a closed form; a common stage builds energies, gradients and Hessians from them. The choices that
matter: branchless compaction at the cutoff, both functions of a bond in one table row, square roots and knots in a
loop of their own (it vectorises), no array slices (they cost seconds of compilation), explicit signatures (they
are what makes the cache work).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

TABLE, LENNARD_JONES, MORSE, TOY, SWITCHED_TOY, ZBL, SPLINE = range(7)
"""Kinds of bond functions."""
SHARES = ((0.18175, 3.19980), (0.50986, 0.94229), (0.28022, 0.40290), (0.02817, 0.20162))
"""Universal screening function of Ziegler, Biersack & Littmark: shares and rates of its exponentials."""

FLAGS: dict[str, Any] = {"cache": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp", "reassoc"}}
FROM_PYTHON: dict[str, Any] = {**FLAGS, "no_cfunc_wrapper": True}
FROM_KERNELS: dict[str, Any] = {**FROM_PYTHON, "no_cpython_wrapper": True}
"""Kernels that Python calls, and those that only others call: wrappers that nobody uses take a third of the time of compiling.

Python must not call the latter: it would crash.
"""
f8, i4, i8 = nb.float64, nb.int32, nb.int64
F1, F2, F3, F5 = f8[::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, :, :, ::1]
I1 = i4[::1]
# kind, parameters, bond table [site type, other type, knot, 8], spacing of its knots
BOND = (i8, F1, f8[:, :, :, ::1], f8)
EMBED = (F1, f8[:, :, ::1])  # parameters, embedding table [type, knot, 4]


@nb.njit(nb.types.UniTuple(f8, 6)(i8, F1, f8[:, :, :, ::1], f8, i4, i4, f8), **FLAGS)
def bond_functions(kind, p, table, dr, a, b, r):
    """phi, phi', phi'', f, f', f'' at distance r for a site of type a and a neighbour of type b."""
    if kind == TABLE:
        inv = 1.0 / dr
        t = r * inv
        k = min(int(t), table.shape[2] - 2)
        t = min(t - k, 1.0)
        c = table[a, b, k]
        f = ((c[3] * t + c[2]) * t + c[1]) * t + c[0]
        f1 = ((3.0 * c[3] * t + 2.0 * c[2]) * t + c[1]) * inv
        f2 = (6.0 * c[3] * t + 2.0 * c[2]) * inv * inv
        z = ((c[7] * t + c[6]) * t + c[5]) * t + c[4]
        z1 = ((3.0 * c[7] * t + 2.0 * c[6]) * t + c[5]) * inv
        z2 = (6.0 * c[7] * t + 2.0 * c[6]) * inv * inv
        ri = 1.0 / r
        phi = z * ri
        phi1 = (z1 - phi) * ri
        return phi, phi1, (z2 - 2.0 * phi1) * ri, f, f1, f2
    if kind == ZBL:  # bond table: Z Z' e^2, 1/screening length, inner and outer cutoff, and the switch that LAMMPS adds
        c = table[a, b, 0]
        e, e1, e2 = 0.0, 0.0, 0.0
        if r < c[3]:
            ri, z, z1, z2 = 1.0 / r, 0.0, 0.0, 0.0
            for share, rate in SHARES:
                x = share * np.exp(-rate * c[1] * r)
                z, z1, z2 = z + x, z1 - rate * c[1] * x, z2 + rate * c[1] * rate * c[1] * x
            t = max(r - c[2], 0.0)
            e = c[0] * z * ri + c[6] + t * t * t * (c[4] / 3.0 + 0.25 * c[5] * t)
            e1 = c[0] * (z1 - z * ri) * ri + t * t * (c[4] + c[5] * t)
            e2 = c[0] * (z2 - 2.0 * (z1 - z * ri) * ri) * ri + t * (2.0 * c[4] + 3.0 * c[5] * t)
        return e, e1, e2, 0.0, 0.0, 0.0
    if kind == SPLINE:  # bond table: cubic pieces of phi, and at 4 the knot behind which each begins
        low, high = 0, table.shape[2]
        while high - low > 1:
            middle = (low + high) // 2
            if table[a, b, middle, 4] <= r:
                low = middle
            else:
                high = middle
        c = table[a, b, low]
        t = r - c[4]
        e = ((c[3] * t + c[2]) * t + c[1]) * t + c[0]
        return e, (3.0 * c[3] * t + 2.0 * c[2]) * t + c[1], 6.0 * c[3] * t + 2.0 * c[2], 0.0, 0.0, 0.0
    if kind == LENNARD_JONES:
        x6 = (p[1] / r) ** 6
        e = 4.0 * p[0] * (x6 * x6 - x6)
        e1 = 4.0 * p[0] * (-12.0 * x6 * x6 + 6.0 * x6) / r
        e2 = 4.0 * p[0] * (156.0 * x6 * x6 - 42.0 * x6) / (r * r)
    else:
        x = np.exp(-p[1] * (r - p[2]))
        e = p[0] * (x * x - 2.0 * x)
        e1 = p[0] * (-2.0 * p[1]) * (x * x - x)
        e2 = p[0] * 2.0 * p[1] * p[1] * (2.0 * x * x - x)
    g, g1, g2 = 0.0, 0.0, 0.0
    if kind in (TOY, SWITCHED_TOY):
        g = np.exp(-p[4] * r)
        g1, g2 = -p[4] * g, p[4] * p[4] * g
    if kind == TOY:
        return e, e1, e2, g, g1, g2
    on, cut = p[5], p[6]
    if r > on:  # quintic switch: value, slope and curvature are continuous at both ends
        h = 1.0 / (cut - on)
        s = (r - on) * h
        w = 1.0 - s * s * s * (10.0 + s * (6.0 * s - 15.0))
        w1 = -30.0 * s * s * (1.0 - s) * (1.0 - s) * h
        w2 = -60.0 * s * (1.0 - s) * (1.0 - 2.0 * s) * h * h
        e, e1, e2 = e * w, e1 * w + e * w1, e2 * w + 2.0 * e1 * w1 + e * w2
        g, g1, g2 = g * w, g1 * w + g * w1, g2 * w + 2.0 * g1 * w1 + g * w2
    return e, e1, e2, g, g1, g2


@nb.njit(nb.types.UniTuple(f8, 3)(i8, F1, f8[:, :, ::1], i4, f8), **FLAGS)
def embedding(kind, p, table, a, rho):
    """F, F', F'' of a site of type a at density rho; beyond the table F goes on as a straight line, as in LAMMPS."""
    if kind == TABLE:
        inv = 1.0 / p[0]
        n = table.shape[1]
        t = rho * inv
        k = min(max(int(t), 0), n - 2)
        t = min(t - k, 1.0)
        c = table[a, k]
        F = ((c[3] * t + c[2]) * t + c[1]) * t + c[0]
        F1 = ((3.0 * c[3] * t + 2.0 * c[2]) * t + c[1]) * inv
        F2 = (6.0 * c[3] * t + 2.0 * c[2]) * inv * inv
        beyond = rho - p[1]
        if beyond > 0.0:
            F, F2 = F + F1 * beyond, 0.0
        return F, F1, F2
    if kind in (TOY, SWITCHED_TOY):
        d = rho - p[1]
        return p[0] * (d * d + d**4), p[0] * (2.0 * d + 4.0 * d**3), p[0] * (2.0 + 12.0 * d * d)
    return 0.0, 0.0, 0.0


DX, DY, DZ, R, INVERSE, T, PHI, PHI1, DENSITY, DENSITY1, OPPOSITE = range(11)
"""Rows of the buffer of one site's bonds. It is one array: every array that is handed on is counted, which takes time."""


@nb.njit(i8(F2, I1, i4, i8, i8, f8, I1, F2), **FLAGS)
def gather(y, index, site, begin, end, rc2, member, B):
    """Neighbours of a site within the cutoff: their extended index, bond vectors, lengths and 1/r; their number."""
    c = nb.uint64(0)
    x0, x1, x2 = y[site, 0], y[site, 1], y[site, 2]
    for k in range(begin, end):
        j = nb.uint64(nb.uint32(index[k]))  # unsigned: nothing to wrap around
        d0, d1, d2 = y[j, 0] - x0, y[j, 1] - x1, y[j, 2] - x2
        r2 = d0 * d0 + d1 * d1 + d2 * d2
        member[c] = index[k]
        B[DX, c], B[DY, c], B[DZ, c], B[R, c] = d0, d1, d2, r2
        c += nb.uint64(r2 < rc2)
    m = i8(c)
    for k in range(m):
        B[R, k] = np.sqrt(B[R, k])
        B[INVERSE, k] = 1.0 / B[R, k]
    return m


@nb.njit(i8(I1), **FLAGS)
def longest(first):
    """Longest row of a list, plus the spare slot that branchless compaction needs."""
    n = 0
    for k in range(len(first) - 1):
        n = max(n, first[k + 1] - first[k])
    return n + 1


@nb.njit(nb.void(*BOND, i4, I1, I1, i8, F2), **FLAGS)
def closed_stage(kind, p, table, dr, a, types, member, m, B):
    """phi, phi', f, f' of the m gathered bonds of a site of type a, from a closed form."""
    for k in range(m):
        phi, phi1, _, f, f1, _ = bond_functions(kind, p, table, dr, a, types[member[k]], B[R, k])
        B[PHI, k], B[PHI1, k], B[DENSITY, k], B[DENSITY1, k] = phi, phi1, f, f1


@nb.njit(nb.void(F2, I1, I1, I1, I1, F1, *BOND, *EMBED, f8, F1, F2), **FLAGS)
def site_sum(y, types, sites, first, index, w, kind, p, bonds, dr, pe, embed, cutoff, V, g):
    """V[s] of every site with w != 0, and the gradient of sum w V added into g (extended atoms)."""
    n = longest(first)
    member, knot, B = np.empty(n, np.int32), np.empty(n, np.int32), np.empty((DENSITY1 + 1, n))
    inv, top = 1.0 / dr, i4(bonds.shape[2] - 2)
    for s in range(len(sites)):
        if w[s] == 0.0:
            continue
        l = sites[s]
        a = types[l]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        if kind == TABLE:
            for k in range(m):
                x = B[R, k] * inv
                q = min(i4(x), top)
                knot[k] = q
                B[T, k] = min(x - q, 1.0)
            for k in range(m):
                q, b, x, ri = nb.uint64(nb.uint32(knot[k])), types[member[k]], B[T, k], B[INVERSE, k]
                c1, c2, c3 = bonds[a, b, q, 1], bonds[a, b, q, 2], bonds[a, b, q, 3]
                B[DENSITY, k] = ((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 0]
                B[DENSITY1, k] = ((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv
                c1, c2, c3 = bonds[a, b, q, 5], bonds[a, b, q, 6], bonds[a, b, q, 7]
                phi = (((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 4]) * ri  # the table holds z = r phi
                B[PHI, k] = phi
                B[PHI1, k] = (((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv - phi) * ri
        else:
            closed_stage(kind, p, bonds, dr, a, types, member, m, B)
        rho, pair = 0.0, 0.0
        for k in range(m):
            pair += B[PHI, k]
            rho += B[DENSITY, k]
        F, F1, _ = embedding(kind, pe, embed, a, rho)
        V[s] = 0.5 * pair + F
        g0, g1, g2 = 0.0, 0.0, 0.0
        for k in range(m):
            B[T, k] = w[s] * (0.5 * B[PHI1, k] + F1 * B[DENSITY1, k]) * B[INVERSE, k]
        for k in range(m):
            j = nb.uint64(nb.uint32(member[k]))
            a0, a1, a2 = B[T, k] * B[DX, k], B[T, k] * B[DY, k], B[T, k] * B[DZ, k]
            g[j, 0] += a0
            g[j, 1] += a1
            g[j, 2] += a2
            g0 += a0
            g1 += a1
            g2 += a2
        g[l, 0] -= g0
        g[l, 1] -= g1
        g[l, 2] -= g2


@nb.njit(i8(I1, I1, I1, I1, nb.boolean[::1], I1, I1), **FLAGS)
def halve(rows, first, index, home, upper, half_first, half_index):
    """One of the two directions of each bond between two sites, and all bonds to atoms without a row; their number.

    Which one is decided by the atoms behind the ends, or, for an atom and its own image, by ``upper``: the same for a
    bond and its opposite, whatever the rounding of positions.
    """
    is_site = np.zeros(len(home), np.bool_)
    for s in range(len(rows)):
        is_site[rows[s]] = True
    c = 0
    for s in range(len(rows)):
        half_first[s] = c
        l = rows[s]
        for k in range(first[s], first[s + 1]):
            h = home[index[k]]
            half_index[c] = index[k]
            c += i8((h > l) | ((h == l) & upper[index[k]]) | (not is_site[h]))
    half_first[len(rows)] = c
    return c


@nb.njit(nb.void(F2, I1, I1, I1, I1, I1, F1, f8[:, :, :, ::1], f8, *EMBED, f8, I1, I1, F2, F1, F2), **FLAGS)
def half_sum(y, types, sites, home, first, index, w, bonds, dr, pe, embed, cutoff, count, far, D, V, g):
    """As `site_sum` for tables and sites that all have a weight, over one direction of each bond (see `halve`).

    First the densities and energies of all sites, then the forces; between them the bonds wait in ``count`` (inside
    the cutoff, by site), ``far`` (their ends) and D (n_bonds, 3) (phi' / 2r, f' / r of the site and of the far end).
    """
    n = longest(first)
    member, knot, B = np.empty(n, np.int32), np.empty(n, np.int32), np.empty((OPPOSITE + 1, n))
    inv, top, several = 1.0 / dr, i4(bonds.shape[2] - 2), bonds.shape[0] > 1
    opposite = OPPOSITE if several else DENSITY
    Z, W = np.zeros((len(y), 2)), np.zeros((len(y), 2))  # of extended atoms: density and pair energy; w F' and w
    at = nb.uint64(0)
    for s in range(len(sites)):
        l = sites[s]
        a = types[l]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        count[s] = m
        for k in range(m):
            x = B[R, k] * inv
            q = min(i4(x), top)
            knot[k] = q
            B[T, k] = min(x - q, 1.0)
        for k in range(m):
            u, q, b, x, ri = at + nb.uint64(k), nb.uint64(nb.uint32(knot[k])), types[member[k]], B[T, k], B[INVERSE, k]
            far[u] = member[k]
            c1, c2, c3 = bonds[a, b, q, 1], bonds[a, b, q, 2], bonds[a, b, q, 3]
            B[DENSITY, k] = ((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 0]
            D[u, 1] = ((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv * ri
            D[u, 2] = D[u, 1]
            c1, c2, c3 = bonds[a, b, q, 5], bonds[a, b, q, 6], bonds[a, b, q, 7]
            phi = (((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 4]) * ri  # the table holds z = r phi
            B[PHI, k] = phi
            D[u, 0] = 0.5 * (((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv - phi) * ri * ri
        if several:  # the far end may see another density
            for k in range(m):
                u, q, b, x = at + nb.uint64(k), nb.uint64(nb.uint32(knot[k])), types[member[k]], B[T, k]
                c1, c2, c3 = bonds[b, a, q, 1], bonds[b, a, q, 2], bonds[b, a, q, 3]
                B[OPPOSITE, k] = ((c3 * x + c2) * x + c1) * x + bonds[b, a, q, 0]
                D[u, 2] = ((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv * B[INVERSE, k]
        rho, pair = 0.0, 0.0
        for k in range(m):
            j = nb.uint64(nb.uint32(member[k]))
            rho += B[DENSITY, k]
            pair += B[PHI, k]
            Z[j, 0] += B[opposite, k]
            Z[j, 1] += B[PHI, k]
        Z[l, 0] += rho
        Z[l, 1] += pair
        at += nb.uint64(m)
    for j in range(len(y)):
        if home[j] != j:
            Z[home[j], 0] += Z[j, 0]
            Z[home[j], 1] += Z[j, 1]
    for s in range(len(sites)):
        l = sites[s]
        F, F1, _ = embedding(TABLE, pe, embed, types[l], Z[l, 0])
        V[s] = 0.5 * Z[l, 1] + F
        W[l, 0], W[l, 1] = w[s] * F1, w[s]
    for j in range(len(y)):
        W[j, 0], W[j, 1] = W[home[j], 0], W[home[j], 1]
    at = nb.uint64(0)
    for s in range(len(sites)):
        l = sites[s]
        x0, x1, x2, c, v = y[l, 0], y[l, 1], y[l, 2], W[l, 0], W[l, 1]
        g0, g1, g2 = 0.0, 0.0, 0.0
        for k in range(count[s]):
            u = at + nb.uint64(k)
            j = nb.uint64(nb.uint32(far[u]))
            h = (v + W[j, 1]) * D[u, 0] + c * D[u, 1] + W[j, 0] * D[u, 2]
            a0, a1, a2 = h * (y[j, 0] - x0), h * (y[j, 1] - x1), h * (y[j, 2] - x2)
            g[j, 0] += a0
            g[j, 1] += a1
            g[j, 2] += a2
            g0 += a0
            g1 += a1
            g2 += a2
        g[l, 0] -= g0
        g[l, 1] -= g1
        g[l, 2] -= g2
        at += nb.uint64(count[s])


@nb.njit(nb.void(I1, F2, F2), **FLAGS)
def fold(owner, g, out):
    """out[owner[k]] += g[k]: values on extended atoms added up on the atoms behind them."""
    for k in range(len(owner)):
        a = owner[k]
        out[a, 0] += g[k, 0]
        out[a, 1] += g[k, 1]
        out[a, 2] += g[k, 2]
