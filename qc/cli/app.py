"""The command line: ``qc run``, ``check``, ``griffith`` and the others. Heavy imports wait until they are needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..commands.examples import examples
from . import bodies, installation
from .ending import exit_code, run_command
from .info import info as show_info
from .info import installed_version
from .info import schema as show_schema
from .patch_words import patch_test
from .request import Request
from .shared import Commands, wide
from .survey_words import survey
from .thermal_words import thermal
from .velocity_words import velocity

if TYPE_CHECKING:
    from ..commands.study_plan import Measure

app = typer.Typer(
    name="qc",
    help="Cracks in crystals: atoms at the tip, finite elements around them, one blended model.",
    epilog="Exit codes: 0 done, 1 not converged, 2 bad input, 3 stopped by a signal (--resume goes on).",
    cls=Commands,
    context_settings=wide(),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CaseFile = Annotated[Path, typer.Argument(metavar="CASE.toml", help="Case file; its keys: qc info --schema.")]

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key, as in --set model.core_radius=40; may be repeated."),
]

PetscOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- PETSC_OPTIONS", help="Solver options, as in -- -snes_monitor.", show_default=False),
]


def _directory(ending: str = "") -> Any:
    help = f"Where results go; results/<case name>{ending} if left out."
    return typer.Option("-o", "--output", metavar="DIR", help=help)


def _file(what: str) -> Any:
    return typer.Option("-o", "--output", metavar="FILE", help=f"Write the {what} there as JSON.")


def _examples() -> list[tuple[str, str]]:
    """What the shell offers for the name of an example."""
    return list(examples().items())


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"qc {installed_version()}")
        raise typer.Exit


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
    petsc: PetscOptions = None,
    output: Annotated[Path | None, _directory()] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished step in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Relax a crack under a ladder of loads.

    On N ranks: mpirun -n N qc run CASE.toml
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume, petsc=petsc or [])
    raise typer.Exit(exit_code(lambda comm: bodies.run(comm, request)))


@app.command()
def propagate(
    case: CaseFile,
    petsc: PetscOptions = None,
    output: Annotated[Path | None, _directory("_propagation")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last accepted state in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Drive a crack over many bonds: K+ and K- of each, R-curve.

    The model follows the tip. Keys: tables [propagation] and [load] of the case.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume, petsc=petsc or [])
    raise typer.Exit(exit_code(lambda comm: bodies.propagate(comm, request)))


@app.command()
def dynamics(
    case: CaseFile,
    petsc: PetscOptions = None,
    output: Annotated[Path | None, _directory("_dynamics")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last checkpoint in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Let a crack run: tip and speed against time, energies, in Newton's equations.

    The model follows the tip with its velocities. Keys: table [dynamics] of the case.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume, petsc=petsc or [])
    raise typer.Exit(exit_code(lambda comm: bodies.dynamics(comm, request)))


@app.command()
def check(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Draw the model there (model.png).")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Validate a case: unknowns, memory, time to expect."""
    request = Request(path=case, output=output, overrides=overrides or [])
    raise typer.Exit(exit_code(lambda comm: bodies.check(comm, request)))


