"""What a survey consists of: potentials with their structure and species, and a case for each crack system. On rank 0 only."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from atomistics import Crystal, SitePotential
from atomistics.potentials.aliases import find_alias
from atomistics.potentials.library import BUILT_IN

from ..case.case import Case
from ..case.file import apply_override
from ..case.orientation import STANDARD, Orientation, read_orientations
from ..case.tables import BINARY, CrystalTable
from ..case.version import NEWEST
from ..crack.sizes import Sizes
from ..errors import InputError
from ..material.emission import contains_front
from ..material.ground_state import Rest, not_the_ground_state, structures_at_rest
from ..material.slip import slip_family, variants
from .checks import check_potential
from .potential import load_potential_of
from .survey_subject import Member, Subject

STRUCTURES: tuple[str, ...] = get_args(CrystalTable.model_fields["structure"].annotation)
CHOSEN = ("crystal", "potential.file", "potential.model", "potential.elements", "crack.plane", "crack.front", "crack.cut")
"""Tables and keys that the survey fills in itself."""
LARGER = 2.0
"""The core over that of other commands where a dislocation may come: it is named once it is three neighbour distances away."""
TOLERANCE = 5e-3
"""Relative width of the brackets, five times that of other commands: each halving that finds the jump once more costs a minimisation."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a survey is asked for, as on the command line.

    Attributes
    ----------
    potentials : sequence of str
        Files or names.
    structure : str or None
        None: the one of least energy.
    species : tuple of str
        Empty: the potential's only one.
    systems : str
        "standard", or the name of a file.
    overrides : sequence of str
        ``key=value`` as of ``--set``.
    """

    potentials: Sequence[str]
    structure: str | None = None
    species: tuple[str, ...] = ()
    systems: str = "standard"
    overrides: Sequence[str] = ()


def plan_survey(wish: Wish) -> list[Subject]:
    """The potentials of a survey and their cases.

    Raises
    ------
    InputError
        One sentence: a potential, a structure, a species, a crack system or a key that does not fit.
    """
    _check_overrides(wish.overrides)
    own = None if wish.systems == "standard" else read_orientations(Path(wish.systems))
    names = folder_names(wish.potentials)
    return [_subject(potential, name, wish, own) for potential, name in zip(wish.potentials, names, strict=True)]


def _check_overrides(overrides: Sequence[str]) -> None:
    for text in overrides:
        key = text.partition("=")[0].strip()
        if any(key == chosen or key.startswith(f"{chosen}.") for chosen in CHOSEN):
            raise InputError(f"--set {key[:60]} is not allowed: a survey takes it from POTENTIAL, --structure, --element and --systems")


def _subject(potential: str, name: str, wish: Wish, own: list[Orientation] | None) -> Subject:
    chosen = choose(potential, wish.structure, wish.species, wish.overrides)
    return Subject(
        name=name,
        potential=potential,
        species=chosen.species,
        structure=chosen.rest.structure,
        structures=chosen.structures,
        warning=None if wish.structure is None else not_the_ground_state(chosen.structures, chosen.rest.structure),
        members=_members(chosen.table, chosen.crystal, own, wish),
        large_core=round(LARGER * Sizes.usual(chosen.crystal, chosen.potential).core_radius, 1),
    )


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A potential and the crystal that is looked at.

    Attributes
    ----------
    potential : SitePotential
    table : dict
        Table [potential] of a case.
    species : tuple of str
    structures : list of Rest
        What was compared, by rising energy.
    rest : Rest
        The one that is taken.
    """

    potential: SitePotential
    table: dict[str, Any]
    species: tuple[str, ...]
    structures: list[Rest]
    rest: Rest

    @property
    def crystal(self) -> Crystal:
        """At rest, in no orientation yet."""
        ratio = {} if self.rest.axial_ratio is None else {"c_over_a": self.rest.axial_ratio}
        found: Crystal = getattr(Crystal, self.rest.structure)(*self.species, self.rest.a, **ratio)
        return found


def choose(
    name: str,
    structure: str | None = None,
    species: tuple[str, ...] = (),
    overrides: Sequence[str] = (),
    look: Callable[[SitePotential], None] | None = None,
) -> Chosen:
    """A potential by its file or name, and its crystal: of the structure asked for, or else of least energy per atom.

    Parameters
    ----------
    name, structure, species, overrides
        As of `Wish`.
    look : callable, optional
        Is shown the potential before anything is computed with it, and may refuse it.

    Raises
    ------
    InputError
        One sentence: a potential, a structure or a species that does not fit.
    """
    if structure is not None and structure not in STRUCTURES:
        raise InputError(f"--structure {structure[:40]!r} is not allowed: it must be one of {', '.join(STRUCTURES)}")
    table = _potential_table(name, overrides)
    potential = loaded(name, table)
    if look is not None:
        look(potential)
    species = species or _only_species(name, potential)
    fits = [s for s in STRUCTURES if len(species) == (2 if s in BINARY else 1)]
    if structure is not None and structure not in fits:
        needs = "two different species, as --element Ni,Al" if structure in BINARY else "one species, as --element Fe"
        raise InputError(f"--structure {structure} does not fit the species {', '.join(species)}: it needs {needs}")
    if not fits or len(set(species)) < len(species):
        raise InputError(f"--element {','.join(species)[:60]} is not allowed: it must be one species, or two different ones (Ni,Al)")
    first = structure or fits[0]
    check_potential(_case(table, first, species, STANDARD[first][0], overrides)[1])
    potential = loaded(name, table, species)
    structures = structures_at_rest(potential, species, structure)
    rest = next(one for one in structures if structure in (None, one.structure))
    if rest.energy is None:
        raise InputError(f"{name} has no crystal at rest of {', '.join(species)}, {rest.structure}: {rest.why}")
    return Chosen(potential=potential, table=table, species=species, structures=structures, rest=rest)


