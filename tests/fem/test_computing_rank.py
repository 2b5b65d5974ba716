"""One rank computes: its result stays there, its error is that of all."""

import pytest
from mpi4py import MPI

from fem.collective import ROOT, on_computing_rank
from qc.errors import InputError


@pytest.mark.mpi
def test_the_result_stays_on_the_computing_rank():
    comm = MPI.COMM_WORLD
    calls = []
    found = on_computing_rank(comm, lambda: calls.append(comm.rank) or "done")
    assert found == ("done" if comm.rank == ROOT else None)
    assert calls == ([ROOT] if comm.rank == ROOT else [])


@pytest.mark.mpi
def test_an_error_is_raised_on_all_ranks():
    def fails():
        raise InputError("no engine")

    with pytest.raises(InputError, match="no engine"):
        on_computing_rank(MPI.COMM_WORLD, fails)
