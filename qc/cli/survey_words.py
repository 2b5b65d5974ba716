"""Words of ``qc survey``, and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..commands.checks import check_directory
from ..errors import InputError
from .ending import exit_code
from .request import on_root
from .shared import Element, Structure, species_of
from .tables import echo_survey

if TYPE_CHECKING:
    from mpi4py import MPI


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the command is told.

    Attributes
    ----------
    potentials : list of str
    structure : str or None
    species : tuple of str
        Empty: those of the potential.
    systems : str
        "standard" or the name of a file.
    processes : int
    directory : Path
    resume : bool
    overrides : list of str
    """

    potentials: list[str]
    structure: str | None
    species: tuple[str, ...]
    systems: str
    processes: int
    directory: Path
    resume: bool
    overrides: list[str]


def survey(
    potentials: Annotated[
        list[str], typer.Argument(metavar="POTENTIAL...", help="Files or names, as potential.file of a case; several are compared.")
    ],
    structure: Structure = None,
    element: Element = None,
    systems: Annotated[
        str, typer.Option("--systems", metavar="standard|FILE", help="Crack systems: the usual ones, or those of a TOML or JSON file.")
    ] = "standard",
    processes: Annotated[
        int, typer.Option("-j", "--processes", metavar="N", min=1, help="Crack systems side by side, a process with one thread each.")
    ] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where results go; results/survey_<potentials> if left out.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip what is finished in DIR, go on with the rest.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set a key of all cases, as --set load.K_stop=1.6; may be repeated."),
    ] = None,
) -> None:
    """What potentials say of cracks: constants, surfaces, faults; K_G, K_Ie, first event of every crack system.

    One qc run a crack system, with the sizes of the code; a page with tables and pictures, CSV, JSON. Under mpirun one crack system
    after the other runs on all ranks. Exit codes: 0 all done, 1 a crack system failed, 2 bad input, 3 stopped (--resume goes on).
    """
    names = "_".join(Path(name).name.split(".")[0] for name in potentials)
    words = Words(
        potentials=potentials,
        structure=structure,
        species=species_of(element),
        systems=systems,
        processes=processes,
        directory=output or Path("results") / f"survey_{names}",
        resume=resume,
        overrides=overrides or [],
    )
    raise typer.Exit(exit_code(lambda comm: survey_body(comm, words)))


def survey_body(comm: MPI.Comm, words: Words) -> int:
    """Look at the words, run what is not there, print the tables; the exit code."""

    def prepare() -> None:
        if comm.size > 1 and words.processes > 1:
            raise InputError(f"-j {words.processes} is not allowed on {comm.size} ranks: all of them run one crack system after the other")
        check_directory(words.directory, words.resume)

    on_root(comm, prepare)
    from ..commands.survey import run_survey  # all ranks load PETSc, or none
    from ..commands.survey_plan import Wish, plan_survey

    wish = Wish(
        potentials=words.potentials,
        structure=words.structure,
        species=words.species,
        systems=words.systems,
        overrides=words.overrides,
    )
    subjects = on_root(comm, lambda: plan_survey(wish))
    return _ending(comm, run_survey(subjects, words.directory, words.processes, words.resume, words.overrides), words.directory)


def _ending(comm: MPI.Comm, document: dict[str, Any], directory: Path) -> int:
    """Print what has come out; the exit code."""
    if comm.rank == 0:
        echo_survey(document)
        typer.echo(f"results in {directory}")
    rows = [row for one in document["potentials"] for row in one["systems"]]
    states = {row["state"] for row in rows}
    if states == {"refused"}:
        raise InputError(f"no crack system was run, all {len(rows)} are refused: {rows[0]['reason']}")
    return 0 if states == {"done"} else 1
