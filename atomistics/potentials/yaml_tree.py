"""YAML as data alone: mappings, sequences and words with their lines; anchors, aliases and tags are refused, nothing is constructed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from .text import finite, read_lines

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Its scanner is asked for events only."""
LARGEST_TEXT = 2**26
"""Characters: 64 MiB of numbers take some gigabytes as words, the largest files in use have a few MiB."""
DEEPEST = 32


@dataclass
class Sequence:
    """A list and the line that it begins in."""

    line: int
    items: list[Sequence | Mapping | str] = field(default_factory=list)


@dataclass
class Mapping:
    """Values by key; a key that is a list has its words as a tuple."""

    line: int
    items: dict[str | tuple[str, ...], Sequence | Mapping | str] = field(default_factory=dict)
    lines: dict[str | tuple[str, ...], int] = field(default_factory=dict)


def read_yaml(path: Path) -> Mapping:
    """The one document of a file, which must be a mapping; ValueError names file, line and expectation."""
    text = "\n".join(read_lines(path))
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"{path}: expected at most {LARGEST_TEXT / 2**20:g} MiB of YAML, found more")
    try:
        return _built(path, yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"{where}: expected YAML, found what is none ({what})") from None


def _built(path: Path, events) -> Mapping:  # type: ignore[no-untyped-def]
    """The tree of the events, without recursion: nesting is a list of open collections."""
    open_: list[Sequence | Mapping] = []
    keys: list[str | tuple[str, ...] | None] = []
    root: Mapping | None = None
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError(f"{path}, line {line}: expected plain YAML, found an anchor or an alias")
        if getattr(event, "tag", None) not in (None, "!"):
            raise ValueError(f"{path}, line {line}: expected plain YAML, found the tag {event.tag}")
        done: Sequence | Mapping | str
        if isinstance(event, yaml.ScalarEvent):
            done = event.value
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(open_) >= DEEPEST:
                raise ValueError(f"{path}, line {line}: expected at most {DEEPEST} levels of YAML, found more")
            open_.append(Sequence(line) if isinstance(event, yaml.SequenceStartEvent) else Mapping(line))
            keys.append(None)
            continue
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            done = open_.pop()
            keys.pop()
        else:
            continue
        if not open_:
            if root is not None or not isinstance(done, Mapping):
                raise ValueError(f"{path}, line {line}: expected one mapping in the file, found something else")
            root = done
        elif isinstance(parent := open_[-1], Sequence):
            parent.items.append(done)
        elif keys[-1] is None:
            keys[-1] = _key(path, line, done)
        else:
            key, keys[-1] = keys[-1], None
            if key in parent.items:
                raise ValueError(f"{path}, line {line}: expected the key {_spelt(key)} once, found it twice")
            parent.items[key], parent.lines[key] = done, line
    if root is None:
        raise ValueError(f"{path}: expected a mapping, found nothing in the file")
    return root


def _key(path: Path, line: int, found: Sequence | Mapping | str) -> str | tuple[str, ...]:
    if isinstance(found, str):
        return found
    if isinstance(found, Sequence):
        words = tuple(word for word in found.items if isinstance(word, str))
        if len(words) == len(found.items):
            return words
    raise ValueError(f"{path}, line {line}: expected a word or a list of words as a key, found something else")


def _spelt(key: str | tuple[str, ...]) -> str:
    return key if isinstance(key, str) else f"[{', '.join(key)}]"


