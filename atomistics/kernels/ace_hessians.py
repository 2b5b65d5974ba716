"""ACE potentials: site Hessians, eight sites side by side, and Cauchy-Born, eight strains of one site side by side.

Rows of d2V/dAdA are the numbers that the potential uses, by species, then the core repulsion and the nearest distance.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .ace import B_, BONDS, F2_, G0, G_, NEAR, P_, R_, RHO, ROOM, X_G, Z, F, X, differentiate, evaluate, make_room
from .ace_bonds import SHAPE, SPECIES, numbers_each
from .ace_forms import COEFFICIENT, DCC, DCD, DD, DDD, DS, DSC, DSD, ENERGY, FORM, PRODUCT, SWITCH, gradients, pair_matrices, pair_tangents, products
from .ace_radial import C1, INVERSE, NEAREST, NX, P1, ROWS
from .ace_second import bond_seconds
from .lanes import LISTED, gather, scatter, strained, take_sites
from .pair import F1, F2, F3, FLAGS, I1, i8, longest
from .panels import congruence
from .vector import W, load, splat, store

SECOND = nb.types.Tuple((FORM, P1, P1))
"""Pairs of all monomials, the numbers that have rows, and where those of each species begin (and end)."""


@nb.njit(nb.void(SHAPE, BONDS, ENERGY, FORM, i8, P1, F1, ROOM, F1), **FLAGS)
def evaluate_twice(shape, bonds, energy, pairs, n, kinds, D, room, slope):
    """As `evaluate` and `differentiate`, with d rho_p/dA [p] and d S/dA after them in ``slope``; products are then those of ``pairs``."""
    evaluate(shape, bonds, energy, n, kinds, D, room)
    form = energy[0]
    size, many = shape[SPECIES] * numbers_each(shape) + 3, form[COEFFICIENT].shape[1]
    one, top = room[RHO], size + len(form[PRODUCT])
    for d in range(many + 1):
        for i in range(many):
            store(one, i, load(room[F], i) if d == many else splat(1.0 if i == d else 0.0))
        gradients(form, one, room[X], size, top, room[X_G])
        for i in range(size):
            store(slope, d * size + i, load(room[X_G], i))
    differentiate(shape, bonds, energy, n, kinds, room)
    products(pairs, size, room[X])




@nb.njit(nb.void(SHAPE, i8, i8, i8, P1, i8, ROOM, F1, F1, F1), **FLAGS)
def add_outer_products(shape, many, lanes, nx, used, switch, room, slope, a, L):
    """Add to L [lane] what F'' and the core give; ``a`` is room for a row."""
    n, size, z = len(used), shape[SPECIES] * numbers_each(shape) + 3, room[Z]
    for s in range(lanes):
        o = s * nx * nx
        for d in range(many):
            c = z[DS * W + s] * room[F2_][d * W + s]
            if c == 0.0:
                continue
            for i in range(n):
                a[i] = slope[(d * size + used[i]) * W + s]
            for i in range(n):
                t = c * a[i]
                L[o + i * nx + i] += 0.5 * t * a[i]
                for k in range(i + 1, n):
                    L[o + i * nx + k] += t * a[k]
        c, d = z[DSC * W + s], z[DSD * W + s]
        if c != 0.0 or d != 0.0:
            for i in range(n):
                t = slope[(many * size + used[i]) * W + s]
                L[o + i * nx + n] += c * t
                if switch == NEAREST:
                    L[o + i * nx + n + 1] += d * t
        L[o + n * nx + n] += 0.5 * z[DCC * W + s]
        if switch == NEAREST:
            L[o + n * nx + n + 1] += z[DCD * W + s]
            L[o + (n + 1) * nx + n + 1] += 0.5 * z[DDD * W + s]


@nb.njit(nb.boolean(ROOM, i8), **FLAGS)
def coupled(room, lanes):
    """Whether the core has second derivatives at one of the sites: at none in a crystal that is not crushed."""
    for s in range(lanes):
        for i in (DSC, DSD, DCC, DCD, DDD):
            if room[Z][i * W + s] != 0.0:
                return True
    return False


@nb.njit(nb.void(ROOM, i8, F1), **FLAGS)
def add_nearest(room, bond, H):
    """What the nearest distance gives to the block of a bond."""
    for s in range(W):
        if room[NEAR][2 * W + s] != bond:
            continue
        o = ROWS * bond * W + s
        t = room[Z][DD * W + s] * room[B_][o + INVERSE * W]
        for x in range(3):
            for y in range(3):
                both = room[B_][o + (NX + x) * W] * room[B_][o + (NX + y) * W]
                H[(9 * bond + 3 * x + y) * W + s] += t * ((1.0 if x == y else 0.0) - both)


@nb.njit(nb.void(*LISTED, P1, F1, SHAPE, BONDS, ENERGY, SECOND, I1, P1, I1, F1), **FLAGS)
def site_hessians(y, types, sites, first, index, order, w, shape, bonds, energy, second, begin, place, ends, values):
    """w d2V/dDdD of the sites in ``order``, all of one type, into ``values`` and the far ends of their bonds into ``ends``."""
    pairs, used, start = second
    most, switch, many = longest(begin) * shape[SPECIES], i8(energy[2][SWITCH]), energy[0][COEFFICIENT].shape[1]
    room = make_room(shape, energy, most, len(pairs[PRODUCT]))
    D, kinds, atom = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most * W, np.int64)
    which, count = np.empty(W, np.int64), np.empty(W, np.int64)
    each, rows = numbers_each(shape), len(used)
    size = shape[SPECIES] * each + 3
    nx = 4 * ((rows + 2 + 3) // 4)
    columns = W * ((3 * most + W - 1) // W)
    L, Js, M, K = np.empty(W * nx * nx), np.empty(W * nx * columns), np.empty(nx * columns), np.empty(columns * columns)
    slope, X1, H, s13, none = np.empty((many + 1) * size * W), np.empty(3 * each * W), np.empty(9 * most * W), np.empty(13 * W), np.empty(0)
    row, low, high = np.empty(rows), np.empty(columns // W, np.int64), np.empty(columns // W, np.int64)
    done = 0
    while done < len(order):
        lanes = take_sites(types, sites, order, done, which)
        done += lanes
        n = gather(y, types, sites, first, index, bonds[3], which, lanes, count, kinds, D, atom)
        evaluate_twice(shape, bonds, energy, pairs, n, kinds, D, room, slope)
        for i in range(lanes * nx * nx):
            L[i] = 0.0
        pair_matrices(pairs, room[F], room[X], lanes, nx, s13, L)
        add_outer_products(shape, many, lanes, nx, used, switch, room, slope, row, L)
        width = W * ((3 * n + W - 1) // W)
        site = nx * width
        for i in range(lanes * site):
            Js[i] = 0.0
        for k in range(n):
            e = kinds[k]
            bond_seconds(shape, bonds[0], bonds[2], room[B_], k, e, room[X_G], room[G0], room[R_], room[P_], s13, X1, H)
            if switch == NEAREST:
                add_nearest(room, k, H)
            for x in range(3):
                c = 3 * k + x
                o = (c // W) * nx * W + c % W
                for r in range(start[e], start[e + 1]):
                    q = (each * x + used[r] - each * e) * W
                    for s in range(lanes):
                        Js[s * site + o + r * W] = X1[q + s]
                q = ROWS * k * W
                for s in range(lanes):
                    u = room[B_][q + (NX + x) * W + s]
                    Js[s * site + o + rows * W] = room[B_][q + C1 * W + s] * u
                    if switch == NEAREST and room[NEAR][2 * W + s] == k:
                        Js[s * site + o + (rows + 1) * W] = u
        core = coupled(room, lanes)
        for p in range(width // W):  # bonds are sorted by species
            low[p] = start[kinds[min(n - 1, (W * p) // 3)]]
            high[p] = nx if core else start[kinds[min(n - 1, (W * p + W - 1) // 3)] + 1]
        for s in range(lanes):
            congruence(L, s, nx, 0, none, none, Js, width, low, high, M, K)
            scatter(which[s], s, n, width, w[which[s]], atom, K, H, begin, place, ends, values)


@nb.njit(nb.void(F1, i8, F1, i8, i8, F1, i8), **FLAGS)
def project(slope, first, tangents, n_t, nx, out, o):
    """out [t] = sum_r slope [r] tangents [t, r] for the rows of ``slope``, which begin at ``first``."""
    for t in range(n_t):
        v = splat(0.0)
        for r in range(nx):
            v = v + load(slope, first + r) * load(tangents, t * nx + r)
        store(out, o + t, v)


@nb.njit(nb.void(i8, i8, i8, i8, ROOM, F1, F1, F1, F1), **FLAGS)
def add_tangent_pairs(many, rows, nx, n_t, room, slope, tangents, along, pairs):
    """Add half of what F'' and the core give to the pairs of tangents; ``slope`` is by rows."""
    z, f2 = room[Z], room[F2_]
    for d in range(many + 1):
        project(slope, d * nx, tangents, n_t, nx, along, d * n_t)
    o, half = many * n_t, splat(0.5)
    for a in range(n_t):
        ca, da, ga = load(tangents, a * nx + rows), load(tangents, a * nx + rows + 1), load(along, o + a)
        for b in range(n_t):
            cb, db, gb = load(tangents, b * nx + rows), load(tangents, b * nx + rows + 1), load(along, o + b)
            v = splat(0.0)
            for d in range(many):
                v = v + load(f2, d) * (load(along, d * n_t + a) * load(along, d * n_t + b))
            v = load(z, DS) * v + load(z, DSC) * (ga * cb + ca * gb) + load(z, DCC) * (ca * cb)
            v = v + load(z, DSD) * (ga * db + da * gb) + load(z, DCD) * (ca * db + da * cb) + load(z, DDD) * (da * db)
            store(pairs, b * n_t + a, load(pairs, b * n_t + a) + half * v)


@nb.njit(nb.void(F2, I1, i8, SHAPE, BONDS, ENERGY, SECOND, F3, F1, F3, nb.float64[:, :, :, :, ::1], nb.boolean), **FLAGS)
def cauchy_born(R, types, own, shape, bonds, energy, second, deformations, E, P, C, with_second):
    """E, dE/dF and (if ``with_second``) d2E/dF2 of one site with bonds F R, for all F[q] (3, d) and bonds R (n, d)."""
    pairs, used, start = second
    most, d = R.shape
    switch, many = i8(energy[2][SWITCH]), energy[0][COEFFICIENT].shape[1]
    room = make_room(shape, energy, most, len(pairs[PRODUCT]))
    D, kinds, which = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most, np.int64)
    each, rows, n_t = numbers_each(shape), len(used), 3 * d
    size, nx = shape[SPECIES] * each + 3, rows + 2
    slope, by_row = np.empty((many + 1) * size * W), np.empty((many + 1) * nx * W)
    X1, H, s13 = np.empty(3 * each * W), np.empty(9 * most * W), np.empty(13 * W)
    tangents, moved, both = np.empty(n_t * nx * W), np.empty(n_t * nx * W), np.empty(n_t * n_t * W)
    along = np.empty((many + 1) * n_t * W)
    for begin in range(0, len(deformations), W):
        lanes = min(W, len(deformations) - begin)
        n = strained(R, types, own, bonds[3], deformations, begin, lanes, kinds, which, D)
        if with_second:
            evaluate_twice(shape, bonds, energy, pairs, n, kinds, D, room, slope)
        else:
            evaluate(shape, bonds, energy, n, kinds, D, room)
            differentiate(shape, bonds, energy, n, kinds, room)
        for s in range(lanes):
            E[begin + s] = room[Z][s]
            for x in range(3):
                for j in range(d):
                    t = 0.0
                    for k in range(n):
                        t += room[G_][(3 * k + x) * W + s] * R[which[k], j]
                    P[begin + s, x, j] = t
        if not with_second:
            continue
        for i in range(n_t * nx):
            store(tangents, i, splat(0.0))
        for k in range(n):
            e = kinds[k]
            bond_seconds(shape, bonds[0], bonds[2], room[B_], k, e, room[X_G], room[G0], room[R_], room[P_], s13, X1, H)
            if switch == NEAREST:
                add_nearest(room, k, H)
            for x in range(3):
                for r in range(start[e], start[e + 1] + 2):
                    if r < start[e + 1]:
                        v, c = load(X1, each * x + used[r] - each * e), r
                    else:
                        v, c = load(room[B_], ROWS * k + NX + x), rows + r - start[e + 1]
                        if c == rows:
                            v = v * load(room[B_], ROWS * k + C1)
                        else:
                            for s in range(W):
                                s13[s] = 1.0 if switch == NEAREST and room[NEAR][2 * W + s] == k else 0.0
                            v = v * load(s13, 0)
                    for j in range(d):
                        o = (d * x + j) * nx + c
                        store(tangents, o, load(tangents, o) + R[which[k], j] * v)
        pair_tangents(pairs, room[F], room[X], n_t, nx, tangents, moved)
        for i in range(n_t):
            for t in range(n_t):
                v = splat(0.0)
                for a in range(nx):
                    v = v + load(tangents, i * nx + a) * load(moved, t * nx + a)
                store(both, i * n_t + t, v)
        for a in range(many + 1):
            for r in range(nx):
                store(by_row, a * nx + r, load(slope, a * size + used[r]) if r < rows else splat(0.0))
        add_tangent_pairs(many, rows, nx, n_t, room, by_row, tangents, along, both)
        for s in range(lanes):
            for x in range(3):
                for j in range(d):
                    for y in range(3):
                        for l in range(d):
                            a, b = d * x + j, d * y + l
                            t = both[(a * n_t + b) * W + s] + both[(b * n_t + a) * W + s]
                            for k in range(n):
                                t += H[(9 * k + 3 * x + y) * W + s] * R[which[k], j] * R[which[k], l]
                            C[begin + s, x, j, y, l] = t
