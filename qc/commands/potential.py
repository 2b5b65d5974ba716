"""The potential that a case names."""

from __future__ import annotations

from atomistics import SitePotential, load_model, load_potential

from ..case.case import Case


def load_potential_of(case: Case, for_crystal: bool = True) -> SitePotential:
    """The potential of table [potential], for its elements or else those of the crystal.

    Parameters
    ----------
    case : Case
    for_crystal : bool
        False: without elements in the table it is for those of the file, so that a crystal that does not fit can be told apart
        from a file that is broken.

    Raises
    ------
    ValueError, OSError
        One sentence: where was looked for it, or what is wrong in which line.
    """
    table = case.potential
    elements = table.elements or (case.crystal.species if for_crystal else None)
    if table.model is not None:
        return load_model(table.model, elements, **(table.parameters or {}))
    return load_potential(table.name, elements, **(table.parameters or {}))
