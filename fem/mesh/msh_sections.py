"""Sections of a .msh file, checked before gmsh sees it: for gmsh, what does not begin like a mesh is a script to be run.

Nothing is interpreted but names of sections and the counts in them, and a count is never believed further than the file is long.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

FIRST = (b"$MeshFormat", b"$Comments")
"""What gmsh knows a mesh by, in the first line."""
VERSIONS = ("2.2", "4", "4.0", "4.1")
LEAST = {"2.2": (28, 16), "4": (28, 12), "4.0": (28, 12), "4.1": (32, 24)}
"""Bytes that a node and an element take at least in a binary file: tag and coordinates; tag and nodes of a line."""
COUNTED = (b"Nodes", b"Elements")
LONGEST_LINE = 1 << 20
"""Of a text file, bytes: a volume with all its surfaces in a line has less."""


def check_sections(file: Path, name: Path) -> int:
    """Number of nodes that a file says it has; 0 if it has no section of nodes. Not collective.

    Parameters
    ----------
    file : Path
        What is read.
    name : Path
        What it is called in sentences.

    Raises
    ------
    ValueError
        The file is no mesh of a known version, is cut, or its counts are not those of its lines.
    """
    with file.open("rb") as stream:
        first = stream.readline(256).rstrip()
        if first not in FIRST:
            raise ValueError(
                f"mesh {name} is no mesh of gmsh: its first line must be $MeshFormat (or $Comments), not {_shown(first)}"
            )
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            version, binary = _format(data, name)
            if not binary:
                _check_walk(stream, name)
            nodes, _ = [_check_count(data, name, section, version, binary) for section in COUNTED]
            return nodes


def _format(data: mmap.mmap, name: Path) -> tuple[str, bool]:
    """Version, and whether the numbers are binary."""
    start, end = _section(data, name, b"MeshFormat")
    words = data[start : min(end, start + 256)].split(b"\n", 1)[0].split()
    version, *rest = [word.decode(errors="replace") for word in words] or [""]
    if version not in VERSIONS or rest not in (["0", "8"], ["1", "8"]):
        raise ValueError(
            f"mesh {name} is of the format {_shown(b' '.join(words))}: expected is version 2.2, 4.0 or 4.1 of gmsh, then 0 (text) or 1 "
            "(binary), then 8"
        )
    return version, rest[0] == "1"


def _check_walk(stream: BinaryIO, name: Path) -> None:
    """All text lies in sections that end; what lies between them would be a script."""
    inside, number = b"", 0
    stream.seek(0)
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise ValueError(f"mesh {name}, line {number}, is longer than {LONGEST_LINE} bytes: it is damaged")
        line = line.strip()
        if inside:
            inside = b"" if line == b"$End" + inside else inside
        elif line.startswith(b"$") and line[1:].isalnum() and not line.startswith(b"$End"):
            inside = line[1:]
        elif line:
            raise ValueError(
                f"mesh {name}, line {number}: expected is the begin of a section such as $Nodes, not {_shown(line)}"
            )
    if inside:
        raise ValueError(f"mesh {name} is cut: its section ${inside.decode()} has no $End{inside.decode()}")


def _section(data: mmap.mmap, name: Path, section: bytes) -> tuple[int, int]:
    """Where the first section of a name begins and ends; (0, 0) if there is none."""
    start = 0 if data[: len(section) + 1] == b"$" + section else data.find(b"\n$" + section, 0) + 1
    if not start and data[: len(section) + 1] != b"$" + section:
        return 0, 0
    start = data.find(b"\n", start) + 1
    end = data.find(b"\n$End" + section, max(start - 1, 0))
    if not start or end < 0:
        raise ValueError(f"mesh {name} is cut: its section ${section.decode()} has no $End{section.decode()}")
    return start, end


def _check_count(data: mmap.mmap, name: Path, section: bytes, version: str, binary: bool) -> int:
    """Number of nodes or elements; ValueError unless the section is as long as that."""
    start, end = _section(data, name, section)
    if end <= start:
        return 0
    counts, body = _counts(data, start, end, version, binary)
    what = section.decode().lower()
    if counts is None:
        raise ValueError(
            f"mesh {name} does not say how many {what} it has: expected are whole numbers after ${section.decode()}"
        )
    blocks, count = counts
    if binary:
        room = (end - body) // LEAST[version][COUNTED.index(section)]
        if count > room:
            raise ValueError(
                f"mesh {name} says that it has {count} {what}, but has room for {room} at most: it is cut or damaged"
            )
        return count
    lines = _lines(data, body, end) - blocks
    each = 2 if version == "4.1" and section == b"Nodes" else 1  # tags and coordinates have lines of their own
    if lines != each * count:
        raise ValueError(
            f"mesh {name} says that it has {count} {what}, but has lines for {lines / each:g}: it is cut or damaged"
        )
    return count


def _counts(data: mmap.mmap, start: int, end: int, version: str, binary: bool) -> tuple[tuple[int, int] | None, int]:
    """(blocks, items) of a section, None if they cannot be read, and where what is counted begins."""
    if binary and version != "2.2":
        n_numbers = 4 if version == "4.1" else 2
        body = start + 8 * n_numbers
        little = data[_after_format(data)] == 1
        words = [data[start + 8 * k : start + 8 * (k + 1)] for k in range(n_numbers)]
        numbers = [int.from_bytes(word, "little" if little else "big") for word in words]
        return ((numbers[0], numbers[1]) if body <= end else None), body
    stop = data.find(b"\n", start, end)
    stop = end if stop < 0 else stop
    words = data[start : min(stop, start + 256)].split()
    expected = {"2.2": 1, "4.1": 4}.get(version, 2)
    if len(words) != expected or not all(word.isdigit() and len(word) < 20 for word in words):
        return None, stop
    return (0 if expected == 1 else int(words[0]), int(words[0 if expected == 1 else 1])), stop


def _after_format(data: mmap.mmap) -> int:
    """Place of the number 1 that tells the order of bytes."""
    return data.find(b"\n", data.find(b"$MeshFormat", 0) + len(b"$MeshFormat\n")) + 1


def _lines(data: mmap.mmap, start: int, end: int) -> int:
    """Lines between two places that are not blank."""
    data.seek(start)
    found = 0
    while data.tell() < end:
        found += bool(data.readline().strip())
    return found


def _shown(text: bytes) -> str:
    """Bytes for a sentence, short and without control characters."""
    return ascii(text[:40].decode(errors="replace"))
