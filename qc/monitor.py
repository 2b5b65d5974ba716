"""What the solvers are at, told to whoever listens while a command runs: a screen, a log, a signal that is to end them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mpi4py import MPI


@dataclass(frozen=True, kw_only=True)
class Iteration:
    """Where an iterative solver has come to.

    Attributes
    ----------
    comm : mpi4py.MPI.Comm
        The ranks that iterate: all of them tell it, at the same place.
    solver : str
        Its name for people.
    number : int
        Of the iteration; 0 is the start.
    residual : float
        Largest force component, eV/A, the same on all ranks.
    """

    comm: MPI.Comm
    solver: str
    number: int
    residual: float

    def __str__(self) -> str:
        return f"{self.solver} {self.number}, force {self.residual:.1e} eV/A"


Told = Iteration | str
"""An iteration, or in words what is begun."""

Listener = Callable[[Told], None]
"""May communicate on the ranks of an iteration, and ends the solve by raising the same error on all of them."""

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell a listener everything while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(comm: MPI.Comm, solver: str, number: int, residual: float) -> None:
    """Say where a solver has come to; the last listener hears it first. Collective."""
    if _listeners:
        _pass_on(Iteration(comm=comm, solver=solver, number=number, residual=residual))


def begin(what: str) -> None:
    """Say in words what is begun that may take a while and does not iterate."""
    _pass_on(what)


def _pass_on(told: Told) -> None:
    for listener in _listeners[::-1]:
        listener(told)
