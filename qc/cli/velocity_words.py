"""Words of ``qc velocity``, and what is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..commands.velocity_plan import Walks, walks_of
from .ending import exit_code
from .request import on_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpi4py import MPI


def velocity(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of qc kinks: its events at one load or more.")],
    temperature: Annotated[str, typer.Option("--temperature", metavar="T,T,..", help="Temperatures, K.")],
    levels: Annotated[
        str | None,
        typer.Option("--levels", metavar="K,K,..", help="Loads in K_G; left out: twelve from equal energies to the highest measured."),
    ] = None,
    sites: Annotated[int, typer.Option("--sites", metavar="N", help="Periods of the front that walks.")] = 256,
    events: Annotated[int, typer.Option("--events", metavar="N", help="Bonds that break or heal, at each load and temperature.")] = 200_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the random numbers.")] = 0,
    thermal: Annotated[
        Path | None,
        typer.Option("--thermal", metavar="DIR", help="Results of qc thermal of the same crystal: loads in K_G of each temperature."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where results go; beside kinks.json if left out.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run was stopped: what is walked is not walked again.")] = False,
) -> None:
    """Velocity of a crack by kinks over load and temperature, from the barriers of qc kinks: kinetic Monte Carlo.

    Beside it the growth formula, the window of transition-state theory, and a growth law G(v, T) as table and formula.
    """

    def words() -> Walks:
        return walks_of(directory, temperature, levels, sites, events, seed, output, thermal, resume)

    raise typer.Exit(exit_code(lambda comm: velocity_body(comm, words)))


def velocity_body(comm: MPI.Comm, words: Callable[[], Walks]) -> int:
    """Look at the words, walk, print what has come out."""
    walks = on_root(comm, words)
    from ..commands.velocity import run_velocity, summary

    made = run_velocity(walks, comm)
    if comm.rank == 0:
        typer.echo("\n".join([*summary(made), f"results in {walks.output}"]))
    return 0