@app.command()
def griffith(
    case: CaseFile,
    output: Annotated[Path | None, _file("report")] = None,
    slips: Annotated[
        list[str] | None,
        typer.Option("--slip", metavar="SYSTEM", help='A slip system, as "(1 1 1) 1/6[1 1 -2]", instead of the usual ones; repeatable.'),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Cleavage and emission: energies of surfaces and stacking faults, elastic constants, K_G, K_Ie.

    Only crystal, potential, crack plane and front, and the mode of the load matter. With -o FILE.json the gamma lines are drawn in
    FILE.png.
    """
    request = Request(path=case, output=output, overrides=overrides or [])
    raise typer.Exit(exit_code(lambda comm: bodies.griffith(comm, request, slips or [])))


@app.command()
def folds(
    case: CaseFile,
    output: Annotated[Path | None, _directory("_folds")] = None,
    number: Annotated[int, typer.Option("--folds", metavar="N", min=1, help="Folds to pass under rising load.")] = 2,
    step: Annotated[
        float, typer.Option("--step", metavar="D", help="Longest step, in nearest-neighbour distances of displacement.")
    ] = 0.1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last point in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Follow a crack through its folds: K+, K- to 1e-4, unstable branches, barriers against the load.

    From the stable state at load.K_start, along the exact equilibria in both directions.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume)
    raise typer.Exit(exit_code(lambda comm: bodies.folds(comm, request, number, step)))


@app.command()
def front(
    case: CaseFile,
    output: Annotated[Path | None, _directory("_front")] = None,
    pairs: Annotated[
        str | None,
        typer.Option("--pairs", metavar="N,N,..", help="Pairs of kinks, that many periods apart; left out: 1 to all but one."),
    ] = None,
    periods: Annotated[
        list[str] | None,
        typer.Option("--periods", metavar="K,K,..", help="Exactly these periods have advanced, from 0; repeatable."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last front in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Relax crack fronts with kinks at load.K_start: energies against the straight front's, beside Rice's theory.

    The front has model.front_periods periods of the crystal; those named are one lattice step ahead.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume)
    raise typer.Exit(exit_code(lambda comm: bodies.front(comm, request, pairs, periods or [])))


@app.command()
def kinks(
    case: CaseFile,
    output: Annotated[Path | None, _directory("_kinks")] = None,
    levels: Annotated[
        str | None, typer.Option("--levels", metavar="K,K,..", help="Loads in K_G; left out: load.K_start.")
    ] = None,
    largest: Annotated[int, typer.Option("--largest", metavar="N", help="Periods ahead at the end.")] = 4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last load in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Barriers of kinks: bond after bond along the front, saddles and energies both ways, over loads.

    Each bond is pulled open until no force holds it; the whole front at once is beside it.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume)
    raise typer.Exit(exit_code(lambda comm: bodies.kinks(comm, request, levels, largest)))


@app.command()
def study(
    case: CaseFile,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=V,V,..",
            help="Values of a key, as model.core_radius=30,40; repeatable: all combinations.",
        ),
    ] = None,
    output: Annotated[Path | None, _directory("_study")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what is finished in DIR, go on with the rest.")
    ] = False,
    folds: Annotated[
        bool, typer.Option("--folds", help="K+ and K- by continuation instead of a ladder's brackets.")
    ] = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="The discs of all atoms besides, where they fit.")
    ] = False,
    most_atoms: Annotated[int, typer.Option("--most-atoms", metavar="N", help="Largest disc of all atoms.")] = 50_000,
    overrides: Overrides = None,
) -> None:
    """Vary keys of a case: K+ and K- of all combinations, extrapolated to large domains.

    Exit codes: 0 all done, 1 a member did not converge, 2 bad input, 3 stopped (resume with --resume).
    """
    measure: Measure = "folds" if folds else "ladder"
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume)
    raise typer.Exit(exit_code(lambda comm: bodies.study(comm, request, vary or [], measure, reference, most_atoms)))


app.command("survey")(survey)
app.command("velocity")(velocity)
app.command("thermal")(thermal)


@app.command("qm-sweep")
def qm_sweep(
    case: CaseFile,
    output: Annotated[Path | None, _directory("_sweep")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished load in DIR.")] = False,
    overrides: Overrides = None,
) -> None:
    """Tip bonds with and without the QM tip over the case's loads, and the opening forces.

    The case needs a table [qm]. Written: sweep.json, sweep.csv, sweep.png.
    """
    request = Request(path=case, output=output, overrides=overrides or [], resume=resume)
    raise typer.Exit(exit_code(lambda comm: bodies.qm_sweep(comm, request)))


@app.command("qm-budget")
def qm_budget(
    case: CaseFile,
    match: Annotated[
        Path | None,
        typer.Option(
            "--match",
            metavar="FILE.sw",
            help="Write a potential there that has the engine's a0, C11, C12 and C44 (diamond).",
        ),
    ] = None,
    output: Annotated[Path | None, _file("budget")] = None,
    cells: Annotated[
        int,
        typer.Option("--cells", metavar="N", min=1, help="Conventional cells of the engine's crystal along each axis."),
    ] = 2,
    overrides: Overrides = None,
) -> None:
    """Lattice constant and elastic constants of engine and potential, side by side.

    A QM region of another stiffness than its surroundings is an inclusion; --match takes that away.
    """
    request = Request(path=case, output=output, overrides=overrides or [])
    raise typer.Exit(exit_code(lambda comm: bodies.qm_budget(comm, request, match, cells)))


@app.command()
def match(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a model that gives forces only, as in potential.model.")],
    structure: Annotated[str, typer.Option("--structure", metavar="NAME", help="fcc or bcc.")],
    element: Annotated[str, typer.Option("--element", metavar="SYMBOL", help="Chemical symbol.")],
    a: Annotated[float, typer.Option("--a", metavar="A", help="Lattice constant to begin with, in A.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.snapcoeff", help="Where the twin goes.")],
) -> None:
    """Fit a cheap twin to a calculator of forces (MACE, CHGNet, DFTB, LAMMPS).

    It has the calculator's lattice and elastic constants, and second derivatives for the solver: potential.twin.
    """
    raise typer.Exit(exit_code(lambda comm: bodies.match(comm, name, structure, element, a, output)))


@app.command()
def report(
    results: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of results, or JSON file of a patch test.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where it goes; DIR/report.html if left out.")
    ] = None,
) -> None:
    """Write all that a run has found as one page of HTML.

    Verdict, numbers, curves, views of tip and mesh, pictures, settings, what to cite. It needs no network.
    """
    raise typer.Exit(exit_code(lambda comm: bodies.report(comm, results, output)))


@app.command()
def view(
    results: Annotated[Path, typer.Argument(metavar="DIR", help="Directory of qc run, qc propagate or qc front.")],
    step: Annotated[
        int | None, typer.Option("--step", metavar="N", min=0, help="State, from 0; default the last.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="Draw it there, and open no window.")
    ] = None,
) -> None:
    """Open the mesh and the atoms of a state in a window (extra "view": pyvista)."""
    raise typer.Exit(exit_code(lambda comm: bodies.view(comm, results, step, picture)))


app.command("patch-test")(patch_test)


@app.command()
def example(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="As iron or iron_crack.toml; left out: list them.", autocompletion=_examples),
    ] = None,
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder to copy it to.")] = Path("."),
) -> None:
    """Copy an example to begin with, or list them.

    Beside a case file goes case.schema.json, by which editors complete and check it.
    """
    raise typer.Exit(exit_code(lambda comm: installation.example(comm, name, folder)))


@app.command()
def selftest(output: Annotated[Path | None, _file("table")] = None) -> None:
    """Prove an installation: a few known results, also on two ranks.

    Compiles the kernels if nobody has. Exit codes: 0 all pass, 1 something failed.
    """
    raise typer.Exit(exit_code(lambda comm: installation.selftest(comm, output)))


@app.command()
def info(
    schema: Annotated[bool, typer.Option("--schema", help="Show the keys of a case file instead.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON; the schema as JSON Schema.")] = False,
) -> None:
    """Show versions, potential folders, PETSc packages."""
    raise typer.Exit(exit_code(lambda comm: show_schema(comm, json) if schema else show_info(comm, json)))


def main() -> int:
    """Entry point of the command ``qc``; the exit code."""
    return run_command(lambda: _commands()(prog_name="qc", standalone_mode=False))


@cache
def _commands() -> Any:
    """The commands as typer makes them, which takes a tenth of a second."""
    return typer.main.get_command(app)
