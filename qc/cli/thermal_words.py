"""Words of ``qc thermal``, and what is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..commands.thermal_plan import Warming, warming_of
from .ending import exit_code
from .request import on_root
from .shared import Element, Structure, species_of
from .tables import echo_thermal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpi4py import MPI


def thermal(
    potential: Annotated[str, typer.Argument(metavar="POTENTIAL", help="File or name, as potential.file of a case.")],
    temperature: Annotated[str, typer.Option("--temperature", metavar="T,T,..", help="Temperatures, K.")] = "0,150,300,600",
    structure: Structure = None,
    element: Element = None,
    plane: Annotated[
        str | None, typer.Option("--plane", metavar="H,K,L", help="Of gamma and K_G; left out: the first that qc survey looks at.")
    ] = None,
    front: Annotated[str | None, typer.Option("--front", metavar="U,V,W", help="Of the crack, with --plane.")] = None,
    quantum: Annotated[bool, typer.Option("--quantum", help="Vibrations as quanta, not as those of molecular dynamics.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/thermal_<potential> if left out.")
    ] = None,
) -> None:
    """A crystal at temperature: lattice constant, elastic constants, surface energy, Griffith load; quasi-harmonic.

    Exact vibrations of the potential at some hundred strains. Under mpirun the ranks share the wave vectors.
    """

    def words() -> Warming:
        return warming_of(potential, structure, species_of(element), temperature, plane, front, quantum, output)

    raise typer.Exit(exit_code(lambda comm: thermal_body(comm, words)))


def thermal_body(comm: MPI.Comm, words: Callable[[], Warming]) -> int:
    """Look at the words, warm the crystal, print the table."""
    warming = on_root(comm, words)
    from ..commands.thermal import run_thermal, summary, table

    made = run_thermal(warming, comm)
    if comm.rank == 0:
        echo_thermal(made, *table(made))
        typer.echo("\n".join([*summary(made), f"results in {warming.output}"]))
    return 0
