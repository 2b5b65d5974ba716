"""What a step of a ladder costs to put on disk, against the number of steps before it: small cracks whose first state is repeated."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mpi4py import MPI

from benchmarks.measure import Report
from qc.case.case import Case
from qc.commands.directory import run_directory
from qc.commands.run import LadderRun
from qc.commands.specs import solver_options
from qc.commands.terminal import display

CASE = {
    "version": 2,
    "crystal": {"structure": "hexagonal", "element": "X"},
    "potential": {"file": "morse"},
    "model": {"method": "bgfc", "dimension": 2, "core_radius": 8.0, "blend_width": 4.0, "domain_radius": 24.0},
    "load": {"K_start": 1.04, "K_stop": 1.5, "K_step": 0.02, "error_budget": False, "J_tolerance": 1.0},
}
ATOMS = CASE | {"model": {"method": "atomistic", "dimension": 2, "core_radius": 5.0, "domain_radius": 6.0}}
"""The smallest crack there is, without fields: what grows with the steps is not hidden by what a state takes."""
MARKS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def run(repeats: int, quick: bool) -> Report:
    """The table; one turn, the marks up to 1,000 with ``quick``, and for the crack with fields."""
    columns = {"crack": "s", "steps": "d", "s": ".1f", "ms a step": ".2f", "CPU ms a step": ".2f", "MB": ".1f", "kB a step": ".2f"}
    report = Report("output_growth", "Output of a ladder against its steps: since the mark before", columns)
    for name, case, marks in (("blended", CASE, MARKS[:3]), ("atoms", ATOMS, MARKS[:3] if quick else MARKS)):
        report.rows += [{"crack": name} | row for row in _growth(case, marks)]
    report.notes.append("frames of each state are in it, and fields where there is a mesh")
    return report


def _growth(tables: dict[str, Any], marks: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """A row for each mark."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()):
        case, folder = Case.from_dict(tables, name="growth"), Path(scratch) / "out"
        with run_directory(folder, MPI.COMM_WORLD, resume=False) as held, display(held.comm, "step", folder / "run.log") as shown:
            ladder = LadderRun(case, held, solver_options(case, []), shown)
            record = ladder.ladder.begin()
            steps, before, size, begin, busy = ladder.ladder.state.steps, 0, 0, time.perf_counter(), time.process_time()
            for n in range(1, marks[-1] + 1):
                if n > 1:
                    steps.append(replace(record))
                ladder._keep(steps[-1])
                if n in marks:
                    taken, now = time.perf_counter() - begin, _size(folder)
                    row = {"steps": n, "s": taken, "ms a step": 1e3 * taken / (n - before)}
                    row["CPU ms a step"] = 1e3 * (time.process_time() - busy) / (n - before)  # other jobs disturb it less
                    yield row | {"MB": now / 1e6, "kB a step": (now - size) / 1e3 / (n - before)}
                    before, size, begin, busy = n, now, time.perf_counter(), time.process_time()
            ladder._finish()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
