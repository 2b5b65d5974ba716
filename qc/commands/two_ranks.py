"""The self test once more by two ranks, which ``mpirun`` starts from a process that is none of theirs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OF_A_LAUNCHER = ("PMI_", "PMIX_", "HYDI_", "HYDRA_", "MPIR_", "OMPI_COMM_", "PRTE_")
"""What MPI leaves in the environment of a rank, by which a program started from it would take itself for one."""
ONE_MACHINE = {"OMP_NUM_THREADS": "1", "UCX_TLS": "self,sm,tcp", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
SECONDS = 300


def outside() -> dict[str, str]:
    """The environment without the marks of an MPI job; one thread, transports of one machine, more ranks than cores allowed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OF_A_LAUNCHER)}
    return ONE_MACHINE | kept


def launcher() -> Path | None:
    """The ``mpirun`` beside the interpreter, which is that of its MPI, else the first on the path."""
    beside = Path(sys.executable).with_name("mpirun")
    found = str(beside) if beside.exists() else shutil.which("mpirun")
    return Path(found) if found else None


def how_it_ended(program: object, run: subprocess.CompletedProcess[str]) -> str:
    """Exit code and last words of a program."""
    said = (run.stderr.strip() or run.stdout.strip()).splitlines()
    return f"{program} ended with exit code {run.returncode}: {said[-1] if said else 'it said nothing'}"


def ask_two_ranks(alone: dict[str, float]) -> tuple[str, bool | None]:
    """What two ranks found, and whether it is what one rank found ``alone``; None without an ``mpirun`` of the same MPI."""
    mpirun = launcher()
    if mpirun is None:
        return "there is no mpirun", None
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        program = [str(mpirun), "-n", "2", sys.executable, "-m", "qc", "selftest", "-o", str(report)]
        run = subprocess.run(program, env=outside(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
        found = json.loads(report.read_text()) if report.is_file() else None
    if found is None:
        return how_it_ended(mpirun, run), False
    if found["ranks"] == 1:
        return f"{mpirun} belongs to another MPI: it starts programs that do not see each other", None
    return _judged(found["rows"], alone)


def _judged(rows: list[dict[str, Any]], alone: dict[str, float]) -> tuple[str, bool]:
    """The first failure of the two ranks, or their largest deviation from one rank."""
    wrong = [f"{row['what']}: {row['found']}" for row in rows if row["passed"] is False]
    if wrong:
        return wrong[0], False
    together: dict[str, float] = {}
    for row in rows:
        together |= row["numbers"]
    if not alone or together.keys() != alone.keys():
        return "there is nothing to compare with", False
    off = max(abs(together[key] - alone[key]) / max(1.0, abs(alone[key])) for key in alone)
    return f"K_G, K+ and energy differ by {off:.0e}", off < 1e-8
