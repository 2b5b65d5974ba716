"""The atoms of other ranks that a rank needs: those within reach, and no others."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.halo import gather_halo, neighbour_list
from qc.unknowns.layout import Rows
from qc.unknowns.sites import Atoms

comm = MPI.COMM_WORLD


def block(index):
    """Atoms at integer positions (n, 3), each with a row of its own."""
    n = len(index)
    first = comm.exscan(n) or 0
    return Atoms(
        key=np.column_stack([index, np.zeros(n, dtype=int)]),
        X=index.astype(float),
        species=np.zeros(n, dtype=np.int32),
        beta=np.full(n, 0.1 * comm.rank),
        free=np.ones(n, dtype=bool),
        rows=Rows(np.arange(n + 1), first + np.arange(n), np.ones(n)),
    )


@pytest.mark.mpi(min_size=2, also=2)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_halo_of_blocks_in_a_row(axis):
    """Blocks of 6^3 atoms, one a rank, in a row along any axis: a rank gets the layers within reach and no other atom."""
    index = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    index[:, axis] += 6 * comm.rank
    n = len(index)
    rows = Rows(np.arange(n + 1), comm.rank * n + np.arange(n), np.ones(n))
    key = np.column_stack([index, np.zeros(n, dtype=int)])
    atoms = Atoms(
        key=key,
        X=index.astype(float),
        species=np.zeros(n, dtype=np.int32),
        beta=np.zeros(n),
        free=np.ones(n, dtype=bool),
        rows=rows,
    )
    halo = gather_halo(comm, atoms, atoms.X, np.arange(n), 1.5, periodic=False)
    neighbours = (comm.rank > 0) + (comm.rank < comm.size - 1)
    assert halo.n_own == n
    assert len(halo.X) == n + neighbours * 36
    foreign = halo.X[n:]
    assert (foreign >= index.min(0) - 1.5).all()
    assert (foreign <= index.max(0) + 1.5).all()


@pytest.mark.mpi
def test_a_halo_brings_all_that_is_known_of_an_atom():
    """Names, weights and rows stay with their atoms; z counts for who is near only where the front is not periodic."""
    index = np.array([[i, 0, 10 * comm.rank] for i in range(3)])
    atoms = block(index)
    for periodic in (True, False):
        halo = gather_halo(comm, atoms, atoms.X, np.arange(3), 2.0, periodic)
        ranks = comm.size if periodic else 1
        assert len(halo.X) == 3 * ranks
        assert halo.n_own == 3
        assert np.array_equal(halo.key[:3], atoms.key)
        owner = halo.X[:, 2] // 10
        assert np.array_equal(halo.key[:, :3], halo.X)
        assert halo.beta == pytest.approx(0.1 * owner)
        assert np.array_equal(halo.rows.column, 3 * owner + halo.X[:, 0])


@pytest.mark.mpi(min_size=2)
def test_neighbours_that_a_crack_has_parted_stay():
    """Blocks that touch, now far apart: their layers next to each other are still known, at their places in the crystal."""
    atoms = block(np.array([[3 * comm.rank + i, 0, 0] for i in range(3)]))
    y = atoms.X + np.array([100.0 * comm.rank, 0, 0])
    halo = gather_halo(comm, atoms, y, np.arange(3), 1.5, periodic=False)
    sides = [x for x in (3 * comm.rank - 1, 3 * comm.rank + 3) if 0 <= x < 3 * comm.size]
    assert halo.X[3:, 0].tolist() == sides


def test_neighbours_along_a_periodic_front():
    y = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    alone = neighbour_list(y, np.arange(2), 1.1, 0.0, None)
    rod = neighbour_list(y, np.arange(1), 1.1, 0.0, np.array([0.0, 0.0, 1.05]))
    assert np.diff(alone.first).tolist() == [1, 1]
    assert np.diff(rod.first).tolist() == [3]
