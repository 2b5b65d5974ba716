"""The directory of a run: made ready, its checkpoints in and out, its clock, and how a signal ends it between two iterations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root, together
from fem.mesh.far_field import CoarseMesh

from ..case.case import Case
from ..crack.ladder import Ladder
from ..crack.ladder_state import LadderState
from ..crack.records import StepRecord
from ..crack.system import CrackSystem
from ..errors import ConvergenceError, InputError, Stopped
from ..monitor import listening
from ..output import checkpoint
from ..output.fields import FieldSeries
from ..output.states import write_frame
from ..report.page import report_or_warn
from ..stages import Stopwatch, stage
from ..terms.reconstruction import Reconstruction
from .checks import make_directory
from .guard import Interrupt
from .run_log import log_to_file
from .specimen import Specimen, make_specimen

log = logging.getLogger(__name__)

SCRAPS = (".*.[0-9]*.tmp", ".*.[0-9]*.png", "*.json.tmp", "*.tmp.npz")
"""Names under which files are written before they take their place; ``*.json.tmp`` are those of older versions."""


@contextmanager
def run_directory(path: Path, comm: MPI.Comm, resume: bool) -> Iterator[RunDirectory]:
    """A directory that is there, without scraps, its ``run.log`` open. Collective.

    Parameters
    ----------
    path : Path
        It is made if it does not exist.
    comm : mpi4py.MPI.Comm
    resume : bool
        The run goes on from the checkpoint found there, if there is one.
    """
    on_root(comm, lambda: prepare(path))
    with log_to_file(path / "run.log", comm):
        yield RunDirectory(path, comm, resume)


def prepare(path: Path) -> None:
    """Make the directory, and clear what a killed run was writing."""
    make_directory(path)
    for pattern in SCRAPS:
        for scrap in path.glob(pattern):
            scrap.unlink(missing_ok=True)


class RunDirectory:
    """What every run does with its directory, whatever it computes. All methods are collective.

    Parameters
    ----------
    path, comm, resume
        As for `run_directory`, which makes it.

    Attributes
    ----------
    saved : dict or None
        The plain data of the checkpoint that the run goes on from.
    watch : Stopwatch
        Seconds by stage, those of the run that is resumed included.
    """

    def __init__(self, path: Path, comm: MPI.Comm, resume: bool) -> None:
        self.path, self.comm, self._resume = path, comm, resume
        self.watch = Stopwatch()
        self.saved = checkpoint.read_state(path, comm) if resume else None
        if self.saved is not None:
            self.watch.go_on(self.saved["seconds"])
        self._multipliers: Reconstruction | None = None
        self._fields: FieldSeries | None = None

    def specimen(self, case: Case) -> Specimen:
        """The crack of a case, on the mesh and with the multipliers that are kept here if the run is resumed."""
        path, comm = self.path, self.comm
        with stage("set-up"):
            coarse = together(comm, self._mesh)
            self._multipliers = checkpoint.load_reconstruction(path, comm) if self._resume else None
            specimen = make_specimen(case, comm, coarse, self._multipliers)
            made = specimen.system.model.domain.coarse
            together(comm, lambda: checkpoint.save_coarse(path, made) if made is not None else None)
        for sentence in specimen.warnings:
            log.warning("%s", sentence)
        return specimen

    def _mesh(self) -> CoarseMesh | None:
        return checkpoint.load_coarse(self.path) if self._resume and self.comm.rank == 0 else None

    def keep_multipliers(self, system: CrackSystem) -> None:
        """Keep the multipliers of a reconstruction that had to be solved for."""
        found = system.model.reconstruction
        if found is not None and self._multipliers is None:
            checkpoint.save_reconstruction(self.path, self.comm, found)

    def last_state(self, system: CrackSystem) -> tuple[LadderState, PETSc.Vec]:
        """The ladder of the checkpoint and the unknowns of its last step.

        Raises
        ------
        InputError
            The checkpoint was made with another mesh.
        """
        assert self.saved is not None
        model = system.model
        if self.saved["fingerprint"] != model.domain.fingerprint:
            raise InputError(f"the checkpoint in {self.path} was made with another mesh: start in a new directory")
        u = checkpoint.read_displacements(self.path, self.saved, model.parts)
        q = model.parts.layout.create_unknowns()
        q.array[:] = u[: model.parts.layout.n_free].ravel()
        return LadderState.from_plain(self.saved), q

    def write_state(self, ladder: Ladder, record: StepRecord, number: int | None = None) -> None:
        """Append the ladder's present state to trajectory and fields, as state ``number`` (that of the step if left out)."""
        number = len(ladder.state.steps) - 1 if number is None else number
        write_frame(self.path, ladder, record, number)
        if self._fields is None:
            self._fields = FieldSeries(self.path, ladder.system.model)
        self._fields.write(ladder.q, number)

    def save(self, specimen: Specimen, ladder: Ladder, more: dict[str, Any]) -> None:
        """Write the ladder's present state as the checkpoint, with ``more`` plain data of the run beside it."""
        model = specimen.system.model
        state = ladder.state.plain() | {
            "fingerprint": model.domain.fingerprint,
            "seconds": self.watch.seconds,
            "case": specimen.case.plain(),
        }
        u = model.coupling.displacement(ladder.q)
        checkpoint.save(self.path, len(ladder.state.steps), model.parts, u, state | more)
        self.watch.compare(self.comm)

    @contextmanager
    def until_stopped(self, finish: Callable[[], None], reached: Callable[[], str]) -> Iterator[Interrupt]:
        """Signals are a flag while the block runs, looked at in each iteration: `Stopped` says what has been ``reached``.

        That is finished, unless the block ends by a defect.
        """
        interrupt = Interrupt(self.comm, reached)
        try:
            try:
                with listening(interrupt.hear):
                    yield interrupt
            except (Stopped, ConvergenceError):  # known to all ranks; after any other failure some may not get there
                finish()
                raise
            finish()
        finally:
            interrupt.restore()

    def finish(self, ladder: Ladder, draw: Callable[[], None], write_tables: Callable[[], None]) -> None:
        """Pictures, tables and report of whatever has been reached; the two functions are called on rank 0."""
        if self._fields is not None:
            self._fields.close()
        if not ladder.state.steps:
            return
        with stage("pictures"):
            on_root(self.comm, draw)
        self.watch.compare(self.comm)
        on_root(self.comm, write_tables)
        on_root(self.comm, lambda: report_or_warn(self.path))
