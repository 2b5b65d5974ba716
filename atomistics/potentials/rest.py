"""The size at which a crystal is at rest, from nothing but its potential."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ..crystal import Crystal
from .site_potential import SitePotential

DISTANCES = np.linspace(0.3, 0.95, 40)
"""Nearest-neighbour distances that are tried, in cutoffs."""
MOST_GAIN = 10.0
"""Energy that a smaller crystal may have less than a larger one at rest, eV an atom: the largest cohesive energies are 9."""


OF_ONE_SPECIES = ("fcc", "bcc", "diamond", "hcp")
"""Structures that a species alone makes."""


def lattice_constant_at_rest(potential: SitePotential, structure: str, element: str | None) -> float | None:
    """Lattice constant of zero pressure of a crystal of one species (the first one if none is named), A; None where there is none."""
    if structure not in OF_ONE_SPECIES:
        return None
    return potential.constant_of(getattr(Crystal, structure)(element or potential.elements[0]))


def constant_at_rest(potential: SitePotential, crystal: Crystal) -> float | None:
    """Lattice constant of zero pressure and, among several of them, of least energy.

    Machine-learned potentials have wells where nothing was fitted: under compression, a smaller crystal whose energy is
    lower by more than `MOST_GAIN` is none.

    Parameters
    ----------
    potential : SitePotential
        Whose neighbours follow from distances (no `fixed_topology`).
    crystal : Crystal
        Its shape and species count, its lattice constant does not.

    Returns
    -------
    float or None
        A; None: nearest-neighbour distances of 0.3 to 0.95 cutoffs hold no minimum of the energy.
    """
    types, unit = potential.types_of(crystal.species), crystal.with_lattice_constant(1.0)
    a = potential.cutoff * DISTANCES / unit.nearest_neighbour_distance
    around = [unit.stencil_and_species(potential.cutoff / a[0], b) for b in range(len(types))]

    def energy_and_virial(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(k,) energies and their derivatives by the size."""
        F = sizes[:, None, None] * np.eye(3)
        sites = zip(around, types, strict=True)
        found = [potential.cauchy_born(R, types[ends], int(kind), F, second=False)[:2] for (R, ends), kind in sites]
        return np.sum([W for W, _ in found], 0), np.sum([np.trace(P, axis1=1, axis2=2) for _, P in found], 0)

    W, slope = energy_and_virial(a)
    minima = np.flatnonzero((slope[:-1] < 0) & (slope[1:] > 0))
    if not len(minima):
        return None
    k = minima[-1]
    for inner in minima[-2::-1]:
        if 0.0 < min(W[k : k + 2]) - min(W[inner : inner + 2]) < MOST_GAIN * len(types):
            k = inner
    return float(brentq(lambda size: energy_and_virial(np.array([size]))[1][0], a[k], a[k + 1], xtol=1e-14))
