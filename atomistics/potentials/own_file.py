"""Files at home that name code: read only where nobody but their owner can have written them."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any


def own_place(name: str) -> Path:
    """``$XDG_CONFIG_HOME/qc/NAME``, at home in ``.config`` if that is not set."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "qc" / name


def read_own(path: Path) -> dict[str, Any]:
    """What a TOML file of the user's own says; nothing if it is not there.

    Raises
    ------
    ValueError
        Somebody else owns it or can change it, its folder, one above, or what a link in its place leads to; or it is no TOML.
    """
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            _insist_on_own(path, os.fstat(file.fileno()))
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _insist_on_own(path: Path, opened: os.stat_result) -> None:
    """ValueError unless the file that was opened, and every folder on the way to it, is this user's or root's alone."""
    true = path.resolve()
    places = dict.fromkeys([path.parent, *path.parent.resolve().parents, *true.parents])
    found = [(path, is_changeable(opened))]
    found += [(place, is_changeable(place.stat()) if place == path.parent else is_others(place.stat())) for place in places]
    for place, bad in found:
        if bad:
            raise ValueError(f"{place} names code that is run and can be changed by others: it must be yours alone (chmod go-w)")


def is_changeable(place: os.stat_result) -> bool:
    """Whether somebody but this user and root owns a place or can write to it."""
    return place.st_uid not in (os.getuid(), 0) or bool(place.st_mode & 0o022)


def is_others(place: os.stat_result) -> bool:
    """Whether somebody but this user and root may put another folder in place of one in it."""
    free = place.st_mode & 0o022 and not place.st_mode & stat.S_ISVTX
    return bool(free) or place.st_uid not in (0, os.getuid())
