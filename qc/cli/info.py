"""``qc info``: versions, packages of PETSc and the schema of the case file."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

import typer

from .tables import echo_table

if TYPE_CHECKING:
    from mpi4py import MPI

PETSC_PACKAGES = ("mumps", "ptscotch", "scotch", "parmetis", "metis", "hypre", "superlu_dist", "scalapack")
"""Packages that PETSc may have been built with, of those that solve for us."""


def installed_version() -> str:
    """Version of the installed package, or that there is none."""
    try:
        return importlib.metadata.version("qc-fracture")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, run from its source folder)"


def info(comm: MPI.Comm, as_json: bool = False) -> int:
    """``qc info``. All ranks load what they are asked the versions of."""
    from atomistics.potentials.folders import potential_folders  # nothing that would compile
    from atomistics.potentials.plugins import plugins

    from ..case.tables import BUILT_IN_POTENTIALS
    from ..output.versions import versions

    found = versions()
    found.pop("qc", None)
    from petsc4py import PETSc

    if comm.rank:
        return 0
    packages = [name for name in PETSC_PACKAGES if PETSc.Sys.hasExternalPackage(name)]
    added = {point.name: point.dist.name if point.dist else point.value for point in plugins().values()}
    if as_json:
        known = {"qc": installed_version(), "ranks": comm.size, "versions": found, "petsc_packages": packages}
        folders = [str(folder) for folder in potential_folders()]
        print(json.dumps(known | {"potential_folders": folders, "built_in": [*BUILT_IN_POTENTIALS], "added": added}, indent=1))
        return 0
    typer.echo(f"qc {installed_version()} on {comm.size} rank{'s' if comm.size > 1 else ''}")
    echo_table(found, "Versions")
    typer.echo(f"\nPETSc was built with\n  {', '.join(packages) or 'none of ' + ', '.join(PETSC_PACKAGES)}")
    typer.echo("\nPotential files are looked for beside the case file, then in")
    for folder in potential_folders():
        typer.echo(f"  {folder}{'' if folder.is_dir() else '  (does not exist)'}")
    typer.echo(f"\nBuilt-in potentials\n  {', '.join(BUILT_IN_POTENTIALS)}")
    if added:
        echo_table(added, "Potentials (names, and endings of files) that other packages add")
    return 0


def schema(comm: MPI.Comm, as_json: bool = False) -> int:
    """``qc info --schema``: every key of a case file, its default and its meaning; ``--json``: as JSON Schema."""
    if comm.rank:
        return 0
    if as_json:
        from ..case.schema import json_schema

        print(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return 0
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from ..case.case import schema_rows

    console = Console(markup=False, highlight=False)  # [crack] is not a style
    table = Table("key", "default", "meaning, and what is allowed", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[:2]:
        column.no_wrap = True
    for key, allowed, default, description in schema_rows():
        table.add_row(key, default, f"{description}\n= {allowed}")
    console.print(table)
    return 0
