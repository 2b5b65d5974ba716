"""``qc example`` and ``qc selftest``: what a new installation is asked first."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..commands.examples import copy_example, examples
from .request import check_file, on_root

if TYPE_CHECKING:
    from mpi4py import MPI

    from ..commands.selftest import Row

LINE = "{:<22}{:>7}  {:<9}{}"


def example(comm: MPI.Comm, name: str | None, folder: Path) -> int:
    """``qc example``: list them, or copy one."""

    def act() -> list[str]:
        if name is None:
            found = examples()
            width = max(map(len, found), default=0)
            return [*(f"{file:<{width}}  {what}" for file, what in found.items()), "", "qc example NAME copies one"]
        return [f"wrote {path}" for path in copy_example(name, folder)]

    lines = on_root(comm, act)
    if comm.rank == 0:
        typer.echo("\n".join(lines))
    return 0


def selftest(comm: MPI.Comm, output: Path | None) -> int:
    """``qc selftest``: the table, a line as soon as it is known; 1 if anything failed."""
    on_root(comm, lambda: check_file("-o", output))
    begin = time.perf_counter()
    _say(comm, LINE.format("what", "s", "verdict", "found (expected)"))
    try:
        import atomistics  # noqa: F401  compiles the kernels

        compiling = time.perf_counter() - begin
        from ..commands.selftest import selftest as rows_of
    except (ImportError, RuntimeError, OSError) as error:  # a library that is not there, or does not load
        _say(comm, LINE.format("libraries", "", "FAIL", f"{error} (DOLFINx, PETSc and MPI, as the extra solver brings them)"))
        return 1
    done: list[Row] = []
    for row in rows_of(comm, compiling):
        done.append(row)
        _say(comm, LINE.format(row.what, f"{row.seconds:.1f}", row.verdict, f"{row.found} ({row.expected})"))
    bad = sum(row.passed is False for row in done)
    words = "1 rank" if comm.size == 1 else f"{comm.size} ranks"
    verdict = "the installation works" if not bad else f"{bad} of {len(done)} FAILED"
    _say(comm, f"{verdict}; {time.perf_counter() - begin:.0f} s on {words}")
    if output is not None:
        from ..output.files import write_json

        report = {"ranks": comm.size, "rows": [row.plain() for row in done]}
        on_root(comm, lambda: write_json(output, report))
    return 1 if bad else 0


def _say(comm: MPI.Comm, line: str) -> None:
    if comm.rank == 0:
        typer.echo(line)
