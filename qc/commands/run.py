"""Running and checking a case: from the case file to result files, resumable at every step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fem.collective import on_root, together

from ..case.case import Case
from ..crack.ladder import Ladder
from ..crack.ladder_state import LadderSpec, LadderState
from ..crack.qm_tip import QMSession
from ..crack.records import StepRecord
from ..errors import ConvergenceError, InputError, Stopped
from ..output import checkpoint
from ..output import states as output
from ..output.files import write_json, write_steps_csv
from ..output.qm_layers import draw_layers
from ..output.trajectory import read_frame
from ..output.versions import versions
from ..pictures.ladder import ladder_picture
from ..pictures.tip import VIEW, tip_picture
from ..stages import Stopwatch, stage
from .build import _blaming_petsc_options, make_system, qm_tip_spec, solver_options
from .directory import Interrupt, _prepare_directory
from .report import middle, qm_line, verdict, what_is_known

log = logging.getLogger(__name__)

PATIENT_NEWTON = 40
"""Iterations of Newton's method with forces mixed from an engine whose stiffness it is not told."""


class Run:
    """One run of a case in a directory."""

    def __init__(self, case: Case, directory: Path, comm: MPI.Comm, resume: bool, petsc_options: list[str]) -> None:
        self.case, self.directory, self.comm = case, directory, comm
        self.watch = Stopwatch()
        options = solver_options(case, petsc_options)
        on_root(comm, lambda: _prepare_directory(directory))
        self._log_to_file()
        saved = checkpoint.read_state(directory, comm) if resume else None
        with stage("set-up"):
            coarse = together(comm, lambda: checkpoint.load_coarse(directory) if resume and comm.rank == 0 else None)
            known = checkpoint.load_reconstruction(directory, comm) if resume else None
            self.system = make_system(case, comm, coarse, known)
            coarse = self.system.model.domain.coarse
            together(comm, lambda: checkpoint.save_coarse(directory, coarse) if coarse is not None else None)
        self.material, self.warnings = what_is_known(self.system, case)
        for sentence in self.warnings:
            log.warning("%s", sentence)
        own = self.system.model.parts.atoms
        self._n_atoms, self._n_free = comm.allreduce(np.array([len(own), np.count_nonzero(own.free)])).tolist()
        self.qm_report: dict[str, Any] | None = None
        with stage("QM set-up"):
            spec = qm_tip_spec(case)
            self.qm = None if spec is None else QMSession(self.system, spec, saved and saved.get("qm"))
        if self.qm is not None and self.qm.guide is not None:  # no secants without an energy: Newton converges linearly
            options = replace(options, max_newton=max(options.max_newton, PATIENT_NEWTON))
        state, q = (None, None) if saved is None else self._restore(saved)
        if state:
            self.watch.go_on(saved["seconds"])  # type: ignore[index]
        load = case.load
        ladder_spec = LadderSpec(
            K_start=load.K_start,
            K_stop=load.K_stop,
            K_step=load.K_step,
            unload=load.unload,
            stop_at=load.stop_at,
            K_tolerance=load.K_tolerance,
        )
        with stage("set-up"), _blaming_petsc_options(options):
            self.ladder = Ladder(
                self.system, ladder_spec, options, state, q, None if self.qm is None else self.qm.guide
            )
            if state and options.linear == "mumps":
                self.ladder.solver.is_stable(
                    self.ladder.q
                )  # its factors predict the next step, as if nothing had been between
        if self.system.model.reconstruction is not None and known is None:
            checkpoint.save_reconstruction(directory, comm, self.system.model.reconstruction)

    def execute(self) -> None:
        """Walk the ladder; every accepted step is on disk before the next one starts."""
        interrupt = Interrupt(self.comm)
        try:
            if not on_root(self.comm, (self.directory / "model.png").exists):
                with stage("pictures"):
                    output.draw_model(self.directory / "model.png", self.system, self.case.name)
                    if self.qm is not None:
                        draw_layers(self.directory / "qm.png", self.system, self.qm.qm, self.case.name)
            self._walk(interrupt)
        except (Stopped, ConvergenceError):  # known to all ranks; after any other failure some may not get there
            self._finish()
            raise
        finally:
            interrupt.restore()
            if self.qm is not None:
                self.qm.close()
        self._finish()

    def _walk(self, interrupt: Interrupt) -> None:
        with self._progress() as advance:
            for k, branch in self.ladder.loads():
                with stage("solve"):
                    self._move_qm()
                    record = self.ladder.refine(k, branch)
                    if record is not None and self.qm is not None:
                        record.qm = self.qm.measure(self.ladder.q)
                if record is not None:
                    self._after_step(record)
                    advance(record)
                if interrupt.agreed():
                    raise Stopped(f"stopped after K = {k:.4f} K_G; resume with --resume")

    def _move_qm(self) -> None:
        """The QM region goes where the last step has left the tip."""
        steps = self.ladder.state.steps
        if self.qm is not None and steps and self.qm.follow(self.ladder.q, steps[-1].tip_position, steps[-1].K):
            self.ladder.renew_solver()

    def _after_step(self, record: StepRecord) -> None:
        ladder = self.ladder
        with stage("output"):
            record.seconds = round(sum(self.watch.seconds.values()), 3)
            output.write_frame(self.directory, ladder, record)
            u = self.system.model.coupling.displacement(ladder.q)
            state = ladder.state.plain() | {
                "fingerprint": self.system.model.domain.fingerprint,
                "seconds": self.watch.seconds,
                "case": self.case.plain(),
                "qm": None if self.qm is None else self.qm.plain(),
            }
            self.qm_report = None if self.qm is None else self.qm.report()
            checkpoint.save(self.directory, len(ladder.state.steps), self.system.model.parts, u, state)
            self.watch.compare(self.comm)
            on_root(self.comm, self._write_tables)

    def _write_tables(self) -> None:
        write_json(self.directory / "result.json", self.document())
        write_steps_csv(self.directory / "steps.csv", [step.plain() for step in self.ladder.state.steps])

    def _finish(self) -> None:
        """Pictures and fields of whatever has been reached."""
        if not self.ladder.state.steps:
            return
        with stage("pictures"):
            output.write_fields(self.directory, self.ladder)
            on_root(self.comm, self._draw)
        self.watch.compare(self.comm)
        on_root(self.comm, self._write_tables)

    def _draw(self) -> None:
        s, state = self.system, self.ladder.state
        ladder_picture(
            self.directory / "ladder.png",
            [step.plain() for step in state.steps],
            [event.plain() for event in state.events],
            state.K_plus_bracket,
            state.K_minus_bracket,
            s.K_G,
        )
        panels = self._panels()
        if panels:
            period = s.model.thickness if s.crystal.dimension == 3 else None
            nn = s.crystal.nearest_neighbour_distance
            tip_picture(self.directory / "tip.png", panels, nn=nn, period=period)

    def _panels(self) -> list[dict[str, Any]]:
        """The tip before and after the first advance (or blunting), from the trajectory: part of it may be an earlier run's."""
        state = self.ladder.state
        steps, bracket, name = state.steps, state.K_plus_bracket, "the first advance"
        if state.blunting is not None:
            bracket, name = state.blunting.bracket, "the tip blunted"
        if bracket is None:
            shown = [(len(steps) - 1, f"before {name}")]
        else:
            after = next(n for n, step in enumerate(steps) if step.branch == "load" and bracket[1] == step.K)
            shown = [(after - 1, f"before {name}"), (after, "after it")]
        height = 2 * VIEW * self.system.crystal.nearest_neighbour_distance
        read = partial(read_frame, self.directory / "trajectory.extxyz", keep=lambda X: np.abs(X[:, 1]) <= height)
        frames = [(n, label, read(n)) for n, label in shown]
        return [output.panel(self.system, f, steps[n].K_over_KG, label) for n, label, f in frames if f is not None]

    def document(self) -> dict[str, Any]:
        """Contents of result.json: K in MPa m^1/2, energies in eV per cell minus the perfect crystal, A, J/m^2, GPa."""
        s, state, model = self.system, self.ladder.state, self.system.model
        return {
            "case": self.case.name,
            "method": s.spec.method,
            "reference": s.reference,
            "reconstruction": None if model.reconstruction is None else model.reconstruction.info,
            "dimension": self.case.model.dimension,
            "front_periods": s.spec.front_periods,
            "cell_length": model.thickness,
            "ranks": self.comm.size,
            "n_atoms": self._n_atoms,
            "n_free_atoms": self._n_free,
            "n_dofs": model.parts.layout.n_unknowns,
            "core_radius": s.spec.core_radius,
            "blend_width": model.spec.width,
            "face_strip": s.spec.face_strip,
            "domain_radius": s.spec.domain_radius,
            "ladder_start": self.case.load.K_start,
            "lattice_constant": s.crystal.a,
            "K_G": s.K_G,
            "gamma": s.griffith.gamma,
            "elastic_constants": s.griffith.elastic_constants | {"relaxed": s.griffith.relaxed},
            "griffith": s.griffith.as_dict(),
            "cut": s.griffith.cut,
            "material": self.material[0],
            "material_note": self.material[1],
            "warnings": self.warnings,
            "verdict": verdict(state, s.K_G),
            "steps": [step.plain() for step in state.steps],
            "events": [event.plain() for event in state.events],
            "K_plus": middle(state.K_plus_bracket),
            "K_plus_bracket": state.K_plus_bracket,
            "K_minus": middle(state.K_minus_bracket),
            "K_minus_bracket": state.K_minus_bracket,
            "n_qm_calls": 0 if self.qm_report is None else self.qm_report["calls"],
            "qm": self.qm_report,
            "evaluations": model.coupling.evaluations,
            **self.watch.plain(),
            "finished": state.finished,
            "settings": self.case.plain(),
            "versions": versions(),
        }

    def _restore(self, saved: dict[str, Any]) -> tuple[LadderState, PETSc.Vec]:
        model = self.system.model
        if saved["fingerprint"] != model.domain.fingerprint:
            raise InputError(f"the checkpoint in {self.directory} was made with another mesh: start in a new directory")
        u = checkpoint.read_displacements(self.directory, saved, model.parts)
        q = model.parts.layout.create_unknowns()
        q.array[:] = u[: model.parts.layout.n_free].ravel()
        state = LadderState.from_plain(saved)
        state.finished = False  # the case may have been given a longer ladder
        self.system.load(state.steps[-1].K)
        return state, q

    def _log_to_file(self) -> None:
        """Rank 0 logs to ``run.log``."""
        if self.comm.rank:
            return
        handler = logging.FileHandler(self.directory / "run.log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        for package in ("qc", "fem", "atomistics"):
            logger = logging.getLogger(package)
            logger.setLevel(logging.INFO)
            logger.handlers = [handler]

    @contextmanager
    def _progress(self) -> Iterator[Callable[[StepRecord], None]]:
        """Progress display on rank 0; gives a function that takes the record of each step."""
        load = self.case.load
        total = round((load.K_stop - load.K_start) / load.K_step) + 1
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=self.comm.rank != 0) as display:
            task = display.add_task("K/K_G", total=total, completed=len(self.ladder.state.steps))

            def advance(record: StepRecord) -> None:
                tip = record.tip_position
                where = "" if tip is None else f"  tip {tip:.2f} A"
                display.update(task, advance=1, description=f"K = {record.K_over_KG:.3f} K_G{where}")
                log.info(
                    "K = %.4f K_G, energy %s eV, tip %s A, %d + %d iterations, force %.1e eV/A",
                    record.K_over_KG, record.energy, tip, record.newton_iterations, record.robust_iterations,
                    record.residual,
                )  # fmt: skip

            yield advance


