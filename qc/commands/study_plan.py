"""What a study consists of: the cases of all combinations of the varied values, each with a name. Nothing heavy is imported."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..case.case import Case, load_case
from ..errors import InputError

Measure = Literal["ladder", "folds"]

RADIUS = "model.domain_radius"
"""The key over which a study extrapolates."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One case of a study.

    Attributes
    ----------
    name : str
        Of its directory.
    values : dict
        The varied keys and their values here, as text.
    case : Case or None
        None where the values do not go together.
    refused : str or None
        The sentence that says why.
    reference : bool
        The same disc with all its atoms.
    """

    name: str
    values: dict[str, str]
    case: Case | None
    refused: str | None = None
    reference: bool = False


def parse_variations(texts: Sequence[str]) -> dict[str, list[str]]:
    """``table.key=a,b,c`` of each --vary: the values by key."""
    found: dict[str, list[str]] = {}
    for text in texts:
        key, sign, rest = (part.strip() for part in text.partition("="))
        values = [value.strip() for value in rest.split(",")]
        if not sign or "." not in key or not all(values):
            raise InputError(
                f"--vary {text!r} is not allowed: it must be table.key=value,value, as model.core_radius=30,40,60"
            )
        if key in found or len(set(values)) < len(values):
            raise InputError(f"--vary {text!r} is not allowed: {key if key in found else 'a value'} is there twice")
        found[key] = values
    if not found:
        raise InputError("a study needs something to vary, as in --vary model.core_radius=30,40,60")
    return found


def plan(path: Path, variations: dict[str, list[str]], overrides: Sequence[str], reference: bool) -> list[Member]:
    """All combinations (first key slowest), then for each domain radius the disc of all atoms if it is asked for."""
    overrides = [*overrides, "load.error_budget=false"]  # what members differ by is what the study measures itself
    fixed = [(key, values[0]) for key, values in variations.items()]
    load_case(path, [*overrides, *(f"{key}={value}" for key, value in fixed)])  # a wrong key is told at once
    combinations = [dict(zip(variations, values, strict=True)) for values in itertools.product(*variations.values())]
    members = [_member(path, values, overrides) for values in combinations]
    if reference:
        radii = variations.get(RADIUS, [None])
        members += [_all_atoms(path, radius, overrides) for radius in radii]
    if not any(m.case for m in members):
        raise InputError(f"none of the {len(members)} cases of this study is allowed: {members[0].refused}")
    return members


def _member(path: Path, values: dict[str, str], overrides: Sequence[str], reference: bool = False) -> Member:
    name = "_".join(
        f"{key.rsplit('.', 1)[-1]}-{re.sub(r'[^A-Za-z0-9.+-]', '-', value)}" for key, value in values.items()
    )
    try:
        case = load_case(path, [*overrides, *(f"{key}={value}" for key, value in values.items())])
    except InputError as error:
        return Member(name=name, values=values, case=None, refused=str(error), reference=reference)
    return Member(name=name, values=values, case=case, refused=None, reference=reference)


def _all_atoms(path: Path, radius: str | None, overrides: Sequence[str]) -> Member:
    values = {"model.method": "atomistic"} | ({} if radius is None else {RADIUS: radius})
    return _member(path, values, overrides, reference=True)
