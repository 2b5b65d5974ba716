"""A sweep of loads with and without the QM tip: the bonds across the crack plane, and how hard quantum mechanics pulls at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..crack.ladder import Ladder
from ..crack.qm_sweep import MODELS, Sweep, SweptLoad
from ..crack.qm_tip import QMTipSpec
from ..crack.records import from_file
from ..crack.start import Trial
from ..errors import InputError
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.qm_layers import draw_layers
from ..output.sealed import entries_of
from ..pictures.qm_sweep import sweep_picture
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .guard import Interrupt
from .opened import opened
from .specs import ladder_spec, qm_tip_spec
from .terminal import Display

COLUMNS = ("K_over_KG", "x", "z", "potential", "qm", "opening_force")
"""Of ``sweep.csv``: K_G, A, lengths in A, eV/A."""


def check_sweep(case: Case) -> QMTipSpec:
    """The QM region of a case; InputError where there is none whose energy can be swept."""
    spec = qm_tip_spec(case)
    if spec is None or spec.region.mode != "energy":
        raise InputError('qc qm-sweep needs a case with a table [qm] and qm.mode = "energy"')
    return spec


def run_sweep(case: Case, options: SolverOptions, directory: Path, resume: bool = False) -> dict[str, Any]:
    """All loads of the case's ladder; files: sweep.json, sweep.csv, sweep.png, qm.png, run.log. Collective.

    Parameters
    ----------
    case : Case
    options : SolverOptions
    directory : Path
        It is made if it does not exist.
    resume : bool
        Go on after the last load found there, on any number of ranks.
    """
    check_sweep(case)
    with opened(directory, resume, "qm-sweep") as (held, shown):
        return SweepRun(case, held, options, shown).execute()


class SweepRun:
    """The sweep of a case: every load is on disk before the next one is put on. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    options : SolverOptions
    shown : Display
    """

    def __init__(self, case: Case, directory: RunDirectory, options: SolverOptions, shown: Display) -> None:
        self.directory, self.shown, self.options = directory, shown, options
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        directory.keep_multipliers(self.specimen.system)
        self.trials: list[Trial] = []
        self.records: list[dict[str, Any]] = []
        self.document: dict[str, Any] = {}
        self._sweep: Sweep | None = None

    def execute(self) -> dict[str, Any]:
        """Put on all loads; the contents of sweep.json. Tables and picture also of a sweep that stops or fails."""
        try:
            with self.directory.until_stopped(self._finish, self._reached) as interrupt:
                with stage("solve"):
                    start = self._begin() if self.directory.saved is None else self._go_on(self.directory.saved)
                self._walk(start, interrupt)
        finally:
            if self._sweep is not None:
                self._sweep.session.close()
        return self.document

    def _begin(self) -> dict[str, PETSc.Vec]:
        """The state of the potential at the first load, for both models."""
        ladder = Ladder(self.specimen.system, ladder_spec(self.specimen.case), self.options)
        ladder.begin()
        self.trials = ladder.state.trials
        return {name: ladder.q.copy() for name in MODELS}

    def _go_on(self, saved: dict[str, Any]) -> dict[str, PETSc.Vec]:
        """Both states of the checkpoint."""
        vectors = self.directory.last_unknowns(self.specimen.system, len(MODELS))
        with entries_of(self.directory.path):
            self.trials = [Trial.from_plain(trial) for trial in saved["trials"]]
            self.records = [asdict(from_file(SweptLoad, load)) for load in saved.get("loads", [])]
        self.directory.has(self._lists())
        return dict(zip(MODELS, vectors, strict=True))

    def _walk(self, start: dict[str, PETSc.Vec], interrupt: Interrupt) -> None:
        system, case, saved = self.specimen.system, self.specimen.case, self.directory.saved
        self.shown.phase("starting the engine")
        with stage("QM set-up"):
            sweep = self._sweep = Sweep(system, check_sweep(case), self.options, start, saved and saved.get("qm", {}))
            if saved is not None:
                sweep.session.recall(self.directory.last_rows())
        if saved is None:
            with stage("pictures"):
                draw_layers(self.directory.path / "qm.png", system, sweep.session.qm, case.name)
            self._save()
        load, first = case.load, self.trials[-1].K_over_KG
        levels = first + load.K_step * np.arange(int((load.K_stop - first) / load.K_step + 1e-9) + 1)
        self.shown.begin(len(levels), len(self.records))
        for record in self._staged(sweep.loads(levels, len(self.records))):
            self.records.append(record)
            self._keep()
            self.shown.step(len(self.records), record_line(record))
            interrupt.look()

    def _staged(self, records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same, and the time that they take counts as that of the solver."""
        while True:
            with stage("solve"):
                record = next(records, None)
            if record is None:
                return
            yield record

    def _keep(self) -> None:
        """Put a load on disk."""
        with stage("output"):
            self._save()
            if self.directory.is_due(len(self.records)):
                self._write()

    def _save(self) -> None:
        assert self._sweep is not None
        coupling, session = self.specimen.system.model.coupling, self._sweep.session
        fields = [coupling.displacement(self._sweep.q[name]) for name in MODELS]
        rest, n = {"qm": session.plain()}, len(self.records)
        self.directory.write(self.specimen, n, self._lists(), rest, *fields, rows=session.learnt)

    def _lists(self) -> dict[str, list[Any]]:
        return {"trials": self.trials, "loads": self.records}

    def _reached(self) -> str:
        return f"after K = {self.records[-1]['K_over_KG']:.4f} K_G" if self.records else "before the first load"

    def _write(self) -> None:
        assert self._sweep is not None
        self.document = {
            "case": self.specimen.case.name,
            "K_G": self.specimen.system.K_G,
            "start": [trial.plain() for trial in self.trials],
            "qm": self._sweep.session.report(),
            "loads": self.records,
            "settings": self.specimen.case.plain(),
        }
        on_root(self.directory.comm, lambda: _write(self.directory.path, self.document))

    def _finish(self) -> None:
        if self.records and self._sweep is not None:
            self._write()


def record_line(record: dict[str, Any]) -> str:
    """A load of the sweep in one line."""
    force = max((abs(bond["opening_force"]) for bond in record["bonds"]), default=0.0)
    calls = f"{record['qm']['calls']} calls of the engine, {record['seconds']:.0f} s"
    return f"K = {record['K_over_KG']:.4f} K_G ({record['K']:.4f} MPa m^1/2), opening force {force:.3f} eV/A at most, {calls}"


def _write(directory: Path, document: dict[str, Any]) -> None:
    write_json(directory / "sweep.json", document)
    rows = [{"K_over_KG": record["K_over_KG"]} | bond for record in document["loads"] for bond in record["bonds"]]
    write_steps_csv(directory / "sweep.csv", rows, COLUMNS)
    drawn(sweep_picture, directory / "sweep.png", document)


def sweep_lines(document: dict[str, Any]) -> list[str]:
    """The table as text: one line a load and bond."""
    lines = [
        f"{'K/K_G':>7} {'x (A)':>7} {'z (A)':>7} {'potential (A)':>14} {'QM tip (A)':>11} {'opening force (eV/A)':>21}"
    ]
    for record in document["loads"]:
        for bond in record["bonds"]:
            numbers = f"{bond['x']:7.2f} {bond['z']:7.2f} {bond['potential']:14.4f} {bond['qm']:11.4f} {bond['opening_force']:21.4f}"
            lines.append(f"{record['K_over_KG']:7.3f} {numbers}")
    return lines
