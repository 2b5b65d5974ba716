"""Reader of setfl tables, as LAMMPS' pair styles eam/alloy and eam/fs read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Setfl:
    """Contents of a setfl file.

    Attributes
    ----------
    path : Path
    elements : tuple of str
        From line 4; atomic numbers in the file are sometimes wrong and not used.
    n_rho, d_rho, nr, dr, cutoff
        Grids; d_rho in units of the density, dr and cutoff in A.
    lattice_constant, structure
        As the header gives them for each element (0 where it gives none).
    embedding : (n, n_rho) ndarray
        F, eV.
    density : (n, n, nr) ndarray
        f of a neighbour of the first kind at a site of the second.
    pair : (n, n, nr) ndarray
        r phi(r), eV A.
    """

    path: Path
    elements: tuple[str, ...]
    n_rho: int
    d_rho: float
    nr: int
    dr: float
    cutoff: float
    lattice_constant: tuple[float, ...]
    structure: tuple[str, ...]
    embedding: np.ndarray
    density: np.ndarray
    pair: np.ndarray


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
            values = np.array(words, dtype=float)
        except ValueError:
            bad = next(w for w in words if not _is_number(w))
            raise ValueError(
                f"{self._path}, lines {first}-{self.line}: expected {n} numbers ({what}), found {bad!r}"
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
        """Refuse further numbers: they belong to another kind of table (adp, for example)."""
        for k in range(self.line, len(self._lines)):
            words = self._lines[k].split()
            if words and _is_number(words[0]):
                raise ValueError(f"{self._path}, line {k + 1}: expected the end of the file, found {words[0]!r}")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_setfl(path: Path) -> Setfl:
    """Read eam/alloy or eam/fs; the kind follows from the amount of numbers, not from the name of the file."""
    lines = path.read_text(errors="replace").replace("D+", "E+").replace("D-", "E-").splitlines()
    numbers = _Numbers(path, lines, 3)
    words = numbers.header("the number of elements and their names", 2)
    try:
        elements = tuple(words[1 : 1 + int(words[0])])
    except ValueError:
        raise ValueError(
            f"{path}, line 4: expected the number of elements and their names, found {' '.join(words)!r}"
        ) from None
    if len(elements) != int(words[0]) or not elements:
        raise ValueError(f"{path}, line 4: expected {words[0]} element names, found {' '.join(words[1:]) or 'none'!r}")
    grid = numbers.header("Nrho, drho, Nr, dr, cutoff", 5)
    if not all(_is_number(w) for w in grid[:5]):
        raise ValueError(f"{path}, line {numbers.line}: expected Nrho, drho, Nr, dr, cutoff, found {' '.join(grid)!r}")
    if len(grid) > 5 and _is_number(grid[5]):
        raise ValueError(
            f"{path}, line {numbers.line}: expected five numbers (eam/he is not supported), found {' '.join(grid)!r}"
        )
    n_rho, nr = int(float(grid[0])), int(float(grid[2]))
    d_rho, dr, cutoff = float(grid[1]), float(grid[3]), float(grid[4])
    if n_rho < 5 or nr < 5 or not all(0 < v < np.inf for v in (d_rho, dr, cutoff)):
        raise ValueError(
            f"{path}, line {numbers.line}: expected grids of at least 5 positive steps, found {' '.join(grid)!r}"
        )
    sections = _densities_per_element(lines[numbers.line :], len(elements), n_rho, nr)
    n = len(elements)
    density, embedding = np.empty((n, n, nr)), np.empty((n, n_rho))
    a, structure = [], []
    for i, element in enumerate(elements):
        head = numbers.header(f"atomic number, mass, lattice constant, structure of {element}", 3)
        a.append(float(head[2]) if _is_number(head[2]) else 0.0)
        structure.append(head[3].lower() if len(head) > 3 else "")
        embedding[i] = numbers.block(n_rho, f"embedding function of {element}")
        for j in range(sections):
            density[i, j] = numbers.block(nr, f"density of {element}")
        density[i, sections:] = density[i, 0]
    pair = np.empty((n, n, nr))
    for i in range(n):
        for j in range(i + 1):
            pair[i, j] = pair[j, i] = numbers.block(nr, f"r phi of {elements[i]}-{elements[j]}")
    numbers.end()
    return Setfl(
        path=path,
        elements=elements,
        n_rho=n_rho,
        d_rho=d_rho,
        nr=nr,
        dr=dr,
        cutoff=cutoff,
        lattice_constant=tuple(a),
        structure=tuple(structure),
        embedding=embedding,
        density=density,
        pair=pair,
    )


def _densities_per_element(lines: list[str], n: int, n_rho: int, nr: int) -> int:
    """1 for eam/alloy, n for eam/fs (each element has one density per kind of site), from the count of table numbers."""
    total = sum(len(line.split()) for line in lines if _is_number((line.split() or ["x"])[-1]))
    alloy = n * (n_rho + nr) + n * (n + 1) // 2 * nr
    fs = alloy + n * (n - 1) * nr
    return n if n > 1 and abs(total - fs) < abs(total - alloy) else 1
