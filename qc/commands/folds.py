"""``qc folds``: the snaking curve of a crack, its folds K+ and K-, and the barriers between neighbouring stable states."""

from __future__ import annotations

import time
from pathlib import Path as FilePath
from typing import Any

from mpi4py import MPI

from fem.collective import on_root

from ..case.case import Case
from ..crack.folds import COLUMNS, FoldSpec, report, trace
from ..crack.start import Trial
from ..drive.continuation import Path, PathOptions
from ..drive.equations import PathPoint
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.versions import versions
from ..pictures import folds as fold_pictures
from ..report.page import report_or_warn
from .build import make_system
from .directory import run_directory
from .report import judged_by
from .specs import solver_options
from .terminal import display


def run_folds(case: Case, directory: FilePath, spec: FoldSpec, options: PathOptions) -> dict[str, Any]:
    """Follow the case's crack through its folds; files: folds.json, curve.csv, pictures, report.html, run.log. Collective."""
    comm, begin = MPI.COMM_WORLD, time.perf_counter()
    with run_directory(directory, comm, resume=False), display(comm, "point", directory / "run.log") as shown:
        shown.phase("building the model")
        system = make_system(case, comm)
        path = Path(system, options)
        shown.phase(
            f"from a stable state through {spec.folds} folds and back to where it closes"
        )
        shown.begin(None)
        points = 0

        def found(point: PathPoint) -> None:
            nonlocal points
            points += 1
            shown.step(points, point_line(point, system.K_G))

        snake = trace(system, spec, path, solver_options(case, []), found)
        shown.phase(f"energies and tips of {len(snake.points)} points, barriers, pictures")
        document = {"case": case.name, "method": system.spec.method, "domain_radius": system.spec.radius}
        document |= report(path, snake)
        document |= {"ranks": comm.size, "n_dofs": system.model.parts.layout.n_unknowns}
        document |= {"seconds": round(time.perf_counter() - begin, 1), "settings": case.plain(), "versions": versions()}
        on_root(comm, lambda: _write(directory, document, snake.rows))
    return document


def point_line(point: PathPoint, K_G: float) -> str:
    """A point of a path in one line; K_G in MPa m^1/2."""
    kind = "stable" if point.negative == 0 else f"{point.negative} negative eigenvalues"
    kind = f"fold, {point.fold} of K" if point.fold else kind
    return f"K = {point.K / K_G:.6f} K_G ({point.K:.6f} MPa m^1/2), {kind}"


def _write(directory: FilePath, document: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    write_json(directory / "folds.json", document)
    write_steps_csv(directory / "curve.csv", rows, COLUMNS)
    drawn(fold_pictures.snake_picture, directory / "snake.png", rows, document["folds"])
    if document["barriers"]:
        drawn(fold_pictures.barrier_picture, directory / "barriers.png", document["barriers"])
    report_or_warn(directory)


def summary(document: dict[str, Any]) -> list[str]:
    """What was found, in a few lines for the terminal."""
    lines = [f"K_G {document['K_G']:.4f} MPa m^1/2, {document['n_points']} points in {document['seconds']:.0f} s"]
    start = Trial.from_plain(document["start"])
    lines.append(judged_by(start))
    names = {"K_plus": "K+", "K_minus": "K-", None: "fold of an unstable branch"}
    lines += [
        f"{names[f['name']]} = {f['K_over_KG']:.5f} K_G, tip {f['tip_position']:.2f} A" for f in document["folds"]
    ]
    for one in document["barriers"]:
        at = "nowhere equal" if one["K_equal"] is None else f"equal energies at {one['K_equal_over_KG']:.4f} K_G"
        top = max(level["forward"] for level in one["levels"])
        lines.append(f"barrier of the advance up to {top:.4f} eV per {document['cell_length']:.3f} A of front, {at}")
    for b in document["bifurcations"]:
        low, high = b["between_K_over_KG"]
        lines.append(f"another branch crosses between {low:.4f} and {high:.4f} K_G")
    if document["ended"]:
        lines.append(f"ended early: {document['ended']}")
    return lines
