"""Errors and results that all ranks share."""

import pytest
from mpi4py import MPI

from fem.collective import on_root, together

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_rank_0_answers_for_all():
    called = []
    assert on_root(comm, lambda: called.append(comm.rank) or "answer") == "answer"
    assert called == ([0] if comm.rank == 0 else [])


@pytest.mark.mpi
def test_an_error_on_rank_0_is_everybodys():
    def fail():
        raise ValueError("the file is empty")

    with pytest.raises(ValueError, match="the file is empty"):
        on_root(comm, fail)


@pytest.mark.mpi
def test_the_first_failing_rank_speaks():
    def fail_after(rank):
        if comm.rank >= rank:
            raise ValueError(f"rank {comm.rank}")
        return comm.rank

    assert together(comm, lambda: comm.rank) == comm.rank
    last = comm.size - 1
    with pytest.raises(ValueError, match=rf"^rank {last}\Z"):
        together(comm, lambda: fail_after(last))
    with pytest.raises(ValueError, match=r"^rank 0\Z"):
        together(comm, lambda: fail_after(0))
