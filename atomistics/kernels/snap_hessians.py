"""SNAP potentials: site Hessians, eight sites side by side, and Cauchy-Born, eight strains of one site side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .lanes import LISTED, gather, moduli, responses, scatter, strained, take_sites, tangent_products
from .pair import F1, F2, F3, FROM_KERNELS, FROM_PYTHON, I1, i8, longest
from .panels import congruence
from .snap import (
    B_,
    BETA,
    BONDS,
    DU,
    ENERGY,
    G_,
    SHAPE,
    V_,
    X_G,
    S,
    T,
    U,
    X,
    evaluate,
    make_room,
)
from .snap_bonds import P1, bond_gradients
from .snap_forms import FORM, form_gradients, form_hessians, form_tangents
from .snap_second import bond_seconds
from .vector import W, load, splat, store


@nb.njit(nb.void(*LISTED, P1, F1, SHAPE, BONDS, ENERGY, FORM, I1, P1, I1, F1), **FROM_PYTHON)
def site_hessians(y, types, sites, first, index, order, w, shape, bonds, energy, second, begin, place, ends, values):
    """w d2V/dDdD of the sites in ``order`` into ``values`` and the far ends of their bonds into ``ends`` (see `count_bonds`)."""
    J, densities, at, real = shape
    most = longest(begin) * len(bonds[0])
    room = make_room(shape, energy, most)
    D, kinds, atom = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most * W, np.int64)
    which, count = np.empty(W, np.int64), np.empty(W, np.int64)
    size, each = 2 * at[J + 1], len(real)
    nx, forms = 4 * ((each * densities + 3) // 4), len(energy[3][0])
    nk = 4 * ((forms + 3) // 4)
    columns = W * ((3 * most + W - 1) // W)
    rows = nx + nk
    L, Js, M, K = (
        np.empty(W * nx * nx),
        np.zeros(W * rows * columns),
        np.empty(rows * columns),
        np.empty(columns * columns),
    )
    I, N, A = np.empty(forms * size * densities * W), np.zeros(W * nk * nx), np.zeros(nk * nk)
    slopes, H, t = np.empty(3 * size * W), np.empty(9 * most * W), np.empty(W)
    one, low, high = np.ones(forms * W), np.empty(columns // W, np.int64), np.empty(columns // W, np.int64)
    done = 0
    while done < len(order):
        lanes = take_sites(types, sites, order, done, which)
        done += lanes
        n = gather(y, types, sites, first, index, bonds[3], which, lanes, count, kinds, D, atom)
        own = i8(types[sites[which[0]]])
        evaluate(shape, bonds, energy, own, n, kinds, D, room)
        row = min(own, i8(len(second[3]) - 1))
        form_hessians(second, row, room[BETA], room[X], lanes, nx, nx, t, L)
        if forms > 0:
            for i in range(forms):
                for k in range(forms):
                    A[i * nk + k] = 0.5 * energy[3][own, i, k]
            for i in range(len(I)):
                I[i] = 0.0
            form_gradients(energy[0], 0, one, room[X], I, size * densities)
            for k in range(forms):
                for e in range(densities):
                    for a in range(each):
                        o = (size * (densities * k + e) + real[a]) * W
                        for s in range(lanes):
                            N[(s * nk + k) * nx + e * each + a] = I[o + s]
        width = W * ((3 * n + W - 1) // W)
        site = rows * width
        if densities > 1:  # bonds to other densities leave their rows alone
            for i in range(lanes * site):
                Js[i] = 0.0
        for k in range(n):
            e = kinds[k] if densities > 1 else 0
            bond_seconds(J, at, e, room[B_], k, room[X_G], room[S], room[U], room[DU], room[T], slopes, H)
            for x in range(3):
                c = 3 * k + x
                o = ((c // W) * rows + e * each) * W + c % W
                for a in range(each):
                    q = (size * x + real[a]) * W
                    for s in range(lanes):
                        Js[o + a * W + s * site] = slopes[q + s]
        for p in range(width // W):
            low[p], high[p] = 0, nx
            if densities > 1:  # bonds are sorted by the density that they belong to
                low[p] = each * kinds[(W * p) // 3]
                high[p] = each * (kinds[min(n - 1, (W * p + W - 1) // 3)] + 1)
        for s in range(lanes):
            congruence(L, s, nx, nk, N, A, Js, width, low, high, M, K)
            scatter(which[s], s, n, width, w[which[s]], atom, K, H, begin, place, ends, values)


@nb.njit(nb.void(F2, P1, i8, i8, i8, F1, F1, F1, F1), **FROM_KERNELS)
def form_pairs(A, real, size, densities, n_t, I, tangents, N, pairs):
    """Add half of (dI/dt) A (dI/dt) to the pairs of tangents."""
    each, forms = len(real), len(A)
    slopes = np.empty(n_t * forms * W)
    for t in range(n_t):
        for k in range(forms):
            v = splat(0.0)
            for e in range(densities):
                for a in range(each):
                    o = size * (densities * k + e) + real[a]
                    v = v + load(I, o) * load(tangents, (t * densities + e) * each + a)
            store(slopes, t * forms + k, v)
    for t in range(n_t):
        for k in range(forms):
            v = splat(0.0)
            for i in range(forms):
                v = v + (0.5 * A[k, i]) * load(slopes, t * forms + i)
            store(N, k, v)
        for i in range(n_t):
            v = load(pairs, i * n_t + t)
            for k in range(forms):
                v = v + load(slopes, i * forms + k) * load(N, k)
            store(pairs, i * n_t + t, v)


@nb.njit(nb.void(F2, I1, i8, SHAPE, BONDS, ENERGY, FORM, F3, F1, F3, nb.float64[:, :, :, :, ::1], nb.boolean), **FROM_PYTHON)
def cauchy_born(R, types, own, shape, bonds, energy, second, F, E, P, C, with_second):
    """E, dE/dF and (if ``with_second``) d2E/dF2 of one site with bonds F R, for all F[q] (3, d) and bonds R (n, d)."""
    J, densities, at, real = shape
    most, d = R.shape
    room = make_room(shape, energy, most)
    D, kinds, which = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most, np.int64)
    size, each, forms, n_t = 2 * at[J + 1], len(real), len(energy[3][0]), 3 * d
    nx = each * densities
    slopes, H = np.empty(3 * size * W), np.empty(9 * most * W)
    tangents, moved, pairs = np.empty(n_t * nx * W), np.empty(n_t * nx * W), np.empty(n_t * n_t * W)
    I, one, N = np.empty(forms * size * densities * W), np.ones(forms * W), np.empty(forms * W)
    bond_g, row = room[G_], min(own, i8(len(second[3]) - 1))
    for begin in range(0, len(F), W):
        lanes = min(W, len(F) - begin)
        n = strained(R, types, own, bonds[3], F, begin, lanes, kinds, which, D)
        evaluate(shape, bonds, energy, own, n, kinds, D, room)
        bond_gradients(J, at, densities, n, kinds, room[B_], room[X_G], room[S], room[U], room[T], bond_g)
        responses(begin, lanes, n, which, R, room[V_], bond_g, E, P)
        if not with_second:
            continue
        for i in range(n_t * nx):
            store(tangents, i, splat(0.0))
        for k in range(n):
            e = kinds[k] if densities > 1 else 0
            bond_seconds(J, at, e, room[B_], k, room[X_G], room[S], room[U], room[DU], room[T], slopes, H)
            for x in range(3):
                for a in range(each):
                    v = load(slopes, size * x + real[a])
                    for j in range(d):
                        o = (d * x + j) * nx + e * each + a
                        store(tangents, o, load(tangents, o) + R[which[k], j] * v)
        form_tangents(second, row, room[BETA], room[X], n_t, nx, tangents, moved)
        tangent_products(n_t, nx, tangents, moved, pairs)
        if forms > 0:
            for i in range(len(I)):
                I[i] = 0.0
            form_gradients(energy[0], 0, one, room[X], I, size * densities)
            form_pairs(energy[3][own], real, size, densities, n_t, I, tangents, N, pairs)
        moduli(begin, lanes, n, which, R, pairs, H, C)
