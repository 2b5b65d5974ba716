"""``qc dynamics``: a crack that runs, in a directory; it goes on bit for bit on as many ranks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..crack.ladder import Ladder
from ..crack.running import RunningCrack, check_runnable
from ..crack.running_records import MotionRecord, RunningState
from ..drive.motion import Progress
from ..errors import ConvergenceError, InputError
from ..output.files import write_json
from ..output.motion import fields_of, read_motion
from ..output.pictures import MOST_DRAWN, directions_of, drawn
from ..output.sealed import entries_of
from ..output.states import TRAJECTORY, append_state, cut_states
from ..output.trajectory import read_frame
from ..pictures.animation import tip_animation
from ..pictures.motion import motion_picture, warmth_picture
from ..report.page import report_or_warn
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .dynamics_report import document, line_of, short_of, write_table
from .opened import opened
from .potential import refuse_forces_only, refuse_qm
from .report import model_line
from .run import draw_parts
from .specs import blaming_petsc_options, ladder_spec, quiet_petsc, running_spec, solver_options
from .terminal import Display

KEPT_EVERY = 60.0
"""Seconds from one checkpoint to the next, about: they have neighbours found anew."""

AROUND = 8.0
"""Atoms of the animation lie so many neighbour distances about the way of the tip."""
YY = 1
"""Place of the stress across the plane."""

Saved = tuple[RunningState, np.ndarray, Progress]


def run_dynamics(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> dict[str, Any]:
    """Let the crack of a case run; files as in docs/output.md. Collective.

    Arguments and errors as for `run_case`.
    """
    refuse_qm(case, "qc dynamics", "its engine is asked for states at rest")
    refuse_forces_only(case, "qc dynamics", "the energy that a crack that runs must keep")
    if case.dynamics is None:
        raise InputError(f"case {case.name} has no table [dynamics]: qc dynamics needs one, as [dynamics] with K = 1.2")
    quiet_petsc(petsc_options)
    with opened(directory, resume, "dynamics") as (held, shown):
        return DynamicsRun(case, held, solver_options(case, petsc_options or []), shown).execute()


class DynamicsRun:
    """A crack of a case that runs. All methods are collective.

    Parameters
    ----------
    case : Case
        With a table [dynamics].
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    options : SolverOptions
        Of the state at rest.
    shown : Display
    """

    def __init__(self, case: Case, directory: RunDirectory, options: SolverOptions, shown: Display) -> None:
        self.directory, self.shown, self.spec = directory, shown, running_spec(case)
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        check_runnable(self.specimen.system)
        directory.keep_multipliers(self.specimen.system)
        with stage("set-up"):
            self.level, self.crack = self._start(options) if directory.saved is None else self._recalled()
        self._shown: list[int] = list(directory.saved["shown"]) if directory.saved is not None else []
        self._kept = sum(directory.watch.seconds.values())
        self._torn = False

    def _start(self, options: SolverOptions) -> tuple[float, RunningCrack]:
        """The crack at rest under the first load that holds it, and set going."""
        system = self.specimen.system
        self.shown.phase("the state at rest")
        with blaming_petsc_options(options):
            ladder = Ladder(system, ladder_spec(self.specimen.case), options)
            record = ladder.begin()
        return record.K_over_KG, self._crack(ladder.q, record.K_over_KG, None)

    def _recalled(self) -> tuple[float, RunningCrack]:
        """The crack where a checkpoint has left it."""
        directory, saved, system = self.directory, self.directory.saved, self.specimen.system
        assert saved is not None
        directory.refuse_another_mesh(system)
        with entries_of(directory.path):
            records = [MotionRecord.from_plain(one) for one in saved["records"]]
            state = RunningState.from_plain(saved["running"], records)
            progress, level = Progress(**saved["motion"]), float(saved["K_rest"])
        directory.has({"records": state.records})
        on_root(directory.comm, lambda: cut_states(directory.path, len(saved["shown"])))
        q, _, velocity = read_motion(directory.path / saved["displacements"], system.model.parts)
        if state.finished and not state.ended:  # the case may ask for more bonds, or for a longer time
            state.finished = False
        return level, self._crack(q, level, (state, velocity, progress))

    def _crack(self, q: PETSc.Vec, level: float, saved: Saved | None) -> RunningCrack:
        self.shown.phase("the largest frequency")
        return RunningCrack(self.specimen.system, q, self.spec, level * self.specimen.system.K_G, saved)

    def execute(self) -> dict[str, Any]:
        """Let it run; tables and pictures of whatever has been reached. The contents of dynamics.json."""
        directory, crack = self.directory, self.crack
        with directory.until_stopped(self._finish, self._reached) as interrupt:
            if not on_root(directory.comm, (directory.path / "model.png").exists):
                draw_parts(directory.path, self.specimen, None)
            self.shown.phase(f"{model_line(self.specimen)}; {self.spec.bonds} bonds at {self.spec.K:g} K_G")
            self.shown.begin(self.spec.bonds, crack.bonds)
            self._frame()
            while not crack.finished:
                record = self._advance()
                self._keep(record)
                interrupt.look()
        return self._document()

    def _advance(self) -> MotionRecord:
        """The next look; after a failure between two looks the state is none to be kept."""
        try:
            with stage("motion"):
                return self.crack.advance()
        except ConvergenceError:
            self._torn = True
            raise

    def _reached(self) -> str:
        return f"after {self.crack.bonds} bonds, {self.crack.state.records[-1].time:.4g} ps"

    def _keep(self, record: MotionRecord) -> None:
        """A frame where one is due, a checkpoint now and then, and the line of the screen at each new bond."""
        records = self.crack.state.records
        if len(records) < 2 or record.bonds != records[-2].bonds:
            self.shown.step(max(record.bonds, 0), line_of(record), short_of(record))
        self._frame()
        due = on_root(self.directory.comm, lambda: sum(self.directory.watch.seconds.values()) - self._kept > KEPT_EVERY)
        if due or self.crack.finished:
            self._save()

    def _frame(self) -> None:
        """Append a frame when the next share of the bonds is broken, with momenta as ASE has them."""
        record = self.crack.state.records[-1]
        number = len(self._shown)
        if record.bonds < number * self.spec.bonds / self.spec.frames or number > self.spec.frames:
            return
        info = {name: getattr(record, name) for name in ("time", "tip_position", "bonds", "potential_energy", "kinetic_energy")}
        told = {"K": self.crack.K, "K_over_KG": self.spec.K} | info
        with stage("output"):
            velocity = self.crack.atom_velocities()
            append_state(self.directory.path, self.specimen.system, self.crack.motion.q, number, told, record.offset, velocity)
        self._shown.append(record.steps)

    def _save(self) -> None:
        """The checkpoint: displacements, velocities, and what has been seen of the tip."""
        with stage("output"):
            crack, progress = self.crack, self.crack.motion.progress()
            rest = {"running": crack.state.rest(), "motion": vars(progress), "K_rest": self.level, "shown": self._shown}
            self.directory.write(self.specimen, len(crack.state.records), {"records": crack.state.records}, rest, *fields_of(crack.motion))
        self._kept = sum(self.directory.watch.seconds.values())

    def _tip_in_the_model(self) -> float:
        """x of the tip from the model's middle, A."""
        last = self.crack.state.records[-1]
        return last.tip_position - last.offset

    def _document(self) -> dict[str, Any]:
        return document(self.specimen, self.crack, self.level, self.directory.watch) | {"frames": self._shown}

    def _seen(self, made: dict[str, Any]) -> list[dict[str, Any]]:
        """What the animation shows: atoms about the way of the tip, on rank 0."""
        records = {record.steps: record for record in self.crack.state.records}
        nn = self.specimen.system.crystal.nearest_neighbour_distance
        tips = [record.tip_position for record in records.values() if np.isfinite(record.tip_position)]
        low, high = min(tips) - AROUND * nn, max(tips) + AROUND * nn
        seen = []
        for number, steps in enumerate(self._shown):
            frame = read_frame(self.directory.path / TRAJECTORY, number, keep=partial(_within, low, high, AROUND * nn))
            if frame is not None and steps in records:
                words = f"{records[steps].time:.3g} ps"
                seen.append({"positions": frame["positions"], "stress": frame["virial_stress"][:, YY], "label": words})
        return seen

    def _finish(self) -> None:
        """Checkpoint, table, picture and document of whatever has been reached."""
        if not self._torn:
            self._save()
        path, warmth, tip = self.directory.path, self.crack.warmth.gathered(MOST_DRAWN), self._tip_in_the_model()

        def write() -> None:
            made = self._document()
            write_table(path / "motion.csv", self.crack.state.records)
            drawn(motion_picture, path / "motion.png", made)
            if warmth is not None:
                drawn(warmth_picture, path / "temperature.png", *warmth, tip, directions_of(self.specimen.system))
            seen = self._seen(made)
            for name in ("animation.png", "animation.mp4"):
                drawn(tip_animation, path / name, seen)
            write_json(path / "dynamics.json", made)
            report_or_warn(path)

        with stage("pictures"):
            on_root(self.directory.comm, write)


def _within(low: float, high: float, height: float, X: np.ndarray) -> np.ndarray:
    """(n,) bool, which of the reference positions (n, 3) lie in a band about the crack plane."""
    inside: np.ndarray = (low <= X[:, 0]) & (X[:, 0] <= high) & (np.abs(X[:, 1]) <= height)
    return inside
