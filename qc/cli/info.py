"""``qc info``: versions, packages of PETSc and the schema of the case file."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mpi4py import MPI


PETSC_PACKAGES = ("mumps", "ptscotch", "scotch", "parmetis", "metis", "hypre", "superlu_dist", "scalapack")


def _installed_version() -> str:
    try:
        return importlib.metadata.version("qc-fracture")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, run from its source folder)"


def _info(comm: MPI.Comm) -> int:
    from atomistics.potentials.library import BUILT_IN, potential_folders

    from ..output.versions import versions

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

    from ..case.case import schema_rows

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
