"""All ranks against one alone."""

from __future__ import annotations

from collections.abc import Callable

from mpi4py import MPI

from fem.collective import on_root, wait_at_ease


def together_and_alone[T](work: Callable[[MPI.Comm], T]) -> tuple[T, T]:
    """``work(comm)`` by all ranks together and by rank 0 alone. Collective; the results travel, so they must be plain.

    On one rank both are one computation, which is made once.
    """
    many = work(MPI.COMM_WORLD)
    return many, many if MPI.COMM_WORLD.size == 1 else on_root(MPI.COMM_WORLD, lambda: work(MPI.COMM_SELF))


def meet() -> None:
    """A barrier at which ranks sleep: behind what one of them does alone. Collective."""
    wait_at_ease(MPI.COMM_WORLD.Ibarrier())
