"""What each command does once its words are known: look at the case, call `commands`, print the result.

Imports stand between the two, and all ranks make them: they load PETSc, which starts on all ranks or hangs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..commands.checks import FREE_KEYS, FREE_TO_PROPAGATE, FREE_TO_RUN, check_place, check_same_model
from ..commands.front_plan import Periods, check_largest, levels_of, planned
from ..errors import InputError
from .request import Request, check_file, on_root, remove_traces
from .tables import echo_study, echo_table

if TYPE_CHECKING:
    from mpi4py import MPI

    from ..case.case import Case
    from ..commands.study_plan import Measure, Member


def run(comm: MPI.Comm, request: Request) -> int:
    """``qc run``."""
    case, directory = on_root(comm, lambda: _resumable(request, "", FREE_KEYS))
    from ..commands.run import run_case

    return _in_directory(
        comm, request, lambda: run_case(case, directory, request.resume, list(request.petsc)), directory
    )


def propagate(comm: MPI.Comm, request: Request) -> int:
    """``qc propagate``."""
    case, directory = on_root(comm, lambda: _resumable(request, "_propagation", FREE_TO_PROPAGATE))
    from ..commands.propagate import run_propagation

    return _in_directory(
        comm, request, lambda: run_propagation(case, directory, request.resume, list(request.petsc)), directory
    )


def dynamics(comm: MPI.Comm, request: Request) -> int:
    """``qc dynamics``."""
    case, directory = on_root(comm, lambda: _resumable(request, "_dynamics", FREE_TO_RUN))
    from ..commands.dynamics import run_dynamics
    from ..commands.dynamics_report import summary

    made = _in_directory(comm, request, lambda: run_dynamics(case, directory, request.resume, list(request.petsc)), directory)
    return _echo(comm, [*summary(made), f"results in {directory}"])


def _resumable(request: Request, ending: str, free: tuple[str, ...]) -> tuple[Case, Path]:
    """The case and its directory, whose state it may go on from."""
    case, directory = request.prepared(ending)
    if request.resume:
        check_same_model(case.plain(), directory, free)
    return case, directory


def _in_directory[T](comm: MPI.Comm, request: Request, command: Callable[[], T], directory: Path) -> T:
    """Run a command that makes its directory; a refused case leaves none behind."""
    try:
        return command()
    except InputError:
        if comm.rank == 0 and not request.resume:
            remove_traces(directory)
        raise


def check(comm: MPI.Comm, request: Request) -> int:
    """``qc check``."""

    def prepare() -> Case:
        if request.output is not None:
            check_place(request.output)
        return request.load()

    case = on_root(comm, prepare)
    from ..commands.check import check_case

    report = check_case(case, request.output)
    if comm.rank == 0:
        warnings = report.pop("warnings")
        echo_table({key: value for key, value in report.items() if value is not None})
        for sentence in warnings:
            typer.echo(f"warning: {sentence}")
    return 0


def griffith(comm: MPI.Comm, request: Request, slips: list[str]) -> int:
    """``qc griffith``: ``slips`` are slip systems to look at instead of the usual ones."""

    def prepare() -> Case:
        check_file("-o", request.output)
        return request.load()

    case = on_root(comm, prepare)
    from ..commands.griffith import griffith_lines, griffith_of_case
    from ..output.files import write_json
    from ..output.pictures import drawn
    from ..pictures.gamma import gamma_picture

    def report() -> list[str]:
        found = griffith_of_case(case, slips)
        if request.output is not None:
            write_json(request.output, found)
            if found["emission"] is not None:
                drawn(gamma_picture, request.output.with_suffix(".png"), found["emission"]["faults"])
        return griffith_lines(found)

    return _echo(comm, on_root(comm, report))


def folds(comm: MPI.Comm, request: Request, number: int, step: float) -> int:
    """``qc folds``: ``number`` of folds under rising load, the longest ``step`` in nearest-neighbour distances."""

    def prepare() -> tuple[Case, Path]:
        if not 0.0 < step <= 1.0:
            raise InputError(f"--step {step:g}: must be above 0 and at most 1 nearest-neighbour distance")
        return _resumable(request, "_folds", FREE_KEYS)

    case, directory = on_root(comm, prepare)
    from ..commands.folds import run_folds, summary
    from ..commands.specs import fold_spec
    from ..drive.continuation import PathOptions

    spec, options = fold_spec(case, number), PathOptions(step=step)
    document = _in_directory(
        comm, request, lambda: run_folds(case, directory, spec, options, request.resume), directory
    )
    return _echo(comm, [*summary(document), f"results in {directory}"])


def front(comm: MPI.Comm, request: Request, pairs: str | None, periods: list[str]) -> int:
    """``qc front``: ``pairs`` and ``periods`` as given to ``--pairs`` and ``--periods``."""

    def prepare() -> tuple[Case, Path, list[Periods]]:
        case, directory = _resumable(request, "_front", FREE_KEYS)
        return case, directory, planned(case.model.front_periods, pairs, periods)

    case, directory, sets = on_root(comm, prepare)
    from ..commands.front import run_front
    from ..commands.front_report import summary

    document = _in_directory(comm, request, lambda: run_front(case, directory, sets, request.resume), directory)
    return _echo(comm, [*summary(document), f"results in {directory}"])


def kinks(comm: MPI.Comm, request: Request, levels: str | None, largest: int) -> int:
    """``qc kinks``: ``levels`` as given to ``--levels``, ``largest`` number of periods ahead."""

    def prepare() -> tuple[Case, Path, list[float]]:
        case, directory = _resumable(request, "_kinks", (*FREE_KEYS, "load.K_start"))
        check_largest(case.model.front_periods, largest)
        return case, directory, levels_of(levels, case.load.K_start)

    case, directory, loads = on_root(comm, prepare)
    from ..commands.kinks import run_kinks, summary

    document = _in_directory(comm, request, lambda: run_kinks(case, directory, loads, largest, request.resume), directory)
    return _echo(comm, [*summary(document), f"results in {directory}"])


def qm_sweep(comm: MPI.Comm, request: Request) -> int:
    """``qc qm-sweep``."""

    def prepare() -> tuple[Case, Path]:
        case, directory = _resumable(request, "_sweep", FREE_KEYS)
        if case.qm is None:
            raise InputError(f"{request.path} has no table [qm]: qc qm-sweep needs one, as [qm] with radius = 6.0")
        return case, directory

    case, directory = on_root(comm, prepare)
    from ..commands.qm_sweep import run_sweep, sweep_lines
    from ..commands.report import qm_line
    from ..commands.specs import solver_options

    document = _in_directory(
        comm, request, lambda: run_sweep(case, solver_options(case, []), directory, request.resume), directory
    )
    return _echo(comm, [*sweep_lines(document), f"{qm_line(document['qm'])}; results in {directory}"])


def qm_budget(comm: MPI.Comm, request: Request, match: Path | None, cells: int) -> int:
    """``qc qm-budget``: ``match`` names the file of a fitted potential, ``cells`` the engine's crystal along each axis."""

    def prepare() -> Case:
        case = request.load()
        for option, file in (("--match", match), ("-o", request.output)):
            check_file(option, file)
        if match is not None and match.suffix != ".sw":
            raise InputError(f"--match {str(match)!r} is not allowed: the name must end in .sw")
        return case

    case = on_root(comm, prepare)
    from ..commands.qm_budget import budget_of_case
    from ..output.files import write_json

    def report() -> list[str]:
        found = budget_of_case(case, cells, match)
        if request.output is not None:
            write_json(request.output, {key: value for key, value in found.items() if "table" not in key})
        return [found["table"]] + (["", f"{match}:", found["matched_table"]] if match is not None else [])

    return _echo(comm, on_root(comm, report))


