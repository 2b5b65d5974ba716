"""Sizes of a crack model where the user gives none: functions of the potential's cutoff and of the crystal."""

from __future__ import annotations

from dataclasses import dataclass

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential

CORE_IN_NEIGHBOURS, CORE_IN_CUTOFFS = 5.7, 2.5
"""The core's radius is the larger of the two; docs/defaults.md has what smaller and larger ones give."""
BLEND_IN_NEIGHBOURS, BLEND_IN_CUTOFFS = 4.0, 2.0
DOMAIN_IN_NEIGHBOURS = 160.0
"""400 A of iron: from there on the error by the boundary is some per mille, and it is measured."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Lengths of a model, A.

    Attributes
    ----------
    core_radius, blend_width, domain_radius : float
    """

    core_radius: float
    blend_width: float
    domain_radius: float

    @classmethod
    def usual(cls, crystal: Crystal, potential: SitePotential) -> Sizes:
        """The default sizes for a crystal with its lattice constant."""
        nn, cutoff = crystal.resolved(potential).nearest_neighbour_distance, potential.cutoff
        return cls(
            core_radius=max(CORE_IN_NEIGHBOURS * nn, CORE_IN_CUTOFFS * cutoff),
            blend_width=max(BLEND_IN_NEIGHBOURS * nn, BLEND_IN_CUTOFFS * cutoff),
            domain_radius=DOMAIN_IN_NEIGHBOURS * nn,
        )
