"""What a command on a case is told, and how it is looked at before anything is built."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..commands.checks import CHECKED, check_directory, check_engine, check_potential
from ..errors import InputError

if TYPE_CHECKING:
    from mpi4py import MPI

    from ..case.case import Case

TRACES = {"run.log", "far_field.npz", "reconstruction.npy"}
"""Files that there may be in a run's directory before the first step."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The words that commands on a case share.

    Attributes
    ----------
    path : Path
        The case file.
    output : Path or None
        Directory or file of the results.
    overrides : list of str
        ``key=value``, as given to ``--set``.
    resume : bool
        Whether the run goes on from what is in its directory.
    petsc : sequence of str
        Options for PETSc, ``["-snes_monitor", ...]``.
    """

    path: Path
    output: Path | None
    overrides: list[str]
    resume: bool = False
    petsc: Sequence[str] = ()

    def load(self) -> Case:
        """The case, whose potential and engine can be used; on rank 0 only."""
        from ..case.case import load_case

        case = load_case(self.path, self.overrides)
        check_potential(case)
        check_engine(case.qm)
        return case

    def prepared(self, ending: str = "") -> tuple[Case, Path]:
        """The case, and its directory of results; on rank 0 only."""
        case = self.load()
        return case, self.directory(case, ending)

    def directory(self, case: Case, ending: str = "") -> Path:
        """Directory of the case's results, ``results/<case name><ending>`` if none is given; refused if it cannot be used."""
        if self.petsc and not self.petsc[0].startswith("-"):
            raise InputError(
                f"{self.petsc[0]!r} is not expected after the case file: PETSc options follow --, as in -- -snes_monitor"
            )
        directory = self.output or Path("results") / f"{case.name}{ending}"
        check_directory(directory, self.resume)
        return directory


def check_file(option: str, file: Path | None) -> None:
    """Refuse a file that cannot be written."""
    if file is None:
        return
    if file.is_dir() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"{option} {str(file)!r} is not allowed: it must be a file in a directory that exists and can be written to"
        )


def on_root[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Decide on rank 0, for all: rank 0 is about to change what the others would look at. Collective.

    As `fem.collective.on_root`, without the second that importing `fem` takes: bad input is told at once.
    """
    answer: tuple[T | None, Exception | None] = (None, None)
    if comm.rank == 0:
        try:
            answer = (function(), None)
        except Exception as error:
            answer = (None, error)
    value, failure = comm.bcast(answer)
    if failure is not None:
        raise failure
    return value  # type: ignore[return-value]


def remove_traces(directory: Path) -> None:
    """Remove what a refused case has left, so that the mended case can run; never results, nor what ``qc check`` has drawn."""
    if directory.is_dir() and {p.name for p in directory.iterdir()} <= TRACES | CHECKED:
        for name in TRACES:
            (directory / name).unlink(missing_ok=True)
        if not any(directory.iterdir()):
            directory.rmdir()
