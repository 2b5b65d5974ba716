"""Reader of UF3 files: knots and coefficients of cubic splines of pairs and of triplets, as LAMMPS' pair style uf3 reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .text import energy_unit, finite, numbers, read_lines

ORDER = 4
"""Numbers that determine a cubic, and how often the first and the last knot of a spline are there."""


@dataclass(frozen=True)
class Splines:
    """A spline of one length, or the tensor product of splines of three.

    Attributes
    ----------
    line : int
        Where its block begins.
    knots : tuple of ndarray
        A, the first and last four times: of r, or of r_ij, r_ik and r_jk.
    coefficients : ndarray
        eV: (n,), or [ij, ik, jk].
    """

    line: int
    knots: tuple[np.ndarray, ...]
    coefficients: np.ndarray

    @property
    def turned(self) -> Splines:
        """With both neighbours exchanged."""
        j, k, far = self.knots
        return Splines(self.line, (k, j, far), self.coefficients.transpose(1, 0, 2))


@dataclass(frozen=True)
class Uf3File:
    """Contents of a file.

    Attributes
    ----------
    path : Path
    pairs : dict
        By two species, in both orders.
    triplets : dict
        By three, the centre first, in both orders of the others; empty in a potential of pairs.
    """

    path: Path
    pairs: dict[tuple[str, ...], Splines]
    triplets: dict[tuple[str, ...], Splines]

    @property
    def elements(self) -> tuple[str, ...]:
        """Species that have a spline with themselves, in the order of the file."""
        return tuple(key[0] for key in self.pairs if key[0] == key[1])

    def refuse(self, splines: Splines, expected: str) -> ValueError:
        """The sentence on a block."""
        return ValueError(f"{self.path}, line {splines.line}: expected {expected}")


def read_uf3(path: Path) -> Uf3File:
    """Read all blocks; ValueError names file, line and expectation."""
    lines = read_lines(path)
    file = _Lines(path, lines)
    unit = energy_unit(path, lines)
    found: tuple[dict[tuple[str, ...], Splines], ...] = ({}, {})
    while (words := file.next_words()) is not None:
        if words[0] not in ("2B", "3B"):
            raise file.expected("a block that begins with 2B or 3B", words)
        count = int(words[0][0])
        if len(words) != count + ORDER or any(finite(word) is not None for word in words[1 : 1 + count]):
            raise file.expected(f"{words[0]}, {count} species, two trims and uk or nk", words)
        if words[-1] not in ("uk", "nk"):
            raise file.expected("uk or nk, uniform knots or others, at the end", words)
        key, line = tuple(words[1 : 1 + count]), file.line
        splines = _pair(file) if count == 2 else _triplet(file)
        splines = Splines(line, splines.knots, unit * splines.coefficients)
        if key in found[count - 2]:
            before = found[count - 2][key].line
            raise ValueError(f"{path}, line {line}: expected one block for {' '.join(key)}, found a second after line {before}")
        found[count - 2][key] = splines
        found[count - 2][*key[:-2], key[-1], key[-2]] = splines if count == 2 else splines.turned
    if not found[0]:
        raise ValueError(f"{path}, line 1: expected blocks of 2B and 3B, found none in the file")
    whole = Uf3File(path, *found)
    if not whole.elements:
        raise ValueError(f"{path}: expected a block of 2B of a species with itself, found none")
    return whole


class _Lines:
    """Lines one after another, comments and blank ones left out."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path, self._lines, self.line = path, lines, 0

    def next_words(self) -> list[str] | None:
        """Words of the next line; None: there is none."""
        while self.line < len(self._lines):
            words = self._lines[self.line].partition("#")[0].split()
            self.line += 1
            if words:
                return words
        return None

    def expected(self, what: str, words: Sequence[str] | None) -> ValueError:
        found = "the end of the file" if words is None else repr(" ".join(words[:8]) + " ..." * (len(words) > 8))
        return ValueError(f"{self.path}, line {self.line}: expected {what}, found {found}")

    def values(self, what: str, count: int | None = None) -> np.ndarray:
        """The numbers of a line, exactly ``count`` of them if it is given."""
        words = self.next_words()
        what = f"{'' if count is None else f'{count} '}finite numbers ({what})"
        if words is None:
            raise self.expected(what, words)
        bad = next((word for word in words if finite(word) is None), None)
        if bad is not None:
            raise self.expected(what, [bad])
        if count is not None and len(words) != count:
            raise ValueError(f"{self.path}, line {self.line}: expected {what}, found {len(words)}")
        return numbers(words)

    def counts(self, what: str, lengths: int, counts: int) -> tuple[list[float], list[int]]:
        """Lengths, then whole numbers above 0, of a line."""
        values = self.values(what, lengths + counts)
        whole = values[lengths:]
        if (values[:lengths] <= 0).any() or (whole != np.floor(whole)).any() or (whole < 1).any() or (whole > 1e6).any():
            raise self.expected(f"{what}: positive lengths, then whole numbers above 0", [f"{v:g}" for v in values])
        return values[:lengths].tolist(), [int(v) for v in whole]

    def knots(self, what: str, cutoff: float, count: int) -> np.ndarray:
        """Knots of a line that begin and end four times, and in between once."""
        if count < 2 * ORDER:
            raise ValueError(f"{self.path}, line {self.line}: expected {2 * ORDER} knots {what} at least, found {count}")
        knots = self.values(f"knots {what}", count)
        inner = knots[ORDER - 1 : count - ORDER + 1]
        if (np.diff(inner) <= 0).any() or (knots[:ORDER] != inner[0]).any() or (knots[-ORDER:] != inner[-1]).any() or inner[0] < 0:
            raise ValueError(f"{self.path}, line {self.line}: expected knots {what} that rise, the first and the last one four times")
        if abs(inner[-1] - cutoff) > 1e-6 * cutoff:
            raise ValueError(f"{self.path}, line {self.line}: expected knots {what} up to the cutoff {cutoff:g}, found {inner[-1]:g}")
        return knots


def _pair(file: _Lines) -> Splines:
    """What follows 2B."""
    (cutoff,), (count,) = file.counts("cutoff and number of knots", 1, 1)
    knots = file.knots("of r", cutoff, count)
    _, (n,) = file.counts("number of coefficients", 0, 1)
    if n != count - ORDER:
        raise ValueError(f"{file.path}, line {file.line}: expected {count - ORDER} coefficients for {count} knots, found {n}")
    return Splines(0, (knots,), file.values("coefficients", n))


def _triplet(file: _Lines) -> Splines:
    """What follows 3B: of jk, ik, ij in this order, coefficients of jk along each line."""
    cutoffs, counts = file.counts("cutoffs and numbers of knots of jk, ik, ij", 3, 3)
    far, k, j = (
        file.knots(f"of r_{name}", cutoff, count) for name, cutoff, count in zip(("jk", "ik", "ij"), cutoffs, counts, strict=True)
    )
    shape = tuple(len(knots) - ORDER for knots in (j, k, far))
    _, found = file.counts("numbers of coefficients of ij, ik, jk", 0, 3)
    if tuple(found) != shape:
        raise file.expected(f"coefficients {' '.join(map(str, shape))} for these knots", list(map(str, found)))
    rows = [file.values("coefficients along jk", shape[2]) for _ in range(shape[0] * shape[1])]
    return Splines(0, (j, k, far), np.array(rows).reshape(shape))
