"""ACE potentials: site Hessians, eight sites side by side, and Cauchy-Born, eight strains of one site side by side.

Rows of d2V/dAdA are the numbers that the potential uses, by species, then the core repulsion and the nearest distance.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from .ace import B_, BONDS, F2_, F_SHARE, G0, G_, NEAR, P_, R_, RHO, ROOM, SPARE, X_G, F, X, Z, evaluate, make_room
from .ace_bonds import SHAPE, SPECIES, numbers_each
from .ace_forms import (
    COEFFICIENT,
    DCC,
    DCD,
    DD,
    DDD,
    DS,
    DSC,
    DSD,
    ENERGY,
    FORM,
    PRODUCT,
    SWITCH,
    gradients,
    pair_matrices,
    pair_tangents,
    products,
)
from .ace_radial import C1, INVERSE, NEAREST, NX, P1, ROWS
from .ace_second import bond_seconds
from .lanes import gather, moduli, responses, scatter, strained, take_sites, tangent_products
from .pair import F1, F2, FROM_KERNELS, FROM_PYTHON, I1, i8
from .panels import congruence
from .vector import W, load, splat, store

NO_BONDS = np.empty((0, 3))


@nb.njit(nb.void(SHAPE, ENERGY, FORM, ROOM, F1), **FROM_PYTHON)
def density_slopes(shape, energy, pairs, room, slope):
    """d rho_p/dA [p] and dS/dA after them, after `evaluate`; products are then those of ``pairs``."""
    form = energy[0]
    size, many = shape[SPECIES] * numbers_each(shape) + 3, form[COEFFICIENT].shape[1]
    one, top, g = room[RHO], size + len(form[PRODUCT]), room[SPARE]
    for d in range(many + 1):
        for i in range(many):
            store(one, i, load(room[F], i) if d == many else splat(1.0 if i == d else 0.0))
        gradients(form, one, room[X], size, top, g)
        for i in range(size):
            store(slope, d * size + i, load(g, i))
    products(pairs, size, room[X])


@nb.njit(nb.void(SHAPE, FORM, P1, i8, i8, i8, ROOM, F1, F1), **FROM_PYTHON)
def number_matrices(shape, pairs, used, lanes, nx, switch, room, slope, L):
    """L [lane] of which L + L^T is d2V/dAdA: from the monomials, from F'' and from the core."""
    n, size, z, many = len(used), shape[SPECIES] * numbers_each(shape) + 3, room[Z], pairs[COEFFICIENT].shape[1]
    for i in range(lanes * nx * nx):
        L[i] = 0.0
    a = room[SPARE]
    pair_matrices(pairs, room[F_SHARE], room[X], lanes, nx, a, L)
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


@nb.njit(nb.boolean(ROOM, i8), **FROM_KERNELS)
def coupled(room, lanes):
    """Whether the core has second derivatives at one of the sites: at none in a crystal that is not crushed."""
    for s in range(lanes):
        for i in (DSC, DSD, DCC, DCD, DDD):
            if room[Z][i * W + s] != 0.0:
                return True
    return False


@nb.njit(nb.void(ROOM, i8, F1), **FROM_KERNELS)
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


@nb.njit(nb.void(SHAPE, BONDS, P1, P1, i8, P1, P1, F2, i8, i8, i8, ROOM, F1, F1, F1), **FROM_PYTHON)
def number_slopes(shape, bonds, used, start, n, kinds, which, R, lanes, nx, switch, room, X1, H, J):
    """Slopes of the numbers and H [bond], the block of a bond at constant dV/dA.

    Without R: J [lane, panel, row] = dA/dD of each site. With bonds R (n, d): J [(x, j), row] = dA/dF_xj of each strain.
    """
    each, rows, d = numbers_each(shape), len(used), R.shape[1]
    site, mask = nx * W * ((3 * n + W - 1) // W), room[SPARE]
    for i in range(lanes * site if len(R) == 0 else 3 * d * nx * W):
        J[i] = 0.0
    for k in range(n):
        e = kinds[k]
        bond_seconds(shape, bonds[0], bonds[2], room[B_], k, e, room[X_G], room[G0], room[R_], room[P_], mask, X1, H)
        if switch == NEAREST:
            add_nearest(room, k, H)
        for s in range(W):
            mask[s] = 1.0 if switch == NEAREST and room[NEAR][2 * W + s] == k else 0.0
        for x in range(3):
            first = each * x - each * e
            if len(R) == 0:
                o = ((3 * k + x) // W) * nx * W + (3 * k + x) % W
                for r in range(start[e], start[e + 1]):
                    q = (first + used[r]) * W
                    for s in range(lanes):
                        J[s * site + o + r * W] = X1[q + s]
                for s in range(lanes):
                    u = room[B_][(ROWS * k + NX + x) * W + s]
                    J[s * site + o + rows * W] = room[B_][(ROWS * k + C1) * W + s] * u
                    J[s * site + o + (rows + 1) * W] = mask[s] * u
            else:
                u = load(room[B_], ROWS * k + NX + x)
                for j in range(d):
                    o, t = (d * x + j) * nx, R[which[k], j]
                    for r in range(start[e], start[e + 1]):
                        store(J, o + r, load(J, o + r) + t * load(X1, first + used[r]))
                    store(J, o + rows, load(J, o + rows) + t * (u * load(room[B_], ROWS * k + C1)))
                    store(J, o + rows + 1, load(J, o + rows + 1) + t * (u * load(mask, 0)))


@nb.njit(nb.void(P1, P1, i8, P1, P1, i8, i8, ROOM, F1, F1, F1, F1, F1, F1, I1, P1, I1, F1), **FROM_PYTHON)
def finish_sites(which, start, n, kinds, atom, lanes, nx, room, w, H, L, Js, M, K, begin, place, ends, values):
    """Site Hessians w (J^T (L + L^T) J + H) into ``values``."""
    width, core, none = W * ((3 * n + W - 1) // W), coupled(room, lanes), np.empty(0)
    low, high = np.empty(width // W, np.int64), np.empty(width // W, np.int64)
    for p in range(width // W):  # bonds are sorted by species
        low[p] = start[kinds[min(n - 1, (W * p) // 3)]]
        high[p] = nx if core else start[kinds[min(n - 1, (W * p + W - 1) // 3)] + 1]
    for s in range(lanes):
        congruence(L, s, nx, 0, none, none, Js, width, low, high, M, K)
        scatter(which[s], s, n, width, w[which[s]], atom, K, H, begin, place, ends, values)


def site_hessians(
    listed: tuple[np.ndarray, ...], order: np.ndarray, w: np.ndarray, shape: tuple[int, ...], bonds: Any, energy: Any, second: Any,
    begin: np.ndarray, place: np.ndarray, ends: np.ndarray, values: np.ndarray,
) -> None:  # fmt: skip
    """w d2V/dDdD of the sites in ``order``, all of one type, into ``values`` and the far ends of their bonds into ``ends``.

    The loop over blocks of sites, of milliseconds each, is Python's: to compile it would compile all that it calls again.
    """
    y, types, sites, first, index = listed
    pairs, used, start = second
    most, switch = int(np.diff(begin).max(initial=0)) * shape[SPECIES], int(energy[2][SWITCH])
    room = make_room(shape, energy, most, len(pairs[PRODUCT]))
    D, kinds, atom = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most * W, np.int64)
    which, count = np.empty(W, np.int64), np.empty(W, np.int64)
    each, nx, columns = numbers_each(shape), 4 * ((len(used) + 2 + 3) // 4), W * ((3 * most + W - 1) // W)
    L, Js, M, K = np.empty(W * nx * nx), np.empty(W * nx * columns), np.empty(nx * columns), np.empty(columns * columns)
    slope, X1, H = np.empty((len(energy[1]) + 1) * (shape[SPECIES] * each + 3) * W), np.empty(3 * each * W), np.empty(9 * most * W)
    done = 0
    while done < len(order):
        lanes = take_sites(types, sites, order, done, which)
        done += lanes
        n = gather(y, types, sites, first, index, bonds[3], which, lanes, count, kinds, D, atom)
        if n == 0:
            continue
        evaluate(shape, bonds, energy, n, kinds, D, room)
        density_slopes(shape, energy, pairs, room, slope)
        number_matrices(shape, pairs, used, lanes, nx, switch, room, slope, L)
        number_slopes(shape, bonds, used, start, n, kinds, which, NO_BONDS, lanes, nx, switch, room, X1, H, Js)
        finish_sites(which, start, n, kinds, atom, lanes, nx, room, w, H, L, Js, M, K, begin, place, ends, values)


@nb.njit(nb.void(F1, i8, F1, i8, i8, F1, i8), **FROM_KERNELS)
def project(slope, first, tangents, n_t, nx, out, o):
    """out [t] = sum_r slope [r] tangents [t, r] for the rows of ``slope``, which begin at ``first``."""
    for t in range(n_t):
        v = splat(0.0)
        for r in range(nx):
            v = v + load(slope, first + r) * load(tangents, t * nx + r)
        store(out, o + t, v)


@nb.njit(nb.void(i8, i8, i8, i8, ROOM, F1, F1, F1, F1), **FROM_KERNELS)
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


@nb.njit(nb.void(SHAPE, FORM, P1, i8, i8, i8, P1, F2, ROOM, F1, F1, F1, F1, F1, F1, nb.float64[:, :, :, :, ::1]), **FROM_PYTHON)
def tangent_moduli(shape, pairs, used, begin, lanes, n, which, R, room, slope, H, tangents, moved, both, by_row, C):
    """d2E/dF2 of eight strains."""
    many, rows, d, size = pairs[COEFFICIENT].shape[1], len(used), R.shape[1], shape[SPECIES] * numbers_each(shape) + 3
    nx, n_t = rows + 2, 3 * d
    pair_tangents(pairs, room[F_SHARE], room[X], n_t, nx, tangents, moved)
    tangent_products(n_t, nx, tangents, moved, both)
    for a in range(many + 1):
        for r in range(nx):
            store(by_row, a * nx + r, load(slope, a * size + used[r]) if r < rows else splat(0.0))
    along = np.empty((many + 1) * n_t * W)
    add_tangent_pairs(many, rows, nx, n_t, room, by_row, tangents, along, both)
    moduli(begin, lanes, n, which, R, both, H, C)


def cauchy_born(
    R: np.ndarray, types: np.ndarray, own: int, shape: tuple[int, ...], bonds: Any, energy: Any, second: Any, F_all: np.ndarray,
    E: np.ndarray, P: np.ndarray, C: np.ndarray | None,
) -> None:  # fmt: skip
    """E, dE/dF and (if wanted) d2E/dF2 of one site with bonds F R, for all F_all[q] (3, d) and bonds R (n, d)."""
    pairs, used, start = second
    (most, d), switch = R.shape, int(energy[2][SWITCH])
    room = make_room(shape, energy, most, len(pairs[PRODUCT]))
    D, kinds, which = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most, np.int64)
    each, nx, n_t, many = numbers_each(shape), len(used) + 2, 3 * d, len(energy[1])
    slope, by_row = np.empty((many + 1) * (shape[SPECIES] * each + 3) * W), np.empty((many + 1) * nx * W)
    X1, H, tangents = np.empty(3 * each * W), np.empty(9 * most * W), np.empty(n_t * nx * W)
    moved, both = np.empty_like(tangents), np.empty(n_t * n_t * W)
    for begin in range(0, len(F_all), W):
        lanes = min(W, len(F_all) - begin)
        n = strained(R, types, own, bonds[3], F_all, begin, lanes, kinds, which, D)
        evaluate(shape, bonds, energy, n, kinds, D, room)
        responses(begin, lanes, n, which, R, room[Z], room[G_], E, P)
        if C is not None:
            density_slopes(shape, energy, pairs, room, slope)
            number_slopes(shape, bonds, used, start, n, kinds, which, R, lanes, nx, switch, room, X1, H, tangents)
            tangent_moduli(shape, pairs, used, begin, lanes, n, which, R, room, slope, H, tangents, moved, both, by_row, C)
