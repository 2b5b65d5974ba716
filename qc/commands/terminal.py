"""What a command shows while it runs: a bar on a terminal, a line a step elsewhere; and some lines at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from mpi4py import MPI
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..monitor import Told, listening
from .verbosity import SCREEN, chosen

log = logging.getLogger(__name__)

EVERY = 3.0
"""Seconds without a line after which an iteration is one."""


class Display:
    """Where a command has come to, on the standard error of rank 0. What it shows goes to the log, all iterations included.

    Parameters
    ----------
    bar : rich.progress.Progress
        Disabled where there is no terminal to show it on.
    lines : bool
        Whether lines take its place.
    name : str
        What is counted.
    """

    def __init__(self, bar: Progress, lines: bool, name: str) -> None:
        self._bar, self._lines, self._name = bar, lines, name
        self._task = bar.add_task(name, total=None, iteration="")
        self._total: int | None = None
        self._first, self._done = 0, 0
        self._begin = self._began = self._said = time.monotonic()

    def begin(self, total: int | None, done: int = 0) -> None:
        """Say how many steps there will be, if that is known, and how many there are: from here on the end is foreseen."""
        self._total, self._first, self._done, self._began = total, done, done, time.monotonic()
        self._bar.update(self._task, total=total, completed=done, description=self._name)

    def phase(self, text: str) -> None:
        """Say what is being done where no steps are counted."""
        log.info("%s", text)
        self._bar.update(self._task, description=text, iteration="")
        self._say(text)

    def step(self, done: int, text: str, short: str | None = None) -> None:
        """Say what the last step has come to, beside the bar perhaps in ``short``; so many are done."""
        log.info("%s", text)
        self._done = done
        self._bar.update(self._task, completed=done, description=short or text, iteration="")
        counted = f"{done}" if self._total is None else f"{done}/{max(done, self._total)}"
        self._say(f"{self._name} {counted}  {text}{self._foreseen()}")

    def told(self, what: Told) -> None:
        """Show an iteration beside the bar, or as a line if there has been none for a while; and what is begun."""
        if isinstance(what, str):
            self.phase(what)
            return
        log.info("%s", what)
        self._bar.update(self._task, iteration=str(what))
        if chosen.screen > 0 or time.monotonic() - self._said >= EVERY:
            self._say(str(what))

    def _foreseen(self) -> str:
        """When the last step will be done if all are like those of this run so far."""
        made, missing = self._done - self._first, (self._total or 0) - self._done
        if made < 1 or missing < 1:
            return ""
        end = datetime.now() + timedelta(seconds=(time.monotonic() - self._began) / made * missing)
        return f"; all by {end:%d %b %H:%M:%S}"

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        if self._lines:
            SCREEN.print(f"[{timedelta(seconds=int(self._said - self._begin))}] {text}", soft_wrap=True)


@contextmanager
def display(comm: MPI.Comm, name: str, log_file: Path | None = None) -> Iterator[Display]:
    """The display of a command while the block runs; it begins with the name of the log, if there is one."""
    speaks = comm.rank == 0 and chosen.screen >= 0
    on_terminal = speaks and SCREEN.is_terminal
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn())
    after = (TimeRemainingColumn(), TextColumn("{task.fields[iteration]}"))
    with Progress(*columns, *after, console=SCREEN, disable=not on_terminal) as bar:
        shown = Display(bar, speaks and not on_terminal, name)
        if speaks and log_file is not None:
            SCREEN.print(f"log: {log_file}", soft_wrap=True)
        with listening(shown.told):
            yield shown


def tell(lines: Sequence[str]) -> None:
    """Print lines as they are, however narrow the terminal is."""
    console = Console(markup=False, highlight=False, soft_wrap=True)  # [1 -1 0] is not a style
    for line in lines:
        console.print(line)
