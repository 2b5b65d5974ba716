"""The command line: ``qc run``, ``check``, ``griffith`` and the others. Heavy imports wait until they are needed."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_checks import FREE_KEYS, FREE_TO_PROPAGATE, check_directory, check_engine, check_potential, check_same_model
from .ending import exit_code, run_command
from .errors import InputError

if TYPE_CHECKING:
    from mpi4py import MPI

    from .case import Case
    from .study_plan import Measure, Member

PETSC_PACKAGES = ("mumps", "ptscotch", "scotch", "parmetis", "metis", "hypre", "superlu_dist", "scalapack")

app = typer.Typer(
    name="qc",
    help="Cracks in crystals: atoms at the tip, finite elements around them, one blended model.",
    epilog="Exit codes: 0 done, 1 not converged, 2 bad input, 3 stopped with the state saved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CaseFile = Annotated[Path, typer.Argument(metavar="CASE.toml", help="Case file; its keys: qc info --schema.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key, as in --set model.core_radius=40; may be repeated."),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"qc {_installed_version()}")
        raise typer.Exit


def _installed_version() -> str:
    try:
        return importlib.metadata.version("qc-fracture")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, run from its source folder)"


@app.callback()
def _qc(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    case: CaseFile,
    petsc: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- PETSC_OPTIONS", help="Solver options, as in -- -snes_monitor.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name> if left out."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished step in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Relax a crack under a ladder of loads.

    On N ranks: mpirun -n N qc run CASE.toml
    """
    raise typer.Exit(exit_code(lambda comm: _run(comm, case, output, resume, overrides or [], petsc or [])))


