"""Walks of a front that are finished: a file each, so that a ``qc velocity`` that was stopped goes on, on any number of ranks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from ..crack.front_law import KinkLaw
from ..crack.front_velocity import FrontVelocity
from ..errors import InputError
from ..output.files import read_json, write_json
from .checks import make_directory

FOLDER = ".walks"


class KeptWalks:
    """Walks by what they depend on: the law of the kinks, temperature, step, size and length of the walk, seed.

    Parameters
    ----------
    directory : Path
        Of the results.
    """

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER

    def begin(self, resume: bool) -> None:
        """Make room for walks; those of an earlier run are thrown away, unless it is resumed. On one rank."""
        make_directory(self._folder)
        for file in [] if resume else self._folder.glob("*.json"):
            file.unlink()

    def find(self, name: str) -> FrontVelocity | None:
        """The walk of a name, if it is there and whole."""
        path = self._folder / f"{name}.json"
        try:
            return FrontVelocity.from_plain(read_json(path)) if path.exists() else None
        except InputError:  # a file that something else has cut: it is walked again
            return None

    def keep(self, name: str, walked: FrontVelocity) -> None:
        """Write a walk, whole or not at all."""
        write_json(self._folder / f"{name}.json", walked.plain())


def name_of(law: KinkLaw, temperature: float, step: float, sites: int, events: int, seed: int) -> str:
    """The name of a walk: the same for the same numbers."""
    parts = [asdict(law) | {"near": law.near.tolist()}, temperature, step, sites, events, seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]
