"""Reader of LAMMPS' script of a SNAP potential, .snap: pair styles snap and zbl and variables that are numbers. Nothing is run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .snap_file import LARGEST_CUTOFF
from .text import finite, read_lines


@dataclass(frozen=True)
class SnapScript:
    """What a script of LAMMPS says.

    Attributes
    ----------
    coefficients, parameters : Path
    elements : tuple of str
        Of LAMMPS' types, in their order.
    line : int
        Where these are named.
    zbl : tuple, optional
        Inner and outer cutoff, A, and the (n, n) nuclear charges of the first of two types.
    """

    coefficients: Path
    parameters: Path
    elements: tuple[str, ...]
    line: int
    zbl: tuple[float, float, np.ndarray] | None


def read_script(path: Path) -> SnapScript:
    """Pair styles snap and zbl of a script; ValueError names file, line and what is not supported."""
    styles: dict[str, list[str]] = {}
    charges: dict[tuple[str, str], tuple[float, float]] = {}
    snap: tuple[int, list[str]] | None = None
    end = 1
    for k, words in _commands(path):
        end = k
        if words[0] == "pair_style":
            styles = _styles(path, k, words[1:])
        elif words[0] == "pair_coeff":
            named = len(styles) > 1 and words[3:4] != [] and words[3] in styles
            style, rest = words[3] if named else next(iter(styles), ""), words[3 + named :]
            if style == "snap" and words[1:3] == ["*", "*"] and len(rest) >= 3:
                snap = (k, rest)
            elif style == "zbl" and len(words) >= 5 and len(rest) == 2 and all((finite(w) or 0) > 0 for w in rest):
                charges[words[1], words[2]] = (float(rest[0]), float(rest[1]))
            else:
                raise ValueError(
                    f"{path}, line {k}: expected pair_coeff * * [snap] coefficients parameters elements, or pair_coeff i j zbl Z Z', "
                    f"after a pair_style, found {' '.join(words)!r}"
                )
        elif words[0] != "mass" and words[:2] != ["units", "metal"]:
            raise ValueError(
                f"{path}, line {k}: expected variable, pair_style and pair_coeff of snap and zbl, found {' '.join(words)!r}"
            )
    if snap is None:
        raise ValueError(
            f"{path}, line {end}: expected a pair_coeff of snap with coefficient and parameter file, found none in the file"
        )
    line, (coefficients, parameters, *elements) = snap
    twice = [e for e in elements if elements.count(e) > 1]
    if twice or "NULL" in elements:
        raise ValueError(f"{path}, line {line}: expected each element once, found {' '.join(elements)!r}")
    where = [path.parent / name for name in (coefficients, parameters)]
    for file in where:
        if not file.is_file():
            raise ValueError(f"{path}, line {line}: expected the file {file.name} beside the script, found none")
    zbl = (*_cutoffs(path, styles["zbl"]), _charges(path, end, charges, len(elements))) if "zbl" in styles else None
    return SnapScript(where[0], where[1], tuple(elements), line, zbl)


def _styles(path: Path, k: int, words: list[str]) -> dict[str, list[str]]:
    """Arguments of the styles snap and zbl."""
    hybrid = words[:1] == ["hybrid/overlay"]
    styles: dict[str, list[str]] = {}
    for word in words[hybrid:]:
        if finite(word) is None:
            if word not in ("snap", "zbl") or word in styles:
                raise ValueError(f"{path}, line {k}: expected the pair styles snap and zbl, once each, found {word!r}")
            styles[word] = []
        elif styles:
            styles[list(styles)[-1]].append(word)
    if "snap" not in styles or styles["snap"] or (len(styles) > 1 and not hybrid):
        raise ValueError(
            f"{path}, line {k}: expected pair_style snap, or hybrid/overlay of it and zbl with two cutoffs, found {' '.join(words)!r}"
        )
    return styles


def _cutoffs(path: Path, words: list[str]) -> tuple[float, float]:
    found = [finite(word) or 0.0 for word in words]
    if len(found) != 2 or not 0 < found[0] < found[1] <= LARGEST_CUTOFF:
        raise ValueError(
            f"{path}: expected an inner cutoff of zbl and a larger outer one, in A, found {' '.join(words)!r}"
        )
    return found[0], found[1]


def _charges(path: Path, line: int, given: dict[tuple[str, str], tuple[float, float]], n: int) -> np.ndarray:
    """(n, n) nuclear charges; pairs that are not given are mixed from those of equal types."""
    Z = np.full((n, n), np.nan)
    for (i, j), (zi, zj) in given.items():
        for a in _types(path, line, i, n):
            for b in _types(path, line, j, n):
                if a <= b or i == j or "*" in i + j:
                    Z[a, b], Z[b, a] = zi, zj
    for a in range(n):
        for b in range(n):
            if math.isnan(Z[a, b]):
                Z[a, b] = Z[a, a]
    if np.isnan(Z).any():
        raise ValueError(
            f"{path}, line {line}: expected nuclear charges of zbl for all {n} types of snap, found too few"
        )
    return Z


def _types(path: Path, line: int, word: str, n: int) -> Sequence[int]:
    if word == "*":
        return range(n)
    if not re.fullmatch(r"[0-9]{1,3}", word) or not 1 <= int(word) <= n:
        raise ValueError(f"{path}: expected types from 1 to {n} or * in pair_coeff of zbl, found {word!r}")
    return [int(word) - 1]


def _commands(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Commands with their lines: continued lines joined, variables of a number put in, nothing evaluated."""
    variables: dict[str, str] = {}
    pending, begin = "", 0
    for k, line in enumerate(read_lines(path), start=1):
        text = line.partition("#")[0].rstrip()
        begin = begin if pending else k
        pending += " " + text.removesuffix("&")
        if text.endswith("&"):
            continue
        words, pending = pending.split(), ""
        if not words:
            continue
        if words[0] == "variable":
            if len(words) != 4 or words[2] not in ("equal", "index", "string") or finite(words[3]) is None:
                raise ValueError(
                    f"{path}, line {begin}: expected variable name equal number, found {' '.join(words)!r}"
                )
            variables[words[1]] = words[3]
            continue
        yield begin, [_substituted(path, begin, word, variables) for word in words]


def _substituted(path: Path, k: int, word: str, variables: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in variables:
            raise ValueError(f"{path}, line {k}: expected a variable that is a number, found {found[0]!r}")
        return variables[name]

    return re.sub(r"\$\{(\w+)\}|\$(\w)", value, word)
