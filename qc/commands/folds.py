"""``qc folds``: the snaking curve of a crack, its folds K+ and K-, and the barriers between neighbouring stable states."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

from fem.collective import on_root

from ..case.case import Case
from ..crack.folds import COLUMNS, FoldSpec, Snake, Walks, begin, report, trace
from ..crack.start import Trial
from ..crack.system import CrackSystem
from ..drive.continuation import Path, PathOptions
from ..drive.equations import PathPoint
from ..errors import InputError
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.sealed import entries_of
from ..output.versions import versions
from ..pictures import folds as fold_pictures
from ..report.page import report_or_warn
from ..stages import stage
from .directory import RunDirectory
from .opened import opened
from .potential import refuse_forces_only, refuse_qm
from .report import judged_by
from .specs import solver_options
from .terminal import Display


def run_folds(
    case: Case, directory: FilePath, spec: FoldSpec, options: PathOptions, resume: bool = False
) -> dict[str, Any]:
    """Follow the case's crack through its folds; files: folds.json, curve.csv, pictures, report.html, run.log. Collective.

    Parameters
    ----------
    case : Case
    directory : Path
        It is made if it does not exist.
    spec : FoldSpec
    options : PathOptions
    resume : bool
        Go on after the last point found there, on any number of ranks.
    """
    refuse_qm(case, "qc folds", "it follows a path by the exact Hessian, and of the engine's only what its gradients have said is known")
    refuse_forces_only(case, "qc folds", "a Hessian and an energy: there is no fold and no barrier")
    with opened(directory, resume, "folds") as (held, shown):
        return FoldsRun(case, held, spec, options, shown).execute()


class FoldsRun:
    """The path of a case's crack: every point is on disk before the next one is looked for. All methods are collective.

    Parameters
    ----------
    case : Case
    directory : RunDirectory
        Where it goes on from the checkpoint, if there is one.
    spec : FoldSpec
    options : PathOptions
    shown : Display
    """

    def __init__(
        self, case: Case, directory: RunDirectory, spec: FoldSpec, options: PathOptions, shown: Display
    ) -> None:
        self.directory, self.spec, self.shown = directory, spec, shown
        self._refuse_other_steps(options)
        shown.phase("building the model")
        self.specimen = directory.specimen(case)
        with stage("set-up"):
            self.path = Path(self.specimen.system, options)
            self.walks = None if directory.saved is None else saved_walks(directory, self.specimen.system)
        directory.keep_multipliers(self.specimen.system)

    def _refuse_other_steps(self, options: PathOptions) -> None:
        """Refuse to go on with other steps, which would find other points."""
        now, saved = asdict(options), (self.directory.saved or {}).get("path")
        before = saved if isinstance(saved, dict) else now
        for name, value in now.items():
            if before.get(name) != value:
                raise InputError(
                    f"--resume: --{name} {value:g} differs from the run in {str(self.directory.path)!r}, which had {before.get(name)}: "
                    "give the same, or start in a new directory"
                )

    def execute(self) -> dict[str, Any]:
        """Follow the path, then measure and draw it; the contents of folds.json."""
        with self.directory.until_stopped(lambda: None, self._reached):
            with stage("solve"):
                snake = self._snake()
            self.shown.phase(f"energies and tips of {len(snake.points)} points, barriers, pictures")
            with stage("barriers"):
                found = report(self.path, snake)
        document = self._document(found)
        with stage("pictures"):
            on_root(self.directory.comm, lambda: _write(self.directory.path, document, snake.rows))
        return document

    def _snake(self) -> Snake:
        system, solver = self.specimen.system, solver_options(self.specimen.case, [])
        self.shown.phase(f"from a stable state through {self.spec.folds} folds and back to where it closes")
        if self.walks is None:
            self.walks = begin(system, self.spec, self.path, solver)
            for points in self.walks.lists().values():
                self._keep(points)
            self._save()
        self.shown.begin(None, self._done())
        return trace(system, self.spec, self.path, solver, self._found, self.walks)

    def _found(self, points: list[PathPoint]) -> None:
        """Put the last of some points on disk; a fold with the point after it, as both are found in one step."""
        with stage("output"):
            self._keep(points)
            if points[-1].fold is None:
                self._save()
        self.shown.step(self._done(), point_line(points[-1], self.specimen.system.K_G))

    def _keep(self, points: list[PathPoint]) -> None:
        assert self.walks is not None
        way = "forward" if points is self.walks.forward else "backward"
        last = points[-1]
        self.directory.write_vectors(file_of(way, len(points) - 1), self.specimen.system, last.q, last.dq)

    def _save(self) -> None:
        assert self.walks is not None
        rest = {"start": self.walks.start.plain(), "path": asdict(self.path.options)}
        self.directory.write(self.specimen, self._done(), self.walks.lists(), rest)

    def _done(self) -> int:
        """Points besides the start."""
        return 0 if self.walks is None else len(self.walks.forward) + len(self.walks.backward) - 2

    def _reached(self) -> str:
        return "before the first point" if self.walks is None else f"after {self._done()} points of the path"

    def _document(self, found: dict[str, Any]) -> dict[str, Any]:
        system, watch = self.specimen.system, self.directory.watch
        document = {"case": self.specimen.case.name, "method": system.spec.method, "domain_radius": system.spec.radius}
        document |= found | {"ranks": self.directory.comm.size, "n_dofs": system.model.parts.layout.n_unknowns}
        seconds = round(sum(watch.seconds.values()), 1)
        return document | {"seconds": seconds, "settings": self.specimen.case.plain(), "versions": versions()}


def file_of(way: str, number: int) -> str:
    """Name of the file of a point's unknowns and direction."""
    return f"{way}-{number:05d}.npy"


def saved_walks(directory: RunDirectory, system: CrackSystem) -> Walks:
    """What has been followed according to the checkpoint. Collective."""
    saved = directory.saved
    assert saved is not None
    directory.refuse_another_mesh(system)
    with entries_of(directory.path):
        walks = Walks(Trial.from_plain(saved["start"]), [], [])
        for way, points in walks.lists().items():
            for number, plain in enumerate(saved[way]):
                q, dq = directory.read_vectors(file_of(way, number), system, 2)
                points.append(PathPoint.from_plain(plain, q, dq))
    directory.has(walks.lists())
    return walks


def point_line(point: PathPoint, K_G: float) -> str:
    """A point of a path in one line; K_G in MPa m^1/2."""
    kind = "stable" if point.negative == 0 else f"{point.negative} negative eigenvalues"
    kind = f"fold, {point.fold} of K" if point.fold else kind
    return f"K = {point.K / K_G:.6f} K_G ({point.K:.6f} MPa m^1/2), {kind}"


def _write(directory: FilePath, document: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Tables, pictures and page; folds.json last but one, as it says that all is done."""
    write_steps_csv(directory / "curve.csv", rows, COLUMNS)
    drawn(fold_pictures.snake_picture, directory / "snake.png", rows, document["folds"])
    if document["barriers"]:
        drawn(fold_pictures.barrier_picture, directory / "barriers.png", document["barriers"])
    write_json(directory / "folds.json", document)
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
