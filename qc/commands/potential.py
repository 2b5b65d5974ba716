"""The potential that a case names."""

from __future__ import annotations

from atomistics import ForcesOnly, SitePotential, load_model, load_potential

from ..case.case import Case
from ..errors import InputError


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
    load = load_potential if table.model is None else load_model
    potential = load(table.name, elements, **(table.parameters or {}))
    if not isinstance(potential, ForcesOnly):
        if table.twin is not None:
            raise InputError(f"potential.twin is for a model that gives forces only, and {table.named} has energies of sites: leave it out")
        return potential
    if table.model is not None:
        potential.name = table.model
    if table.twin is not None:
        try:
            potential.twin = load_potential(table.twin, potential.elements)
        except (ValueError, OSError) as error:
            raise InputError(f"potential.twin is not usable: {error}") from None
    return potential


def refuse_forces_only(case: Case, command: str, why: str) -> None:
    """Refuse a command that needs an energy for a model that has none."""
    if case.potential.model is not None and isinstance(load_potential_of(case), ForcesOnly):
        raise InputError(f"{case.potential.named} gives forces only, no energies of sites: {command} needs {why}; qc run does without")


def refuse_qm(case: Case, command: str, why: str) -> None:
    """Refuse a command that would leave the QM tip out without a word."""
    if case.qm is not None:
        raise InputError(f"[qm] is not allowed with {command}: {why}; leave the table out, or use qc run, qc propagate or qc qm-sweep")
