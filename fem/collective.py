"""Errors and results that all ranks share: never one rank raising while the others wait."""

from __future__ import annotations

from collections.abc import Callable

from mpi4py import MPI


def on_root[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Call on rank 0 and give the result, or the same error, to all ranks. Collective."""
    answer: tuple[T | None, Exception | None] = (None, None)
    if comm.rank == 0:
        try:
            answer = (function(), None)
        except Exception as error:
            answer = (None, error)
    value, failure = comm.bcast(answer)
    if failure is not None:
        raise failure
    return value  # type: ignore[return-value]


def together[T](comm: MPI.Comm, function: Callable[[], T]) -> T:
    """Call on every rank; if it fails on any, the first failing rank's error is raised on all. Collective.

    The function must not communicate.
    """
    value, failure = None, None
    try:
        value = function()
    except Exception as error:
        failure = error
    first = next((f for f in comm.allgather(failure) if f is not None), None)
    if first is not None:
        raise first
    return value  # type: ignore[return-value]
