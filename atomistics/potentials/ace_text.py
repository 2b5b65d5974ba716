"""Reader of the older text form of ACE potentials, .ace: what LAMMPS' Cu-PBE-core-rep.ace is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .ace_file import BASES, EMBEDDINGS, LARGEST, AceFile, Bond, Embedding, Function, check, collected
from .text import finite, read_lines

MARKS = re.compile(r"([=:()<>])")
"""What stands for itself between words."""


class Words:
    """The words of a file one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._words: list[str] = []
        self._lines: list[int] = []
        for k, line in enumerate(read_lines(path), start=1):
            words = MARKS.sub(r" \1 ", line.partition("#")[0]).split()
            self._words += words
            self._lines += [k] * len(words)
        self._at = 0

    def fail(self, what: str) -> ValueError:
        """The error of something else than what was expected at the next word."""
        if self._at < len(self._words):
            found = " ".join(self._words[self._at : self._at + 4])
            return ValueError(f"{self.path}, line {self._lines[self._at]}: expected {what}, found {found!r}")
        line = self._lines[-1] if self._lines else 1
        return ValueError(f"{self.path}, line {line}: expected {what}, found the end of the file")

    def next(self, text: str) -> bool:
        """Whether the next words are these; they are then read."""
        wanted = text.split()
        if self._words[self._at : self._at + len(wanted)] != wanted:
            return False
        self._at += len(wanted)
        return True

    def pass_(self, text: str) -> None:
        """Read these words."""
        if not self.next(text):
            raise self.fail(repr(text.replace(" =", "=").replace(" :", ":")))

    def word(self, what: str) -> str:
        """The next word."""
        if self._at >= len(self._words) or MARKS.fullmatch(self._words[self._at]):
            raise self.fail(what)
        self._at += 1
        return self._words[self._at - 1]

    def one_of(self, allowed: tuple[str, ...]) -> str:
        """The next word, which is one of some."""
        if self._at >= len(self._words) or self._words[self._at] not in allowed:
            raise self.fail(" or ".join(allowed))
        return self.word("")

    def integer(self, what: str, least: int, most: int) -> int:
        """The next word as an integer."""
        word = self._words[self._at] if self._at < len(self._words) else ""
        if not re.fullmatch("-?[0-9]{1,9}", word) or not least <= int(word) <= most:
            raise self.fail(f"{what}, an integer from {least} to {most}")
        self._at += 1
        return int(word)

    def count(self, name: str, most: int, least: int = 1) -> int:
        """The value of ``name=``."""
        self.pass_(f"{name} =")
        return self.integer(name, least, most)

    def numbers(self, what: str, n: int) -> np.ndarray:
        """The next n words as finite numbers."""
        words = self._words[self._at : self._at + n]
        values = np.array([np.nan if (v := finite(word)) is None else v for word in words])
        bad = np.flatnonzero(~np.isfinite(values))
        self._at += int(bad[0]) if len(bad) else len(words)
        if len(values) < n or len(bad):
            raise self.fail(f"{n} finite numbers for {what}")
        return values

    def at_end(self) -> bool:
        """Whether all has been read."""
        return self._at >= len(self._words)


