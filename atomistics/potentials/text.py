"""Text of potential files: plain or compressed, in LAMMPS' units, numbers as C and Fortran write them."""

from __future__ import annotations

import gzip
import io
import itertools
import math
import os
import re
import stat
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

REAL_IN_METAL = 1.0 / 23.060549
"""1 kcal/mol in eV, with the digits of LAMMPS' conversion between its units real and metal."""
COMPRESSED = b"\x1f\x8b"
"""First bytes of a file of gzip, whatever its name."""
LARGEST_FILE = 2**28
"""Bytes of a text file, unpacked: 256 MiB, some fifty times the largest potential in use."""
BLOCK = 2**20
"""Bytes that are unpacked at a time."""
_FORTRAN = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(?:[dDqQ]([-+]?\d+)|([-+]\d+))")
"""Exponents without an E: ``1.0D00``, ``1.0d+00``, and ``1.0-100``, whose letter had no room."""


def read_lines(path: Path) -> list[str]:
    """Lines of a text file, which may be compressed by gzip and may begin with a byte order mark."""
    data = read_bytes(path)
    if data.startswith(COMPRESSED):
        try:
            with gzip.open(io.BytesIO(data)) as unpacked:
                data = _whole(unpacked)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: expected a whole file of gzip, found a broken one ({error})") from None
    _check_size(path, len(data), LARGEST_FILE)
    return data.decode("utf-8-sig", errors="replace").splitlines()


def read_bytes(path: Path, most: int = LARGEST_FILE) -> bytes:
    """Contents of a file that is one, and not a device or a pipe that never ends, of at most so many bytes; ValueError otherwise."""
    with open(path, "rb", opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path}: expected a file, found a directory, a pipe or a device")
        _check_size(path, status.st_size, most)
        return file.read(status.st_size)  # as much as asked for is taken from memory at once, there or not


def _whole(file: gzip.GzipFile) -> bytes:
    """Contents of a file of unknown size, cut off behind what is too much."""
    data = bytearray()
    while len(data) <= LARGEST_FILE and (piece := file.read(BLOCK)):
        data += piece
    return bytes(data)


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes to would keep the reader waiting."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise ValueError(f"{path}: expected at most {most / 2**20:g} MiB of text, found more")


def energy_unit(path: Path, lines: Sequence[str]) -> float:
    """The file's unit of energy in eV, from the word after ``UNITS:``, which LAMMPS looks for in the first line that is not blank.

    Raises
    ------
    ValueError
        The units are neither metal nor real, the two that LAMMPS converts into each other.
    """
    k, first = next(((k, line) for k, line in enumerate(lines, start=1) if line.strip()), (1, ""))
    units = next((value for tag, value in itertools.pairwise(first.split()) if tag == "UNITS:"), "metal")
    if units not in ("metal", "real"):
        raise ValueError(f"{path}, line {k}: expected UNITS: metal or real, found UNITS: {units}")
    return 1.0 if units == "metal" else REAL_IN_METAL


def number(word: str) -> float | None:
    """The number that a word means, in C's or in Fortran's spelling, not finite ones included; None: it is none."""
    try:
        return float(word)
    except ValueError:
        found = _FORTRAN.fullmatch(word)
    return None if found is None else float(f"{found[1]}e{found[2] or found[3]}")


def finite(word: str) -> float | None:
    """The finite number that a word means; None: it is none."""
    value = number(word)
    return value if value is not None and math.isfinite(value) else None


def numbers(words: Sequence[str]) -> np.ndarray:
    """The numbers of words; the ValueError of one that is none has it as its only argument."""
    try:
        return np.array(words, dtype=float)
    except ValueError:
        values = [number(word) for word in words]
    for word, value in zip(words, values, strict=True):
        if value is None:
            raise ValueError(word)
    return np.array(values, dtype=float)
