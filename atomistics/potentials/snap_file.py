"""Reader of SNAP's coefficients and parameters as LAMMPS has them, .snapcoeff and .snapparam."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .snap_tables import LARGEST_J, invariants
from .text import energy_unit, finite, read_lines

REQUIRED = ("rcutfac", "twojmax")
OPTIONAL = {
    "rfac0": 0.99363, "rmin0": 0.0, "switchflag": 1.0, "bzeroflag": 1.0, "quadraticflag": 0.0,
    "chemflag": 0.0, "bnormflag": 0.0, "wselfallflag": 0.0, "switchinnerflag": 0.0,
}  # fmt: skip
"""Parameters with LAMMPS' defaults."""
IGNORED = ("chunksize", "parallelthresh", "sinner", "dinner")
"""What concerns how LAMMPS computes, and what belongs to an inner switch, which is not supported."""
LARGEST_CUTOFF = 50.0
"""Largest rcutfac (R + R'), A."""


@dataclass(frozen=True)
class SnapFile:
    """Contents of a coefficient and a parameter file.

    Attributes
    ----------
    path : Path
        Coefficients.
    elements : tuple of str
    radius, weight : (n,) ndarray
    coefficients : (n, m) ndarray
        eV.
    parameters : dict
    """

    path: Path
    elements: tuple[str, ...]
    radius: np.ndarray
    weight: np.ndarray
    coefficients: np.ndarray
    parameters: dict[str, float]

    def flag(self, name: str) -> bool:
        """Whether a flag is set."""
        return self.parameters[name] != 0


def read_snap(coefficients: Path, parameters: Path) -> SnapFile:
    """Coefficients and parameters; ValueError names file, line and expectation."""
    values = read_parameters(parameters)
    rows = list(_rows(coefficients))
    unit = energy_unit(coefficients, read_lines(coefficients))
    if not rows:
        raise ValueError(
            f"{coefficients}, line 1: expected numbers of elements and coefficients, found nothing in the file"
        )
    line, words = rows[0]
    n, m = _counts(coefficients, line, words)
    expected = _coefficients_expected(values, n)
    if m != expected:
        raise ValueError(
            f"{coefficients}, line {line}: expected {expected} coefficients an element for {n} of them and {parameters.name} (twojmax = "
            f"{values['twojmax']:g}, quadraticflag = {values['quadraticflag']:g}, chemflag = {values['chemflag']:g}), found {m}"
        )
    if len(rows) != 1 + n * (m + 1):
        end = rows[-1][0]
        raise ValueError(
            f"{coefficients}, line {end}: expected {n} elements with {m} coefficients each, {n * (m + 1)} lines, found {len(rows) - 1}"
        )
    names: list[str] = []
    numbers, table = np.empty((n, 2)), np.empty((n, m))
    for e in range(n):
        names.append(
            _read_element(coefficients, rows[1 + e * (m + 1) : 1 + (e + 1) * (m + 1)], names, numbers[e], table[e])
        )
    radii = values["rcutfac"] * numbers[:, 0]
    if not values["rmin0"] < 2 * radii.min() or 2 * radii.max() > LARGEST_CUTOFF:
        raise ValueError(
            f"{coefficients}: expected cutoffs rcutfac (R + R') above rmin0 = {values['rmin0']:g} and up to {LARGEST_CUTOFF:g} A, found "
            f"{2 * radii.min():g} to {2 * radii.max():g}"
        )
    return SnapFile(coefficients, tuple(names), radii, numbers[:, 1].copy(), unit * table, values)


def write_snap(file: SnapFile, path: Path, comment: str) -> None:
    """Write ``path``, which ends in .snapcoeff, and the .snapparam beside it."""
    rows = [f"# {comment}", f"{len(file.elements)} {file.coefficients.shape[1]}"]
    for name, radius, weight, values in zip(file.elements, file.radius, file.weight, file.coefficients, strict=True):
        rows += [f"{name} {radius / file.parameters['rcutfac']:.17g} {weight:.17g}", *(f"{v:.17g}" for v in values)]
    path.write_text("\n".join(rows) + "\n")
    parameters = [f"{name} {value:.17g}" for name, value in file.parameters.items()]
    path.with_suffix(".snapparam").write_text("\n".join([f"# {comment}", *parameters]) + "\n")


