"""Parts of equal weight, the same on any number of ranks, in few reductions."""

import numpy as np
import pytest
from mpi4py import MPI

from fem.mesh.partition import recursive_bisection

comm = MPI.COMM_WORLD


def cloud(d, n=6000):
    """Points and weights: all of them, and this rank's."""
    rng = np.random.default_rng(3)
    x, w = rng.uniform(size=(n, d)) * [3.0, 1.0, 2.0][:d], rng.uniform(0.1, 5.0, n)
    mine = np.arange(n) % comm.size == comm.rank
    return x, w, mine


@pytest.mark.mpi(also=2)
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 64])
def test_parts_of_equal_weight_on_any_number_of_ranks(d, parts):
    x, w, mine = cloud(d)
    part = recursive_bisection(comm, x[mine], w[mine], parts)
    alone = recursive_bisection(MPI.COMM_SELF, x, w, parts)
    assert (part == alone[mine]).all()
    weight = np.bincount(alone, weights=w, minlength=parts)
    assert weight == pytest.approx(np.full(parts, w.sum() / parts), rel=0.05 if parts == 64 else 0.01)
    half = np.ptp(x[alone == 0], axis=0)
    assert half.max() < 3.5 * half.min()  # no slivers


def test_more_parts_than_points():
    """Some stay empty."""
    x, w, _ = cloud(2, 3)
    part = recursive_bisection(MPI.COMM_SELF, x, w, 8)
    assert ((part >= 0) & (part < 8)).all()


class Counted(MPI.Intracomm):
    """Counts reductions."""

    number = 0

    def Allreduce(self, *args, **kwargs):
        Counted.number += 1
        super().Allreduce(*args, **kwargs)


def test_reductions_grow_like_the_logarithm_of_the_parts():
    x, w, _ = cloud(2)
    number = []
    for parts in (8, 64):
        Counted.number = 0
        recursive_bisection(Counted(MPI.COMM_SELF), x, w, parts)
        number.append(Counted.number)
    assert number[1] == 2 * number[0] > 0
