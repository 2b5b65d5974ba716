"""SNAP potentials: energies and gradients, eight sites of one type side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, F2, F3, FLAGS, I1, i8, longest
from .snap_bonds import P1, ROWS, bond_gradients, density, geometry, sum_coefficients
from .snap_forms import FORM, energies
from .vector import W

SHAPE = nb.types.Tuple((i8, i8, P1, P1))
"""J, densities, first element of each level, and which of the 2 at[J + 1] numbers of a density are independent."""
BONDS = nb.types.Tuple((F1, F1, F1))
"""Half cutoffs and weights by type, parameters of `snap_bonds`."""
ENERGY = nb.types.Tuple((FORM, F1, F2, F3))
"""Forms, v [type], b [type, k], A [type, k, k] of `snap_forms`; in linear potentials A is [type, 0, 0]."""
LISTED = (F2, I1, I1, I1, I1)
ROOM = nb.types.UniTuple(F1, 11)
B_, G_, U, DU, X, X_G, S, T, VALUES, BETA, V_ = range(11)
"""Work space: rows and gradients of bonds, u and its derivative, x and dV/dx, `sum_coefficients`, 24 vectors, I and dV/dI, V."""
FAR = 1e3
"""Where a lane has fewer bonds than others: beyond every cutoff, A."""


@nb.njit(ROOM(SHAPE, ENERGY, i8), **FLAGS)
def make_room(shape, energy, n):
    """Work space for blocks of at most n bonds a site."""
    J, densities, at, _ = shape
    size, k = 2 * at[J + 1], len(energy[2][0])
    return (
        np.empty(ROWS * n * W), np.empty(3 * n * W), np.empty(size * W), np.empty(size * W), np.empty(size * densities * W),
        np.empty(size * densities * W), np.empty(4 * size * densities * W), np.empty(24 * W), np.empty(k * W), np.empty(k * W), np.empty(W),
    )  # fmt: skip


@nb.njit(nb.void(SHAPE, BONDS, ENERGY, i8, i8, P1, F1, ROOM), **FLAGS)
def evaluate(shape, bonds, energy, own, n, kinds, D, room):
    """V, dV/dx and what bonds need of it, for sites of type ``own`` with n bonds D [bond, 3] to types ``kinds``."""
    J, densities, at, _ = shape
    form, v, b, A = energy
    geometry(bonds[0], bonds[1], bonds[2], own, n, kinds, D, room[B_])
    density(J, at, densities, own, bonds[2][3], n, kinds, room[B_], room[U], room[X])
    row = min(own, i8(len(form[3]) - 1))
    size = 2 * at[J + 1] * densities
    energies(form, row, v[own], b[own], A[own], room[X], size, room[VALUES], room[BETA], room[X_G], room[V_])
    sum_coefficients(J, at, densities, room[X_G], room[S])


@nb.njit(i8(*LISTED, F1, P1, i8, P1, P1, F1, P1), **FLAGS)
def gather(y, types, sites, first, index, R, which, lanes, count, kinds, D, atom):
    """Bonds D inside the cutoffs of the sites ``which``, by type of their far ends ``atom`` (-1: none); the number of places for them."""
    n = 0
    for e in range(len(R)):
        most = n
        for s in range(W):
            c = n
            if s < lanes:
                l = sites[which[s]]
                rc = R[types[l]] + R[e]
                for q in range(first[which[s]], first[which[s] + 1]):
                    j = index[q]
                    if types[j] != e:
                        continue
                    d0, d1, d2 = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2]
                    if d0 * d0 + d1 * d1 + d2 * d2 < rc * rc:
                        o = 3 * c * W + s
                        D[o], D[o + W], D[o + 2 * W] = d0, d1, d2
                        atom[c * W + s] = j
                        c += 1
            count[s] = c
            most = max(most, c)
        for c in range(n, most):
            kinds[c] = e
            for s in range(W):
                if c >= count[s]:
                    o = 3 * c * W + s
                    D[o], D[o + W], D[o + 2 * W] = FAR, 0.0, 0.0
                    atom[c * W + s] = -1
        n = most
    return n


@nb.njit(i8(I1, I1, P1, i8, P1), **FLAGS)
def take_sites(types, sites, order, begin, which):
    """The next sites of one type, eight at most; their number."""
    lanes = 0
    while lanes < W and begin + lanes < len(order):
        s = order[begin + lanes]
        if types[sites[s]] != types[sites[order[begin]]]:
            break
        which[lanes] = s
        lanes += 1
    return lanes


@nb.njit(nb.void(*LISTED, P1, F1, SHAPE, BONDS, ENERGY, F1, F2), **FLAGS)
def site_sum(y, types, sites, first, index, order, w, shape, bonds, energy, V, g):
    """V[s] of the sites in ``order`` (by type), and the gradient of sum w V added into g."""
    most = longest(first) * len(bonds[0])
    room = make_room(shape, energy, most)
    D, kinds, atom = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most * W, np.int64)
    which, count = np.empty(W, np.int64), np.empty(W, np.int64)
    bond_g = room[G_]
    begin = 0
    while begin < len(order):
        lanes = take_sites(types, sites, order, begin, which)
        begin += lanes
        n = gather(y, types, sites, first, index, bonds[0], which, lanes, count, kinds, D, atom)
        own = i8(types[sites[which[0]]])
        evaluate(shape, bonds, energy, own, n, kinds, D, room)
        bond_gradients(shape[0], shape[2], shape[1], n, kinds, room[B_], room[X_G], room[S], room[U], room[T], bond_g)
        for s in range(lanes):
            l, weight = sites[which[s]], w[which[s]]
            V[which[s]] = room[V_][s]
            a0, a1, a2 = 0.0, 0.0, 0.0
            for k in range(n):
                j = atom[k * W + s]
                if j < 0:
                    continue
                o = 3 * k * W + s
                g0, g1, g2 = weight * bond_g[o], weight * bond_g[o + W], weight * bond_g[o + 2 * W]
                g[j, 0] += g0
                g[j, 1] += g1
                g[j, 2] += g2
                a0 += g0
                a1 += g1
                a2 += g2
            g[l, 0] -= a0
            g[l, 1] -= a1
            g[l, 2] -= a2
