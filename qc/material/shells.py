"""How far the shells of a crystal are from where second derivatives of its potential jump."""

from __future__ import annotations

import numpy as np

from atomistics import Crystal, SitePotential

NEAR = 1.0
"""Strain of a shell at the cutoff that a user should know of, per cent: crack tips have more."""
SEARCHED = 1.25
"""Shells are looked for up to so many cutoffs."""


def shell_at_cutoff(crystal: Crystal, potential: SitePotential) -> float | None:
    """Smallest strain that brings a shell to a distance where second derivatives jump, per cent, below 0 in compression; None: no jumps."""
    jumps = potential.jumps
    if jumps is None:
        return None
    crystal = crystal.resolved(potential)
    types, strains = potential.types_of(crystal.species), []
    for b, kind in enumerate(types):
        R, ends = crystal.stencil_and_species(SEARCHED * float(jumps.max()), b)
        seen = potential.unscreened(R, types[ends], int(kind))
        strains.append((jumps[kind, types[ends]] / np.linalg.norm(R, axis=1) - 1.0)[seen])
    found = np.concatenate(strains)
    return 100.0 * float(found[np.abs(found).argmin()]) if len(found) else None


def kink_of(crystal: Crystal, potential: SitePotential) -> float | None:
    """Smallest strain at which a third atom begins to screen a bond altogether, or no longer does, per cent; None: nothing screens."""
    strain = potential.strain_at_kink(crystal.resolved(potential))
    return None if strain is None else round(100.0 * strain, 2)


def shell_caution(crystal: Crystal, potential: SitePotential) -> str:
    """A sentence on a shell that is near its cutoff, or nothing."""
    strain = shell_at_cutoff(crystal, potential)
    if strain is None or abs(strain) >= NEAR:
        return ""
    way = "compression" if strain < 0 else "tension"
    return (
        f"a shell of neighbours is {abs(strain):.2f} % strain from the cutoff of the potential, where its second derivatives jump: elastic "
        f"constants and K_G are those without {way}, and stiffness and stability change in a step where the crystal has more of it"
    )
