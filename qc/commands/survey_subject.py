"""A potential that is surveyed and its crack systems, each with its case; and the room that a dislocation needs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..case.case import Case
from ..case.orientation import Orientation
from ..material.ground_state import Rest

WITHIN_REACH = 1.5
"""Of the Griffith load: where K_Ie is below, a dislocation may come before a crack that its lattice traps."""
FITS = 3.0
"""A domain that is set must be so many times the larger core, or the usual one is taken."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A crack system of a potential.

    Attributes
    ----------
    name : str
        Of its files.
    orientation : Orientation
    data : dict
        Tables of its case file.
    case : Case
    """

    name: str
    orientation: Orientation
    data: dict[str, Any]
    case: Case


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A potential that is surveyed.

    Attributes
    ----------
    name : str
        Of its folder.
    potential : str
        As it was named.
    species : tuple of str
    structure : str
    structures : list of Rest
        What was compared, by rising energy.
    warning : str or None
        A sentence if the structure is not the ground state.
    members : list of Member
    large_core : float
        Radius of the core where a dislocation may come, A.
    """

    name: str
    potential: str
    species: tuple[str, ...]
    structure: str
    structures: list[Rest]
    warning: str | None
    members: list[Member]
    large_core: float

    @property
    def energies(self) -> str:
        """The structures with their energies, in a line."""
        known = [f"{one.structure} {one.energy:.4f}" for one in self.structures if one.energy is not None]
        none = [one.structure for one in self.structures if one.energy is None]
        unknown = f"; no state at rest: {', '.join(none)}" if none else ""
        return f"{self.name}, {'-'.join(self.species)}: {', '.join(known)} eV per atom{unknown}; taken is {self.structure}"


def with_room(member: Member, theory: Mapping[str, Any], core_radius: float) -> Member:
    """The crack system with a core of this radius (A) if theory has a dislocation within reach; keys that are set stay.

    Parameters
    ----------
    theory : dict
        Report of `qc.commands.griffith.griffith_of_case`.
    """
    first = next((one for one in (theory["emission"] or {}).get("systems", []) if one["possible"]), None)
    domain = member.case.model.domain_radius
    if first is None or first["over_K_c"] >= WITHIN_REACH or (domain is not None and domain < FITS * core_radius):
        return member
    data = member.data | {"model": {"core_radius": core_radius} | member.data["model"]}
    return replace(member, data=data, case=Case.from_dict(data, name=member.name))