def folder_names(potentials: Sequence[str]) -> list[str]:
    """Names of folders for potentials: ``Fe_mm`` of ``~/potentials/Fe_mm.eam.fs``, ``Si-sw`` and ``Si-tersoff`` of two in one survey.

    `InputError` where even whole names of files are alike.
    """
    files = [Path(potential).name.removesuffix(".gz") for potential in potentials]
    short = [_plain(file.split(".")[0]) for file in files]
    names = [name if short.count(name) == 1 else _plain(file) for name, file in zip(short, files, strict=True)]
    for n, name in enumerate(names):
        if name in names[:n]:
            raise InputError(f"{potentials[n]} is not allowed: there is another potential of the name {name}, which names its folder")
    return names


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9+_-]", "-", name).strip("-") or "potential"


def _potential_table(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """Table [potential]: a file by its whole path, so that the case can be run from anywhere; its parameters if they are set."""
    if name in BUILT_IN:
        table: dict[str, Any] = {"file": name}
    elif not os.path.isfile(name) and _is_model(name):
        table = {"model": name}
    else:
        path = os.path.expanduser(name)
        table = {"file": os.path.abspath(path) if os.path.isfile(path) else name}
    data: dict[str, Any] = {"potential": table}
    for text in overrides:
        if text.startswith("potential."):
            apply_override(data, text)
    return dict(data["potential"])


def _is_model(name: str) -> bool:
    try:
        return find_alias(name) is not None
    except ValueError as error:
        raise InputError(str(error)) from None


def loaded(name: str, table: dict[str, Any], species: tuple[str, ...] | None = None) -> SitePotential:
    """The potential of a table, for its own species or some of them."""
    given = {"elements": list(species)} if species else {}
    crystal = {"structure": "fcc", "element": "X"}  # that it is another one is looked at later
    case = Case.from_dict({"version": NEWEST, "crystal": crystal, "potential": table | given, "crack": STANDARD["fcc"][0].table()}, name)
    try:
        return load_potential_of(case, for_crystal=False)
    except (ValueError, OSError) as error:
        raise InputError(f"{name} is not usable: {error}") from None


def _only_species(name: str, potential: SitePotential) -> tuple[str, ...]:
    if len(potential.elements) != 1:
        first = potential.elements[0]
        raise InputError(
            f"--element is missing: {name} knows {', '.join(potential.elements)}, so it must be one of them, as --element {first}, or two "
            f"for a compound, as --element {','.join(potential.elements[:2])}"
        )
    return potential.elements


def _members(table: dict[str, Any], crystal: Crystal, own: list[Orientation] | None, wish: Wish) -> list[Member]:
    species = tuple(dict.fromkeys(crystal.species))
    found = []
    for number, orientation in enumerate(STANDARD[crystal.structure] if own is None else own, 1):
        where = "" if own is None else f"{wish.systems}, system {number}: "
        try:
            data, case = _case(table, crystal.structure, species, orientation, wish.overrides)
            _check_slips(crystal, orientation)
        except ValueError as error:
            raise InputError(f"{where}{error}") from None
        found.append(Member(name=orientation.name, orientation=orientation, data=data, case=case))
    return found


def _case(
    table: dict[str, Any], structure: str, species: tuple[str, ...], orientation: Orientation, overrides: Sequence[str]
) -> tuple[dict[str, Any], Case]:
    """Tables of a case file, and the case: wider brackets than by default, unloaded after the first advance, the user's keys on top."""
    crystal = {"structure": structure} | ({"elements": list(species)} if structure in BINARY else {"element": species[0]})
    model = {"dimension": 2} if structure == "hexagonal" else {}
    data: dict[str, Any] = {"version": NEWEST, "crystal": crystal, "potential": dict(table), "model": model}
    data |= {"crack": orientation.table(), "load": {"unload": True, "K_tolerance": TOLERANCE}}
    for text in overrides:
        apply_override(data, text)
    return data, Case.from_dict(data, name=orientation.name)


def _check_slips(crystal: Crystal, orientation: Orientation) -> None:
    """Refuse a slip system that is none of the crystal, and one none of whose planes contains the front."""
    oriented = crystal.oriented(orientation.plane, orientation.front or (0, 0, 1))
    for text in orientation.slips:
        if not any(contains_front(one) for one in variants(oriented, slip_family(text))):
            raise InputError(
                f"slip = {text[:60]!r} is not allowed: none of its planes contains the crack front of {orientation.label}, where the "
                "theory of a dislocation along the front says nothing"
            )
