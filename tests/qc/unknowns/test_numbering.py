"""The numbering of blocks: kinds one behind the other, free before prescribed; their names and values."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.numbering import Blocks, Kind, number

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_kinds_in_their_order():
    """Every block has one number; on each rank the free ones of all kinds come first."""
    atoms = Kind(n=5, free=np.array([4, 1]), far=np.array([0]))
    nodes = Kind(n=3, free=np.array([2]), far=np.array([0, 1]))
    shifts = Kind(n=4, free=np.array([3, 0]), far=np.array([2]), per=2)
    layout, (atom, node, shift) = number(comm, 3, [atoms, nodes, shifts])
    assert (layout.n_free, layout.n_prescribed) == (2 + 1 + 4, 1 + 2 + 2)
    first = layout.first_full
    assert (atom - first)[[4, 1, 0]].tolist() == [0, 1, 7]
    assert (node - first)[[2, 0, 1]].tolist() == [2, 8, 9]
    assert (shift - first)[[3, 0, 2]].tolist() == [3, 5, 10]
    assert atom[[2, 3]].tolist() == [-1, -1]
    assert shift[1] == -1
    used = np.concatenate([atom[atom >= 0], node, *(shift[shift >= 0] + k for k in range(2))])
    assert np.array_equal(np.sort(used), first + np.arange(layout.n_own))
    assert (layout.free_number(used[np.isin(used - first, np.arange(7))]) >= 0).all()


def test_a_kind_of_nobody():
    layout, (none,) = number(MPI.COMM_SELF, 2, [Kind(n=0, free=np.empty(0, int), far=np.empty(0, int))])
    assert layout.n_own == len(none) == 0


def test_blocks_are_named_and_follow_a_uniform_deformation():
    """Names of atoms, nodes and shifts differ; arm and share give H X + p, H X, and H (b_m - b_0) + p_m - p_0."""
    b = np.array([[0.0, 0, 0], [0.5, 0, 0], [0, 0.7, 0]])
    X = np.arange(6.0).reshape(2, 3)
    parts = [
        Blocks.of_atoms(np.array([[1, 2, 3, 0], [1, 2, 3, 2]]), X, np.array([0, 2]), 3),
        Blocks.of_nodes(np.array([[7, 7], [7, 9]]), X, 3),
        Blocks.of_shifts(np.array([7, 8]), X, b),
    ]
    whole = Blocks.joined(parts)
    assert whole.is_atom.tolist() == [True] * 2 + [False] * 6
    assert len(np.unique(whole.key, axis=0)) == 8
    assert whole.key[2:4].tolist() == [[7, 7, -1, -1], [7, 9, -1, -1]]
    assert whole.key[4:, 2].tolist() == [-2, -3, -2, -3]  # m fastest
    H, p = np.random.default_rng(1).normal(size=(2, 3, 3))
    value = whole.arm @ H.T + whole.share @ p
    assert value[:2] == pytest.approx(X @ H.T + p[[0, 2]])
    assert value[2:4] == pytest.approx(X @ H.T)
    assert value[4:6] == pytest.approx((b[1:] - b[0]) @ H.T + p[1:] - p[0])
    assert np.array_equal(whole.X[4:], np.repeat(X, 2, axis=0))
