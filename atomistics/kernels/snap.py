"""SNAP potentials: energies and gradients, eight sites of one type side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb
import numpy as np

from .lanes import LISTED, add_gradients, gather, take_sites
from .pair import F1, F2, F3, FROM_KERNELS, FROM_PYTHON, i8, longest
from .snap_bonds import P1, ROWS, bond_gradients, density, geometry, sum_coefficients
from .snap_forms import FORM, energies
from .vector import W

SHAPE = nb.types.Tuple((i8, i8, P1, P1))
"""J, densities, first element of each level, and which of the 2 at[J + 1] numbers of a density are independent."""
BONDS = nb.types.Tuple((F1, F1, F1, F2))
"""Half cutoffs and weights by type, parameters of `snap_bonds`, cutoffs by two types."""
ENERGY = nb.types.Tuple((FORM, F1, F2, F3))
"""Forms, v [type], b [type, k], A [type, k, k] of `snap_forms`; in linear potentials A is [type, 0, 0]."""
ROOM = nb.types.UniTuple(F1, 11)
B_, G_, U, DU, X, X_G, S, T, VALUES, BETA, V_ = range(11)
"""Work space: rows and gradients of bonds, u and its derivative, x and dV/dx, `sum_coefficients`, 24 vectors, I and dV/dI, V."""


@nb.njit(ROOM(SHAPE, ENERGY, i8), **FROM_KERNELS)
def make_room(shape, energy, n):
    """Work space for blocks of at most n bonds a site."""
    J, densities, at, _ = shape
    size, k = 2 * at[J + 1], len(energy[2][0])
    return (
        np.empty(ROWS * n * W), np.empty(3 * n * W), np.empty(size * W), np.empty(size * W), np.empty(size * densities * W),
        np.empty(size * densities * W), np.empty(4 * size * densities * W), np.empty(24 * W), np.empty(k * W), np.empty(k * W), np.empty(W),
    )  # fmt: skip


@nb.njit(nb.void(SHAPE, BONDS, ENERGY, i8, i8, P1, F1, ROOM), **FROM_KERNELS)
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


@nb.njit(nb.void(*LISTED, P1, F1, SHAPE, BONDS, ENERGY, F1, F2), **FROM_PYTHON)
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
        n = gather(y, types, sites, first, index, bonds[3], which, lanes, count, kinds, D, atom)
        own = i8(types[sites[which[0]]])
        evaluate(shape, bonds, energy, own, n, kinds, D, room)
        bond_gradients(shape[0], shape[2], shape[1], n, kinds, room[B_], room[X_G], room[S], room[U], room[T], bond_g)
        for s in range(lanes):
            V[which[s]] = room[V_][s]
        add_gradients(sites, which, lanes, n, w, atom, bond_g, g)
