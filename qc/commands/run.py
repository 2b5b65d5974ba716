"""``qc run``: the ladder of a case in a directory, resumable at every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from atomistics import ForcesOnly
from fem.collective import on_root

from ..case.case import Case
from ..crack.k_error import k_plus_error
from ..crack.ladder import Ladder
from ..crack.qm_tip import QMSession
from ..crack.records import StepRecord
from ..crack.system import CrackSystem
from ..output.files import write_json
from ..output.growing_table import GrowingTable
from ..output.pictures import draw_front, draw_ladder, draw_model, draw_tip
from ..output.qm_layers import draw_layers
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .guard import Interrupt
from .kept_result import error_is_wanted
from .opened import opened
from .report import document, in_short, model_line, step_line, summary_lines
from .specimen import Specimen
from .specs import blaming_petsc_options, ladder_spec, qm_tip_spec, quiet_petsc, solver_options
from .terminal import Display, tell

PATIENT_NEWTON = 40
"""Iterations of Newton's method with forces mixed from an engine whose stiffness it is not told."""


def run_case(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> int:
    """Run a case in ``directory``; the exit code. Collective.

    Parameters
    ----------
    case : Case
    directory : Path
        It is made if it does not exist.
    resume : bool
        Go on from the last finished step found there, on any number of ranks.
    petsc_options : list of str, optional
        ``["-snes_monitor", ...]``, with or without the prefix ``qc_``.

    Returns
    -------
    int
        0: the ladder is done. Errors raise: `InputError` (2), `ConvergenceError` (1), `Stopped` (3).
    """
    run = walk_case(case, directory, resume, petsc_options)
    held = run.directory
    if held.comm.rank == 0:
        tell(summary_lines(run.specimen, run.ladder.state, held.watch, run.qm_report, run.error, held.path))
    return 0


def walk_case(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> LadderRun:
    """As `run_case`, and nothing is said of what has come out. Collective."""
    quiet_petsc(petsc_options)
    options = solver_options(case, petsc_options or [])
    with opened(Path(directory), resume, "run") as (held, shown):
        run = LadderRun(case, held, options, shown)
        run.execute()
    return run


class LadderRun:
    """The ladder of a case: every accepted step is on disk before the next one starts. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    options : SolverOptions
    shown : Display
    """

    def __init__(self, case: Case, directory: RunDirectory, options: SolverOptions, shown: Display) -> None:
        self.directory, self.shown = directory, shown
        self._table = GrowingTable(directory.path / "steps.csv")
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        self.qm = qm_tip(self.specimen, directory)
        self.qm_report: dict[str, Any] | None = None
        self._called = 0
        self.error: dict[str, Any] | None = (directory.saved or {}).get("K_plus_error")
        self.ladder = start_ladder(self.specimen, directory, options, self.qm)
        directory.keep_multipliers(self.specimen.system)

    def execute(self) -> None:
        """Walk the ladder to its end; pictures and tables also of one that stops or fails."""
        try:
            with self.directory.until_stopped(self._finish, self._reached) as interrupt:
                self._draw_model()
                if self.directory.fell_back:
                    on_root(self.directory.comm, self._write_tables)
                self._walk(interrupt)
                self._weigh()
        finally:
            if self.qm is not None:
                self.qm.close()

    def _draw_model(self) -> None:
        if self.directory.saved is None or not on_root(self.directory.comm, (self.directory.path / "model.png").exists):
            draw_parts(self.directory.path, self.specimen, self.qm)

    def _walk(self, interrupt: Interrupt) -> None:
        load, ladder = self.specimen.case.load, self.ladder
        total = load.steps
        self.shown.phase(f"{model_line(self.specimen)}; at most {total} steps under rising load")
        self.shown.begin(total, len(ladder.state.steps))
        self._follow_tip()
        for level, branch in ladder.loads():
            with stage("solve"):
                record = ladder.refine(level, branch)
                if ladder.system is not self.specimen.system:
                    self._adopt(ladder.system)
                if record is not None and self.qm is not None:
                    record.qm = self.qm.measure(ladder.q)
                if record is not None:
                    record.calls = self._calls()
            if record is not None:
                self._keep(record)
                self.shown.step(len(ladder.state.steps), step_line(record), in_short(record))
                self._follow_tip()
            elif not ladder.state.steps:  # a first state that is not trusted: a warning has said so
                self._save()
            interrupt.look()

    def _adopt(self, system: CrackSystem) -> None:
        """Go on with the larger model that the ladder has made."""
        self.specimen = self.specimen.on(system)
        self.directory.adopt(self.specimen)
        with stage("pictures"):
            draw_model(self.directory.path / "model.png", system, self.specimen.case.name)

    def _calls(self) -> int | None:
        """Calls of a calculator of forces since this was asked for last, the same on all ranks; None without one."""
        potential = self.specimen.system.potential
        if not isinstance(potential, ForcesOnly):
            return None
        before, self._called = self._called, self.directory.comm.bcast(potential.calls.atoms)
        return self._called - before

    def _reached(self) -> str:
        steps = self.ladder.state.steps
        return f"after K = {steps[-1].K_over_KG:.4f} K_G" if steps else "before the first step"

    def _weigh(self) -> None:
        """Measure the error of K+, unless an earlier run has."""
        wanted = error_is_wanted(self.specimen.case, self.specimen.system.potential.forces_only)
        if not wanted or self.error is not None or self.ladder.state.K_plus_bracket is None:
            return

        self.shown.phase(
            "error of K+: the seam, then ladders in a domain four times as large and with cells of half the size"
        )

        def show(ladder: Ladder, record: StepRecord) -> None:
            self.shown.phase(f"R = {ladder.system.spec.radius:g} A, {step_line(record)}")

        with stage("error of K+"):
            found = k_plus_error(self.ladder, show)
        self.shown.phase(found.sentence())
        self.error = found.plain()
        with stage("output"):
            self._save()
            on_root(self.directory.comm, self._write_tables)

    def _follow_tip(self) -> None:
        """The QM region goes where the last step has left the tip; the step, which is on disk, is kept once more with it there."""
        with stage("solve"):
            record = None if self.qm is None else self.qm.follow_tip(self.ladder)
        if record is not None:
            self._keep(record)
            self.shown.phase(f"with the QM region at the tip: {step_line(record)}")

    def _keep(self, record: StepRecord) -> None:
        """Put an accepted step on disk."""
        directory = self.directory
        with stage("output"):
            record.seconds = round(sum(directory.watch.seconds.values()), 3)
            directory.write_state(self.ladder, record)
            self.qm_report = None if self.qm is None else self.qm.report()
            self._save()
            on_root(directory.comm, self._add_to_tables)

    def _save(self) -> None:
        """The checkpoint, of a state or of the trials before the first one."""
        more = {"qm": None if self.qm is None else self.qm.plain(), "K_plus_error": self.error}
        self.directory.save(self.specimen, self.ladder, more, self._numbers())

    def _numbers(self) -> np.ndarray | None:
        """Rows of the checkpoint on rank 0: what the QM region has learnt, or the forces of a calculator."""
        potential = self.specimen.system.potential
        if isinstance(potential, ForcesOnly):
            return potential.last if self.directory.comm.rank == 0 else np.empty((0, 0))
        return None if self.qm is None else self.qm.learnt

    def _add_to_tables(self) -> None:
        self._table.sync(self.ladder.state.steps)
        if self.directory.is_due(len(self.ladder.state.steps)):
            self._write_document()

    def _write_tables(self) -> None:
        self._table.write(self.ladder.state.steps)
        self._write_document()

    def _write_document(self) -> None:
        path, state, watch = self.directory.path, self.ladder.state, self.directory.watch
        write_json(path / "result.json", document(self.specimen, state, watch, self.qm_report, self.error))

    def _finish(self) -> None:
        self.directory.finish(self.ladder, self._draw, self._write_tables)

    def _draw(self) -> None:
        path, system, state = self.directory.path, self.specimen.system, self.ladder.state
        draw_ladder(path / "ladder.png", system, state)
        draw_tip(path / "tip.png", system, state, path / "trajectory.extxyz")
        if system.spec.front_periods > 1:
            draw_front(path / "front.png", system, state, path / "trajectory.extxyz")


def draw_parts(directory: Path, specimen: Specimen, qm: QMSession | None) -> None:
    """``model.png``, and ``qm.png`` where there is a QM tip. Collective."""
    system, title = specimen.system, specimen.case.name
    with stage("pictures"):
        draw_model(directory / "model.png", system, title)
        if qm is not None:
            draw_layers(directory / "qm.png", system, qm.qm, title)


def qm_tip(specimen: Specimen, directory: RunDirectory) -> QMSession | None:
    """The QM region of a case, where and as the checkpoint has left it; it is None without a table [qm]. Collective."""
    spec, saved = qm_tip_spec(specimen.case), directory.saved
    if spec is None:
        return None
    with stage("QM set-up"):
        session = QMSession(specimen.system, spec, saved and saved.get("qm"))
        if saved is not None:
            session.recall(directory.last_rows())
        return session


def patient(options: SolverOptions, qm: QMSession | None) -> SolverOptions:
    """The options with more steps where forces are mixed: no secants without an energy, so that Newton converges linearly."""
    if qm is None or qm.guide is None:
        return options
    return replace(options, max_newton=max(options.max_newton, PATIENT_NEWTON))


def start_ladder(
    specimen: Specimen, directory: RunDirectory, options: SolverOptions, qm: QMSession | None = None
) -> Ladder:
    """The ladder of a case at its first load, or at the last step of the checkpoint. Collective."""
    system, state, q = specimen.system, None, None
    guide, options = None if qm is None else qm.guide, patient(options, qm)
    if directory.saved is not None:
        state, q = directory.last_state(system)
        state.finished = False  # the case may have been given a longer ladder
        if state.steps:
            system.load(state.steps[-1].K)
    with stage("set-up"), blaming_petsc_options(options):
        ladder = Ladder(system, ladder_spec(specimen.case), options, state, q, guide)
        if directory.saved is not None:
            ladder.recall(directory.last_experience(system))
            if isinstance(system.potential, ForcesOnly):
                system.potential.recall(directory.last_rows())
        if (
            state is not None and state.steps and options.linear == "mumps"
        ):  # its factors predict the next step, as if nothing had been between
            ladder.solver.is_stable(ladder.q)
    return ladder
