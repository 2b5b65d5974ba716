"""What every run has open while it lasts: its directory, and what shows how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpi4py import MPI

from .directory import Command, RunDirectory, run_directory
from .terminal import Display, display

COUNTED: dict[Command, str] = {
    **{"run": "step", "propagate": "bond", "dynamics": "bond", "folds": "point"},
    **{"front": "front", "kinks": "load", "qm-sweep": "load"},
}
"""What a command counts."""


@contextmanager
def opened(directory: Path, resume: bool, command: Command) -> Iterator[tuple[RunDirectory, Display]]:
    """The directory of a run (`run_directory`) and its display. Collective."""
    comm = MPI.COMM_WORLD
    with (
        run_directory(directory, comm, resume, command) as held,
        display(comm, COUNTED[command], directory / "run.log") as shown,
    ):
        yield held, shown