@app.command()
def propagate(
    case: CaseFile,
    petsc: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- PETSC_OPTIONS", help="Solver options, as in -- -snes_monitor.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name>_propagation if left out."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last accepted state in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Drive a crack over many bonds: K+ and K- of each, R-curve.

    The model follows the tip. Keys: tables [propagation] and [load] of the case.
    """
    raise typer.Exit(exit_code(lambda comm: _propagate(comm, case, output, resume, overrides or [], petsc or [])))


@app.command()
def check(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Draw the model there (model.png).")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Validate a case: unknowns, memory, time to expect."""
    raise typer.Exit(exit_code(lambda comm: _check(comm, case, output, overrides or [])))


@app.command()
def griffith(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the report there as JSON.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Surface energies of all cuts of the plane, elastic constants, K_G.

    Only crystal, potential, crack plane and front of the case matter.
    """
    raise typer.Exit(exit_code(lambda comm: _griffith(comm, case, output, overrides or [])))


@app.command()
def folds(
    case: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name>_folds if left out."),
    ] = None,
    number: Annotated[int, typer.Option("--folds", metavar="N", min=1, help="Folds to pass under rising load.")] = 2,
    step: Annotated[
        float, typer.Option("--step", metavar="D", help="Longest step, in nearest-neighbour distances of displacement.")
    ] = 0.1,
    overrides: Overrides = None,
) -> None:
    """Follow a crack through its folds: K+, K- to 1e-4, unstable branches, barriers against the load.

    From the stable state at load.K_start, along the exact equilibria in both directions.
    """
    raise typer.Exit(exit_code(lambda comm: _folds(comm, case, output, number, step, overrides or [])))


@app.command()
def study(
    case: CaseFile,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=V,V,..", help="Values of a key, as model.core_radius=30,40; repeatable: all combinations."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name>_study if left out."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip what is finished in DIR, go on with the rest.")] = False,
    folds: Annotated[bool, typer.Option("--folds", help="K+ and K- by continuation instead of a ladder's brackets.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="The discs of all atoms besides, where they fit.")] = False,
    most_atoms: Annotated[int, typer.Option("--most-atoms", metavar="N", help="Largest disc of all atoms.")] = 50_000,
    overrides: Overrides = None,
) -> None:
    """Vary keys of a case: K+ and K- of all combinations, extrapolated to large domains.

    Exit codes: 0 all done, 1 a member did not converge, 2 bad input, 3 stopped (resume with --resume).
    """
    measure: Measure = "folds" if folds else "ladder"
    raise typer.Exit(
        exit_code(lambda comm: _study(comm, case, output, resume, vary or [], overrides or [], measure, reference, most_atoms))
    )


@app.command("qm-sweep")
def qm_sweep(
    case: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name>_sweep if left out."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Tip bonds with and without the QM tip over the case's loads, and the opening forces.

    The case needs a table [qm]. Written: sweep.json, sweep.csv, sweep.png.
    """
    raise typer.Exit(exit_code(lambda comm: _qm_sweep(comm, case, output, overrides or [])))


@app.command("qm-budget")
def qm_budget(
    case: CaseFile,
    match: Annotated[
        Path | None,
        typer.Option("--match", metavar="FILE.sw", help="Write a potential there that has the engine's a0, C11, C12 and C44 (diamond)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the budget there as JSON.")
    ] = None,
    cells: Annotated[
        int, typer.Option("--cells", metavar="N", min=1, help="Conventional cells of the engine's crystal along each axis.")
    ] = 2,
    overrides: Overrides = None,
) -> None:
    """Lattice constant and elastic constants of engine and potential, side by side.

    A QM region of another stiffness than its surroundings is an inclusion; --match takes that away.
    """
    raise typer.Exit(exit_code(lambda comm: _qm_budget(comm, case, match, output, cells, overrides or [])))


@app.command("patch-test")
def patch_test(
    methods: Annotated[list[str] | None, typer.Option("--method", metavar="M", help="Method; repeatable.")] = None,
    crystals: Annotated[
        list[str] | None,
        typer.Option(
            "--crystal",
            metavar="C",
            help="hexagonal|fcc|bcc|diamond|hcp[:Element[:a]], zincblende[:E:E[:a]], a in A; repeatable.",
        ),
    ] = None,
    potentials: Annotated[
        list[str] | None, typer.Option("--potential", metavar="P", help="Built-in name or file; repeatable.")
    ] = None,
    deformations: Annotated[
        list[str] | None,
        typer.Option(
            "--deformation",
            metavar="D",
            help="identity, shear:G, stretch:E, general:E, random:SEED, rotation:DEGREES, or F row by row with commas; repeatable.",
        ),
    ] = None,
    dimensions: Annotated[
        list[str] | None, typer.Option("--dimension", metavar="2|2.5|3", help="Dimension; repeatable.")
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference", metavar="lattice|far_field", help="Where bgfc takes its dead load; both if left out."
        ),
    ] = None,
    shifts: Annotated[
        list[str] | None,
        typer.Option("--shifts", metavar="relaxed|given", help="Inner shifts of a multilattice; both if left out."),
    ] = None,
    width: Annotated[
        str | None, typer.Option("--width", metavar="K", help="Handshake in nearest-neighbour distances.")
    ] = None,
    mesh: Annotated[
        str | None,
        typer.Option("--mesh", metavar="FILE", help="A .msh file of gmsh instead of the lattice's own mesh."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="E", help="Engine of the QM claims: gfn1-xtb if left out, ase:module.Class, ..."),
    ] = None,
    format: Annotated[str, typer.Option("--format", metavar="table|json|junit", help="What to write.")] = "table",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it; the terminal if left out.")
    ] = None,
    map: Annotated[
        Path | None, typer.Option("--map", metavar="PNG", help="Draw where the ghost forces are (first crystal).")
    ] = None,
) -> None:
    """Test what theory says of each method: ghost forces, energies, decay, ranks.

    Without arguments: the standard suite. Exit codes: 0 every verdict is as theory says, 1 not, 2 bad input.
    """
    options: dict[str, Any] = {
        "methods": methods or [],
        "crystals": crystals or [],
        "potentials": potentials or [],
        "deformations": deformations or [],
        "dimensions": dimensions or [],
        "references": references or [],
        "shifts": shifts or [],
    }
    options |= {"width": width, "mesh": mesh, "engine": engine, "format": format, "output": output, "map": map}
    raise typer.Exit(exit_code(lambda comm: _patch_test(comm, options)))


