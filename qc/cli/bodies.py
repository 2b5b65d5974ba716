"""What each command does once its words are known: load the case, call `commands`, print the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..commands.checks import (
    FREE_KEYS,
    FREE_TO_PROPAGATE,
    check_directory,
    check_engine,
    check_potential,
    check_same_model,
)
from ..errors import InputError

if TYPE_CHECKING:
    from mpi4py import MPI

    from ..case.case import Case
    from ..commands.study_plan import Measure, Member
from .info import _echo_table


def _run(comm: MPI.Comm, path: Path, output: Path | None, resume: bool, overrides: list[str], petsc: list[str]) -> int:
    case, directory = _on_root(comm, lambda: _prepare(path, output, resume, overrides, petsc, "", FREE_KEYS))
    from ..commands.run import run_case

    return _in_directory(comm, run_case, case, directory, resume, petsc)


def _propagate(
    comm: MPI.Comm, path: Path, output: Path | None, resume: bool, overrides: list[str], petsc: list[str]
) -> int:
    case, directory = _on_root(
        comm, lambda: _prepare(path, output, resume, overrides, petsc, "_propagation", FREE_TO_PROPAGATE)
    )
    from ..commands.propagate import run_propagation

    return _in_directory(comm, run_propagation, case, directory, resume, petsc)


def _prepare(
    path: Path,
    output: Path | None,
    resume: bool,
    overrides: list[str],
    petsc: list[str],
    ending: str,
    free: tuple[str, ...],
) -> tuple[Case, Path]:
    """The case and its directory, both looked at. On rank 0 only."""
    case = _load(path, overrides)
    if petsc and not petsc[0].startswith("-"):
        raise InputError(
            f"{petsc[0]!r} is not expected after the case file: PETSc options follow --, as in -- -snes_monitor"
        )
    directory = output or Path("results") / f"{case.name}{ending}"
    check_directory(directory, resume)
    if resume:
        check_same_model(case.plain(), directory, free)
    return case, directory


def _in_directory(
    comm: MPI.Comm,
    command: Callable[[Case, Path, bool, list[str]], int],
    case: Case,
    directory: Path,
    resume: bool,
    petsc: list[str],
) -> int:
    """Run a command that makes its directory; a refused case leaves none behind."""
    try:
        return command(case, directory, resume, petsc)
    except InputError:
        if comm.rank == 0 and not resume:
            _remove_traces(directory)
        raise


def _check(comm: MPI.Comm, path: Path, output: Path | None, overrides: list[str]) -> int:
    case = _on_root(comm, lambda: _load(path, overrides))
    from ..commands.check import check_case

    report = check_case(case, output)
    if comm.rank == 0:
        warnings = report.pop("warnings")
        _echo_table({key: value for key, value in report.items() if value is not None})
        for sentence in warnings:
            typer.echo(f"warning: {sentence}")
    return 0


def _griffith(comm: MPI.Comm, path: Path, output: Path | None, overrides: list[str]) -> int:
    def report() -> list[str]:
        case = _load(path, overrides)
        _check_file("-o", output)
        from ..commands.griffith import griffith_lines, griffith_of_case
        from ..output.files import write_json

        found = griffith_of_case(case)
        if output is not None:
            write_json(output, found)
        return griffith_lines(found)

    lines = _on_root(comm, report)
    if comm.rank == 0:
        typer.echo("\n".join(lines))
    return 0


def _folds(comm: MPI.Comm, path: Path, output: Path | None, number: int, step: float, overrides: list[str]) -> int:
    def prepare() -> tuple[Case, Path]:
        if not 0.0 < step <= 1.0:
            raise InputError(f"--step {step:g}: must be above 0 and at most 1 nearest-neighbour distance")
        case = _load(path, overrides)
        directory = output or Path("results") / f"{case.name}_folds"
        check_directory(directory, False)
        return case, directory

    case, directory = _on_root(comm, prepare)
    from ..commands.folds import run_folds, summary
    from ..crack.folds import FoldSpec
    from ..drive.continuation import PathOptions

    document = run_folds(case, directory, FoldSpec(start=case.load.K_start, folds=number), PathOptions(step=step))
    if comm.rank == 0:
        for line in summary(document):
            typer.echo(line)
        typer.echo(f"results in {directory}")
    return 0


def _qm_sweep(comm: MPI.Comm, path: Path, output: Path | None, overrides: list[str]) -> int:
    def prepare() -> tuple[Case, Path]:
        case = _load(path, overrides)
        if case.qm is None:
            raise InputError(f"{path} has no table [qm]: qc qm-sweep needs one, as [qm] with radius = 6.0")
        directory = output or Path("results") / f"{case.name}_sweep"
        check_directory(directory, False)
        return case, directory

    case, directory = _on_root(comm, prepare)
    from ..commands.build import make_system, solver_options
    from ..commands.qm_sweep import run_sweep, sweep_lines
    from ..commands.report import qm_line

    system = make_system(case, comm)
    _on_root(comm, lambda: directory.mkdir(parents=True, exist_ok=True))
    document = run_sweep(case, system, solver_options(case, []), directory)
    if comm.rank == 0:
        typer.echo("\n".join(sweep_lines(document)))
        typer.echo(f"{qm_line(document['qm'])}; results in {directory}")
    return 0


def _qm_budget(
    comm: MPI.Comm, path: Path, match: Path | None, output: Path | None, cells: int, overrides: list[str]
) -> int:
    def report() -> list[str]:
        case = _load(path, overrides)
        for option, file in (("--match", match), ("-o", output)):
            _check_file(option, file)
        if match is not None and match.suffix != ".sw":
            raise InputError(f"--match {str(match)!r} is not allowed: the name must end in .sw")
        from ..commands.qm_budget import budget_of_case
        from ..output.files import write_json

        found = budget_of_case(case, cells, match)
        if output is not None:
            write_json(output, {key: value for key, value in found.items() if "table" not in key})
        return [found["table"]] + (["", f"{match}:", found["matched_table"]] if match is not None else [])

    lines = _on_root(comm, report)
    if comm.rank == 0:
        typer.echo("\n".join(lines))
    return 0


def _check_file(option: str, file: Path | None) -> None:
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        raise InputError(f"{option} {str(file)!r} is not allowed: it must be a file in a directory that exists")


def _study(
    comm: MPI.Comm,
    path: Path,
    output: Path | None,
    resume: bool,
    vary: list[str],
    overrides: list[str],
    measure: Measure,
    reference: bool,
    most_atoms: int,
) -> int:
    def prepare() -> tuple[list[Member], Path]:
        from ..commands.study_plan import parse_variations, plan

        variations = parse_variations(vary)
        case = _load(path, overrides)
        directory = output or Path("results") / f"{case.name}_study"
        check_directory(directory, resume)
        return plan(path, variations, overrides, reference), directory

    members, directory = _on_root(comm, prepare)
    from ..commands.study import run_study, table

    document = run_study(members, directory, measure, resume, most_atoms)
    if comm.rank == 0:
        _echo_study(table(document), document["fits"])
        typer.echo(f"results in {directory}")
    return 1 if any(row["state"] == "failed" for row in document["members"]) else 0


def _echo_study(rows: list[tuple[str, ...]], fits: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table("case", "unknowns", "K+ / K_G", "K- / K_G", "s", box=box.SIMPLE_HEAD, pad_edge=False)
    shown.columns[0].overflow = "fold"
    for row in rows:
        shown.add_row(*row)
    Console(markup=False, highlight=False).print(shown)
    for fit in fits:
        name, of = ("K+" if fit["which"] == "K_plus" else "K-"), f" ({fit['of']})" if fit["of"] else ""
        laws = zip(fit["coefficients"], fit["powers"], strict=True)
        law = " ".join(f"{c:+.3f} (A / R)^{p:g}" for c, p in laws)
        line = f"{name}{of} = {fit['K_inf_over_KG']:.4f} +-{fit['error']:.4f} K_G for large R: {law}"
        errors = f"brackets {fit['bracket_error']:.4f}, another law {fit['law_error']:.4f}"
        typer.echo(f"{line}; {errors}, {fit['points']} points within {fit['residual']:.4f}")


def _patch_test(comm: MPI.Comm, options: dict[str, Any]) -> int:
    from ..commands.patch import PatchOptions, patch_test

    return patch_test(comm, PatchOptions(**options))


def _load(path: Path, overrides: list[str]) -> Case:
    from ..case.case import load_case

    case = load_case(path, overrides)
    check_potential(case)
    check_engine(case.qm)
    return case


def _on_root[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Decide on rank 0, for all: rank 0 is about to change what the others would look at. Collective.

    As `fem.collective.on_root`, without the second that importing `fem` takes: bad input is told at once.
    """
    answer: tuple[T | None, Exception | None] = (None, None)
    if comm.rank == 0:
        try:
            answer = (function(), None)
        except Exception as error:
            answer = (None, error)
    value, failure = comm.bcast(answer)
    if failure is not None:
        raise failure
    return value  # type: ignore[return-value]


def _remove_traces(directory: Path) -> None:
    """Remove the new directory of a refused case, so that the mended case can run; never one with results."""
    if directory.is_dir() and {p.name for p in directory.iterdir()} <= TRACES:
        for name in TRACES:
            (directory / name).unlink(missing_ok=True)
        directory.rmdir()


TRACES = {"run.log", "far_field.npz"}
"""What there may be before the first step."""
