"""``qc survey``: what a potential says of cracks: constants, surfaces, faults, and the first event of every crack system."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from mpi4py import MPI

from fem.collective import on_root

from ..case.case import Case
from ..case.file import toml_of
from ..errors import ConvergenceError, InputError
from ..material.fault import GammaLine
from ..material.slip import SlipFamily
from ..output.files import read_json, replace_text, write_json, write_steps_csv
from ..output.versions import versions
from ..report.page import report_or_warn
from ..report.survey import row_line
from .checks import changed_keys
from .directory import results_directory
from .griffith import griffith_of_case
from .kept_result import has_left_undone, kept_result
from .run import walk_case
from .side_by_side import Failure, Job, side_by_side
from .survey_rows import COLUMNS, crystal_entries, system_row
from .survey_subject import Member, Subject, with_room
from .terminal import Display, display
from .verbosity import quietly

log = logging.getLogger(__name__)
JSON, CSV = "survey.json", "survey.csv"


def run_survey(
    subjects: Sequence[Subject], directory: Path, processes: int = 1, resume: bool = False, overrides: Sequence[str] = ()
) -> dict[str, Any]:
    """Work out all that is not there yet; survey.json and survey.csv after each crack system, then report.html. Collective.

    On one rank each crack system is a process of its own, ``processes`` of them at a time; on several ranks one after the
    other runs on all of them.

    Parameters
    ----------
    subjects : sequence of Subject
    resume : bool
        Crack systems found finished are not run again; others go on from their last step.
    overrides : sequence of str
        Keys that were set, to be told.

    Returns
    -------
    dict
        As in survey.json.
    """
    comm = MPI.COMM_WORLD
    with results_directory(directory, comm):
        survey = Survey(subjects, directory, resume, overrides)
        with display(comm, "system", directory / "run.log") as shown:
            survey.execute(comm, processes, shown)
        on_root(comm, lambda: report_or_warn(directory))
    return dict(comm.bcast(survey.document if comm.rank == 0 else None))


class Survey:
    """What is known of all crack systems, and where it lies.

    Parameters
    ----------
    subjects, directory, resume, overrides
        As for `run_survey`.
    """

    def __init__(self, subjects: Sequence[Subject], directory: Path, resume: bool, overrides: Sequence[str]) -> None:
        self.subjects, self.directory, self.resume, self.overrides = subjects, directory, resume, list(overrides)
        self._theory: dict[Path, dict[str, Any]] = {}
        self._cases: dict[Path, Case] = {}
        self._results: dict[Path, dict[str, Any]] = {}
        self._failures: dict[Path, Failure] = {}
        self._done = 0

    @property
    def document(self) -> dict[str, Any]:
        """All of it as plain data, on rank 0."""
        potentials = [self._of(subject) for subject in self.subjects]
        rows = [row for one in potentials for row in one["systems"]]
        return {
            "finished": all(row["state"] != "missing" for row in rows),
            "warnings": [f"{one['name']}: {one['warning']}" for one in potentials if one["warning"]],
            "potentials": potentials,
            "overrides": self.overrides,
            "versions": versions(),
        }

    def _of(self, subject: Subject) -> dict[str, Any]:
        places = [self._place(subject, member) for member in subject.members]
        rows = [
            system_row(subject.name, member, self._theory.get(place), self._results.get(place), self._failures.get(place))
            for member, place in zip(subject.members, places, strict=True)
        ]
        return {
            "name": subject.name,
            "potential": subject.potential,
            "species": list(subject.species),
            "structure": subject.structure,
            "structures": [asdict(one) for one in subject.structures],
            "energies": subject.energies,
            "warning": subject.warning,
            **crystal_entries([self._theory[place] for place in places if place in self._theory]),
            "systems": rows,
        }

    def _place(self, subject: Subject, member: Member) -> Path:
        """Directory of a crack system's run; beside it lie its case file and what theory says."""
        return self.directory / subject.name / member.name

    def execute(self, comm: MPI.Comm, processes: int, shown: Display) -> None:
        """Theory first, then the runs. Collective."""
        for subject in self.subjects:
            if subject.warning and comm.rank == 0:
                log.warning("%s: %s", subject.name, subject.warning)
            shown.phase(subject.energies)
        for subject in self.subjects:
            shown.phase(f"{subject.name}: elastic constants, surfaces, stacking faults, K_G and K_Ie")
            on_root(comm, partial(self._think, subject))
        for place, failure in on_root(comm, lambda: list(self._failures.items())):
            shown.phase(f"{_relative(place)}: {failure.state}: {failure.reason}")
        left = on_root(comm, self._look)
        total = sum(len(subject.members) for subject in self.subjects)
        self._done = total - len(left)
        shown.begin(total, self._done)
        ended = partial(self._ended, comm, shown)
        if comm.size == 1:
            side_by_side([job for job, _ in left], processes, ended)
        else:
            for job, case in left:
                ended(job, _in_turn(case, job))
        on_root(comm, self._write)

    def _look(self) -> list[tuple[Job, Case]]:
        """What is finished on disk, and the jobs that are left with their cases; nothing is run where a key has changed."""
        left = []
        for place, case in self._cases.items():
            begun = self.resume and place.is_dir()
            document, _ = kept_result(case, place / "result.json", begun)
            if document is None:
                left.append((Job(case_file=_beside(place, ".toml"), directory=place, resume=begun), case))
                continue
            self._results[place] = document
            if has_left_undone(place):
                with results_directory(place, MPI.COMM_SELF):
                    report_or_warn(place)
        return left

    def _think(self, subject: Subject) -> None:
        """What theory says of each crack system of a potential, kept beside its run; gamma lines are worked out once."""
        known: dict[SlipFamily, GammaLine] = {}
        for member in subject.members:
            place = self._place(subject, member)
            try:
                self._theory[place] = _kept_theory(member, place, self.resume) or _theory(member, place, known)
                roomy = with_room(member, self._theory[place], subject.large_core)
                replace_text(_beside(place, ".toml"), toml_of(roomy.data))
                self._cases[place] = roomy.case
            except ValueError as error:  # what does not fit this one may fit the others
                self._failures[place] = Failure(state="refused", reason=str(error))
        self._write()

    def _ended(self, comm: MPI.Comm, shown: Display, job: Job, failure: Failure | None) -> None:
        """Take down what a run has come to, and say so. Collective."""

        def take_down() -> str:
            if failure is None:
                self._results[job.directory] = read_json(job.directory / "result.json")
            else:
                self._failures[job.directory] = failure
            return row_line(next(row for row in self._write() if row["place"] == _relative(job.directory)))

        self._done += 1
        shown.step(self._done, on_root(comm, take_down))

    def _write(self) -> list[dict[str, Any]]:
        """Put what is known on disk; the rows."""
        document = self.document
        rows = [row for one in document["potentials"] for row in one["systems"]]
        write_json(self.directory / JSON, document)
        write_steps_csv(self.directory / CSV, rows, COLUMNS)
        return rows


