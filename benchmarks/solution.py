"""Time to solution of one crack state: the blended model against LAMMPS and ASE with matscipy, which relax every atom."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks.crack_state import SOLVERS, STEP_FORCE
from benchmarks.measure import FOLDER, Report

TOLERANCE, COARSE = 2e-3, 1e-2
"""A: the bonds next to the tip have been found when none is further than this from where that solver ends."""
RADII = (100, 200, 400, 800)
LIMIT = 1500.0
"""CPU seconds that a minimiser of all atoms gets."""


def run(repeats: int, quick: bool) -> Report:
    """``repeats`` is of no use here: states take minutes, and CPU time is counted."""
    del repeats
    columns = {"material": "s", "R (A)": ".0f", "solver": "s", "unknowns": "d", "CPU (s)": ".1f", "to": ".0e"}
    columns |= {
        "CPU, 1e-2 A (s)": ".1f",
        "next step (s)": ".2f",
        "MB": ".0f",
        "time / small": ".1f",
        "bonds off (A)": ".4f",
    }
    report = Report(
        "solution", "One crack state at K_G on a clamped disc, from the near-tip field; CPU seconds, one core", columns
    )
    for material in ("iron", "silicon"):
        for radius in (80,) if quick else RADII:
            report.rows += _rows(material, radius)
    report.notes = [
        f"CPU: until the four rows of bonds next to the tip are within {TOLERANCE} A of the solver's last state; strips, slit, small: "
        "all of set-up, Newton and inertia.",
        f"next step: the mean of three further steps of the load by 0.01 K_G; minimisers of all atoms end one at {STEP_FORCE:g} eV/A.",
        f"to: largest force on an atom at that moment (eV/A). Empty: not reached in {LIMIT:.0f} s. bonds off: last state against slit.",
    ]
    return report


def _rows(material: str, radius: float) -> list[dict[str, Any]]:
    rows = []
    found_by = {solver: solve(solver, material, radius) for solver in SOLVERS}
    best, small = found_by["slit"], found_by["small"]
    for solver, found in found_by.items():
        row: dict[str, Any] = {"material": material, "R (A)": radius, "solver": solver, "raw": found}
        rows.append(row)
        if found is None:
            continue
        row |= {"unknowns": found["unknowns"], "MB": found["peak_MB"]}
        if found.get("steps"):
            row["next step (s)"] = float(np.mean(found["steps"]))
        level = first_good(found)
        if level is None:
            continue
        coarse = first_good(found, COARSE)
        row |= {
            "CPU (s)": level["seconds"],
            "to": level["force"],
            "CPU, 1e-2 A (s)": coarse["seconds"] if coarse else None,
        }
        if small is not None:
            row["time / small"] = level["seconds"] / small["seconds"]
        if best is not None:
            row["bonds off (A)"] = _apart(found["levels"][-1], best["levels"][-1])
    return rows


def solve(solver: str, material: str, radius: float) -> dict[str, Any] | None:
    """The state in a process of its own; None if that failed."""
    words = [sys.executable, "-m", "benchmarks.crack_state", solver, material, str(radius), "--limit", str(LIMIT)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=FOLDER.parent)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else None


def first_good(found: dict[str, Any], tolerance: float = TOLERANCE) -> dict[str, Any] | None:
    """The first level from which on the bonds stay where they end; None if only the last one is there (it may not be the end)."""
    levels = found["levels"]
    if not levels or (len(levels) == 1 and levels[0]["force"] > 1e-4):
        return None
    good = [n for n, level in enumerate(levels) if _apart(level, levels[-1]) > tolerance]
    return levels[good[-1] + 1] if good else levels[0]


def _apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    return float(np.abs(np.array(a["bonds"]) - np.array(b["bonds"])).max())
