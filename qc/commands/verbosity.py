"""How much a command says, on the screen and in its log: chosen once, by the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

PACKAGES = ("qc", "fem", "atomistics")
"""Whose messages are shown, and go to ``run.log``."""

SHOWN_OTHERWISE = ("qc.commands.terminal", "qc.commands.run_log")
"""Loggers whose messages the screen has from the display, or from how the command ends."""

SCREEN = Console(stderr=True, markup=False, highlight=False)  # [1 -1 0] is not a style
"""Standard error: a bar and messages share it."""


@dataclass
class Verbosity:
    """What is said.

    Attributes
    ----------
    screen : int
        -1 errors only, 0 steps and warnings, 1 every iteration and message as well.
    log : int
        Level of ``run.log``, one of `logging`.
    """

    screen: int = 0
    log: int = logging.INFO


chosen = Verbosity()


class _Screen(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        SCREEN.print(f"{record.levelname.lower()}: {record.getMessage()}", soft_wrap=True)


@contextmanager
def messages_on_screen(speaks: bool) -> Iterator[None]:
    """Show warnings, and with more verbosity more, while the block runs; only on the rank that ``speaks``.

    What was chosen holds to the end of the block.
    """
    handler: logging.Handler = _Screen() if speaks else logging.NullHandler()
    handler.setLevel({-1: logging.ERROR, 0: logging.WARNING}.get(chosen.screen, logging.INFO))
    handler.addFilter(lambda record: record.name not in SHOWN_OTHERWISE)
    loggers = [logging.getLogger(package) for package in PACKAGES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        if chosen.screen > 0:
            logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        chosen.screen, chosen.log = 0, logging.INFO
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


@contextmanager
def quietly() -> Iterator[None]:
    """Show no steps while the block runs: it is a step of something else. Warnings and the log stay."""
    before, chosen.screen = chosen.screen, -1
    try:
        yield
    finally:
        chosen.screen = before
