"""Checkpoint documents: plain data of a run as JSON that carries its own checksum; read without any solver, on one rank."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError

FORMAT, VERSION = "qc checkpoint", 2
"""Of the documents; those of version 1 did not say so and had no checksums."""
NEWEST, BEFORE = "checkpoint.json", "checkpoint.previous.json"
"""Names of the newest checkpoint of a directory and of the one before it."""


class Damage(InputError):
    """What is wrong with a file, in words that go on from its name."""


def seal(content: dict[str, Any]) -> str:
    """The document of a content: format, version, checksum, and the content itself."""
    body = json.dumps(content)
    head = f'"format": {json.dumps(FORMAT)}, "version": {VERSION}, "sha256": "{_checksum(body)}"'
    return f'{{{head},\n"content": {body}}}\n'


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def unseal(path: Path) -> dict[str, Any]:
    """The content of a document.

    Raises
    ------
    Damage
        The file is missing, torn, edited, or another program's.
    """
    if not path.exists():
        raise Damage("is missing")
    if not path.is_file():  # a pipe would block, a device never end
        raise Damage("is no file")
    try:
        return _content(json.loads(path.read_text(encoding="utf-8")))
    except Damage:
        raise
    except OSError as error:
        raise Damage(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise Damage("is no JSON: torn, or edited") from None


def _content(document: Any) -> dict[str, Any]:
    """What a document seals, if it is one of ours and unchanged."""
    if isinstance(document, dict) and "format" not in document and "displacements" in document:
        raise Damage("is of an older version of qc, which kept no checksums: that version can go on from it")
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Damage("is no checkpoint of qc")
    if document.get("version") != VERSION:
        raise Damage(f"is of another version of qc: this one reads format {VERSION}")
    content = document.get("content")
    if document.get("sha256") != _checksum(json.dumps(content)):
        raise Damage("is not as it was written: its checksum differs")
    if not isinstance(content, dict) or not _is_complete(content):
        raise Damage("lacks entries of a checkpoint")
    return content


def _is_complete(content: dict[str, Any]) -> bool:
    """Whether the entries are there that `Checkpoints` reads; the files lie in the directory itself."""
    files, named = content.get("files"), content.get("displacements")
    return (
        isinstance(files, dict)
        and isinstance(named, str)
        and (named == "" or named in files)
        and all(Path(name).name == name and name.isprintable() for name in files)
        and all(isinstance(told, dict) and isinstance(told.get("bytes"), int) for told in files.values())
        and all(isinstance(content.get(name), int) for name in ("step", "number"))
    )


def documents(directory: Path) -> list[tuple[str, dict[str, Any] | Damage]]:
    """Name and content, or damage, of both checkpoints of a directory, the newest first; empty where there is none."""
    if not any((directory / name).exists() for name in (NEWEST, BEFORE)):
        return []
    found: list[tuple[str, dict[str, Any] | Damage]] = []
    for name in (NEWEST, BEFORE):
        try:
            found.append((name, unseal(directory / name)))
        except Damage as damage:
            found.append((name, damage))
    return found


def refusal(directory: Path, wrong: list[str]) -> InputError:
    """The error of a directory without a whole checkpoint; ``wrong`` says of each what it is."""
    return InputError(
        f"--resume: there is no whole checkpoint in {str(directory)!r} ({'; '.join(wrong)}): nothing was changed there, "
        "put back a copy of its files or start in a new directory"
    )


@contextmanager
def entries_of(directory: Path) -> Iterator[None]:
    """Look at the entries of a checkpoint: an `InputError` says what they lack."""
    try:
        yield
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise InputError(f"the checkpoint in {directory} is none of this version of qc ({why})") from None
