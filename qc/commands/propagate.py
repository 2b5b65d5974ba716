"""``qc propagate``: a propagation in a directory, every accepted state on disk, resumable on any number of ranks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fem.collective import on_root, together

from ..case.case import Case
from ..crack.ladder_state import LadderState
from ..crack.moving import ModelMove
from ..crack.propagation import Propagation
from ..crack.propagation_state import PropagationSpec, PropagationState
from ..crack.r_curve import CURVE_COLUMNS, CurvePoint
from ..crack.records import StepRecord
from ..errors import InputError, Stopped
from ..output import checkpoint
from ..output import states as output
from ..output.files import STEP_COLUMNS as COLUMNS
from ..output.files import write_json, write_steps_csv
from ..output.versions import versions
from ..pictures.r_curve import curve_picture
from ..stages import Stopwatch, stage
from .build import _blaming_petsc_options, make_system, solver_options
from .directory import Interrupt, _prepare_directory
from .report import what_is_known
from .run import Run

log = logging.getLogger(__name__)
STEP_COLUMNS = ("stage", "rejected", *COLUMNS)


class PropagationRun(Run):
    """One propagation of a case in a directory."""

    def __init__(self, case: Case, directory: Path, comm: MPI.Comm, resume: bool, petsc_options: list[str]) -> None:
        if case.qm is not None:
            why = "a QM region does not move with the model yet; leave it out, or use qc run"
            raise InputError(f"[qm] is not allowed with qc propagate: {why}")
        self.case, self.directory, self.comm = case, directory, comm
        self.qm, self.qm_report, self.watch = None, None, Stopwatch()
        options = solver_options(case, petsc_options)
        on_root(comm, lambda: _prepare_directory(directory))
        self._log_to_file()
        saved = checkpoint.read_state(directory, comm) if resume else None
        with stage("set-up"):
            coarse = together(comm, lambda: checkpoint.load_coarse(directory) if resume and comm.rank == 0 else None)
            known = checkpoint.load_reconstruction(directory, comm) if resume else None
            self.system = make_system(case, comm, coarse, known)
            made = self.system.model.domain.coarse
            together(comm, lambda: checkpoint.save_coarse(directory, made) if made is not None else None)
            self.material, self.warnings = what_is_known(self.system, case)
            states = None if saved is None else self._saved_states(saved)
            with _blaming_petsc_options(options):
                self.propagation = Propagation(self.system, propagation_spec(case), options, states)
            if self.system.model.reconstruction is not None and known is None:
                checkpoint.save_reconstruction(directory, comm, self.system.model.reconstruction)
        if saved is not None:
            self.watch.go_on(saved["seconds"])
        self.ladder = self.propagation.ladder

    def _saved_states(self, saved: dict[str, Any]) -> tuple[PropagationState, LadderState, PETSc.Vec]:
        model = self.system.model
        if saved["fingerprint"] != model.domain.fingerprint:
            raise InputError(f"the checkpoint in {self.directory} was made with another mesh: start in a new directory")
        if "propagation" not in saved:
            raise InputError(
                f"the checkpoint in {self.directory} is one of qc run, not of qc propagate: start in a new directory"
            )
        u = checkpoint.read_displacements(self.directory, saved, model.parts)
        q = model.parts.layout.create_unknowns()
        q.array[:] = u[: model.parts.layout.n_free].ravel()
        state = PropagationState.from_plain(saved["propagation"])
        ladder = LadderState.from_plain(saved)
        if state.finished and state.ended is not None:  # the case may have been given a higher K_stop
            state.finished, state.ended = False, None
        return state, ladder, q

    def _walk(self, interrupt: Interrupt) -> None:
        propagation = self.propagation
        with self._progress() as show:
            while not propagation.state.finished:
                with stage("solve"):
                    record = propagation.advance()
                if record is not None:
                    self._after_step(record)
                    show(record)
                if interrupt.agreed():
                    raise Stopped(f"stopped after {len(propagation.curve)} events; resume with --resume")

    def _after_step(self, record: StepRecord) -> None:
        state, ladder = self.propagation.state, self.ladder
        with stage("output"):
            record.seconds = round(sum(self.watch.seconds.values()), 3)
            if len(ladder.state.steps) == 1 or record.stage == "back":
                output.write_frame(self.directory, ladder, record, number=len(state.curve))
            u = self.system.model.coupling.displacement(ladder.q)
            whole = ladder.state.plain() | {
                "propagation": asdict(state),
                "fingerprint": self.system.model.domain.fingerprint,
                "seconds": self.watch.seconds,
                "case": self.case.plain(),
            }
            checkpoint.save(self.directory, len(ladder.state.steps), self.system.model.parts, u, whole)
            self.watch.compare(self.comm)
            on_root(self.comm, self._write_tables)

    def _write_tables(self) -> None:
        write_json(self.directory / "propagation.json", self.document())
        write_steps_csv(self.directory / "steps.csv", [step.plain() for step in self.ladder.state.steps], STEP_COLUMNS)
        write_steps_csv(self.directory / "r_curve.csv", plain(self.propagation.curve), CURVE_COLUMNS)

    def _draw(self) -> None:
        curve_picture(self.directory / "r_curve.png", plain(self.propagation.curve), self.system.K_G, self.case.name)

    def document(self) -> dict[str, Any]:
        """Contents of propagation.json: K in MPa m^1/2, energies in eV per cell, lengths in A, J and dE/da in J/m^2."""
        s, ladder, state, spec = self.system, self.ladder.state, self.propagation.state, self.propagation.spec
        return {
            "case": self.case.name,
            "method": s.spec.method,
            "reference": s.reference,
            "field": spec.field,
            "bonds": spec.bonds,
            "close": spec.close,
            "tolerance": spec.tolerance,
            "dimension": self.case.model.dimension,
            "cell_length": s.model.thickness,
            "ranks": self.comm.size,
            "n_dofs": s.model.parts.layout.n_unknowns,
            "core_radius": s.spec.core_radius,
            "domain_radius": s.spec.domain_radius,
            "K_G": s.K_G,
            "gamma": s.griffith.gamma,
            "griffith": s.griffith.as_dict(),
            "material": self.material[0],
            "material_note": self.material[1],
            "warnings": self.warnings,
            "verdict": verdict(self.propagation),
            "summary": summary(state.curve),
            "r_curve": plain(state.curve),
            "moves": plain(state.moves),
            "lead": state.lead,
            "offset": ladder.offset,
            "carried": ladder.carried,
            "steps": [step.plain() for step in ladder.steps],
            "events": [event.plain() for event in ladder.events],
            "evaluations": s.model.coupling.evaluations,
            **self.watch.plain(),
            "finished": state.finished,
            "settings": self.case.plain(),
            "versions": versions(),
        }

    @contextmanager
    def _progress(self) -> Iterator[Callable[[StepRecord], None]]:
        """Progress display on rank 0: bonds broken and closed."""
        spec, columns = (
            self.propagation.spec,
            (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
        )
        with Progress(*columns, console=Console(stderr=True), disable=self.comm.rank != 0) as display:
            task = display.add_task("bonds", total=spec.bonds + spec.close)

            def show(record: StepRecord) -> None:
                done = sum(abs(e.bonds) for e in self.propagation.curve)
                text = f"K = {record.K_over_KG:.4f} K_G  tip {record.tip_position:.2f} A"
                display.update(task, completed=done, description=text)
                log.info(
                    "%s: K = %.5f K_G, energy %s eV, tip %.3f A, %d + %d iterations, %d taken back, force %.1e eV/A",
                    record.stage, record.K_over_KG, record.energy, record.tip_position, record.newton_iterations,
                    record.robust_iterations, record.rejected, record.residual,
                )  # fmt: skip

            yield show


def propagation_spec(case: Case) -> PropagationSpec:
    """What tables [propagation] and [load] ask for."""
    p, load = case.propagation, case.load
    dK = load.K_step if p.dK is None else p.dK
    return PropagationSpec(
        bonds=p.bonds,
        K_start=load.K_start,
        K_stop=load.K_stop,
        dK=dK,
        tolerance=p.tolerance,
        field=p.field,
        close=p.close,
        drift=p.drift,
    )


def plain(records: Sequence[CurvePoint | ModelMove]) -> list[dict[str, Any]]:
    """The records as mappings, for files and pictures."""
    return [asdict(record) for record in records]


def summary(curve: Sequence[CurvePoint]) -> dict[str, Any]:
    """Number, mean and scatter of the loads of each kind of event, in K_G; worst balance of dE/da against 2 gamma - J."""
    found: dict[str, Any] = {}
    for name, branch in (("K_plus", "load"), ("K_minus", "unload")):
        loads = np.array([e.K_over_KG for e in curve if e.branch == branch])
        if len(loads):
            found[name] = {"events": len(loads), "mean": loads.mean(), "lowest": loads.min(), "highest": loads.max()}
    balances = [
        abs(e.dE_da - e.two_gamma_minus_J) / e.J_before
        for e in curve
        if e.dE_da is not None and e.two_gamma_minus_J is not None and e.J_before is not None
    ]
    return found | {"worst_balance": max(balances, default=None)}


def verdict(propagation: Propagation) -> str:
    """What the crack has done, in one sentence."""
    state = propagation.state
    broken = sum(e.bonds for e in state.curve if e.branch == "load")
    closed = -sum(e.bonds for e in state.curve if e.branch == "unload")
    text = f"{broken} bonds broken" + (f", {closed} closed again" if propagation.spec.close else "")
    damage = next((e for e in state.curve if e.kind == "blunting"), None)
    if damage is not None:
        text += f"; from event {damage.event} on with bonds broken or joined off the plane"
    return text + (f"; {state.ended}" if state.ended else "")


def run_propagation(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> int:
    """Propagate the crack of a case in ``directory``; the exit code. Arguments and errors as for `run_case`. Collective."""
    comm = MPI.COMM_WORLD
    if not petsc_options:
        PETSc.Options()["options_left"] = "no"
    run = PropagationRun(case, Path(directory), comm, resume, petsc_options or [])
    run.execute()
    if comm.rank == 0:
        _summarise(run)
    return 0


def _summarise(run: PropagationRun) -> None:
    console = Console(markup=False, highlight=False, soft_wrap=True)
    s = run.system
    console.print(f"K_G {s.K_G:.4f} MPa m^1/2 (plane {s.griffith.plane}, {s.griffith.cut}, front {s.griffith.front})")
    for sentence in run.warnings:
        console.print(f"warning: {sentence}")
    console.print(verdict(run.propagation))
    for name, part in summary(run.propagation.curve).items():
        if isinstance(part, dict):
            sign = {"K_plus": "K+", "K_minus": "K-"}[name]
            console.print(
                f"{sign} {part['mean']:.4f} K_G over {part['events']} events ({part['lowest']:.4f} to {part['highest']:.4f})"
            )
    total = sum(run.watch.seconds.values())
    console.print(f"{len(run.ladder.state.steps)} steps in {total:.0f} s; results in {run.directory}")
