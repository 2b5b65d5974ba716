"""Errors and results that all ranks share: never one rank raising while the others wait."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from mpi4py import MPI

ROOT = 0
NAP = 2e-3
"""Longest pause of a rank that waits for another's work, s: nothing beside a call of an engine or a mesh."""


def wait_at_ease(request: MPI.Request) -> None:
    """Until the request is done, leaving the core to those that compute: in pauses of at most a tenth of what was waited so far."""
    begin = time.perf_counter()
    while not request.Test():
        time.sleep(min(NAP, 0.1 * (time.perf_counter() - begin)))


def on_root[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Call on rank 0 and give the result, or the same error, to all ranks. Collective; the others sleep meanwhile."""
    answer: tuple[T | None, Exception | None] = (None, None)
    if comm.rank == 0:
        try:
            answer = (function(), None)
        except Exception as error:
            answer = (None, error)
    wait_at_ease(comm.Ibarrier())
    value, failure = comm.bcast(answer)
    if failure is not None:
        raise failure
    return value  # type: ignore[return-value]


def together[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Call on every rank; if it fails on any, the first failing rank's error is raised on all. Collective; who is done first sleeps.

    The function must not communicate.
    """
    value, failure = None, None
    try:
        value = function()
    except Exception as error:
        failure = error
    wait_at_ease(comm.Ibarrier())
    first = next((f for f in comm.allgather(failure) if f is not None), None)
    if first is not None:
        raise first
    return value  # type: ignore[return-value]


def on_computing_rank[T](comm: MPI.Comm, function: Callable[[], T]) -> T | None:
    """The result of a function called on one rank, None on the others; its error is raised on all. Collective.

    The others sleep until it has come: an engine gets the cores that spinning ranks would take.
    """
    value, failure, failed = None, None, np.zeros(1, dtype=np.int64)
    if comm.rank == ROOT:
        try:
            value = function()
        except Exception as error:
            failure, failed[0] = error, 1
    if comm.size > 1:
        wait_at_ease(comm.Ibcast(failed, root=ROOT))
    if failed[0]:
        raise comm.bcast(failure, root=ROOT)
    return value


def shared_out(
    comm: MPI.Comm, n: int, work: Callable[[int], np.ndarray], seen: Callable[[int], None] | None = None
) -> list[np.ndarray]:
    """``work(0 .. n - 1)`` in order, each worked out by one rank and given to all; an error of any is raised on all. Collective.

    Who does what does not change the results: with one rank they are the same to the last digit.

    Parameters
    ----------
    seen : callable, optional
        Is told how many this rank has done.
    """
    mine: dict[int, np.ndarray] = {}

    def local() -> None:
        for i in range(comm.rank, n, comm.size):
            mine[i] = work(i)
            if seen is not None:
                seen(len(mine))

    together(comm, local)
    everything = {i: value for part in comm.allgather(mine) for i, value in part.items()}
    return [everything[i] for i in range(n)]
