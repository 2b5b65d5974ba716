"""Reader of LAMMPS' files with one entry for each triplet of species: .sw, .tersoff and .tersoff.mod."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .text import energy_unit, finite, numbers, read_lines


@dataclass(frozen=True)
class Triplets:
    """Entries of a file (or the published ones), by triplet: site, neighbour j, neighbour k.

    Attributes
    ----------
    source : str
        The file, or the name of the potential.
    columns : tuple of str
        Names of the numbers.
    values : dict
        The numbers of each triplet.
    lines : dict
        Where the entry of each triplet begins; empty for what is not from a file.
    """

    source: str
    columns: tuple[str, ...]
    values: dict[tuple[str, str, str], np.ndarray]
    lines: dict[tuple[str, str, str], int]

    @property
    def elements(self) -> tuple[str, ...]:
        """Species with an entry of their own, in the order of the file."""
        return tuple(key[0] for key in self.values if len(set(key)) == 1)

    def table(self, elements: Sequence[str]) -> np.ndarray:
        """(n, n, n, n_columns) entries of these species; ValueError for a triplet that is missing."""
        known = self.elements
        unknown = [e for e in elements if e not in known]
        if unknown:
            raise ValueError(f"{self.source} has no {', '.join(unknown)}: it has {', '.join(known) or 'no species'}")
        triplets = list(itertools.product(elements, elements, elements))
        missing = [key for key in triplets if key not in self.values]
        if missing:
            raise ValueError(
                f"{self.source} has no entry for the triplet {' '.join(missing[0])}, which {' and '.join(elements)} need"
            )
        n = len(elements)
        return np.array([self.values[key] for key in triplets]).reshape(n, n, n, -1)

    def refuse(self, key: tuple[str, str, str], expected: str) -> None:
        """ValueError at the entry of a triplet."""
        line = f", line {self.lines[key]}" if key in self.lines else ""
        raise ValueError(f"{self.source}{line}: expected {expected} for the triplet {' '.join(key)}")


def read_triplets(path: Path, columns: Sequence[str], energies: Sequence[str] = ()) -> Triplets:
    """Entries of three species and one number per column, on one or more lines each.

    Numbers of the columns ``energies`` are brought to eV where the file is in LAMMPS' units real.

    Raises
    ------
    ValueError
        File, line and what was expected there.
    """
    width = 3 + len(columns)
    values: dict[tuple[str, str, str], np.ndarray] = {}
    lines: dict[tuple[str, str, str], int] = {}
    entry: list[str] = []
    begin = 0
    text = read_lines(path)
    unit = energy_unit(path, text)
    scale = np.array([unit if name in energies else 1.0 for name in columns])
    for k, line in enumerate(text, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if entry and finite(words[0]) is None:
            raise _incomplete(path, begin, width, columns, entry)
        begin = begin if entry else k
        entry += words
        if len(entry) >= width:
            key, found = _parsed(path, begin, entry, columns)
            if key in values:
                raise ValueError(
                    f"{path}, line {begin}: expected one entry for {' '.join(key)}, found a second after line {lines[key]}"
                )
            values[key], lines[key], entry = scale * found, begin, []
    if entry:
        raise _incomplete(path, begin, width, columns, entry)
    if not values:
        raise ValueError(f"{path}, line 1: expected entries of {width} columns, found none in the file")
    return Triplets(str(path), tuple(columns), values, lines)


def _parsed(path: Path, line: int, entry: list[str], columns: Sequence[str]) -> tuple[tuple[str, str, str], np.ndarray]:
    if len(entry) != 3 + len(columns):
        raise _incomplete(path, line, 3 + len(columns), columns, entry)
    for word in entry[:3]:
        if finite(word) is not None:
            raise ValueError(f"{path}, line {line}: expected three species, then numbers, found {word!r}")
    for word, name in zip(entry[3:], columns, strict=True):
        if finite(word) is None:
            raise ValueError(f"{path}, line {line}: expected a finite number for {name}, found {word!r}")
    return (entry[0], entry[1], entry[2]), numbers(entry[3:])


def _incomplete(path: Path, line: int, width: int, columns: Sequence[str], entry: list[str]) -> ValueError:
    return ValueError(
        f"{path}, line {line}: expected {width} columns (three species, {', '.join(columns)}), found {len(entry)}"
    )
