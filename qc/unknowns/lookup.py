"""Values by name across ranks: a home rank found from the name brings those who know and those who ask together."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

_MULTIPLIER = np.array([1, 73856093, 19349663, 83492791, 7919])


def lookup(comm: MPI.Comm, known: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(n_asked, m) values of the names that this rank asks for, nan for a name that no rank knows. Collective.

    Parameters
    ----------
    known : (n, w) int ndarray
        Names this rank knows, w <= 5 integers each.
    values : (n, m) ndarray
    asked : (n_asked, w) int ndarray
    """
    names, w = _to_home(comm, known, np.column_stack([known, values])), known.shape[1]
    me = np.column_stack([asked, np.arange(len(asked)), np.full(len(asked), comm.rank)])
    wanted = _to_home(comm, asked, me.astype(float))
    both = np.concatenate([names[:, :w], wanted[:, :w]]).astype(np.int64)
    _, number = np.unique(both, axis=0, return_inverse=True)
    row = np.full(number.max(initial=-1) + 1, -1)
    row[number[: len(names)]] = np.arange(len(names))
    found = row[number[len(names) :]]
    answer = np.full((len(wanted), values.shape[1]), np.nan)
    answer[found >= 0] = names[found[found >= 0], w:]
    back = _exchange(comm, wanted[:, w + 1].astype(int), np.column_stack([wanted[:, w], answer]))
    out = np.empty((len(asked), values.shape[1]))
    out[back[:, 0].astype(int)] = back[:, 1:]
    return out


def in_order(comm: MPI.Comm, name: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Names (n, w) of all ranks in rising order with their values (n, m): rank by rank, about as many on each. Collective.

    What has the same first integer comes to one rank; how many there are of each is all that a rank learns of the others.
    """
    lo = comm.allreduce(int(name[:, 0].min(initial=np.iinfo(np.int64).max)), op=MPI.MIN)
    hi = comm.allreduce(int(name[:, 0].max(initial=np.iinfo(np.int64).min)), op=MPI.MAX)
    if hi < lo:
        return name, values
    count = np.bincount(name[:, 0] - lo, minlength=hi - lo + 1)
    comm.Allreduce(MPI.IN_PLACE, count, op=MPI.SUM)
    rank = (np.cumsum(count) - count) * comm.size // count.sum()
    rows = _exchange(comm, rank[name[:, 0] - lo], np.column_stack([name, values]))
    w = name.shape[1]
    rows = rows[np.lexsort(rows[:, :w].T[::-1])]
    return rows[:, :w].astype(np.int64), rows[:, w:]


def _to_home(comm: MPI.Comm, name: np.ndarray, rows: np.ndarray) -> np.ndarray:
    home = np.abs(name.astype(np.int64) @ _MULTIPLIER[: name.shape[1]]) % comm.size
    return _exchange(comm, home, rows)


def _exchange(comm: MPI.Comm, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.concatenate(comm.alltoall([rows[target == r] for r in range(comm.size)]))
