"""Engines by a name: interpreters, commands and sockets are said on the command line, at home or by a package, never by data."""

from __future__ import annotations

import shlex
import shutil
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import model_validator

from atomistics.potentials.aliases import NAME
from atomistics.potentials.own_file import own_place, read_own

from ...case.case import validated_table
from ...case.table import Table, key
from ...errors import InputError
from .spec import BUILT_IN, SOCKET, SOCKET_FORM, SOCKET_WORDS, EngineSpec, check_name, installed

GROUP = "qc.engines"
"""Group of entry points by which installed packages add engines: each is text as after ``--engine NAME=``, or a table of `Alias`."""
FORM = "[INTERPRETER...] ENGINE, or unix:NAME COMMAND... or HOST:PORT COMMAND..."
WORDS = "a command, or a list of its words"
_given: dict[str, tuple[str, Alias]] = {}


class Alias(Table):
    """What a name of an engine means.

    Attributes
    ----------
    engine : str or None
        A built-in engine or "ase:module.Class".
    python : str, tuple of str or None
        Interpreter with ASE and that engine; None: our own.
    socket : str or None
        Instead of an engine: where a program that speaks i-PI's protocol connects.
    command : str, tuple of str or None
        Starts that program.
    directory : str
        Where it runs.
    parameters : dict
        Of the ASE calculator; those of a case go first.
    """

    engine: str | None = key(None, f'"{'", "'.join(BUILT_IN)}" or "ase:module.Class"', "what computes")
    python: str | tuple[str, ...] | None = key(None, WORDS, "interpreter that has ASE and the engine")
    socket: str | None = key(
        None, SOCKET_WORDS, "where a program connects that speaks i-PI's protocol", pattern=f"^(?:{SOCKET_FORM.pattern})$"
    )
    command: str | tuple[str, ...] | None = key(None, WORDS, "starts the program of the socket")
    directory: str = key("", "a folder", "where that program runs")
    parameters: dict[str, Any] = key({}, "a table", "keyword arguments of the engine's ASE calculator")

    @model_validator(mode="after")
    def _check(self) -> Alias:
        if (self.engine is None) == (self.socket is None):
            raise ValueError(f"it must have either engine, with or without python, or socket ({SOCKET_WORDS}) and command")
        if self.engine is not None:
            check_name(self.engine)
        if (self.socket is None) != (self.command is None):
            raise ValueError("it must have both socket and command, or neither")
        if self.socket is not None and set(self.parameters) - {"vacuum"}:
            raise ValueError("parameters of a program behind a socket stand in its own input: only vacuum is allowed")
        for words in (self.python, self.command):
            if words is not None and not split(words):
                raise ValueError("a command must have at least one word")
        return self


def split(words: str | tuple[str, ...]) -> tuple[str, ...]:
    """Words of a command, as a shell takes them apart; ~ at their start is the home directory."""
    try:
        parts = shlex.split(words) if isinstance(words, str) else words
    except ValueError as error:
        raise ValueError(f"the command {words!r} cannot be taken apart: {error}") from None
    return tuple(str(Path(part).expanduser()) if part.startswith("~/") else part for part in parts)


def add_engine(words: str, source: str = "--engine") -> str:
    """Know an engine for the rest of this process; its name.

    Parameters
    ----------
    words : str
        ``NAME=[INTERPRETER...] ENGINE``, ``NAME=unix:SOCKET COMMAND...`` or ``NAME=HOST:PORT COMMAND...``.
    source : str
        Who says so, for sentences.

    Raises
    ------
    InputError
        The words are none of these.
    """
    name, _, command = words.partition("=")
    _given[name] = (words, _checked(name, command, source))
    return name


def given_engines() -> list[str]:
    """What `add_engine` was told, as another process can be told."""
    return [words for words, _ in _given.values()]


def own_engines() -> Path:
    """The user's own file of engines, ``$XDG_CONFIG_HOME/qc/engines.toml``, at home in ``.config`` if that is not set."""
    return own_place("engines.toml")


def find_alias(name: str) -> Alias | None:
    """What a name means: as given to this process, in the user's own file, or by an installed package; None if nobody knows it.

    Raises
    ------
    InputError
        Whoever has the name does not say it rightly, or the user's own file cannot be trusted.
    """
    if name in _given:
        return _given[name][1]
    if NAME.fullmatch(name) is None:
        return None
    own = _own()
    if name in own:
        return _checked(name, own[name], str(own_engines()))
    point = _added().get(name)
    return None if point is None else _checked(name, _loaded(point), f"the entry point {name} of {GROUP}")


def known_engines() -> list[str]:
    """All names that `find_alias` knows."""
    return sorted({*_given, *_own(), *_added()})


def named_engine(name: str, parameters: dict[str, Any] | None = None, **settings: Any) -> EngineSpec:
    """Settings of an engine by its own name or by an alias.

    Parameters
    ----------
    name : str
    parameters : dict, optional
        Keyword arguments of the calculator, before those of the alias.
    **settings
        Of `EngineSpec`.

    Raises
    ------
    InputError
        Nobody knows the name.
    """
    if _is_own_name(name):
        return EngineSpec(engine=name, parameters=parameters or {}, **settings)
    if (alias := find_alias(name)) is None:
        known = ", ".join(known_engines()) or "none"
        raise InputError(
            f'the engine "{name}" is not known: it must be "{'", "'.join(BUILT_IN)}", "ase:module.Class", or a name (known: {known}) that '
            f"--engine NAME=COMMAND, {own_engines()} or an installed package (entry points {GROUP}) explains"
        )
    return EngineSpec(
        engine=alias.engine or SOCKET,
        alias=name,
        parameters=alias.parameters | (parameters or {}),
        python=split(alias.python or ()),
        socket=alias.socket or "",
        command=split(alias.command or ()),
        directory=alias.directory,
        **settings,
    )


def is_there(spec: EngineSpec) -> bool:
    """Whether an engine can be started: its module for our interpreter, or else the program of its alias."""
    program = spec.python or spec.command
    return shutil.which(program[0]) is not None if program else installed(spec.engine)


def _is_own_name(name: str) -> bool:
    return name in BUILT_IN or name.startswith("ase:")


def _own() -> dict[str, Any]:
    try:
        return read_own(own_engines())
    except ValueError as error:
        raise InputError(str(error)) from None


def _added() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _loaded(point: EntryPoint) -> Any:
    """What a package says; whatever its code raises is a sentence."""
    try:
        return point.load()
    except Exception as error:
        raise InputError(f"the entry point {point.name} of {GROUP} cannot be loaded ({point.value}): {error}") from error


def _checked(name: str, value: Any, source: str) -> Alias:
    """The alias of words or of a table."""
    if not NAME.fullmatch(name) or name in BUILT_IN:
        raise InputError(f"{source}: the name {name!r} is not allowed: it must be of letters, digits, -, + and _, and no built-in engine's")
    if not isinstance(value, str | dict):
        raise InputError(f"{source}: {name} = {value!r} is not allowed: it must be {FORM}, or a table")
    try:
        given = _table_of(value) if isinstance(value, str) else value
    except ValueError as error:
        raise InputError(f"{source}: {name} = {value!r} is not allowed: {error}") from None
    return validated_table(Alias, name, given, source)


def _table_of(text: str) -> dict[str, Any]:
    """The table that words on the command line stand for."""
    words = split(text)
    if not words:
        raise ValueError(f"it must be {FORM}")
    if SOCKET_FORM.fullmatch(words[0]):
        return {"socket": words[0], "command": words[1:] or None}
    check_name(words[-1])
    return {"engine": words[-1], "python": words[:-1] or None}
