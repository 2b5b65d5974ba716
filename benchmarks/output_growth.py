"""What a step of a ladder costs to put on disk, against the number of steps before it: a small crack whose first state is repeated."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from dataclasses import replace
from pathlib import Path

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
MARKS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def run(repeats: int, quick: bool) -> Report:
    """The table; one turn, the marks up to 1,000 with ``quick``."""
    columns = {"steps": "d", "s": ".1f", "ms a step": ".2f", "CPU ms a step": ".2f", "MB": ".1f", "kB a step": ".2f"}
    report = Report("output_growth", "Output of a ladder against its steps: since the mark before", columns)
    marks = MARKS[:3] if quick else MARKS
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stderr(io.StringIO()):
        case, folder = Case.from_dict(CASE, name="growth"), Path(scratch) / "out"
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
                    report.rows.append(row | {"MB": now / 1e6, "kB a step": (now - size) / 1e3 / (n - before)})
                    before, size, begin, busy = n, now, time.perf_counter(), time.process_time()
            ladder._finish()
    report.notes.append("frames and fields of each state are in it")
    return report


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
