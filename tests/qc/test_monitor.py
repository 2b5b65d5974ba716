"""Iterations reach whoever listens, and an error of a listener is that of the solve."""

import pytest
from mpi4py import MPI

from qc.errors import Stopped
from qc.monitor import Iteration, begin, listening, tell


def test_listeners_hear_what_is_told_while_they_listen():
    heard = []
    tell(MPI.COMM_SELF, "Newton", 0, 1.0)
    with (
        listening(lambda told: heard.append(("outer", str(told)))),
        listening(lambda told: heard.append(("inner", told))),
    ):
        begin("a mesh")
        tell(MPI.COMM_SELF, "Newton", 3, 1.5e-3)
    tell(MPI.COMM_SELF, "Newton", 4, 1.0)
    begin("another")
    iteration = Iteration(comm=MPI.COMM_SELF, solver="Newton", number=3, residual=1.5e-3)
    assert heard[:2] == [("inner", "a mesh"), ("outer", "a mesh")]
    assert heard[2:] == [("inner", iteration), ("outer", "Newton 3, force 1.5e-03 eV/A")]


def test_an_error_of_a_listener_ends_the_telling():
    def stop(iteration):
        raise Stopped("now")

    with pytest.raises(Stopped), listening(stop):
        tell(MPI.COMM_SELF, "Newton", 1, 1.0)
    tell(MPI.COMM_SELF, "Newton", 2, 1.0)
