"""The numbering of blocks over the ranks, sparse rows, and the scatter between owners and users."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.layout import BlockScatter, Layout, Rows

comm = MPI.COMM_WORLD


def dense(rows, n):
    out = np.zeros((len(rows), n))
    np.add.at(out, (np.repeat(np.arange(len(rows)), np.diff(rows.first)), rows.column), rows.value)
    return out


def test_rows():
    """Padding falls away; rows are stacked, taken in any order, and get more entries beside theirs."""
    rows = Rows.from_padded(np.array([[0, 3], [1, 1], [2, 0]]), np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]]))
    assert np.array_equal(np.diff(rows.first), [1, 2, 0])
    expected = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 0]])
    assert np.array_equal(dense(rows, 4), expected)
    assert np.array_equal(dense(rows.take(np.array([2, 1, 1])), 4), expected[[2, 1, 1]])
    assert np.array_equal(dense(Rows.stack([rows, rows.take(np.array([0]))]), 4), expected[[0, 1, 2, 0]])
    more = rows.beside(np.array([[3, 2], [0, 0], [3, 3]]), np.array([[2.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))
    assert np.array_equal(dense(more, 4), expected + np.array([[0, 0, 0, 2.0], [0, 0, 0, 0], [0, 0, 0, 2.0]]))
    assert len(Rows.stack([])) == 0


@pytest.mark.mpi
def test_free_and_prescribed_blocks():
    """On each rank the free blocks come first; who owns a block, and its number among the unknowns."""
    n_free, n_far = comm.rank + 2, 3
    layout = Layout(comm, 2, n_free, n_far)
    assert layout.n_own == n_free + n_far
    assert layout.n_unknowns == 2 * sum(rank + 2 for rank in range(comm.size))
    firsts, frees = comm.allgather(layout.first_full), comm.allgather(layout.first_free)
    assert firsts == [sum(r + 5 for r in range(rank)) for rank in range(comm.size)]
    for rank in range(comm.size):
        own = firsts[rank] + np.arange(rank + 5)
        assert (layout.owner(own) == rank).all()
        number = layout.free_number(own)
        assert np.array_equal(number[: rank + 2], frees[rank] + np.arange(rank + 2))
        assert (number[rank + 2 :] == -1).all()
    assert layout.create_unknowns().getSizes() == (2 * n_free, layout.n_unknowns)


@pytest.mark.mpi
def test_scatter_and_its_transpose():
    """What is gathered is the owners'; what is added comes to the owners from all who name the block."""
    layout = Layout(comm, 2, 2, 1)
    columns = np.arange(3 * comm.size)[:: comm.rank + 1]
    scatter = BlockScatter(layout, columns, 2)
    own = np.column_stack([layout.first_full + np.arange(3.0), np.full(3, comm.rank)])
    found = scatter.gather(own)
    assert np.array_equal(found, np.column_stack([columns, columns // 3]))
    added = scatter.add(np.ones((len(columns), 2)))
    blocks = layout.first_full + np.arange(3)
    expected = [sum(n % (rank + 1) == 0 for rank in range(comm.size)) for n in blocks]
    assert np.array_equal(added, np.column_stack([expected, expected]))
