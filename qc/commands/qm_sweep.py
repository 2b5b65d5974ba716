"""A sweep of loads with and without the QM tip: the bonds across the crack plane, and how hard quantum mechanics pulls at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..coupling.coupling import Coupling
from ..crack.ladder import Ladder
from ..crack.qm_tip import QMSession, QMTipSpec
from ..crack.records import from_file
from ..crack.start import Trial
from ..crack.system import CrackSystem
from ..errors import ConvergenceError, InputError
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.qm_layers import draw_layers
from ..output.sealed import entries_of
from ..pictures.qm_sweep import sweep_picture
from ..qm.engine.shared import ROOT
from ..qm.region import QMRegion
from ..solve.equilibrium import EquilibriumSolver
from ..solve.options import SolveReport, SolverOptions
from ..solve.stability import noise_of_atoms
from ..stages import stage
from .directory import RunDirectory, run_directory
from .guard import Interrupt
from .specs import ladder_spec, qm_tip_spec
from .terminal import Display, display

MODELS = ("potential", "qm")
"""Of the states at each load: without the QM tip and with it."""

COLUMNS = ("K_over_KG", "x", "z", "potential", "qm", "opening_force")
"""Of ``sweep.csv``: K_G, A, lengths in A, eV/A."""


@dataclass(frozen=True, kw_only=True)
class SweptLoad:
    """What the record of a load holds, as in ``loads`` of sweep.json.

    Attributes
    ----------
    K_over_KG, K : float
        Level, and load in MPa m^1/2.
    bonds : list of dict
        As `COLUMNS`.
    residuals : dict
        Largest force component of both models, eV/A.
    qm : dict
        What the QM region took.
    seconds : float
    """

    K_over_KG: float
    K: float
    bonds: list[dict[str, float]]
    residuals: dict[str, float]
    qm: dict[str, Any]
    seconds: float


class Sweep:
    """Both models of a crack, side by side on the same unknowns. All methods are collective.

    Parameters
    ----------
    system : CrackSystem
    case : Case
        With a table [qm] in energy mode.
    options : SolverOptions
    start : dict of str to PETSc.Vec
        Unknowns of both models, A: before the first level the state of the potential, else both states of the last one.
    saved : dict, optional
        What ``session.plain()`` returned then.

    Attributes
    ----------
    q : dict of str to PETSc.Vec
        Unknowns of both models at the last level, A.
    session : QMSession
    """

    def __init__(
        self,
        system: CrackSystem,
        case: Case,
        options: SolverOptions,
        start: dict[str, PETSc.Vec],
        saved: dict[str, Any] | None = None,
    ) -> None:
        spec = check_sweep(case)
        self.system, self.q = system, start
        coupling = system.model.coupling
        bare = Coupling(coupling.layout, coupling.terms)
        self.session = QMSession(system, spec, saved)
        parts = system.model.parts
        noise = noise_of_atoms(parts)
        self._solvers = {
            name: EquilibriumSolver(terms, parts, noise, options, system.model.lattice.gdim == 2)
            for name, terms in zip(MODELS, (bare, coupling), strict=True)
        }
        self._bonds = cleavage_bonds(self.session, system) if coupling.layout.comm.rank == ROOT else None

    def loads(self, levels: np.ndarray, done: int = 0) -> Iterator[dict[str, Any]]:
        """A record for each level but the first ``done``, states continued from the one before."""
        system, q = self.system, self.q
        for number in range(done, len(levels)):
            level = float(levels[number])
            if number:
                step = (level - levels[number - 1]) * system.K_G * system.imposed_rate()
                for vec in q.values():
                    vec.array[:] += step[: system.model.parts.layout.n_free].ravel()
            began = time.perf_counter()
            reports = {"potential": self._relax("potential", level, q["potential"])}
            pulls = self._measure(q["potential"], force=True)
            if number == 0:
                q["potential"].copy(q["qm"])
            reports["qm"] = self._relax("qm", level, q["qm"])
            lengths = self._measure(q["qm"], force=False)
            record = self._record(level, pulls, lengths)
            record |= {"residuals": {name: r.residual for name, r in reports.items()}}
            yield record | {"qm": self.session.measure(q["qm"]), "seconds": round(time.perf_counter() - began, 1)}

    def _relax(self, name: str, level: float, q: PETSc.Vec) -> SolveReport:
        """The equilibrium of one of the models at a level, q in place. Collective."""
        solver = self._solvers[name]
        self.system.load(level * self.system.K_G)
        solver.coupling.impose(self.system.model.coupling.load)
        report = solver.solve(q)
        if not report.converged:
            raise ConvergenceError(
                f"no equilibrium {'with' if name == 'qm' else 'without'} the QM tip at K = {level:.4f} K_G: {report.reason}, largest "
                f"force {report.residual:.1e} eV/A"
            )
        return report

    def _measure(self, q: PETSc.Vec, force: bool) -> np.ndarray | None:
        """(n, 2) length (A) and opening force (eV/A) of each bond, on the computing rank. Collective."""
        term = self.session.qm.term
        assert isinstance(term, QMRegion)
        z = self.system.model.coupling.variables(q)[term.name]
        g = term.energy_gradient(z)[1] if force else np.zeros_like(z)
        if self._bonds is None:
            return None
        y, (up, low) = term.positions(z), self._bonds.T
        return np.column_stack([np.linalg.norm(y[up] - y[low], axis=1), 0.5 * (g[low, 1] - g[up, 1])])

    def _record(self, level: float, pulls: np.ndarray | None, lengths: np.ndarray | None) -> dict[str, Any]:
        """The bonds as a table, the same on all ranks."""
        comm = self.system.model.comm
        rows = None
        if self._bonds is not None:
            assert pulls is not None
            assert lengths is not None
            X = self.session.qm.cluster.X
            middle = 0.5 * (X[self._bonds[:, 0]] + X[self._bonds[:, 1]])
            order = np.lexsort((np.round(middle[:, 2], 3), np.round(middle[:, 0], 3)))
            rows = [
                {
                    "x": float(middle[i, 0]),
                    "z": float(middle[i, 2]),
                    "potential": float(pulls[i, 0]),
                    "qm": float(lengths[i, 0]),
                }
                | {"opening_force": float(pulls[i, 1])}
                for i in order
            ]
        return {"K_over_KG": level, "K": level * self.system.K_G, "bonds": comm.bcast(rows, root=ROOT)}


def check_sweep(case: Case) -> QMTipSpec:
    """The QM region of a case; InputError where there is none whose energy can be swept."""
    spec = qm_tip_spec(case)
    if spec is None or spec.region.mode != "energy":
        raise InputError('qc qm-sweep needs a case with a table [qm] and qm.mode = "energy"')
    return spec


def cleavage_bonds(session: QMSession, system: CrackSystem) -> np.ndarray:
    """(n, 2) indices in the cluster of the atoms above and below of each bond through the plane y = 0. On the computing rank."""
    cluster = session.qm.cluster
    X = cluster.X[: cluster.n]
    nn = system.crystal.nearest_neighbour_distance
    above, below = np.flatnonzero(X[:, 1] > 0), np.flatnonzero(X[:, 1] < 0)
    apart = np.linalg.norm(X[above][:, None] - X[below][None], axis=2)
    i, j = np.nonzero(apart < 1.05 * nn)
    return np.column_stack([above[i], below[j]])


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
    comm = MPI.COMM_WORLD
    with (
        run_directory(directory, comm, resume, "qm-sweep") as held,
        display(comm, "load", directory / "run.log") as shown,
    ):
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
            sweep = self._sweep = Sweep(system, case, self.options, start, saved and saved["qm"])
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
