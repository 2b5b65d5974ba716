"""Readers of setfl and funcfl tables, as LAMMPS' pair styles eam/alloy, eam/fs, adp and eam read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..species import symbol_of_number
from .text import energy_unit, number, numbers, read_lines

SUPPORTED = (
    "setfl of eam/alloy, eam/fs and adp, funcfl of eam, .sw, .tersoff, .tersoff.mod, .snap, .snapcoeff, .yace, .ace, .edip, .uf3 and .meam"
)
"""What is read, for sentences."""
LARGE = 1_000_000
"""Numbers of a file that is checked to have them before anything else; of a smaller one the line that ends too early is told."""
HARTREE_BOHR = 27.2 * 0.529
"""Z^2 / r of a funcfl table in eV, with the digits of LAMMPS."""


@dataclass(frozen=True, kw_only=True)
class Setfl:
    """Contents of a setfl file, or of a funcfl file in its form.

    Attributes
    ----------
    path : Path
    elements : tuple of str
        From line 4; atomic numbers in the file are sometimes wrong and not used (but for funcfl, which has no names).
    n_rho, d_rho, nr, dr, cutoff
        Grids; d_rho in units of the density, dr and cutoff in A.
    rho_max : float
        Density beyond which F goes on as a straight line.
    structure : tuple of str
        As the header names it for each element, empty where it does not. Its lattice constant is not used, nor by LAMMPS.
    embedding : (n, n_rho) ndarray
        F, eV.
    density : (n, n, nr) ndarray
        f of a neighbour of the first kind at a site of the second.
    pair : (n, n, nr) ndarray
        r phi(r), eV A.
    dipole, quadrupole : (n, n, nr) ndarray, optional
        u(r), eV^(1/2)/A, and w(r), eV^(1/2)/A^2, of adp.
    """

    path: Path
    elements: tuple[str, ...]
    n_rho: int
    d_rho: float
    nr: int
    dr: float
    cutoff: float
    rho_max: float
    structure: tuple[str, ...]
    embedding: np.ndarray
    density: np.ndarray
    pair: np.ndarray
    dipole: np.ndarray | None = None
    quadrupole: np.ndarray | None = None


class _Numbers:
    """Numbers of the file one after another, with the line they stand on for error messages."""

    def __init__(self, path: Path, lines: list[str], start: int) -> None:
        self._path, self._lines, self.line = path, lines, start

    def header(self, what: str, count: int) -> list[str]:
        """The words of the next line that is not blank, at least ``count`` of them."""
        while self.line < len(self._lines) and not self._lines[self.line].strip():
            self.line += 1
        words = self._lines[self.line].split() if self.line < len(self._lines) else []
        self.line += 1
        if len(words) < count:
            raise ValueError(
                f"{self._path}, line {self.line}: expected {what}, found {' '.join(words) or 'the end of the file'!r}"
            )
        return words

    def block(self, n: int, what: str) -> np.ndarray:
        """The next n numbers, from whole lines."""
        words: list[str] = []
        first = self.line + 1
        while len(words) < n and self.line < len(self._lines):
            words += self._lines[self.line].split()
            self.line += 1
        try:
            values = numbers(words)
        except ValueError as error:
            raise ValueError(
                f"{self._path}, lines {first}-{self.line}: expected {n} numbers ({what}), found {error.args[0]!r}"
            ) from None
        if len(values) == n and not np.isfinite(values).all():
            bad = next(w for w, v in zip(words, values, strict=True) if not np.isfinite(v))
            raise ValueError(
                f"{self._path}, lines {first}-{self.line}: expected {n} finite numbers ({what}), found {bad!r}"
            )
        if len(values) != n:
            raise ValueError(
                f"{self._path}, lines {first}-{self.line}: expected {n} numbers ({what}), found {len(values)}"
            )
        return values

    def end(self) -> None:
        """Refuse further numbers: they belong to another kind of table."""
        rest = ((k, line.split()) for k, line in enumerate(self._lines[self.line :], start=self.line + 1))
        left = [(k, words) for k, words in rest if words and _is_number(words[0])]
        if left:
            count = sum(len(words) for _, words in left)
            kind = (
                "eam/cd" if count < 20 else "neither eam/alloy nor eam/fs"
            )  # which ends with the coefficients of h(x)
            raise ValueError(
                f"{self._path}, line {left[0][0]}: expected the end of the file, found {left[0][1][0]!r} and {count - 1} further numbers: "
                f"the file is {kind}; supported are {SUPPORTED}"
            )


def _is_number(word: str) -> bool:
    return number(word) is not None


def read_table(path: Path) -> Setfl:
    """Read setfl or funcfl; the kind follows from the contents, not from the name of the file."""
    lines = read_lines(path)
    words = [line.split() for line in lines[1:4]]
    funcfl = len(words) > 1 and len(words[0]) >= 3 and _grid_of_funcfl(words[1]) and all(map(_is_number, words[0][:3]))
    return read_funcfl(path, lines) if funcfl else read_setfl(path, lines)


def _grid_of_funcfl(words: list[str]) -> bool:
    return len(words) >= 5 and all(map(_is_number, words[:5]))


def read_funcfl(path: Path, lines: list[str]) -> Setfl:
    """Read a single element of pair style eam: F(rho), the effective charge Z(r) and f(r), with phi = 27.2 0.529 Z^2 / r.

    The last knots are left out, as LAMMPS does when it copies the tables to a grid of its own.
    """
    table = _Numbers(path, lines, 1)
    head = table.header("atomic number, mass, lattice constant, structure", 3)
    n_rho, d_rho, nr, dr, cutoff = _grid(path, table)
    unit = energy_unit(path, lines)
    embedding = unit * table.block(n_rho, "embedding function")
    charge = table.block(nr, "effective charge")
    density = table.block(nr, "density")
    table.end()
    return Setfl(
        path=path,
        elements=(symbol_of_number(int(float(number(head[0]) or 0))),),
        n_rho=n_rho - 1,
        d_rho=d_rho,
        nr=nr - 1,
        dr=dr,
        cutoff=cutoff,
        rho_max=(n_rho - 1) * d_rho,
        structure=(head[3].lower() if len(head) > 3 else "",),
        embedding=embedding[None, :-1],
        density=density[None, None, :-1],
        pair=unit * HARTREE_BOHR * charge[None, None, :-1] ** 2,
    )


def _grid(path: Path, table: _Numbers) -> tuple[int, float, int, float, float]:
    """Nrho, drho, Nr, dr, cutoff of the next line."""
    words = table.header("Nrho, drho, Nr, dr, cutoff", 5)
    values = [number(word) for word in words[:5]]
    if None in values:
        raise ValueError(f"{path}, line {table.line}: expected Nrho, drho, Nr, dr, cutoff, found {' '.join(words)!r}")
    if len(words) > 5 and _is_number(words[5]):
        raise ValueError(
            f"{path}, line {table.line}: expected five numbers, found {' '.join(words)!r}: the file is eam/he; supported are {SUPPORTED}"
        )
    n_rho, d_rho, nr, dr, cutoff = (float(value or 0.0) for value in values)
    if not all(5 <= n < 1e9 for n in (n_rho, nr)) or not all(0 < v < np.inf for v in (d_rho, dr, cutoff)):
        raise ValueError(
            f"{path}, line {table.line}: expected grids of at least 5 positive steps, found {' '.join(words)!r}"
        )
    return int(n_rho), d_rho, int(nr), dr, cutoff


def read_setfl(path: Path, lines: list[str]) -> Setfl:
    """Read eam/alloy, eam/fs or adp; the kind follows from the amount of numbers."""
    table = _Numbers(path, lines, 3)
    words = table.header("the number of elements and their names", 2)
    try:
        elements = tuple(words[1 : 1 + int(words[0])])
    except ValueError:
        raise ValueError(
            f"{path}, line 4: expected the number of elements and their names, found {' '.join(words)!r}; supported are {SUPPORTED}"
        ) from None
    if len(elements) != int(words[0]) or not elements:
        raise ValueError(f"{path}, line 4: expected {words[0]} element names, found {' '.join(words[1:]) or 'none'!r}")
    n_rho, d_rho, nr, dr, cutoff = _grid(path, table)
    unit = energy_unit(path, lines)
    kind = _kind(path, table.line, lines, len(elements), n_rho, nr)
    n = len(elements)
    sections = n if kind == "eam/fs" else 1
    density, embedding = np.empty((n, n, nr)), np.empty((n, n_rho))
    structure = []
    for i, element in enumerate(elements):
        head = table.header(f"atomic number, mass, lattice constant, structure of {element}", 3)
        structure.append(head[3].lower() if len(head) > 3 else "")
        embedding[i] = table.block(n_rho, f"embedding function of {element}")
        for j in range(sections):
            density[i, j] = table.block(nr, f"density of {element}")
        density[i, sections:] = density[i, 0]
    pair = _pairs(table, elements, nr, "r phi")
    moments = [math.sqrt(unit) * _pairs(table, elements, nr, name) for name in ("u", "w") if kind == "adp"]
    table.end()
    return Setfl(
        path=path,
        elements=elements,
        n_rho=n_rho,
        d_rho=d_rho,
        nr=nr,
        dr=dr,
        cutoff=cutoff,
        rho_max=(n_rho - 1) * d_rho,
        structure=tuple(structure),
        embedding=unit * embedding,
        density=density,
        pair=unit * pair,
        dipole=moments[0] if moments else None,
        quadrupole=moments[1] if moments else None,
    )


def _pairs(table: _Numbers, elements: tuple[str, ...], nr: int, what: str) -> np.ndarray:
    """(n, n, nr) tables of a function of two species, whose order does not matter."""
    values = np.empty((len(elements), len(elements), nr))
    for i in range(len(elements)):
        for j in range(i + 1):
            values[i, j] = values[j, i] = table.block(nr, f"{what} of {elements[i]}-{elements[j]}")
    return values


def _kind(path: Path, grid: int, lines: list[str], n: int, n_rho: int, nr: int) -> str:
    """eam/alloy, eam/fs (each element has one density per kind of site) or adp, from the count of table numbers.

    A grid on line ``grid`` that is larger than the file is refused here, before memory is taken for it.
    """
    total = sum(len(line.split()) for line in lines[grid:] if _is_number((line.split() or ["x"])[-1]))
    alloy = n * (n_rho + nr) + n * (n + 1) // 2 * nr
    if alloy > LARGE and total < 0.5 * alloy:
        raise ValueError(f"{path}, line {grid}: expected {alloy} numbers in tables of {n_rho} and {nr} steps, found {total} in the file")
    counts = {"eam/alloy": alloy, "eam/fs": alloy + n * (n - 1) * nr, "adp": alloy + n * (n + 1) * nr}
    return min(counts, key=lambda kind: abs(total - counts[kind]))
