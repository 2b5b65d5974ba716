"""``qc kinks``: what bonds of a front have to climb, one after the other, over a range of loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fem.collective import on_root

from ..case.case import Case
from ..crack.front_states import check_front
from ..crack.kinks import KinkLevel, Known, kink_level
from ..crack.replicate import Replica, one_period
from ..drive.rates import STATEMENT
from ..errors import InputError
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.sealed import entries_of
from ..output.versions import versions
from ..pictures.kinks import kinks_picture
from ..report.page import report_or_warn
from ..solve.options import SolverOptions
from ..stages import stage
from .directory import RunDirectory
from .opened import opened
from .potential import refuse_forces_only, refuse_qm
from .report import material_entries, model_line
from .specs import solver_options
from .terminal import Display

COLUMNS = (
    *("K_over_KG", "ahead", "period", "before", "saddle", "after", "forward", "backward"),
    *("opening", "residual", "factorisations", "frequency", "log_det"),
)
"""Columns of ``kinks.csv``: energies in eV, frequencies in THz."""


def run_kinks(case: Case, directory: Path, levels: Sequence[float], largest: int, resume: bool = False) -> dict[str, Any]:
    """Saddles of the case's front; files: kinks.json, kinks.csv, kinks.png, report.html, run.log. Collective.

    Parameters
    ----------
    case : Case
    directory : Path
        It is made if it does not exist.
    levels : sequence of float
        Loads, K / K_G.
    largest : int
        Periods ahead at the end.
    resume : bool
        Go on after the last load found there, on any number of ranks.
    """
    refuse_qm(case, "qc kinks", "it finds saddles by the exact Hessian, and of the engine's only what its gradients have said is known")
    refuse_forces_only(case, "qc kinks", "a Hessian and an energy: there is no saddle")
    with opened(directory, resume, "kinks") as (held, shown):
        return KinksRun(case, held, levels, largest, solver_options(case, []), shown).execute()


class KinksRun:
    """Events of a case's front over loads: each load is on disk before the next one. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    levels : sequence of float
    largest : int
    options : SolverOptions
    shown : Display
    """

    def __init__(
        self, case: Case, directory: RunDirectory, levels: Sequence[float], largest: int, options: SolverOptions, shown: Display
    ) -> None:
        self.directory, self.levels, self.largest, self.shown, self._options = directory, levels, largest, shown, options
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        check_front(self.specimen.system)
        with stage("set-up"):
            self.replica = Replica(one_period(self.specimen.system), self.specimen.system)
        self.found: list[KinkLevel] = []
        self._known: Known = {}
        directory.keep_multipliers(self.specimen.system)
        if directory.saved is not None:
            self._recall(directory.saved)

    def _recall(self, saved: Mapping[str, Any]) -> None:
        """The loads of an earlier run."""
        directory = self.directory
        directory.refuse_another_mesh(self.specimen.system)
        with entries_of(directory.path):
            before, self.found = int(saved["largest"]), [KinkLevel.from_plain(one) for one in saved["levels"]]
        if before != self.largest:
            raise InputError(
                f"--resume: --largest {self.largest} differs from the run in {str(directory.path)!r}, which had {before}: "
                "give the same, or start in a new directory"
            )
        directory.has({"levels": self.found})

    def execute(self) -> dict[str, Any]:
        """The events at all loads; the contents of kinks.json."""
        with self.directory.until_stopped(lambda: None, self._reached) as interrupt:
            self.shown.phase(f"{model_line(self.specimen)}; {len(self.levels)} loads, up to {self.largest} periods ahead")
            self.shown.begin(len(self.levels), len(self.found))
            for level in self.levels:
                if any(abs(one.K_over_KG - level) < 1e-12 for one in self.found):
                    continue
                with stage("solve"):
                    found = kink_level(self.replica, level, self.largest, self._options, self._known)
                with stage("output"):
                    self.found.append(found)
                    self._save()
                self.shown.step(len(self.found), line_of(found))
                interrupt.look()
        made = self._document()
        with stage("pictures"):
            on_root(self.directory.comm, lambda: _write(self.directory.path, made))
        return made

    def _save(self) -> None:
        lists: dict[str, list[Any]] = {"levels": self.found}
        self.directory.write(self.specimen, len(self.found), lists, {"largest": self.largest})

    def _reached(self) -> str:
        return f"after {len(self.found)} loads"

    def _document(self) -> dict[str, Any]:
        system = self.specimen.system
        return {
            "case": self.specimen.case.name,
            "method": system.spec.method,
            "front_periods": system.spec.front_periods,
            "cell_length": system.model.thickness,
            "step": float(system.lattice.vectors[0, 0]),
            "core_radius": system.spec.core,
            "domain_radius": system.spec.radius,
            "n_dofs": system.model.parts.layout.n_unknowns,
            "ranks": self.directory.comm.size,
            "K_G": system.K_G,
            "levels": [one.plain() for one in sorted(self.found, key=lambda one: one.K)],
            **material_entries(self.specimen),
            **self.directory.watch.plain(),
            "settings": self.specimen.case.plain(),
            "versions": versions(),
        }


def _write(directory: Path, made: dict[str, Any]) -> None:
    rows = [event | {"K_over_KG": level["K_over_KG"]} for level in made["levels"] for event in level["events"]]
    write_steps_csv(directory / "kinks.csv", rows, COLUMNS)
    if rows:
        drawn(kinks_picture, directory / "kinks.png", made["levels"])
    write_json(directory / "kinks.json", made)
    report_or_warn(directory)


def line_of(found: KinkLevel) -> str:
    """The events at a load in one line."""
    barriers = ", ".join(f"{event.forward:.4f} / {event.backward:.4f}" for event in found.events)
    ended = f"; {found.ended}" if found.ended else ""
    return f"K = {found.K_over_KG:g} K_G: barriers there / back {barriers or 'none'} eV{ended}"


def summary(made: Mapping[str, Any]) -> list[str]:
    """What was found, in a few lines for the terminal."""
    lines = []
    for level in made["levels"]:
        found = KinkLevel.from_plain(level)
        lines.append(line_of(found))
        known = [f"{event.frequency:.2f}" for event in found.events if event.frequency is not None]
        if known:
            lines.append(f"  prefactors {', '.join(known)} THz")
        together = None if found.straight is None else found.straight * made["front_periods"]
        if together is not None and found.nucleation is not None:
            whole = f"the whole front of {made['cell_length']:.1f} A at once {together:.4f} eV"
            lines.append(f"  highest saddle {found.nucleation:.4f} eV; {whole}")
    if any(event.get("frequency") for level in made["levels"] for event in level["events"]):
        lines.append(STATEMENT)
    return [*lines, *(f"warning: {sentence}" for sentence in made["warnings"])]
