"""The directory of a run: made, cleared of scraps; and the flag that a signal raises."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

from mpi4py import MPI


def _prepare_directory(directory: Path) -> None:
    """Make the directory, and clear what a killed run was writing."""
    directory.mkdir(parents=True, exist_ok=True)
    for pattern in SCRAPS:
        for path in directory.glob(pattern):
            path.unlink(missing_ok=True)


SCRAPS = (".*.[0-9]*.tmp", ".*.[0-9]*.png", "*.json.tmp", "*.tmp.npz")
"""Names under which files are written before they take their place."""


class Interrupt:
    """Turns SIGINT and SIGTERM into a flag that the ranks agree on between steps."""

    def __init__(self, comm: MPI.Comm) -> None:
        self._comm, self._seen = comm, False
        self._old = {s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM)}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._seen = True
        for each in self._old:  # the second one ends the process as it would without us
            signal.signal(each, signal.SIG_DFL)

    def agreed(self) -> bool:
        """Whether any rank has been asked to stop. Collective."""
        return bool(self._comm.allreduce(int(self._seen), op=MPI.MAX))

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)
