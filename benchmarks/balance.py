"""What each of several ranks has of one model: memory, sites, bytes sent; the mean over the ranks, and the largest over the mean."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Report
from benchmarks.scaling import launched

MODELS = (("disc", "silicon", 6_000), ("blended", "iron", 2_500))
"""Kind, material and atoms (of the core, where there is a continuum) of `benchmarks.scaling_ranks`."""
RANKS = (1, 2, 4, 8)
COLUMNS = {"sites": "sites", "MB": "process MB", "kB sent": "bytes"}
"""Column and what it is called among the counts of a rank."""
UNIT = {"kB sent": 2e3}  # PETSc counts a message where it is sent and where it arrives
AIM = 1.3


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"model": "s", "atoms": ",d", "ranks": "d"}
    columns |= {column: form for name in COLUMNS for column, form in ((name, ",.1f"), (f"{name}, most / mean", ".2f"))}
    report = Report("balance", "One model on several ranks: means, and the largest over the mean", columns)
    for kind, material, atoms in MODELS[:1] if quick else MODELS:
        for ranks in RANKS[:3] if quick else RANKS:
            found = launched(ranks, "counts", kind, material, str(atoms))
            if found is not None:
                report.rows.append({"model": f"{kind}, {material}", "atoms": found["total atoms"], "ranks": ranks} | _row(found))
    report.notes.append(f"aim: at most {AIM} over the mean. kB sent: of one evaluation, displacements out and forces back")
    return report


def _row(found: dict[str, Any]) -> dict[str, Any]:
    """Means and ratios of one number of ranks."""
    row: dict[str, Any] = {"raw": found}
    for column, name in COLUMNS.items():
        mean, most = found["mean"][name], found["most"][name]
        row |= {column: mean / UNIT.get(column, 1.0), f"{column}, most / mean": most / mean if mean else None}
    return row