class Entry:
    """A mapping of the file, for sentences that say where something is wrong."""

    def __init__(self, path: Path, found: Mapping | Sequence) -> None:
        self.path, self._found = path, found

    @property
    def keys(self) -> list[str | tuple[str, ...]]:
        """Keys of a mapping."""
        return list(self._found.items) if isinstance(self._found, Mapping) else []

    def entries(self) -> Iterator[Entry]:
        """Items of a sequence, which must be mappings."""
        for item in self._found.items:
            if not isinstance(item, Mapping):
                raise ValueError(f"{self.path}, line {self._found.line}: expected a list of mappings, found something else in it")
            yield Entry(self.path, item)

    def check(self, key: str, good: bool, what: str, found: object) -> None:
        """ValueError unless something good was found."""
        if not good:
            text = " ".join(str(found).split())
            text = text if len(text) <= 60 else f"{text[:57]}..."
            line = self._found.lines.get(key, self._found.line) if isinstance(self._found, Mapping) else self._found.line
            raise ValueError(f"{self.path}, line {line}: expected {what} for {key}, found {text}")

    def get(self, key: str) -> Sequence | Mapping | str:
        """The value of a key that must be there."""
        assert isinstance(self._found, Mapping)
        if key not in self._found.items:
            raise ValueError(f"{self.path}, line {self._found.line}: expected a key {key}, found none")
        return self._found.items[key]

    def word(self, key: str, allowed: tuple[str, ...]) -> str:
        """One of some words."""
        value = self.get(key)
        self.check(key, isinstance(value, str) and value in allowed, " or ".join(allowed), value if isinstance(value, str) else "no word")
        assert isinstance(value, str)
        return value

    def words(self, key: str) -> list[str]:
        """A list of words."""
        value = self.get(key)
        words = value.items if isinstance(value, Sequence) else []
        self.check(key, bool(words) and all(isinstance(word, str) for word in words), "a list of words", "something else")
        return [word for word in words if isinstance(word, str)]

    def count(self, key: str, most: int, least: int = 0) -> int:
        """An integer."""
        value = self.get(key)
        good = isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) is not None and least <= int(value) <= most
        self.check(key, good, f"an integer from {least} to {most}", value if isinstance(value, str) else "no number")
        return int(str(value))

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number, or the default of a key that need not be there."""
        if default is not None and key not in self.keys:
            return default
        value = self.get(key)
        number = finite(value) if isinstance(value, str) else None
        self.check(key, number is not None, "a finite number", value if isinstance(value, str) else "something else")
        assert number is not None
        return number

    def numbers(self, key: str, size: int | None = None) -> np.ndarray:
        """Finite numbers of a list, in which further lists are read through; ``size`` of them, or any."""
        value = self.get(key)
        words = list(_leaves(value)) if isinstance(value, Sequence) else []
        self.check(key, isinstance(value, Sequence) and (size is None or len(words) == size), _how_many(size), f"{len(words)} words")
        try:
            array = np.array(words, dtype=float)
        except ValueError:
            array = np.array([math.nan if (v := finite(word)) is None else v for word in words])
        bad = np.flatnonzero(~np.isfinite(array))
        self.check(key, not len(bad), "finite numbers", words[bad[0]] if len(bad) else "")
        return array

    def integers(self, key: str, size: int, least: int, most: int) -> np.ndarray:
        """Integers of a list, in which further lists are read through."""
        array = self.numbers(key, size)
        good = (array == np.round(array)).all() and (array >= least).all() and (array <= most).all()
        self.check(key, bool(good), f"integers from {least} to {most}", array.tolist())
        return array.astype(np.int64)

    def numbered(self, key: str, n: int, sequences: bool = False) -> list[Entry]:
        """Values of a mapping whose keys are the numbers of the elements; absent sequences are empty."""
        value = self.get(key)
        kind = Sequence if sequences else Mapping
        names = {str(t) for t in range(n)}
        good = isinstance(value, Mapping) and set(value.items) <= names and (sequences or set(value.items) == names)
        what = list(value.items) if isinstance(value, Mapping) else "no mapping"
        self.check(key, good, f"one entry for each element, 0 to {n - 1},", what)
        assert isinstance(value, Mapping)
        found = [value.items.get(str(t), Sequence(value.line)) for t in range(n)]
        good = all(isinstance(item, kind) for item in found)
        self.check(key, good, f"a {'list' if sequences else 'mapping'} for each element", "something else")
        return [Entry(self.path, item) for item in found if not isinstance(item, str)]

    def pairs(self, key: str, n: int) -> dict[tuple[int, int], Entry]:
        """Values of a mapping whose keys are pairs of elements, all of which must be there."""
        value = self.get(key)
        items = value.items if isinstance(value, Mapping) else {}
        wanted = {(str(i), str(j)): (i, j) for i in range(n) for j in range(n)}
        missing = [list(pair) for word, pair in wanted.items() if word not in items]
        extra = [word for word in items if word not in wanted]
        wrong = f"{'no' if missing else ''} {(missing or extra)[:1]}"
        self.check(key, not missing and not extra, "one entry for each pair of elements,", wrong)
        self.check(key, all(isinstance(item, Mapping) for item in items.values()), "mappings", "something else")
        return {pair: Entry(self.path, item) for word, pair in wanted.items() if isinstance(item := items[word], Mapping)}


def _leaves(found: Sequence) -> Iterator[str]:
    for item in found.items:
        if isinstance(item, str):
            yield item
        elif isinstance(item, Sequence):
            yield from _leaves(item)
        else:
            yield "a mapping"


def _how_many(size: int | None) -> str:
    return "a list of numbers" if size is None else f"a list of {size} numbers"
