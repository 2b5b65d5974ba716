"""Reader of MEAM: LAMMPS' library of elements, and the parameter file of a combination of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .site_potential import different
from .text import energy_unit, finite, read_lines

LIBRARY = (
    "z", "ielement", "atwt", "alpha", "b0", "b1", "b2", "b3", "alat", "esub", "asub", "t0", "t1", "t2", "t3", "rozero", "ibar",
)  # fmt: skip
"""Numbers of an element behind its name and its lattice."""
NEIGHBOURS = {"fcc": 12, "bcc": 8, "hcp": 12, "dia": 4, "dim": 1, "sc": 6, "b1": 6, "b2": 8, "l12": 12}
"""First neighbours in the reference structures that are read."""
OF_ELEMENTS = ("fcc", "bcc", "hcp", "dia", "dim", "sc")
IBAR = (-5, 0, 1, 3, 4)
"""Kinds of G(gamma), besides those below 0 that LAMMPS takes as 0: none."""
INDICES = {
    "Ec": 2, "alpha": 2, "rho0": 1, "delta": 2, "lattce": 2, "attrac": 2, "repuls": 2, "nn2": 2, "Cmin": 3, "Cmax": 3, "rc": 0, "delr": 0,
    "augt1": 0, "gsmooth_factor": 0, "re": 2, "ialloy": 0, "mixture_ref_t": 0, "erose_form": 0, "zbl": 2, "emb_lin_neg": 0, "bkgd_dyn": 0,
}  # fmt: skip
"""Names of a parameter file and how many elements each is for."""
CHOICES = {
    "nn2": (0, 1), "ialloy": (0, 1, 2), "mixture_ref_t": (0,), "erose_form": (0, 1, 2), "zbl": (0, 1), "emb_lin_neg": (0, 1),
    "bkgd_dyn": (0, 1),
}  # fmt: skip
"""Values that are read, of those that choose a formula."""
ENTRY = re.compile(r"\s*(\w+)\s*(?:\(([^)]*)\))?\s*=\s*(\S+)\s*")


@dataclass(frozen=True)
class MeamElement:
    """An element of a library: its lattice and its `LIBRARY` numbers."""

    name: str
    line: int
    lattice: str
    numbers: dict[str, float]


@dataclass(frozen=True)
class MeamFile:
    """A library's elements in the order of the numbers of a parameter file, and what that says.

    Attributes
    ----------
    path : Path
        The parameter file.
    elements : tuple of MeamElement
    values : dict
        By name: a number, or a dict of numbers by elements (0 is the first), lattices as words.
    lines : dict
        Where each name stands last.
    """

    path: Path
    elements: tuple[MeamElement, ...]
    values: dict[str, dict[tuple[int, ...], float | str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        """A number that is for all elements."""
        return float(self.values.get(name, {}).get((), default))

    def table(self, name: str, default: float | np.ndarray) -> np.ndarray:
        """(n,) * indices numbers."""
        out = np.empty((len(self.elements),) * INDICES[name])
        out[:] = default
        for key, value in self.values.get(name, {}).items():
            out[key] = value
        return out


def read_meam(path: Path, elements: Sequence[str] | None = None) -> MeamFile:
    """A parameter file with the library beside it: library.meam, or library_X.meam for a file that ends in _X.

    Parameters
    ----------
    path : Path
        Ends in .meam.
    elements : sequence of str, optional
        Names in the library, in the order of the numbers of the parameter file; the name of the file, if there is an element of it.

    Raises
    ------
    ValueError
        File, line and what was expected there.
    """
    stem = path.name.removesuffix(".gz").removesuffix(".meam")
    names = [f"library_{stem.rpartition('_')[2]}.meam", "library.meam"]
    beside = [path.parent / name for name in names if (path.parent / name).is_file()]
    if not beside:
        raise ValueError(f"{path}: expected the library of its elements in library.meam beside it, found no such file")
    if stem.startswith("library"):
        raise ValueError(f"{path}: expected a parameter file, found a library of elements, which is read with one")
    library = _read_library(beside[0])
    chosen = different(elements) if elements else (stem,) if stem in library else ()
    if not chosen:
        raise ValueError(f"{path}: expected the elements of {beside[0].name} that it is for, in the order of its numbers, found none named")
    unknown = [name for name in chosen if name not in library]
    if unknown:
        raise ValueError(f"{beside[0]} has no {', '.join(unknown)}: it has {', '.join(library)}")
    for name in chosen:
        _check_element(beside[0], library[name])
    file = _read_parameters(path, tuple(library[name] for name in chosen))
    _check_pairs(file)
    return file


def _read_library(path: Path) -> dict[str, MeamElement]:
    """Elements by name; of several of one name the first, as LAMMPS does."""
    found: dict[str, MeamElement] = {}
    entry: list[str] = []
    begin, width = 0, 2 + len(LIBRARY)
    lines = read_lines(path)
    if energy_unit(path, lines) != 1.0:
        raise ValueError(f"{path}, line 1: expected UNITS: metal, found UNITS: real")
    for k, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace("'", " ").replace('"', " ").split()
        begin = begin if entry else k
        entry += words
        if len(entry) > width:
            raise ValueError(f"{path}, line {begin}: expected {width} columns (element, lattice, {', '.join(LIBRARY)}), found {len(entry)}")
        if len(entry) == width:
            if entry[0] not in found:
                found[entry[0]] = _element(path, begin, entry)
            entry = []
    if entry:
        raise ValueError(f"{path}, line {begin}: expected {width} columns (element, lattice, {', '.join(LIBRARY)}), found {len(entry)}")
    if not found:
        raise ValueError(f"{path}, line 1: expected elements of {width} columns, found none in the file")
    return found


def _element(path: Path, line: int, words: list[str]) -> MeamElement:
    bad = next(((name, word) for name, word in zip(LIBRARY, words[2:], strict=True) if finite(word) is None), None)
    if bad is not None:
        raise ValueError(f"{path}, line {line}: expected a finite number for {bad[0]}, found {bad[1]!r}")
    return MeamElement(words[0], line, words[1].lower(), {name: finite(word) or 0.0 for name, word in zip(LIBRARY, words[2:], strict=True)})


def _check_element(path: Path, element: MeamElement) -> None:
    """ValueError for an element that is used and that is none of this potential."""

    def refuse(expected: str, found: object) -> None:
        raise ValueError(f"{path}, line {element.line}: expected {expected} for {element.name}, found {found}")

    v = element.numbers
    if element.lattice not in OF_ELEMENTS:
        refuse(f"a reference structure of {', '.join(OF_ELEMENTS)}", repr(element.lattice))
    if v["z"] != NEIGHBOURS[element.lattice]:
        refuse(f"z = {NEIGHBOURS[element.lattice]} as {element.lattice} has", f"{v['z']:g}")
    if v["ibar"] not in IBAR and v["ibar"] > 0:
        refuse(f"ibar = {', '.join(map(str, IBAR))}", f"{v['ibar']:g}")
    if v["t0"] != 1.0:
        refuse("t0 = 1", f"{v['t0']:g}")
    for name in ("ielement", "alpha", "alat", "rozero"):
        if v[name] <= 0:
            refuse(f"a positive {name}", f"{v[name]:g}")


def _read_parameters(path: Path, elements: tuple[MeamElement, ...]) -> MeamFile:
    file, lines = MeamFile(path, elements), read_lines(path)
    if energy_unit(path, lines) != 1.0:
        raise ValueError(f"{path}, line 1: expected UNITS: metal, found UNITS: real")
    for k, line in enumerate(lines, start=1):
        text = line.partition("#")[0]
        if not text.strip():
            continue
        found = ENTRY.fullmatch(text)
        if found is None or found[1] not in INDICES:
            what = f"NAME = VALUE or NAME(I, ..) = VALUE, NAME one of {', '.join(INDICES)}"
            raise ValueError(f"{path}, line {k}: expected {what}, found {text.strip()[:60]!r}")
        name, value = found[1], found[3].strip("'\"").lower()
        key = tuple(word.strip() for word in (found[2] or "").split(",") if word.strip())
        n = len(elements)
        if len(key) != INDICES[name] or not all(word.isdecimal() and len(word) < 4 and 1 <= int(word) <= n for word in key):
            said = f"{INDICES[name]} of the numbers 1 to {n} of {', '.join(e.name for e in elements)}" if INDICES[name] else "no number"
            raise ValueError(f"{path}, line {k}: expected {said} behind {name}, found ({', '.join(key)})")
        index = tuple(int(word) - 1 for word in key)
        if name in ("nn2", "zbl"):
            index = tuple(sorted(index))
        file.values.setdefault(name, {})[index] = value if name == "lattce" else _number(path, k, name, value)
        if name == "lattce" and value not in NEIGHBOURS:
            raise ValueError(f"{path}, line {k}: expected a reference structure of {', '.join(NEIGHBOURS)}, found {value!r}")
        file.lines[name] = k
    return file


def _check_pairs(file: MeamFile) -> None:
    """ValueError where two elements have no reference structure, or screening no range."""
    names, lattices = [element.name for element in file.elements], file.values.get("lattce", {})
    for i, j in itertools.combinations(range(len(names)), 2):
        if (i, j) not in lattices:
            pair = f"lattce({i + 1},{j + 1}), the reference structure of {names[i]} and {names[j]}"
            raise ValueError(f"{file.path}: expected {pair}, found none")
    for i, element in enumerate(file.elements):
        if lattices.get((i, i), element.lattice) not in OF_ELEMENTS:
            raise ValueError(f"{file.path}, line {file.lines['lattce']}: expected a structure of one element for {element.name}")
    low, high = file.table("Cmin", 2.0), file.table("Cmax", 2.8)
    for key in np.ndindex(low.shape):
        if not 0.0 <= low[key] < high[key] and key[0] <= key[1]:
            said = ",".join(str(k + 1) for k in key)
            raise ValueError(f"{file.path}: expected 0 <= Cmin({said}) < Cmax({said}), found {low[key]:g} and {high[key]:g}")
    for (i, j), there in file.values.get("nn2", {}).items():
        lattice = lattices.get((i, j), file.elements[i].lattice)
        if there and lattice == "dia" and min(low[i, i, j], low[j, j, i]) < 0.500001:
            raise ValueError(f"{file.path}: expected Cmin above 0.5 for nn2({i + 1},{j + 1}) = 1 of dia, as its second neighbours need")


def _number(path: Path, line: int, name: str, word: str) -> float:
    value = finite(word)
    if value is None:
        raise ValueError(f"{path}, line {line}: expected a finite number for {name}, found {word!r}")
    if name in CHOICES and value not in CHOICES[name]:
        known = ", ".join(map(str, CHOICES[name]))
        raise ValueError(f"{path}, line {line}: expected {name} = {known}, found {word}")
    if name in ("rc", "delr", "alpha", "re", "gsmooth_factor") and value <= 0:
        raise ValueError(f"{path}, line {line}: expected a positive {name}, found {word}")
    return value
