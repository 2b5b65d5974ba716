"""``qc front``: fronts of many periods with kinks, relaxed at one load, and their energies against those of straight fronts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..crack.front import FrontTracker
from ..crack.front_line import FrontState, staircase
from ..crack.front_states import FrontRecord, FrontStates, check_front
from ..crack.replicate import Replica, one_period
from ..crack.straight_front import StraightFront, straight_fronts
from ..crack.system import CrackSystem
from ..errors import InputError
from ..output.files import write_json
from ..output.pictures import directions_of, drawn
from ..output.sealed import entries_of
from ..output.states import append_state
from ..pictures.front import front_picture
from ..report.page import report_or_warn
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .front_plan import Periods
from .front_report import document, line_of, write_tables
from .opened import opened
from .potential import refuse_forces_only, refuse_qm
from .report import model_line
from .specs import solver_options
from .terminal import Display


def run_front(case: Case, directory: Path, sets: Sequence[Periods], resume: bool = False) -> dict[str, Any]:
    """Relax fronts of the case's crack; files: front.json, front.csv, trajectory.extxyz, front.png, report.html, run.log. Collective.

    Parameters
    ----------
    case : Case
        Its load is ``load.K_start``.
    directory : Path
        It is made if it does not exist.
    sets : sequence of tuples of int
        Periods that have advanced in each front, from 0.
    resume : bool
        Go on after the last front found there, on any number of ranks.
    """
    refuse_qm(case, "qc front", "it puts fronts together of the potential's straight states")
    refuse_forces_only(case, "qc front", "an energy to compare kinks by")
    if isinstance(case.load.K_start, str):
        raise InputError(
            f"load.K_start = {case.load.K_start!r} is not allowed for qc front: energies are compared at one load; give it in K_G, as 1.1"
        )
    with opened(directory, resume, "front") as (held, shown):
        return FrontRun(case, held, sets, solver_options(case, []), shown).execute()


class FrontRun:
    """Fronts of a case's crack: each is on disk before the next one is relaxed. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    sets : sequence of tuples of int
        As for `run_front`.
    options : SolverOptions
    shown : Display
    """

    def __init__(
        self, case: Case, directory: RunDirectory, sets: Sequence[Periods], options: SolverOptions, shown: Display
    ) -> None:
        self.directory, self.sets, self.shown, self._options = directory, sets, shown, options
        self.level = float(case.load.K_start)
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        self.system = self.specimen.system
        check_front(self.system)
        with stage("set-up"):
            self.one = one_period(self.system)
            self.replica = Replica(self.one, self.system)
        self.straight: list[StraightFront] = []
        self.records: list[FrontRecord] = []
        self._fronts: list[FrontState] = []
        directory.keep_multipliers(self.system)
        if directory.saved is not None:
            self._recall()

    def _recall(self) -> None:
        """What an earlier run has found."""
        directory, saved = self.directory, self.directory.saved
        assert saved is not None
        directory.refuse_another_mesh(self.system)
        with entries_of(directory.path):
            self.straight = [StraightFront.from_plain(one) for one in saved["straight"]]
            self.records = [FrontRecord.from_plain(one) for one in saved["states"]]
        directory.has({"straight": self.straight, "states": self.records})

    def execute(self) -> dict[str, Any]:
        """Relax the straight fronts and those with kinks, compare and draw them; the contents of front.json."""
        with self.directory.until_stopped(lambda: None, self._reached) as interrupt:
            with stage("solve"):
                ends = self._ends()
                states = FrontStates(self.replica, self.level, ends, self._options)
            self.shown.phase(f"{model_line(self.specimen)}; {len(self.sets)} fronts at {self.level:g} K_G")
            self.shown.begin(len(self.sets), len(self._left(done=True)))
            for periods in self._left():
                with stage("solve"):
                    record, _ = states.relax(periods)
                self._keep(record, states.q)
                interrupt.look()
        return self._finish(states)

    def _left(self, done: bool = False) -> list[Periods]:
        """Sets that are to be relaxed yet, or those that are done."""
        known = {tuple(record.periods) for record in self.records}
        return [periods for periods in self.sets if (periods in known) == done]

    def _reached(self) -> str:
        return f"after {len(self.records)} fronts"

    def _ends(self) -> list[PETSc.Vec]:
        """Unknowns of the straight fronts of one period, before and after an advance."""
        names = [f"straight-{n}.npy" for n in range(2)]
        if self.straight:
            return [_vector(self.one, self.directory.read_vectors(name, self.one, 1)[0]) for name in names]
        self.shown.phase("straight fronts before and after an advance")
        self.straight, vectors = straight_fronts(self.one, self.level, self._options)
        for name, q in zip(names, vectors, strict=False):
            self.directory.write_vectors(name, self.one, q.array_r)
        self._save()
        return vectors[:2]

    def _keep(self, record: FrontRecord, q: PETSc.Vec) -> None:
        with stage("output"):
            self.records.append(record)
            self.directory.write_vectors(_file_of(len(self.records) - 1), self.system, q.array_r)
            self._save()
        self.shown.step(len(self._left(done=True)), line_of(record))

    def _save(self) -> None:
        lists: dict[str, list[Any]] = {"straight": self.straight, "states": self.records}
        self.directory.write(self.specimen, len(self.records), lists, {"level": self.level})

    def _finish(self, states: FrontStates) -> dict[str, Any]:
        """Frames, tables and picture of all fronts, the straight ones first."""
        self.shown.phase("frames, tables and picture")
        with stage("output"):
            panels = self._frames(states)
        made = document(self.specimen, self.level, self.straight, states.energies, self.records, self.directory.watch)
        with stage("pictures"):
            on_root(self.directory.comm, lambda: self._write(made, panels))
        return made

    def _frames(self, states: FrontStates) -> list[dict[str, Any]]:
        """Write the frames; what the picture shows of each front."""
        ends = self._ends()
        shown: list[tuple[str, PETSc.Vec, float, list[int]]] = [
            ("before", self.replica.unknowns(ends[0]), 0.0, []),
            ("after", self.replica.unknowns(ends[1]), states.energies[1] - states.energies[0], []),
        ]
        for n, record in enumerate(self.records):
            q = _vector(self.system, self.directory.read_vectors(_file_of(n), self.system, 1)[0])
            if record.energy is not None:
                shown.append((f"{len(record.periods)} of {self.system.spec.front_periods}", q, record.energy, record.periods))
        panels = []
        for number, (label, q, energy, periods) in enumerate(shown):
            front = FrontTracker(self.system).measure(self.system.model.coupling.variables(q)["atoms"])
            info = {"K": self.level * self.system.K_G, "K_over_KG": self.level, "energy": energy, "front": front.plain()["a"]}
            append_state(self.directory.path, self.system, q, number, info | ({"periods": periods} if periods else {}))
            panels.append(_panel(front, label))
        return panels[:1] + panels[2:]

    def _write(self, made: dict[str, Any], panels: list[dict[str, Any]]) -> None:
        path = self.directory.path
        write_tables(path, made)
        drawn(front_picture, path / "front.png", panels, directions_of(self.system))
        write_json(path / "front.json", made)
        report_or_warn(path)


def _panel(front: FrontState, label: str) -> dict[str, Any]:
    """What `pictures.front_picture` needs of a front."""
    bonds, plain = {"x": front.x, "z": front.z, "stretch": front.stretch, "open": front.open}, front.plain()
    return bonds | {"line": staircase(plain["a"], plain["z"]), "length": front.period * front.periods, "label": label}


def _file_of(number: int) -> str:
    """Name of the file of a front's unknowns."""
    return f"front-{number:05d}.npy"


def _vector(system: CrackSystem, values: np.ndarray) -> PETSc.Vec:
    """This rank's unknowns as a vector."""
    q = system.model.parts.layout.create_unknowns()
    q.array[:] = values
    return q
