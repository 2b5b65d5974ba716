"""Signals that ask a command to stop: answered at once by a process beside it, a flag for the solvers, and a certain end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ..errors import Stopped
from ..monitor import Iteration, Told
from .watchdog import ASKING, DONE, ENDING, ENDS, FINISHES, PATIENCE, SPOKEN

if TYPE_CHECKING:
    from mpi4py import MPI

_pipe: int | None = None
"""To the watchdog of this process, if it has one."""


class Interrupt:
    """Turns signals into a flag that the ranks agree on between two iterations or steps.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    reached : callable
        What is on disk, in words.
    """

    def __init__(self, comm: MPI.Comm, reached: Callable[[], str]) -> None:
        self._comm, self._reached, self._seen = comm, reached, False
        self._old = {s: signal.signal(s, self._note) for s in ASKING}
        _tell(FINISHES)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._seen = True
        if _pipe is None:  # nobody sees to it that the second one ends the process
            for each in self._old:
                signal.signal(each, signal.SIG_DFL)

    def look(self, comm: MPI.Comm | None = None) -> None:
        """Raise `Stopped` on all ranks, or on those of ``comm``, if any of them has been asked to stop. Collective there."""
        if (comm or self._comm).allreduce(int(self._seen)):
            raise Stopped(f"stopped {self._reached()}; resume with --resume")

    def hear(self, told: Told) -> None:
        """`look` at each iteration, on the ranks that iterate."""
        if isinstance(told, Iteration):
            self.look(told.comm)

    def restore(self) -> None:
        """Give the signals back."""
        _tell(ENDS)
        for number, handler in self._old.items():
            signal.signal(number, handler)


@contextmanager
def guarded(speaks: bool, patience: float = PATIENCE, who: str = "the program", job: str = "") -> Iterator[None]:
    """A watchdog beside this process while the block runs.

    A signal ends the process at once, with the exit code for a stop, unless an `Interrupt` is there to finish something: then
    the second one does, or the end of the watchdog's patience. Files must be whole at any time. A process that ends inside
    the block without a word is told by its watchdog.

    Parameters
    ----------
    speaks : bool
        Whether the watchdog says so on stderr: on one rank.
    patience : float
        Seconds from the first signal to the end of what an `Interrupt` finishes.
    who : str
        What the watchdog calls this process.
    job : str
        The same on all ranks, and no other job's; "" on one rank.
    """
    global _pipe
    if _pipe is not None:
        yield
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    words = [
        str(Path(__file__).with_name("watchdog.py")),
        str(os.getpid()),
        "speaks" if speaks else "is silent",
        str(patience),
        who,
        job,
    ]
    command = [sys.executable, "-I", "-S", *words]
    dog = subprocess.Popen(command, stdin=read, stdout=subprocess.DEVNULL, start_new_session=True)
    os.close(read)
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
    # The C library's own _exit(number) as the handler: it needs no interpreter, and exits with 3.
    quits = libc.signal(ENDING, ctypes.cast(libc._exit, ctypes.c_void_p))
    old = {number: signal.signal(number, lambda number, frame: None) for number in ASKING}
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    _pipe = write
    try:
        yield
    finally:
        _tell(DONE)
        _pipe = None
        signal.set_wakeup_fd(wakeup)
        for number, handler in old.items():
            signal.signal(number, handler)
        libc.signal(ENDING, quits)
        os.close(write)
        dog.wait()


def has_spoken() -> None:
    """Tell the watchdogs here that all ranks end now, and that the reason has been said."""
    _tell(SPOKEN)


def _tell(word: bytes) -> None:
    if _pipe is not None:
        with contextlib.suppress(OSError):
            os.write(_pipe, word)
