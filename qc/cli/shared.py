"""The words that all commands share: how much is said on the screen and in the log."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from atomistics.potentials.aliases import add_alias

from ..commands.verbosity import chosen

Level = Literal["debug", "info", "warning", "error"]

Structure = Annotated[
    str | None, typer.Option("--structure", metavar="NAME", help="As bcc; left out: the one of least energy per atom.")
]
Element = Annotated[
    str | None, typer.Option("--element", metavar="SYMBOL", help="Species, where the potential has several; two as Ni,Al.")
]
"""Which crystal of a potential a command looks at."""


def species_of(element: str | None) -> tuple[str, ...]:
    """Species of the word of `Element`; none: the potential's only one."""
    return () if element is None else tuple(part.strip() for part in element.split(","))


def _verbose(asked: bool) -> None:
    if asked:
        chosen.screen = 1


def _quiet(asked: bool) -> None:
    if asked:
        chosen.screen = -1


def _log_level(level: Level) -> None:
    chosen.log = getattr(logging, level.upper())


def _models(words: list[str] | None) -> None:
    _taught("--model", add_alias, words or [])


def _engines(words: list[str] | None) -> None:
    if words:
        from ..qm.engine.aliases import add_engine  # who names no engine does not wait for numpy

        _taught("--engine", add_engine, words)


def _taught(option: str, learn: Callable[[str], object], words: list[str]) -> None:
    """Learn what an option of names says; what is wrong is typer's to tell, which names the option itself."""
    for one in words:
        try:
            learn(one)
        except ValueError as error:
            raise typer.BadParameter(str(error).removeprefix(f"{option}: ")) from None


_words = typer.Typer(add_completion=False, rich_markup_mode=None)


@_words.command()
def _shared(
    verbose: Annotated[
        bool,
        typer.Option(
            "-v", "--verbose", callback=_verbose, expose_value=False, help="Show every iteration and message."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", callback=_quiet, expose_value=False, help="Show errors and results only.")
    ] = False,
    log_level: Annotated[
        Level,
        typer.Option("--log-level", callback=_log_level, expose_value=False, help="Least level that goes to run.log."),
    ] = "info",
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME=MAKER",
            callback=_models,
            expose_value=False,
            help="Know a potential of your own: NAME=MODULE:FUNCTION or NAME=FILE.py:FUNCTION; may be repeated.",
        ),
    ] = None,
    engines: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            metavar="NAME=COMMAND",
            callback=_engines,
            expose_value=False,
            help="Know a QM engine of your own: NAME='[INTERPRETER] ENGINE', NAME='unix:SOCKET PROGRAM' or NAME='HOST:PORT PROGRAM'; "
            "may be repeated.",
        ),
    ] = None,
) -> None:
    pass


class Commands(TyperGroup):
    """Commands with the shared words."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        shared = typer.main.get_command(_words).params
        for command in self.commands.values():
            own = {word for param in command.params for word in param.opts}
            command.params += [param for param in shared if own.isdisjoint(param.opts)]


def wide() -> dict[str, Any]:
    """Settings with which help is as wide as the terminal."""
    return {"max_content_width": max(80, shutil.get_terminal_size().columns)}
