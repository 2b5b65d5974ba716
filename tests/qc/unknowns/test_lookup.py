"""Values by name across ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.lookup import in_order, lookup

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_values_of_names_that_any_rank_knows():
    """Whoever asks, in the order asked, as often as asked; nan for what nobody knows."""
    known = np.array([[-5, 3 * k + comm.rank] for k in range(10)])
    values = np.column_stack([known[:, 1], np.full(10, float(comm.rank))])
    asked = np.array([[-5, n] for n in (29, 4, 4, 0, 1000)][comm.rank :])
    found = lookup(comm, known, values, asked)
    for (_, n), row in zip(asked, found, strict=True):
        holders = [rank for rank in range(comm.size) if n % 3 == rank % 3 and n >= rank and (n - rank) // 3 < 10]
        assert np.isnan(row).all() if not holders else (row[0] == n and row[1] in holders)


@pytest.mark.mpi
def test_nothing_known_and_nothing_asked():
    empty = np.empty((0, 2), dtype=int)
    assert lookup(comm, empty, np.empty((0, 3)), empty).shape == (0, 3)
    assert np.isnan(lookup(comm, empty, np.empty((0, 3)), np.array([[1, 2]]))).all()


@pytest.mark.mpi
def test_names_in_order():
    """Every name once, in rising order over the ranks, its values with it."""
    rng = np.random.default_rng(comm.rank)
    mine = np.stack(np.meshgrid(np.arange(-5, 20), np.arange(7), [0], [0, 1], indexing="ij"), -1).reshape(-1, 4)
    mine = mine[np.random.default_rng(7).permutation(len(mine))][comm.rank :: comm.size]
    mine = mine[rng.permutation(len(mine))]
    name, values = in_order(comm, mine, mine @ np.array([[1000.0], [10.0], [0.0], [1.0]]))
    assert values[:, 0] == pytest.approx(name @ [1000.0, 10.0, 0.0, 1.0])
    whole = np.concatenate(comm.allgather(name))
    assert len(whole) == 25 * 7 * 2
    assert (np.lexsort(whole.T[::-1]) == np.arange(len(whole))).all()
    assert len(name) < 1.5 * len(whole) / comm.size
    empty, _ = in_order(comm, mine[:0], np.empty((0, 1)))
    assert len(empty) == 0