@app.command()
def info(
    schema: Annotated[bool, typer.Option("--schema", help="Show the keys of a case file instead.")] = False,
) -> None:
    """Show versions, potential folders, PETSc packages."""
    raise typer.Exit(exit_code(lambda comm: _schema(comm) if schema else _info(comm)))


def _run(comm: MPI.Comm, path: Path, output: Path | None, resume: bool, overrides: list[str], petsc: list[str]) -> int:
    case, directory = _on_root(comm, lambda: _prepare(path, output, resume, overrides, petsc, "", FREE_KEYS))
    from .run import run_case

    return _in_directory(comm, run_case, case, directory, resume, petsc)


def _propagate(
    comm: MPI.Comm, path: Path, output: Path | None, resume: bool, overrides: list[str], petsc: list[str]
) -> int:
    case, directory = _on_root(
        comm, lambda: _prepare(path, output, resume, overrides, petsc, "_propagation", FREE_TO_PROPAGATE)
    )
    from .propagate_run import run_propagation

    return _in_directory(comm, run_propagation, case, directory, resume, petsc)


def _prepare(
    path: Path, output: Path | None, resume: bool, overrides: list[str], petsc: list[str], ending: str, free: tuple[str, ...]
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
    from .run import check_case

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
        from .griffith_report import griffith_lines, griffith_of_case
        from .results import write_json

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
    from .continuation import PathOptions
    from .folds import FoldSpec, run_folds, summary

    document = run_folds(case, directory, FoldSpec(case.load.K_start, number), PathOptions(step=step))
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
    from .qm.sweep import run_sweep, sweep_lines
    from .run import make_system, qm_line, solver_options

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
        from .qm.match import budget_of_case
        from .results import write_json

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
        from .study_plan import parse_variations, plan

        variations = parse_variations(vary)
        case = _load(path, overrides)
        directory = output or Path("results") / f"{case.name}_study"
        check_directory(directory, resume)
        return plan(path, variations, overrides, reference), directory

    members, directory = _on_root(comm, prepare)
    from .study import run_study, table

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
    from .patch_command import PatchOptions, patch_test

    return patch_test(comm, PatchOptions(**options))


def _load(path: Path, overrides: list[str]) -> Case:
    from .case import load_case

    case = load_case(path, overrides)
    check_potential(case)
    check_engine(case)
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


def _info(comm: MPI.Comm) -> int:
    from atomistics.library import BUILT_IN, potential_folders

    from .results import versions

    found = versions()
    found.pop("qc", None)
    from petsc4py import PETSc

    if comm.rank:
        return 0
    typer.echo(f"qc {_installed_version()} on {comm.size} rank{'s' if comm.size > 1 else ''}")
    _echo_table(found, "Versions")
    packages = [name for name in PETSC_PACKAGES if PETSc.Sys.hasExternalPackage(name)]
    typer.echo(f"\nPETSc was built with\n  {', '.join(packages) or 'none of ' + ', '.join(PETSC_PACKAGES)}")
    typer.echo("\nPotential files are looked for beside the case file, then in")
    for folder in potential_folders():
        typer.echo(f"  {folder}{'' if folder.is_dir() else '  (does not exist)'}")
    typer.echo(f"\nBuilt-in potentials\n  {', '.join(BUILT_IN)}")
    return 0


def _schema(comm: MPI.Comm) -> int:
    if comm.rank:
        return 0
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from .case import schema_rows

    console = Console(markup=False, highlight=False)  # [crack] is not a style
    table = Table("key", "default", "meaning, and what is allowed", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[:2]:
        column.no_wrap = True
    for key, allowed, default, description in schema_rows():
        table.add_row(key, default, f"{description}\n= {allowed}")
    console.print(table)
    return 0


def _echo_table(rows: dict[str, Any], title: str = "") -> None:
    """Names and values in two columns."""
    if title:
        typer.echo(f"\n{title}")
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        typer.echo(f"  {name:<{width}}  {_shown(value)}")


def _shown(value: Any) -> str:
    """A value with thousands apart, lists without brackets."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", " ")
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def main() -> int:
    """Entry point of the command ``qc``; the exit code."""
    command = typer.main.get_command(app)
    return run_command(lambda: command(prog_name="qc", standalone_mode=False))
