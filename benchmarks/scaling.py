"""MPI: two ranks beside two independent jobs at once, and what a rank holds and sends on up to 64 ranks.

Strong scaling is held against what the machine gives: the same work as two jobs of half the atoms, one on each core at once, that know
nothing of each other and share the memory's bandwidth. Weak scaling is counted: numbers of atoms, messages and bytes are right on
any number of cores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import FOLDER, Report

SIZES: tuple[int, ...] = (200_000, 1_000_000)
"""Atoms of the strong scaling."""
AT_ONCE = 300_000
"""Atoms up to which both models are there at once and take turns: more, with a Hessian, do not fit twice into 24 GiB."""
STRONG = (("disc", "silicon", "assembled"), ("ball", "copper", "factored"))
"""Model, material and Hessian of the strong scaling."""
RANKS: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
"""Of the weak scaling."""
SHARE = {"disc": ("silicon", 500), "ball": ("copper", 250), "blended": ("iron", 500)}
"""Material, and atoms a rank, of the weak scaling."""
TARGET = 0.9
LIMIT = 1500
"""Seconds a job may take."""


def run(repeats: int, quick: bool) -> Report:
    """Both tables in one."""
    columns = {
        "what": "s",
        "atoms": ",d",
        "ranks": "d",
        "together (s)": ".3f",
        "apart (s)": ".3f",
        "of the ceiling": ".2f",
    }
    columns |= {"least": ".2f", "a rank": ",.0f", "halo": ",.0f", "neighbours": ".1f", "most": ".0f", "kB sent": ".1f"}
    columns |= {"nonzeros": ",.0f", "MB": ".1f", "MB on rank 0": ".1f"}
    report = Report(
        "scaling", "MPI: against independent jobs of half the size at once; what a rank holds and sends", columns
    )
    for atoms in (20_000,) if quick else SIZES:
        for kind, material, hessian in STRONG:
            report.rows += _strong(kind, material, hessian, atoms, repeats)
    for kind, (material, share) in SHARE.items():
        for ranks in (1, 2, 4) if quick else RANKS:
            report.rows.append(_counted(kind, material, ranks, share * ranks))
    report.notes = [
        f"of the ceiling: apart over together, medians of {repeats} turns (least: of the shortest turns); aim {TARGET}.",
        "GAMG of two ranks is another preconditioner than that of one: iterations of CG are a fixed number.",
        "a rank: its own atoms. halo: atoms of others that it holds. kB sent: displacements out and forces back, one evaluation.",
        "These, neighbours and non-zeros are means over the ranks. most: neighbours of a rank.",
        "MB: most that numpy holds on any rank, and on rank 0, until the first gradient.",
    ]
    return report


def _strong(kind: str, material: str, hessian: str, atoms: int, repeats: int) -> list[dict[str, Any]]:
    """A row for each task."""
    options = ["--repeats", str(repeats), "--hessian", hessian] + (["--one-by-one"] if atoms > AT_ONCE else [])
    found = launched(2, "times", kind, material, str(atoms), *options)
    if found is None:
        return []
    rows = []
    for name, seconds in found.pop("seconds").items():
        together, alone = (np.array(seconds[which]) for which in ("together", "alone"))
        rows.append(
            {
                "what": f"{kind}: {name}", "atoms": found["together"]["atoms"], "ranks": 2,
                "together (s)": float(np.median(together)), "apart (s)": float(np.median(alone)),
                "of the ceiling": float(np.median(alone) / np.median(together)),
                "least": float(alone.min() / together.min()), "target": TARGET, "turns": seconds, "raw": found,
            }
        )  # fmt: skip
    return rows


def _counted(kind: str, material: str, ranks: int, atoms: int) -> dict[str, Any]:
    """One row of the weak scaling."""
    row: dict[str, Any] = {"what": kind, "ranks": ranks}
    found = launched(ranks, "counts", kind, material, str(atoms))
    if found is None:
        return row
    mean, most = found["mean"], found["most"]
    return row | {
        "atoms": found["total atoms"], "a rank": mean["atoms"], "halo": mean["halo atoms"], "neighbours": mean["neighbours"],
        "most": most["neighbours"], "kB sent": mean["bytes"] / 2e3, "nonzeros": mean["nonzeros"],
        "MB": most["Python MB of the build"], "MB on rank 0": found["rank 0"]["Python MB of the build"], "raw": found,
    }  # fmt: skip


def launched(ranks: int, *words: str) -> dict[str, Any] | None:
    """The answer of `benchmarks.scaling_ranks` on that many ranks, more than cores or not; None if it failed."""
    beside = Path(sys.executable).with_name("mpirun")  # of the MPI that mpi4py uses
    launcher = str(beside) if beside.exists() else shutil.which("mpirun") or "mpirun"
    oversubscribe = {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_ALLOW_RUN_AS_ROOT": "1"}
    oversubscribe |= {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMP_NUM_THREADS": "1"}
    command = [launcher, "-n", str(ranks), sys.executable, "-m", "benchmarks.scaling_ranks", *words]
    if ranks > (os.cpu_count() or 1):  # MPICH's waiting ranks leave their core to those that compute
        oversubscribe |= {"MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1", "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "200"}
    environment = os.environ | oversubscribe
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=FOLDER.parent, env=environment, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None