def read_ace(path: Path) -> AceFile:
    """Contents of a .ace file; ValueError names file, line and expectation."""
    words = Words(path)
    n = words.count("nelements", LARGEST["elements"])
    words.pass_("elements :")
    elements = tuple(words.word("an element") for _ in range(n))
    if len(set(elements)) < n:
        raise ValueError(f"{path}: expected different elements, found {' '.join(elements)}")
    levels = words.count("lmax", LARGEST["lmax"], 0) + 1
    embeddings = _embeddings(words, n)
    words.pass_("E0 :")
    alone = words.numbers("E0", n)
    words.pass_("radbasename =")
    basis = words.one_of(BASES)
    base, rows = words.count("nradbase", LARGEST["nradbasemax"]), words.count("nradmax", LARGEST["nradmax"], 0)
    for name in ("cutoffmax", "deltaSplineBins"):
        words.pass_(f"{name} =")
        words.numbers(name, 1)
    words.pass_("core repulsion parameters :")
    core = words.numbers("core repulsion", 2 * n * n).reshape(n, n, 2)
    pairs = []
    for name in ("radparameter", "cutoff", "dcut"):
        words.pass_(f"{name} =")
        pairs.append(words.numbers(name, n * n).reshape(n, n))
    words.pass_("crad =")
    radial = words.numbers("crad", n * n * base * rows * levels).reshape(n, n, base, rows, levels).transpose(0, 1, 3, 4, 2)
    bonds = {
        (i, j): Bond(basis=basis, rate=float(pairs[0][i, j]), coefficients=np.ascontiguousarray(radial[i, j]), cutoff=float(pairs[1][i, j]),
                     width=float(pairs[2][i, j]), core=float(core[i, j, 0]), core_rate=float(core[i, j, 1]))
        for i in range(n) for j in range(n)
    }  # fmt: skip
    functions = _functions(words, n, (rows, levels, base))
    densities = len(embeddings[0].weights)
    found = [collected(path, some, densities) for some in functions]
    file = AceFile(path=path, elements=elements, alone=alone, embeddings=embeddings, bonds=bonds, functions=found)
    check(file)
    return file


def _embeddings(words: Words, n: int) -> list[Embedding]:
    """One form for all species, and a core cutoff of each."""
    words.pass_("embedding-function :")
    kind = words.one_of(EMBEDDINGS)
    m = words.integer("the number of FS parameters", 2, 2 * LARGEST["ndensity"])
    words.pass_("FS parameters :")
    if m % 2:
        raise words.fail("an even number of FS parameters")
    parameters = words.numbers("FS parameters", m)
    words.pass_("core energy-cutoff parameters :")
    core = words.numbers("core energy-cutoff", 2 * n).reshape(n, 2)
    return [
        Embedding(kind=kind, weights=parameters[0::2], exponents=parameters[1::2], core=float(row[0]), core_width=float(row[1]))
        for row in core
    ]


def _functions(words: Words, n: int, sizes: tuple[int, int, int]) -> list[list[Function]]:
    """Functions by species, first those of rank 1 and then the others, each preceded by their numbers."""
    for name in ("rankmax", "ndensitymax", "num_c_tilde_max", "num_ms_combinations_max"):
        words.count(name, 10**9 - 1, 0)
    found: list[list[Function]] = [[] for _ in range(n)]
    for part, ranks in (("total_basis_size_rank1", (1, 1)), ("total_basis_size", (2, LARGEST["rank"]))):
        words.pass_(f"{part} :")
        counts = [words.integer(part, 0, 10**9 - 1) for _ in range(n)]
        for own, count in enumerate(counts):
            for _ in range(count):
                found[own].append(_function(words, own, n, ranks, sizes))
    if not words.at_end():
        raise words.fail("the end of the file")
    return found


def _function(words: Words, own: int, n: int, ranks: tuple[int, int], sizes: tuple[int, int, int]) -> Function:
    """Species, n, l, m, c of one function, m and c by combination."""
    words.pass_("ctilde_basis_func :")
    rank, densities = words.count("rank", ranks[1], ranks[0]), words.count("ndens", LARGEST["ndensity"])
    words.pass_("mu0 =")
    words.integer("mu0, the element it is listed under", own, own)
    rows = []
    for name, least, most in (("mu", 0, n - 1), ("n", 1, sizes[2] if rank == 1 else sizes[0]), ("l", 0, sizes[1] - 1)):
        words.pass_(f"{name} = (")
        rows.append([words.integer(name, least, most) for _ in range(rank)])
        words.pass_(")")
    combinations = words.count("num_ms", 10**7)
    m, c = [], []
    for _ in range(combinations):
        words.pass_("<")
        m.append([words.integer("m", -l, l) for l in rows[2]])
        words.pass_("> :")
        c.append(words.numbers("coefficients", densities))
    species, ns, ls = (np.array(row) for row in rows)
    return species, ns - 1, ls, np.array(m), np.array(c)