def run_case(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> int:
    """Run a case in ``directory``; the exit code. Collective.

    Parameters
    ----------
    case : Case
    directory : Path
        Made if it does not exist.
    resume : bool
        Go on from the last finished step found there, on any number of ranks.
    petsc_options : list of str, optional
        ``["-snes_monitor", ...]``, with or without the prefix ``qc_``.

    Returns
    -------
    int
        0: the ladder is done. Errors raise: `InputError` (2), `ConvergenceError` (1), `Stopped` (3).
    """
    comm = MPI.COMM_WORLD
    if not petsc_options:  # with options of the user's own PETSc may say which were never asked for
        PETSc.Options()["options_left"] = "no"
    run = Run(case, Path(directory), comm, resume, petsc_options or [])
    run.execute()
    if comm.rank == 0:
        _summarise(run)
    return 0


def _summarise(run: Run) -> None:
    s, state = run.system, run.ladder.state
    console = Console(markup=False, highlight=False, soft_wrap=True)  # [1 -1 0] is not a style
    console.print(
        f"K_G {s.K_G:.4f} MPa m^1/2 (plane {s.griffith.plane}, {s.griffith.cut}, front {s.griffith.front}, gamma "
        f"{s.griffith.gamma:.4f} J/m^2, relaxed constants)"
    )
    console.print(f"{run.material[0]} material: {run.material[1]}")
    for sentence in run.warnings:
        console.print(f"warning: {sentence}")
    console.print(verdict(state, s.K_G) or "no advance of the tip yet")
    if state.K_minus_bracket:
        low, high = (k / s.K_G for k in state.K_minus_bracket)
        console.print(f"first closing on unloading between {low:.3f} and {high:.3f} K_G")
    for event in state.events:
        if event.kind not in ("advance", "closing", "blunting"):
            low, high = (k / s.K_G for k in event.bracket)
            console.print(f"{event.kind.replace('_', ' ')} between {low:.3f} and {high:.3f} K_G ({event.branch})")
    if run.qm_report is not None:
        console.print(qm_line(run.qm_report))
    total = sum(run.watch.seconds.values())
    stages = ", ".join(f"{name} {t:.0f} s" for name, t in run.watch.seconds.items() if t >= 0.5)
    console.print(f"{len(state.steps)} steps in {total:.0f} s ({stages}); results in {run.directory}")
