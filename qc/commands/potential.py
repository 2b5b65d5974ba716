"""The potential that a case names."""

from __future__ import annotations

from atomistics import SitePotential, load_potential

from ..case.case import Case


def load_potential_of(case: Case) -> SitePotential:
    """The potential of table [potential], for its elements or else those of the crystal.

    Raises
    ------
    ValueError, OSError
        One sentence: where was looked for it, or what is wrong in which line.
    """
    table = case.potential
    return load_potential(table.file, table.elements or case.crystal.species, **(table.parameters or {}))