def _read_element(
    path: Path, rows: Sequence[tuple[int, list[str]]], before: Sequence[str], pair: np.ndarray, values: np.ndarray
) -> str:
    """Name of an element; its radius and weight, and its coefficients, into the arrays."""
    (line, words), *block = rows
    radius, weight = (finite(words[i]) if len(words) == 3 else None for i in (1, 2))
    good = radius is not None and radius > 0 and weight is not None and weight >= 0
    if not good or finite(words[0]) is not None or words[0] in before:
        raise ValueError(
            f"{path}, line {line}: expected a new element, its radius and its weight, found {' '.join(words)!r}"
        )
    pair[:] = radius, weight
    for k, (line, row) in enumerate(block):
        value = finite(row[0]) if len(row) == 1 else None
        if value is None:
            raise ValueError(
                f"{path}, line {line}: expected coefficient {k} of {words[0]}, a finite number, found {' '.join(row)!r}"
            )
        values[k] = value
    return words[0]


def _coefficients_expected(values: dict[str, float], n: int) -> int:
    forms = len(invariants(int(values["twojmax"]))) * (n**3 if values["chemflag"] else 1)
    return 1 + forms + (forms * (forms + 1) // 2 if values["quadraticflag"] else 0)


def _counts(path: Path, line: int, words: Sequence[str]) -> tuple[int, int]:
    if len(words) != 2 or not all(re.fullmatch("[0-9]{1,9}", word) and int(word) > 0 for word in words):
        raise ValueError(
            f"{path}, line {line}: expected the numbers of elements and of coefficients, found {' '.join(words)!r}"
        )
    return int(words[0]), int(words[1])


def read_parameters(path: Path) -> dict[str, float]:
    """Parameters by name; ValueError names file, line and expectation."""
    values, lines = dict(OPTIONAL), dict[str, int]()
    for k, words in _rows(path):
        name = words[0]
        if name in IGNORED:
            continue
        value = finite(words[1]) if len(words) == 2 else None
        if name not in OPTIONAL and name not in REQUIRED:
            raise ValueError(
                f"{path}, line {k}: expected a parameter ({', '.join((*REQUIRED, *OPTIONAL))}), found {' '.join(words)!r}"
            )
        if value is None:
            raise ValueError(f"{path}, line {k}: expected one finite number for {name}, found {' '.join(words[1:])!r}")
        if name in lines:
            raise ValueError(f"{path}, line {k}: expected {name} once, found a second after line {lines[name]}")
        if name.endswith("flag") and value not in (0.0, 1.0):
            raise ValueError(f"{path}, line {k}: expected 0 or 1 for {name}, found {words[1]}")
        values[name], lines[name] = value, k
    missing = [name for name in REQUIRED if name not in lines]
    if missing:
        raise ValueError(
            f"{path}: expected the parameters {' and '.join(REQUIRED)}, found no {' and no '.join(missing)}"
        )
    checks = (
        ("twojmax", values["twojmax"] in range(LARGEST_J + 1), f"an integer from 0 to {LARGEST_J}"),
        ("rcutfac", values["rcutfac"] > 0, "a positive number"),
        ("rfac0", 0 < values["rfac0"] <= 1, "a number above 0 and up to 1"),
        ("rmin0", values["rmin0"] >= 0, "a number that is not negative"),
        ("switchinnerflag", values["switchinnerflag"] == 0, "0: an inner switch is not supported"),
    )
    for name, good, what in checks:
        if not good:
            raise ValueError(f"{path}, line {lines[name]}: expected {what} for {name}, found {values[name]:g}")
    return values


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Words of the lines that have any, without comments, and the numbers of these lines."""
    for k, line in enumerate(read_lines(path), start=1):
        words = line.partition("#")[0].split()
        if words:
            yield k, words
