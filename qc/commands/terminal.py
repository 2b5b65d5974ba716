"""What a run shows on the terminal: a bar while it goes on, some lines at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mpi4py import MPI
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Show = Callable[[int, str], None]
"""Takes how much is done and what to say beside the bar."""


@contextmanager
def progress(comm: MPI.Comm, name: str, total: int, done: int = 0) -> Iterator[Show]:
    """A bar on the standard error of rank 0 while the block runs; the other ranks show nothing."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=comm.rank != 0) as display:
        task = display.add_task(name, total=total, completed=done)
        yield lambda now, text: display.update(task, completed=now, description=text)


def tell(lines: Sequence[str]) -> None:
    """Print lines as they are, however narrow the terminal is."""
    console = Console(markup=False, highlight=False, soft_wrap=True)  # [1 -1 0] is not a style
    for line in lines:
        console.print(line)
