"""Where the time goes, by named stages; PETSc's ``-log_view`` shows the same names. Only the innermost running stage counts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mpi4py import MPI
from petsc4py import PETSc

_seconds: dict[str, float] = {}
_running: list[str] = []
_since = 0.0


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the time of the block as that of a stage, and not as that of the one round it."""
    _charge()
    _running.append(name)
    try:
        with PETSc.Log.Stage(f"qc {name}"):
            yield
    finally:
        _charge()
        _running.pop()


def _charge() -> None:
    """Seconds since the last call go to the stage that ran."""
    global _since
    now = time.perf_counter()
    if _running:
        _seconds[_running[-1]] = _seconds.get(_running[-1], 0.0) + now - _since
    _since = now


class Stopwatch:
    """Seconds by stage since it was made, on top of those of an earlier run. The stages do not overlap: their sum is the whole.

    Attributes
    ----------
    of_ranks : dict of str to (float, float)
        Least and most over the ranks at the last `compare`: far apart in the halo means that some wait for others.
    cpu_seconds : float
        Of the processors of all ranks at the last `compare`, on rank 0: ranks that wait for others count, too.
    """

    def __init__(self) -> None:
        self._earlier: dict[str, float] = {}
        self._begin = dict(_seconds)
        self.of_ranks: dict[str, tuple[float, float]] = {}
        self.cpu_seconds, self._cpu_earlier, self._cpu_begin = 0.0, 0.0, time.process_time()

    @property
    def seconds(self) -> dict[str, float]:
        """Of this rank, the most expensive stage first."""
        _charge()
        found = {name: t - self._begin.get(name, 0.0) + self._earlier.get(name, 0.0) for name, t in _seconds.items()}
        found = {name: t for name, t in (self._earlier | found).items() if t > 0.0}
        return dict(sorted(found.items(), key=lambda entry: -entry[1]))

    def go_on(self, earlier: dict[str, float], cpu_seconds: float = 0.0) -> None:
        """Add the seconds of the run that this one resumes, and those of its processors."""
        self._earlier, self._cpu_earlier = dict(earlier), float(cpu_seconds)

    def compare(self, comm: MPI.Comm) -> None:
        """Renew `of_ranks` and `cpu_seconds`, on rank 0. Collective; a few numbers a rank."""
        gathered = comm.gather((self.seconds, time.process_time() - self._cpu_begin))
        if gathered is not None:
            every = [seconds for seconds, _ in gathered]
            self.cpu_seconds = self._cpu_earlier + sum(cpu for _, cpu in gathered)
            names = dict.fromkeys(name for seconds in every for name in seconds)
            self.of_ranks = {n: (min(s.get(n, 0.0) for s in every), max(s.get(n, 0.0) for s in every)) for n in names}

    def plain(self) -> dict[str, Any]:
        """For the result file: seconds by stage of rank 0, least and most over the ranks, and of all processors together."""
        return {
            "seconds": {name: round(t, 3) for name, t in self.seconds.items()},
            "seconds_of_ranks": {name: [round(t, 3) for t in both] for name, both in self.of_ranks.items()},
            "cpu_seconds": round(self.cpu_seconds, 3),
        }
