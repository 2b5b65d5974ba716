"""One rank computes, the others sleep until it has: the engine gets the cores that spinning ranks would take."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from mpi4py import MPI

ROOT = 0
NAP = 2e-3  # s; nothing beside a call of an engine


def on_computing_rank[T](comm: MPI.Comm, function: Callable[[], T]) -> T | None:
    """The result of a function called on one rank, None on the others; its error is raised on all. Collective."""
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
