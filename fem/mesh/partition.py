"""Weighted partition of cells: recursive bisection along the longest side, with nothing gathered on any rank.

All boxes of a level are cut together: the number of reductions grows like the logarithm of the number of parts.
"""

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
    spans = [(0, parts)]
    while spans := [(first, end) for first, end in spans if end - first > 1]:
        middle = [(first + end) // 2 for first, end in spans]
        number = np.full(parts, -1)
        number[[first for first, _ in spans]] = np.arange(len(spans))
        mine = np.flatnonzero(number[part] >= 0)
        box = number[part[mine]]
        fraction = np.array([(m - first) / (end - first) for m, (first, end) in zip(middle, spans, strict=True)])
        coordinate = _along_longest(comm, points[mine], box, len(spans))
        cut = _quantiles(comm, coordinate, weights[mine], box, fraction)
        above = coordinate > cut[box]
        part[mine[above]] = np.array(middle)[box[above]]
        spans = [half for m, (first, end) in zip(middle, spans, strict=True) for half in ((first, m), (m, end))]
    return part


def _along_longest(comm: MPI.Comm, points: np.ndarray, box: np.ndarray, boxes: int) -> np.ndarray:
    """Coordinate along the longest side of the box that each point is in; a slight tilt separates lattice rows that tie."""
    d = points.shape[1]
    extent = np.full((boxes, 2 * d), -np.inf)
    np.maximum.at(extent, box, np.concatenate([points, -points], axis=1))  # max x and -min x in one reduction
    comm.Allreduce(MPI.IN_PLACE, extent, op=MPI.MAX)
    axis = np.argmax(extent[:, :d] + extent[:, d:], axis=1)
    return points[np.arange(len(points)), axis[box]] + 1e-5 * points.sum(1)


def _quantiles(comm: MPI.Comm, x: np.ndarray, weight: np.ndarray, box: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """(boxes,) value below which lies that fraction of the weight of a box: all boxes are halved at once."""
    boxes = len(fraction)
    ends = np.full((boxes, 2), -np.inf)
    np.maximum.at(ends, box, np.column_stack([x, -x]))
    comm.Allreduce(MPI.IN_PLACE, ends, op=MPI.MAX)
    hi = ends[:, 0]
    lo = np.minimum(-ends[:, 1], hi)  # a box without points has -inf twice
    target = fraction * _sums(comm, box, weight, boxes)
    for _ in range(HALVINGS):
        middle = 0.5 * (lo + hi)
        low = _sums(comm, box, np.where(x <= middle[box], weight, 0.0), boxes) < target
        lo, hi = np.where(low, middle, lo), np.where(low, hi, middle)
    return hi


def _sums(comm: MPI.Comm, box: np.ndarray, weight: np.ndarray, boxes: int) -> np.ndarray:
    """(boxes,) sums over all ranks."""
    total = np.bincount(box, weights=weight, minlength=boxes)
    comm.Allreduce(MPI.IN_PLACE, total, op=MPI.SUM)
    return total
