"""Weighted partition of cells: recursive bisection along the longest side, with nothing gathered on any rank."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

HALVINGS = 60  # of an interval in double precision


def recursive_bisection(comm: MPI.Comm, points: np.ndarray, weights: np.ndarray, parts: int) -> np.ndarray:
    """Part of each point, so that every part carries about the same weight.

    Parameters
    ----------
    points : (n, d) ndarray
        This rank's points, A.
    weights : (n,) ndarray
        Work of each point, any unit.
    parts : int
        Number of parts.

    Returns
    -------
    (n,) int32 ndarray
        The cut positions depend on all points but not on how they are spread over the ranks.
    """
    part = np.zeros(len(points), dtype=np.int32)
    stack = [(0, parts)]
    while stack:
        first, end = stack.pop()
        if end - first < 2:
            continue
        middle = (first + end) // 2
        mine = np.flatnonzero(part == first)
        coordinate = _along_longest(comm, points[mine])
        cut = _quantile(comm, coordinate, weights[mine], (middle - first) / (end - first))
        part[mine[coordinate > cut]] = middle
        stack += [(first, middle), (middle, end)]
    return part


def _along_longest(comm: MPI.Comm, points: np.ndarray) -> np.ndarray:
    """Coordinate along the longest side of the common box; a slight tilt separates lattice rows that tie."""
    d = points.shape[1]
    extent = np.concatenate([points, -points], axis=1).max(0, initial=-np.inf)  # max x and -min x in one reduction
    comm.Allreduce(MPI.IN_PLACE, extent, op=MPI.MAX)
    axis = int(np.argmax(extent[:d] + extent[d:]))
    return points[:, axis] + 1e-5 * points.sum(1)


def _quantile(comm: MPI.Comm, x: np.ndarray, weight: np.ndarray, fraction: float) -> float:
    lo = comm.allreduce(float(x.min()) if len(x) else np.inf, op=MPI.MIN)
    hi = comm.allreduce(float(x.max()) if len(x) else -np.inf, op=MPI.MAX)
    target = fraction * comm.allreduce(float(weight.sum()))
    for _ in range(HALVINGS):
        middle = 0.5 * (lo + hi)
        below = comm.allreduce(float(weight[x <= middle].sum()))
        lo, hi = (middle, hi) if below < target else (lo, middle)
    return hi
