"""What theory says of a front with kinks: their interaction, the share of the fixed boundary, the price of a mesh that ignores z.

To first order (J. R. Rice, J. Appl. Mech. 52 (1985) 571) the energy release rate along a front a(z) changes by

    dG / G = (1 / pi) PV int (a(z') - a(z)) / (z' - z)^2 dz',

which costs U = (G / 2) sum_k |k| |a_k|^2 for each length of the front, a_k its Fourier amplitudes.
"""

from __future__ import annotations

import numpy as np

from ..material.surface import EV_PER_A2

MESH_ENERGY = (6.0, 9.0)
"""Excess of a kink pair where the far field does not vary along the front, in G h^2 / pi exp(-4 pi r / L), r a cutoff less than the core:
least and most of six measured in silicon (111)[1-10] with half the front ahead (docs/fronts.md)."""


def kink_energy(G: float, h: float) -> float:
    """G h^2 / pi of a front that steps by h (A) at an energy release rate G (J/m^2), eV."""
    return G / EV_PER_A2 * h**2 / np.pi


def pair_interaction(G: float, h: float, length: float, distance: float, cut: float) -> float:
    """(G h^2 / pi) ln[(L / pi c) sin(pi d / L)]: energy of two opposite kinks and their periodic images, eV.

    Parameters
    ----------
    G : float
        Energy release rate, J/m^2.
    h : float
        Height of the kinks, A.
    length : float
        Period L of the front, A.
    distance : float
        Between the kinks, d, A.
    cut : float
        Width c at which the logarithm is cut off, A; it adds a constant.
    """
    return kink_energy(G, h) * float(np.log(length / (np.pi * cut) * np.sin(np.pi * distance / length)))


def grip_energy(curvature: float, periods: int, advanced: int) -> float:
    """By how much a straight front that has advanced by a part of a column lies below the chord of whole columns, eV.

    Under fixed grips the energy of a straight front is convex in its place: a front of which ``advanced`` of ``periods`` periods have
    advanced is the lower for it. ``curvature`` is its second difference over columns, eV a period.
    """
    share = advanced / periods
    return 0.5 * curvature * periods * share * (1.0 - share)


def mesh_excess(G: float, h: float, length: float, core: float, cutoff: float) -> tuple[float, float]:
    """By how much a kink pair is too dear where the mesh beyond a core (radius, A) does not vary along a front of a length (A), eV.

    The field of wave number k = 2 pi / L falls like exp(-k r), and its energy like the square of that. Atoms within a ``cutoff`` (A) of the
    core's rim have neighbours that follow the mesh. G is that at the Griffith load, J/m^2.
    """
    unit = kink_energy(G, h) * float(np.exp(-4.0 * np.pi * (core - cutoff) / length))
    return MESH_ENERGY[0] * unit, MESH_ENERGY[1] * unit


def front_caution(G: float, h: float, length: float, core: float, cutoff: float) -> str:
    """A sentence on a front that is longer than two radii of the core, or nothing; arguments of `mesh_excess`."""
    if core >= 0.5 * length:
        return ""
    low, high = mesh_excess(G, h, length, core, cutoff)
    return (
        f"model.front_periods makes the front {length:.1f} A long, more than twice model.core_radius = {core:g} A: the far field does not "
        f"vary along it, so that a pair of kinks is too dear, by {low:.2g} to {high:.2g} eV where half the front has advanced; take a core "
        f"of {np.ceil(5.0 * length) / 10.0:.1f} A or more (a straight front is not concerned)"
    )
