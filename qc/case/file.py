"""Reading a case file and changing keys of it from the command line; one plain sentence if that fails."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError

LARGEST = 2**20
"""Bytes of a case file."""
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_NUMBER_WITH_UNIT = re.compile(r"=\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*[A-Za-zÅ]+")


def read_toml(path: Path, what: str = "a case file") -> dict[str, Any]:
    """Tables of a TOML file; InputError with file and line if it cannot be read. ``what`` is expected there."""
    text = _text(path, what, "TOML")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(_syntax(path, text, str(error))) from None
    except (RecursionError, ValueError) as error:  # of tables in tables, and of numbers
        raise InputError(f"{path}: not {what} ({_endless(error)})") from None


def read_json_input(path: Path, what: str) -> Any:
    """Plain data of a JSON file of the user's; InputError with file and line if it cannot be read. ``what`` is expected there."""
    text = _text(path, what, "JSON")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON, {error.msg[:1].lower()}{error.msg[1:]}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path}: not {what} ({_endless(error)})") from None


def toml_of(data: Mapping[str, Any]) -> str:
    """Text of a TOML file: words and numbers of ``data`` first, then its tables."""
    rows = [f"{key} = {_toml(value)}" for key, value in data.items() if not isinstance(value, Mapping)]
    for name, table in data.items():
        if isinstance(table, Mapping):
            rows += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(rows) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(key)} = {_toml(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _text(path: Path, what: str, language: str) -> str:
    """Text of a file of the user's."""
    try:
        return _contents(path, f"{what} in {language}").decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file, {what} in {language} is expected") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8 (byte {error.start}), a {language} file is expected") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}), a {language} file is expected") from None


def _endless(error: Exception) -> str:
    return "tables are nested too deep" if isinstance(error, RecursionError) else "a number has thousands of digits"


def _contents(path: Path, what: str) -> bytes:
    """Bytes of a file that is one, and no device or pipe that never ends, nor larger than any case."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: is a pipe or a device, {what} is expected")
        if status.st_size > LARGEST:
            raise InputError(f"{path}: is {status.st_size / 2**20:.3g} MiB long, {what} of at most 1 MiB is expected")
        return file.read(LARGEST + 1)


def _syntax(path: Path, text: str, message: str) -> str:
    """One sentence for a syntax error, with the line it is in."""
    place = _PLACE.search(message)
    reason = _PLACE.sub("", message)
    reason = reason[:1].lower() + reason[1:]
    lines = text.splitlines()
    if place is None or place[1] is None:
        return f"{path}, line {max(len(lines), 1)}: not valid TOML at the end of the file, {reason}"
    number = int(place[1])
    line = lines[number - 1].strip() if number <= len(lines) else ""
    if _NUMBER_WITH_UNIT.search(line):
        reason = "numbers are written without a unit (lengths are plain numbers in A)"
    return f"{path}, line {number}: not valid TOML in {line!r}, {reason}"


def apply_override(data: dict[str, Any], text: str) -> str:
    """Set ``table.key=value`` in the tables of a case file; the key.

    The value is TOML; what is not TOML is a string, so that quotes may be left out.
    """
    key, sign, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not sign or len(parts) < 2 or not all(parts):
        raise InputError(f"--set {text!r} is not allowed: it must be table.key=value, for example model.core_radius=40")
    node = data
    for depth, part in enumerate(parts[:-1]):
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise InputError(f"--set {text!r} is not allowed: {'.'.join(parts[: depth + 1])} is not a table")
    node[parts[-1]] = _value(value.strip())
    return ".".join(parts)


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    except (RecursionError, ValueError) as error:
        raise InputError(f"--set ...={text[:40]}... is not allowed: {_endless(error)}") from None
    return parsed["value"] if parsed.keys() == {"value"} else text
