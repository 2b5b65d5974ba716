"""Marks and numbers agreed between owners and ghosts."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from fem.mesh.blocks import from_owner, named_on_any_rank

comm = MPI.COMM_WORLD


@pytest.fixture(scope="module")
def space():
    square = mesh.create_unit_square(comm, 6, 6)
    return fem.functionspace(square, ("Lagrange", 1, (2,)))


@pytest.mark.mpi
def test_what_one_rank_names_all_that_have_it_see(space):
    """Rank 0 names its blocks left of the middle, ghosts too."""
    x = space.tabulate_dof_coordinates()
    named = np.flatnonzero(x[:, 0] < 0.5) if comm.rank == 0 else np.empty(0, dtype=int)
    found = named_on_any_rank(space, np.repeat(named, 2))
    known = {tuple(p) for p in comm.bcast(x[named].round(9).tolist())}
    assert found.tolist() == [tuple(p) in known for p in x.round(9).tolist()]


@pytest.mark.mpi
def test_ghosts_have_the_owners_number(space):
    index = space.dofmap.index_map
    n = index.size_local + index.num_ghosts
    numbers = np.full(n, -1, dtype=np.int64)
    numbers[: index.size_local] = index.local_range[0] + np.arange(index.size_local) + 2**40
    found = from_owner(space, numbers)
    assert np.array_equal(found, index.local_to_global(np.arange(n, dtype=np.int32)) + 2**40)
