"""Where the frames of a trajectory end: kept in a small file beside it, found again by reading the trajectory if that is lost."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .files import replace_text

TAIL = 256
"""Bytes that hold the last lines of an index."""
_FRAME = re.compile(rb"(?:^|\s)frame=(\d{1,12})(?:\s|$)")


def write_index(path: Path, ends: list[tuple[int, int]]) -> None:
    """Say of a trajectory that these frames (number, end in bytes) are whole."""
    replace_text(_index_path(path), "".join(f"{k} {end}\n" for k, end in ends))


def add_to_index(path: Path, k: int, end: int) -> None:
    """Say that frame k, behind those that the index knows, is whole."""
    with open(_index_path(path), "a", encoding="ascii") as file:
        file.write(f"{k} {end}\n")


def end_before(path: Path, file: BinaryIO, k: int) -> int | None:
    """Where frame k - 1 ends (bytes), from the end of the index if that is about the last frame and fits; no matter how many there are."""
    if k == 0:
        return None
    try:
        with open(_index_path(path), "rb") as index:
            index.seek(max(0, os.fstat(index.fileno()).st_size - TAIL))
            lines = index.read().decode("ascii").split("\n")[-3:]
        *ends, last = [(int(a), int(b)) for a, b in (line.split() for line in lines[:-1])]
    except (OSError, ValueError):
        return None
    whole = lines[-1] == "" and last[0] == k - 1 and _fits(file, [*ends, last], os.fstat(file.fileno()).st_size)
    return last[1] if whole else None


def _index_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.index")


def frame_ends(path: Path, file: BinaryIO, k: int) -> list[tuple[int, int]]:
    """Number and end (bytes) of the whole frames, from the index if it knows frame k - 1 and fits, else by reading the file."""
    size = os.fstat(file.fileno()).st_size
    if k == 0 or size == 0:
        return []
    try:
        lines = _index_path(path).read_text(encoding="ascii").splitlines()
        ends = [(int(a), int(b)) for a, b in (line.split() for line in lines)]
    except (OSError, ValueError):
        ends = []
    before = [entry for entry in ends if entry[0] < k]
    if before and before[-1][0] == k - 1 and _fits(file, before, size):
        return before
    return list(_scan(file))


def _fits(file: BinaryIO, ends: list[tuple[int, int]], size: int) -> bool:
    """Whether the last frame of the index is where it says: number at its start, a line end at its end."""
    start, (k, end) = ends[-2][1] if len(ends) > 1 else 0, ends[-1]
    if not 0 <= start < end <= size:
        return False
    file.seek(end - 1)
    if file.read(1) != b"\n":
        return False
    file.seek(start)
    file.readline()
    number = _FRAME.search(file.readline())
    return number is not None and int(number[1]) == k


def _scan(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Number and end of each whole frame; stops at the first that is torn or out of order, whatever count it names."""
    file.seek(0)
    end, last = 0, -1
    while True:
        try:
            n = int(file.readline())
        except ValueError:
            return
        number = _FRAME.search(file.readline())
        whole = n >= 0 and all(file.readline().endswith(b"\n") for _ in range(n))  # ends with the file at the latest
        if number is None or int(number[1]) <= last or not whole:
            return
        last, end = int(number[1]), file.tell()
        yield last, end
