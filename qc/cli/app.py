"""The command line: ``qc run``, ``check``, ``griffith`` and the others. Heavy imports wait until they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .ending import exit_code, run_command

if TYPE_CHECKING:
    from ..commands.study_plan import Measure
from .bodies import _check, _folds, _griffith, _patch_test, _propagate, _qm_budget, _qm_sweep, _run, _study
from .info import _info, _installed_version, _schema

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
        typer.Option(
            "-o", "--output", metavar="DIR", help="Where results go; results/<case name>_propagation if left out."
        ),
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
        typer.Option(
            "--vary",
            metavar="KEY=V,V,..",
            help="Values of a key, as model.core_radius=30,40; repeatable: all combinations.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/<case name>_study if left out."),
    ] = None,
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
    raise typer.Exit(
        exit_code(
            lambda comm: _study(comm, case, output, resume, vary or [], overrides or [], measure, reference, most_atoms)
        )
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
        typer.Option(
            "--match",
            metavar="FILE.sw",
            help="Write a potential there that has the engine's a0, C11, C12 and C44 (diamond).",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the budget there as JSON.")
    ] = None,
    cells: Annotated[
        int,
        typer.Option("--cells", metavar="N", min=1, help="Conventional cells of the engine's crystal along each axis."),
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
        typer.Option(
            "--engine", metavar="E", help="Engine of the QM claims: gfn1-xtb if left out, ase:module.Class, ..."
        ),
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


def main() -> int:
    """Entry point of the command ``qc``; the exit code."""
    command = typer.main.get_command(app)
    return run_command(lambda: command(prog_name="qc", standalone_mode=False))
