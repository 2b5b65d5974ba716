"""The words of ``qc patch-test``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import bodies
from .ending import exit_code


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
            "--engine", metavar="E", help="Engine of the QM claims: gfn1-xtb if left out, ase:module.Class, ..., or NAME=COMMAND."
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
    raise typer.Exit(exit_code(lambda comm: bodies.patch_test(comm, options)))
