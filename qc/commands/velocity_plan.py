"""Words of ``qc velocity`` looked at before anything is loaded: temperatures, loads, how long a walk is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .checks import check_place
from .front_plan import levels_of, numbers_of
from .lock import refuse_if_held

LOWEST, HIGHEST = 50.0, 3000.0
"""Temperatures, K."""

SITES = (16, 4096)
"""Periods of the front that walks."""

EVENTS = (1000, 10**9)


@dataclass(frozen=True, kw_only=True)
class Walks:
    """What is walked.

    Attributes
    ----------
    kinks : Path
        Directory of a finished ``qc kinks``.
    output : Path
    temperatures : list of float
        K.
    levels : list of float or None
        K / K_G; None: between equal energies and the highest load measured.
    sites, events, seed : int
    thermal : Path or None
        Directory of a finished ``qc thermal`` of the same crystal, or its document: loads are in K_G of each temperature.
    resume : bool
        Walks that are finished in ``output`` are not walked again.
    """

    kinks: Path
    output: Path
    temperatures: list[float]
    levels: list[float] | None
    sites: int
    events: int
    seed: int
    thermal: Path | None = None
    resume: bool = False


def walks_of(
    kinks: Path,
    temperature: str,
    levels: str | None,
    sites: int,
    events: int,
    seed: int,
    output: Path | None,
    thermal: Path | None = None,
    resume: bool = False,
) -> Walks:
    """The words as they were given, looked at."""
    for option, number, (least, most) in (("--sites", sites, SITES), ("--events", events, EVENTS), ("--seed", seed, (0, 2**32 - 1))):
        if not least <= number <= most:
            raise InputError(f"{option} {number} is not allowed: expected a whole number from {least} to {most}")
    temperatures = sorted(set(numbers_of("--temperature", temperature, LOWEST, HIGHEST, "K")))
    loads = None if levels is None else levels_of(levels, "auto")
    if not (kinks / "kinks.json").is_file():
        raise InputError(f"{kinks}: there is no kinks.json in it; expected is the directory of a finished qc kinks")
    directory = output or kinks
    check_place(directory)
    refuse_if_held(directory)
    return Walks(
        kinks=kinks,
        output=directory,
        temperatures=temperatures,
        levels=loads,
        sites=sites,
        events=events,
        seed=seed,
        thermal=thermal,
        resume=resume,
    )
