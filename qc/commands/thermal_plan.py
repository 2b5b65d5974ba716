"""Words of ``qc thermal`` looked at before anything is computed: temperatures, plane and front, where results go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .checks import check_directory
from .front_plan import numbers_of

HIGHEST = 5000.0
"""Temperature, K."""
MOST = 100
"""Temperatures."""


@dataclass(frozen=True, kw_only=True)
class Warming:
    """What is looked at.

    Attributes
    ----------
    potential : str
        File or name.
    structure : str or None
        None: the one of least energy.
    species : tuple of str
        Empty: the potential's only one.
    temperatures : list of float
        K, rising.
    plane, front : tuple of int or None
        Miller indices; None: those of the first of the usual crack systems, and no front of a sheet.
    quantum : bool
    output : Path
    """

    potential: str
    structure: str | None
    species: tuple[str, ...]
    temperatures: list[float]
    plane: tuple[int, ...] | None
    front: tuple[int, ...] | None
    quantum: bool
    output: Path


def warming_of(
    potential: str,
    structure: str | None,
    species: tuple[str, ...],
    temperature: str,
    plane: str | None,
    front: str | None,
    quantum: bool,
    output: Path | None,
) -> Warming:
    """The words as they were given, looked at.

    Raises
    ------
    InputError
        One sentence: a temperature, indices or a directory that cannot be.
    """
    if plane is None and front is not None:
        raise InputError(f"--front {front} is not allowed without --plane: expected are both, as --plane 1,1,0 --front 0,0,1")
    directory = output or Path("results") / f"thermal_{Path(potential).name.split('.')[0] or 'potential'}"
    check_directory(directory, resume=False)
    return Warming(
        potential=potential,
        structure=structure,
        species=species,
        temperatures=_temperatures(temperature),
        plane=None if plane is None else _indices("--plane", plane),
        front=None if front is None else _indices("--front", front),
        quantum=quantum,
        output=directory,
    )


def _temperatures(words: str) -> list[float]:
    """The temperatures of a list "0,300", rising."""
    found = numbers_of("--temperature", words, 0.0, HIGHEST, "K")
    if len(found) > MOST:
        raise InputError(f"--temperature has {len(found)} numbers, expected at most {MOST}")
    return sorted(set(found))


def _indices(option: str, words: str) -> tuple[int, ...]:
    """Miller indices of a list "1,1,0"."""
    try:
        found = tuple(int(word) for word in words.split(","))
    except ValueError:
        found = ()
    if len(found) not in (2, 3) or not any(found) or max(map(abs, found)) > 20:
        raise InputError(f"{option} {words[:40]!r} is not allowed: expected Miller indices, as 1,1,0, of a sheet 1,0; none beyond 20")
    return found
