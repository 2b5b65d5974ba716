"""Starting: the help, a small crack from the command line, and the first start ever, which compiles the kernels. Seconds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import FOLDER, Report

IMPORT = [sys.executable, "-c", "import dolfinx_solver, atomistics.kernels"]
QC = [sys.executable, "-m", "qc"]
CASE = str(FOLDER.parent / "examples" / "hexagonal_crack.toml")
TWO = ["--set", "load.K_stop=1.04", "--set", "load.unload=false"]
PROCESSES = 6


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"what": "s", "wall": ".1f", "CPU": ".1f", "target": ".0f"}
    report = Report("startup", "Starting, seconds", columns)
    with tempfile.TemporaryDirectory() as scratch:
        warm = dict(os.environ)
        tasks: dict[str, tuple[list[str], float | None]] = {
            "qc --help": ([*QC, "--help"], 1.0),
            "qc run examples/hexagonal_crack.toml, two loads": ([*QC, "run", CASE, *TWO, "-o", f"{scratch}/out"], 10.0),
            "import atomistics, kernels in the cache": (IMPORT, None),
        }
        for what, (command, target) in tasks.items():
            together([command], warm)
            taken = []
            for _ in range(1 if quick else min(repeats, 3)):
                subprocess.run(["rm", "-rf", f"{scratch}/out"], check=True)
                taken.append(together([command], warm))
            wall, cpu = np.median(taken, axis=0)
            report.rows.append({"what": what, "wall": float(wall), "CPU": float(cpu), "target": target})
        for n in (1,) if quick else (1, PROCESSES):
            empty = warm | {"NUMBA_CACHE_DIR": str(Path(scratch) / f"cache{n}")}
            wall, cpu = together([IMPORT] * n, empty)
            report.rows.append({"what": f"import atomistics, empty cache, {n} at once", "wall": wall, "CPU": cpu})
    report.notes.append("wall times are those of a machine with other jobs; CPU: of all processes")
    return report


def together(commands: list[list[str]], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU time of processes started at once; all must succeed."""
    before, begin = _children(), time.perf_counter()
    options: dict[str, Any] = {"env": environment, "cwd": FOLDER.parent, "stdout": subprocess.DEVNULL}
    started = [subprocess.Popen(command, **options) for command in commands]
    codes = [process.wait() for process in started]
    assert not any(codes), f"exit codes {codes} of {commands[0]}"
    return time.perf_counter() - begin, _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
