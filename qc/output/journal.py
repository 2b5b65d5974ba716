"""Lists that grow, kept as a file that grows: a JSON line for each new entry, and one for what was taken back."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from .files import unchanged
from .sealed import Damage

STEPS = "steps.jsonl"
"""Name of the file in a directory of results."""


class Entry(Protocol):
    """What a list holds, where it does not hold plain data."""

    def plain(self) -> dict[str, Any]:
        """It as plain data."""


class Journal:
    """The lists of a state on disk, on rank 0. What is written stays: an older checkpoint rests on a shorter part of the file.

    A line is ``{"<list>": entry}``, or ``{"<list>": n}`` where the list has gone back to its first n entries.

    Parameters
    ----------
    path : Path
    mark : dict, optional
        ``bytes`` and ``sha256`` of the part to go on from, as `mark` gives them; what is behind it is cut off.
    lists : dict, optional
        Entries that this part holds.
    """

    def __init__(self, path: Path, mark: Mapping[str, Any] | None = None, lists: Mapping[str, Sequence[Any]] | None = None) -> None:
        self.path, self._hash, self._size = path, hashlib.sha256(), 0
        self._written: dict[str, list[Any]] = {name: list(entries) for name, entries in (lists or {}).items()}
        kept = b"" if mark is None else _part(path, mark)
        self._hash.update(kept)
        self._size = len(kept)
        with open(path, "ab") as file:
            file.truncate(self._size)

    def sync(self, lists: Mapping[str, Sequence[Entry | dict[str, Any]]]) -> None:
        """Write what is new in the lists, which have only been appended to and cut since the last time."""
        lines: list[str] = []
        for name, entries in lists.items():
            written = self._written.setdefault(name, [])
            same = unchanged(written, entries)
            if same < len(written):
                del written[same:]
                lines.append(json.dumps({name: same}))
            lines += (json.dumps({name: entry if isinstance(entry, dict) else entry.plain()}) for entry in entries[same:])
            written += entries[same:]
        data = "".join(f"{line}\n" for line in lines).encode()
        with open(self.path, "ab") as file:
            file.truncate(self._size)  # a write that was cut short, by a full disk for example
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._hash.update(data)
        self._size += len(data)

    @property
    def mark(self) -> dict[str, Any]:
        """Size and checksum of what is written."""
        return {"bytes": self._size, "sha256": self._hash.hexdigest()}


def read_journal(path: Path, mark: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of a part of the file, as plain data.

    Raises
    ------
    Damage
        The part is not as it was written.
    """
    lists: dict[str, list[dict[str, Any]]] = {}
    for line in _part(path, mark).splitlines():
        for name, entry in json.loads(line).items():
            entries = lists.setdefault(name, [])
            if isinstance(entry, int):
                del entries[entry:]
            else:
                entries.append(entry)
    return lists


def _part(path: Path, mark: Any) -> bytes:
    if not isinstance(mark, dict) or not isinstance(mark.get("bytes"), int) or mark["bytes"] < 0:
        raise Damage(f"names no part of {path.name} that it rests on")
    try:
        size = path.stat().st_size
        if not path.is_file() or size < mark["bytes"]:  # a pipe would block
            raise Damage(f"rests on {path.name}, which has {size} bytes instead of {mark['bytes']} or more")
        with open(path, "rb") as file:
            data = file.read(mark["bytes"])
    except OSError as error:
        raise Damage(f"rests on {path.name}, which cannot be read ({error.strerror})") from None
    if hashlib.sha256(data).hexdigest() != mark.get("sha256"):
        raise Damage(f"rests on {path.name}, which is not as it was written: its checksum differs")
    return data
