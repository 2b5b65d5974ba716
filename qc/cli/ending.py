"""How a command ends: exit codes, one sentence for what the user can mend, and no rank left waiting for another."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..commands.guard import guarded, has_spoken
from ..commands.verbosity import messages_on_screen
from ..errors import ConvergenceError, InputError, Stopped, visible

if TYPE_CHECKING:
    from mpi4py import MPI

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 3
UsageError: Any = typer.BadParameter.__mro__[1]  # click's; typer brings it under changing names
NO_HANDLER = "-no_signal_handler"
OBEYED = {".petscrc": "PETSc", "petscrc": "PETSc", ".numba_config.yaml": "numba"}
"""Files of the working directory that libraries take settings from, and which do."""
PATIENCE = 20.0
"""Seconds that a failing rank waits for the others to fail with it before it ends them all."""
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE}
"""What the machine refuses, and not this code: it is told in one sentence."""
NAMES = {errno.ENAMETOOLONG, errno.ELOOP}
"""Names that no file can have."""


def exit_code(command: Callable[[MPI.Comm], int]) -> int:
    """Run a command on all ranks and turn what it raises into an exit code.

    What the user or the machine can mend, and a stop, is one sentence on stderr, told by rank 0 or by the rank that failed
    alone. Anything else is a defect: its traceback is shown, once.
    """
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    # a failing rank must not meet the others' unfinished collective calls
    aside = world.Dup() if world.size > 1 else world
    _take_signals_from_petsc()
    with guarded(world.rank == 0, who="one of the ranks" if world.size > 1 else "the program", job=_name_of_job(world)):
        try:
            _refuse_settings_of_the_folder()
            with messages_on_screen(world.rank == 0):
                return command(world)
        except BaseException as error:
            sentence, code = _verdict(error)
            if world.size == 1 and (sentence is None or isinstance(error, SystemExit | KeyboardInterrupt)):
                raise
            _tell(sentence or traceback.format_exc(), code, world, aside)
            return code
        finally:  # all ranks are here, or all have been ended
            if aside is not world:
                aside.Free()  # MPI has some 2,000 of them, and a process may give as many commands


def _name_of_job(world: MPI.Comm) -> str:
    """A name that no other job has, by which the watchdogs of the ranks agree who speaks; "" where there is nobody to agree with."""
    name = world.bcast(f"qc-{secrets.token_hex(8)}") if world.size > 1 else ""
    return name if sys.platform == "linux" else ""  # elsewhere such a name would be a file


def _verdict(error: BaseException) -> tuple[str | None, int]:
    """What is to be said of what ended a command, None for a defect, and the exit code."""
    text = " ".join(str(error).split())
    if isinstance(error, ConvergenceError | Stopped | InputError):
        code = STOPPED if isinstance(error, Stopped) else FAILED if isinstance(error, ConvergenceError) else BAD_INPUT
        return f"qc: {text or type(error).__name__}", code
    if isinstance(error, MemoryError):
        more = f" ({text[0].lower()}{text[1:]})" if text else ""
        return f"qc: out of memory{more}: qc check says what a model takes, [model] has its sizes, ranks share it", FAILED
    if isinstance(error, OSError) and error.errno in DISK | NAMES:
        file = str(error.filename or "no file was named")
        said = f"qc: {error.strerror}: {file if len(file) < 200 else file[:60] + '...'}"
        return said, BAD_INPUT if error.errno in NAMES else FAILED
    if isinstance(error, SystemExit | KeyboardInterrupt):
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"qc: {error!r} in {place.filename}, line {place.lineno}: not a way to end one rank of several", FAILED
    return None, FAILED


def _refuse_settings_of_the_folder() -> None:
    """InputError for a file of the working directory that PETSc or numba would obey as soon as it is loaded; one at home is the user's."""
    try:
        here = Path.cwd()
    except OSError:  # it has been removed
        return
    found = next((name for name in OBEYED if os.path.lexists(here / name)), None)
    if found is not None and here != Path(os.path.expanduser("~")).resolve():
        raise InputError(
            f"{found} in the working directory {here} is not allowed: it can make {OBEYED[found]} run any program; "
            "remove it, or put its settings into your home directory or the environment"
        )


def _take_signals_from_petsc() -> None:
    """PETSc, once it is loaded, would end the run at a signal with an abort; where a crash has happened Python says instead."""
    options = os.environ.get("PETSC_OPTIONS", "")
    if NO_HANDLER not in options:
        os.environ["PETSC_OPTIONS"] = f"{NO_HANDLER} {options}".strip()
    if not faulthandler.is_enabled():
        faulthandler.enable(2)


def run_command(command: Callable[[], int | None]) -> int:
    """Exit code of a parsed command line; a misspelt one is refused in one sentence, by rank 0.

    What all ranks would print alike, the help for example, only rank 0 prints.
    """
    from mpi4py import MPI

    with contextlib.ExitStack() as stack:
        if MPI.COMM_WORLD.rank:
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        try:
            return int(command() or DONE)
        except UsageError as error:
            if MPI.COMM_WORLD.rank == 0:
                _print(_usage(error))
            return BAD_INPUT


def _usage(error: Any) -> str:
    """One sentence for what is wrong with the command, or its help if nothing was asked of it."""
    message, context = error.format_message(), error.ctx
    if context is None or message == context.get_help():
        return str(message)
    return f"qc: {' '.join(message.split()).rstrip('.')}; see {context.command_path} --help"


def _tell(message: str, code: int, world: MPI.Comm, aside: MPI.Comm) -> None:
    """One message for all ranks if all have failed; a rank that failed alone ends the others."""
    if world.size > 1 and not _all_arrive(aside):
        _abort(world, f"rank {world.rank} alone: {message.removeprefix('qc: ')}", code)
    elif world.rank == 0:
        _print(message)


def _all_arrive(comm: MPI.Comm) -> bool:
    """Whether all ranks get here in time."""
    request, deadline = comm.Ibarrier(), time.monotonic() + PATIENCE
    while not request.Test():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _abort(world: MPI.Comm, message: str, code: int) -> None:
    """The last message and the end of all ranks."""
    _print(message)
    sys.stdout.flush()
    has_spoken()
    time.sleep(0.5)  # mpirun must have read what was printed before the abort closes its pipes
    world.Abort(code)


def _print(message: str) -> None:
    sys.stderr.write(visible(message.rstrip("\n")) + "\n")
    sys.stderr.flush()