def _relative(place: Path) -> str:
    return f"{place.parent.name}/{place.name}"


def _beside(place: Path, ending: str) -> Path:
    return place.with_name(place.name + ending)


def _kept_theory(member: Member, place: Path, resume: bool) -> dict[str, Any] | None:
    """What an interrupted survey has worked out of the same case."""
    path = _beside(place, ".griffith.json")
    if not resume or not path.is_file():
        return None
    found = read_json(path)
    same = isinstance(found, dict) and found.get("slips") == list(member.orientation.slips)
    return found if same and not changed_keys(member.case.plain(), found.get("settings")) else None


def _theory(member: Member, place: Path, known: dict[SlipFamily, GammaLine]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    with quietly():
        found = griffith_of_case(member.case, member.orientation.slips, known)
    found |= {"seconds": round(time.perf_counter() - wall, 3), "cpu_seconds": round(time.process_time() - cpu, 3)}
    found |= {"slips": list(member.orientation.slips), "settings": member.case.plain()}
    write_json(_beside(place, ".griffith.json"), found)
    return found


def _in_turn(case: Case, job: Job) -> Failure | None:
    """Run a case on all ranks; why it has no result. Collective."""
    try:
        with quietly():
            walk_case(case, job.directory, job.resume)
    except InputError as error:
        return Failure(state="refused", reason=str(error))
    except ConvergenceError as error:
        return Failure(state="failed", reason=str(error))
    return None
