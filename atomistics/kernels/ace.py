"""ACE potentials: energies and gradients, eight sites of one type side by side."""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np

from .ace_bonds import SHAPE, SPECIES, bond_gradients, density, numbers_each
from .ace_forms import COEFFICIENT, DC, DD, DS, ENERGY, PRODUCT, SWITCH, densities, gradients, products, site_energies
from .ace_radial import INNER_CUTOFF, INNER_WIDTH, INVERSE, NEAREST, NX, P1, ROWS, geometry
from .lanes import LISTED, add_gradients, gather, take_sites
from .pair import F1, F2, FROM_KERNELS, FROM_PYTHON, i8, longest
from .vector import W, load, splat, store

BONDS = nb.types.Tuple((F1, F2, F2, F2))
"""Of one type of sites: c_nlk [type, row, k], parameters [type] of `ace_radial`; recursion of p_lm; cutoffs by two types."""
ROOM = nb.types.UniTuple(F1, 14)
B_, G_, G0, R_, P_, X, X_G, RHO, F, F2_, Z, NEAR, F_SHARE, SPARE = range(14)
"""Work space: rows and gradients of bonds, g, R_nl, p_lm, numbers, dV/dA, rho, w F', w F'', V and derivatives, nearest bond, dV/d rho,
what is needed for a moment."""


def make_room(shape: tuple[int, ...], energy: Sequence[Any], n: int, products: int = 0) -> tuple[np.ndarray, ...]:
    """Work space for blocks of at most n bonds a site and as many products."""
    species, many, levels, base, _ = shape
    rows, top = 4 * ((many * levels + 3) // 4), species * (many * levels**2 + base) + 3 + max(len(energy[0][PRODUCT]), products)
    p = energy[0][COEFFICIENT].shape[1]
    sizes = (ROWS * n, 3 * n, 3 * base, 3 * rows, 3 * levels * (levels + 1) // 2, top, top, p, p, p, 9, 3, p, top + 16)
    return tuple(np.empty(size * W) for size in sizes)


@nb.njit(nb.void(F2, i8, P1, F1, F1), **FROM_KERNELS)
def find_nearest(parameters, n, kinds, B, near):
    """Distance of the nearest neighbour from where its core is all, the width of that range, and which bond it is, of each site."""
    for s in range(W):
        near[s], near[W + s], near[2 * W + s] = np.inf, 1.0, -1.0
        for k in range(n):
            p = parameters[kinds[k]]
            d = 1.0 / B[(ROWS * k + INVERSE) * W + s] - (p[INNER_CUTOFF] - p[INNER_WIDTH])
            if d < near[s]:
                near[s], near[W + s], near[2 * W + s] = d, p[INNER_WIDTH], k


@nb.njit(nb.void(SHAPE, BONDS, ENERGY, i8, P1, F1, ROOM), **FROM_PYTHON)
def evaluate(shape, bonds, energy, n, kinds, D, room):
    """V with its derivatives by S, core and nearest distance, dV/dA and dV/dD, for sites with n bonds D to types ``kinds``."""
    form, x, z, near = energy[0], room[X], room[Z], room[NEAR]
    size = shape[SPECIES] * numbers_each(shape)
    geometry(bonds[1], n, kinds, D, room[B_])
    density(shape, bonds[0], bonds[2], n, kinds, room[B_], room[G0], room[R_], room[P_], x)
    store(x, size + 1, splat(0.0))
    store(x, size + 2, splat(1.0))
    products(form, size + 3, x)
    densities(form, x, room[RHO])
    switch = energy[2][SWITCH] == NEAREST
    if switch:
        find_nearest(bonds[1], n, kinds, room[B_], near)
    site_energies(energy[1], energy[2], room[RHO], x[size * W :], near, room[F], room[F2_], z)
    for d in range(form[COEFFICIENT].shape[1]):
        store(room[F_SHARE], d, load(z, DS) * load(room[F], d))
    gradients(form, room[F_SHARE], x, size + 3, size + 3 + len(form[PRODUCT]), room[X_G])
    store(room[X_G], size, load(z, DC))
    bond_gradients(shape, bonds[0], bonds[2], n, kinds, room[B_], room[X_G], room[G0], room[R_], room[P_], room[G_])
    if switch:
        for s in range(W):
            k = i8(near[2 * W + s])
            for i in range(3 if k >= 0 else 0):
                room[G_][(3 * k + i) * W + s] += z[DD * W + s] * room[B_][(ROWS * k + NX + i) * W + s]


@nb.njit(nb.void(*LISTED, P1, F1, SHAPE, BONDS, ENERGY, ROOM, F1, F2), **FROM_PYTHON)
def site_sum(y, types, sites, first, index, order, w, shape, bonds, energy, room, V, g):
    """V[s] of the sites in ``order``, all of one type, and the gradient of sum w V added into g."""
    most = longest(first) * shape[SPECIES]
    D, kinds, atom = np.empty(3 * most * W), np.empty(most, np.int64), np.empty(most * W, np.int64)
    which, count = np.empty(W, np.int64), np.empty(W, np.int64)
    begin = 0
    while begin < len(order):
        lanes = take_sites(types, sites, order, begin, which)
        begin += lanes
        n = gather(y, types, sites, first, index, bonds[3], which, lanes, count, kinds, D, atom)
        evaluate(shape, bonds, energy, n, kinds, D, room)
        for s in range(lanes):
            V[which[s]] = room[Z][s]
        add_gradients(sites, which, lanes, n, w, atom, room[G_], g)