def match(comm: MPI.Comm, name: str, structure: str, element: str, a: float, output: Path) -> int:
    """``qc match``: the twin of the calculator ``name``, from a crystal with lattice constant ``a``."""
    on_root(comm, lambda: check_file("-o", output))
    from ..commands.match import match_calculator

    return _echo(comm, on_root(comm, lambda: match_calculator(name, structure, element, a, output)))


def study(comm: MPI.Comm, request: Request, vary: list[str], measure: Measure, reference: bool, most_atoms: int) -> int:
    """``qc study``: ``vary`` as given to ``--vary``; ``reference`` adds discs of all atoms, up to ``most_atoms`` of them."""

    def prepare() -> tuple[list[Member], Path]:
        from ..commands.study_plan import parse_variations, plan

        variations = parse_variations(vary)
        _, directory = request.prepared("_study")
        return plan(request.path, variations, request.overrides, reference), directory

    members, directory = on_root(comm, prepare)
    from ..commands.study import run_study, table

    document = run_study(members, directory, measure, request.resume, most_atoms)
    if comm.rank == 0:
        echo_study(table(document), document["fits"])
        typer.echo(f"results in {directory}")
    states = [row["state"] for row in document["members"]]
    if set(states) == {"refused"}:
        raise InputError(
            f"no member of the study was run, all {len(states)} are refused: {document['members'][0]['reason']}"
        )
    return 1 if "failed" in states else 0


def report(comm: MPI.Comm, path: Path, output: Path | None) -> int:
    """``qc report``: ``path`` is a directory of results, or the JSON file of a patch test."""

    def prepare() -> None:
        check_file("-o", output)
        _check_results(path)

    on_root(comm, prepare)
    from ..report.page import write_report

    return _echo(comm, on_root(comm, lambda: [f"report in {write_report(path, output)}"]))


def view(comm: MPI.Comm, path: Path, number: int | None, picture: Path | None) -> int:
    """``qc view``: ``number`` of the state, ``picture`` to draw instead of opening a window."""

    def prepare() -> None:
        check_file("--picture", picture)
        if picture is not None and picture.suffix.lower() != ".png":
            raise InputError(f"--picture {str(picture)!r} is not allowed: it must be the name of a .png file")
        if not path.is_dir():
            raise InputError(f"{path} is no directory of results: that of qc run or qc propagate is expected")

    on_root(comm, prepare)
    from ..report.window import show

    on_root(comm, lambda: show(path, number, picture))
    return 0 if picture is None else _echo(comm, [f"picture in {picture}"])


def _check_results(path: Path) -> None:
    """Refuse what is not there before anything is loaded."""
    if not path.exists():
        raise InputError(f"{path} does not exist: a directory of results, or the JSON file of a patch test is expected")


def patch_test(comm: MPI.Comm, options: dict[str, Any]) -> int:
    """``qc patch-test``."""
    from ..commands import patch

    return patch.patch_test(comm, patch.PatchOptions(**options))


def _echo(comm: MPI.Comm, lines: list[str]) -> int:
    """Print lines on rank 0; the exit code."""
    if comm.rank == 0:
        typer.echo("\n".join(lines))
    return 0
