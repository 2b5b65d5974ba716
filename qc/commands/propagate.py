"""``qc propagate``: a propagation in a directory, every accepted state on disk, resumable on any number of ranks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..crack.ladder_state import LadderState
from ..crack.propagation import Propagation
from ..crack.propagation_state import PropagationState
from ..crack.r_curve import CURVE_COLUMNS
from ..crack.records import StepRecord
from ..crack.system import CrackSystem
from ..errors import InputError, Stopped
from ..output.files import STEP_COLUMNS, write_json, write_steps_csv
from ..output.growing_table import GrowingTable
from ..output.pictures import drawn
from ..output.sealed import entries_of
from ..pictures.r_curve import curve_picture
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .guard import Interrupt
from .opened import opened
from .potential import refuse_forces_only
from .propagation_report import document, summary_lines
from .report import in_short, model_line, step_line
from .run import draw_parts, patient, qm_tip
from .specs import blaming_petsc_options, propagation_spec, quiet_petsc, solver_options
from .terminal import Display, tell


def run_propagation(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> int:
    """Propagate the crack of a case in ``directory``; the exit code. Arguments and errors as for `run_case`. Collective."""
    if case.qm is not None and not case.qm.follow_tip:
        raise InputError("qm.follow_tip = false is not allowed with qc propagate: the tip leaves the region, so it must be true")
    refuse_forces_only(case, "qc propagate", "the energy of what the model leaves behind")
    quiet_petsc(petsc_options)
    options = solver_options(case, petsc_options or [])
    with opened(Path(directory), resume, "propagate") as (held, shown):
        run = PropagationRun(case, held, options, shown)
        run.execute()
    if held.comm.rank == 0:
        tell(summary_lines(run.specimen, run.propagation, held.watch, held.path, run.qm_report))
    return 0


class PropagationRun:
    """The propagation of a case: every accepted state is on disk before the next one starts. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    options : SolverOptions
    shown : Display
    """

    def __init__(self, case: Case, directory: RunDirectory, options: SolverOptions, shown: Display) -> None:
        self.directory, self.shown, self._torn = directory, shown, False
        self._table = GrowingTable(directory.path / "steps.csv", ("stage", "rejected", *STEP_COLUMNS))
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        system = self.specimen.system
        self.qm = qm_tip(self.specimen, directory)
        self.qm_report: dict[str, Any] | None = None
        with stage("set-up"):
            states = None if directory.saved is None else last_states(directory, system)
            with blaming_petsc_options(options):
                self.propagation = Propagation(system, propagation_spec(case), patient(options, self.qm), states, self.qm)
            directory.keep_multipliers(system)

    def execute(self) -> None:
        """Break and close all bonds; pictures and tables also of a propagation that stops or fails."""
        try:
            with self.directory.until_stopped(self._finish, self._reached) as interrupt:
                if not on_root(self.directory.comm, (self.directory.path / "model.png").exists):
                    draw_parts(self.directory.path, self.specimen, self.qm)
                if self.directory.fell_back:
                    on_root(self.directory.comm, self._write_tables)
                self._walk(interrupt)
        finally:
            if self.qm is not None:
                self.qm.close()

    def _walk(self, interrupt: Interrupt) -> None:
        propagation, total = self.propagation, self.propagation.spec.bonds + self.propagation.spec.close
        self.shown.phase(f"{model_line(self.specimen)}; {total} bonds to break or to close")
        self.shown.begin(total, self._bonds())
        while not propagation.state.finished:
            try:
                with stage("solve"):
                    record = propagation.advance()
            except Stopped:
                self._torn = True
                raise
            if record is None and not propagation.ladder.state.steps:  # a first state that is not trusted: a warning has said so
                self._save()
            if record is not None:
                self._keep(record)
                self.shown.step(self._bonds(), step_line(record), in_short(record))
            interrupt.look()

    def _bonds(self) -> int:
        return sum(abs(event.bonds) for event in self.propagation.curve)

    def _reached(self) -> str:
        return f"after {len(self.propagation.curve)} events"

    def _keep(self, record: StepRecord) -> None:
        """Put an accepted state on disk: a frame of the first one, and of the first one after each event."""
        directory, ladder, state = self.directory, self.propagation.ladder, self.propagation.state
        with stage("output"):
            record.seconds = round(sum(directory.watch.seconds.values()), 3)
            if len(ladder.state.steps) == 1 or record.stage == "back":
                directory.write_state(ladder, record, number=len(state.curve))
            self.qm_report = None if self.qm is None else self.qm.report()
            self._save()
            on_root(directory.comm, self._add_to_tables)

    def _save(self) -> None:
        """The checkpoint, of a state or of the trials before the first one."""
        propagation, qm = self.propagation, self.qm
        more = {"propagation": asdict(propagation.state), "qm": None if qm is None else qm.plain()}
        self.directory.save(self.specimen, propagation.ladder, more, None if qm is None else qm.learnt)

    def _add_to_tables(self) -> None:
        steps = self.propagation.ladder.state.steps
        self._table.sync(steps)
        if self.directory.is_due(len(steps)):
            self._write_documents()

    def _write_tables(self) -> None:
        self._table.write(self.propagation.ladder.state.steps)
        self._write_documents()

    def _write_documents(self) -> None:
        path, propagation = self.directory.path, self.propagation
        write_json(path / "propagation.json", document(self.specimen, propagation, self.directory.watch, self.qm_report))
        write_steps_csv(path / "r_curve.csv", [asdict(point) for point in propagation.curve], CURVE_COLUMNS)

    def _finish(self) -> None:
        if not self._torn:  # else stopped on the way to a state: the tables of the one before are on disk
            self.directory.finish(self.propagation.ladder, self._draw, self._write_tables)

    def _draw(self) -> None:
        path, K_G, title = self.directory.path / "r_curve.png", self.specimen.system.K_G, self.specimen.case.name
        drawn(curve_picture, path, [asdict(point) for point in self.propagation.curve], K_G, title)


def last_states(directory: RunDirectory, system: CrackSystem) -> tuple[PropagationState, LadderState, PETSc.Vec]:
    """States of the propagation and its ladder, and the unknowns, of the checkpoint's last step. Collective.

    Raises
    ------
    InputError
        The checkpoint is of another mesh.
    """
    ladder, q = directory.last_state(system)
    assert directory.saved is not None
    with entries_of(directory.path):
        state = PropagationState.from_plain(directory.saved["propagation"])
    if state.finished and state.ended is not None:  # the case may have been given a higher K_stop
        state.finished, state.ended = False, None
    return state, ladder, q
