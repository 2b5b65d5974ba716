"""Errors and results that all ranks share: never one rank raising while the others wait."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from mpi4py import MPI

ROOT = 0
NAP = 2e-3  # s; nothing beside a call of an engine


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
        request = comm.Ibcast(failed, root=ROOT)
        while not request.Test():
            time.sleep(NAP)
    if failed[0]:
        raise comm.bcast(failure, root=ROOT)
    return value
