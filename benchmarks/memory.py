"""Memory of a long run: a small crack under 1,000 steps of the load, and one that breaks 200 bonds, with all that they write."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

from mpi4py import MPI

from benchmarks.measure import Report
from benchmarks.output_growth import CASE
from qc.case.case import Case
from qc.commands.directory import run_directory
from qc.commands.propagate import PropagationRun
from qc.commands.run import LadderRun
from qc.commands.specs import solver_options
from qc.commands.terminal import display
from qc.crack.records import StepRecord

SHEET = CASE | {"potential": {"file": "morse", "parameters": {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}}}
STEPS, EVENTS = (10, 100, 250, 500, 1000), (2, 10, 50, 100, 200)
"""After so many steps, and events, memory is looked at."""


def run(repeats: int, quick: bool) -> Report:
    """The table; a tenth of both with ``quick``."""
    columns = {"run": "s", "steps": "d", "events": "d", "MB": ".1f"}
    report = Report("memory", "Resident memory of a run after its steps", columns)
    share = 10 if quick else 1
    load = {"K_start": 1.06, "K_stop": 1.11, "K_step": 0.05 / (STEPS[-1] / share - 1), "K_tolerance": None, "stop_at": "K_stop"}
    ladder = SHEET | {"load": load | {"J_tolerance": 1.0, "error_budget": False}}
    bonds = SHEET | {"model": SHEET["model"] | {"face_strip": True, "face_strip_thickness": 2.2}, "load": {"J_tolerance": 1.0}}
    bonds |= {"propagation": {"bonds": EVENTS[-1] // share, "tolerance": 0.01}}
    report.rows += _watched(Case.from_dict(ladder, name="ladder"), LadderRun, [n // share for n in STEPS], 0)
    report.rows += _watched(Case.from_dict(bonds, name="propagation"), PropagationRun, [n // share for n in EVENTS], 1)
    return report


def _watched(case: Case, kind: type[Any], marks: list[int], counted: int) -> list[dict[str, Any]]:
    """Memory of a run when its steps (``counted`` = 0) or its events (1) have come to each mark."""
    rows: list[dict[str, Any]] = []

    class Watched(kind):  # type: ignore[misc]
        def _keep(self, record: StepRecord) -> None:
            super()._keep(record)
            state = self.ladder.state if counted == 0 else self.propagation.ladder.state
            done = (len(state.steps), 0 if counted == 0 else len(self.propagation.curve))
            if len(rows) < len(marks) and done[counted] >= marks[len(rows)]:
                rows.append({"run": case.name, "steps": done[0], "events": done[1], "MB": _resident()})

    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()):
        folder = Path(scratch) / "out"
        with run_directory(folder, MPI.COMM_WORLD, resume=False) as held, display(held.comm, "step", folder / "run.log") as shown:
            Watched(case, held, solver_options(case, []), shown).execute()
    return rows


def _resident() -> float:
    """Memory of this process, MB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1e3
