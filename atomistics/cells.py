"""Pair search by linked cells: which atoms (images included) lie within reach of which sites."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import itertools

import numba as nb
import numpy as np

from .kernels import F2, FLAGS, I1, f8, i8

_I8 = i8[::1]


def find_pairs(
    X: np.ndarray, sites: np.ndarray, reach: float, cell: np.ndarray, periodic: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All pairs (site, atom or image) closer than ``reach``.

    Parameters
    ----------
    X : (n, 3) ndarray
        Positions, A; they need not lie inside the cell.
    sites : (m,) int32 ndarray
        Atoms whose neighbours are wanted.
    reach : float
        A.
    cell : (3, 3) ndarray
        Regular; rows of directions that are not periodic only complete the frame.
    periodic : (3,) bool ndarray

    Returns
    -------
    first : (m + 1,) int32 ndarray
        Rows, one a site.
    neighbour : (n_pairs,) int32 ndarray
    across : (m,) int64 ndarray
        Pairs whose neighbour is an image, at X[neighbour] + shift @ cell.
    shift : (m, 3) int64 ndarray
    order : (n,) int32 ndarray
        All atoms, those of one bin after those of another: neighbours in space are neighbours in memory.
    """
    inverse = np.linalg.inv(cell)
    scaled = X @ inverse
    home = np.where(periodic, np.floor(scaled), 0.0)
    owner, image = _images(scaled - home, reach * np.linalg.norm(inverse, axis=0), periodic)
    points = X[owner] + (image - home[owner]) @ cell
    bins, counts = _bins(points, reach)
    start, inside = _counting_sort(bins, int(np.prod(counts)))
    first = np.empty(len(sites) + 1, np.int32)
    sorted_points = np.ascontiguousarray(points[inside])
    args = (
        sorted_points,
        inside,
        start,
        np.array(counts),
        bins,
        sites.astype(np.int32),
        points,
        reach * reach,
        first,
    )
    found = np.empty(_collect(*args, np.empty(0, np.int32)), np.int32)
    if len(found):
        _collect(*args, found)
    j, i = owner[found].astype(np.int32), np.repeat(sites, np.diff(first))
    away = (home != 0).any(1)
    foreign = (image != 0).any(1) | away[owner]
    across = np.flatnonzero(foreign[found] | away[i])
    found, far, near = found[across], j[across], i[across]
    shift = (image[found] - home[far] + home[near]).astype(np.int64)
    crossing = shift.any(1)
    order = inside[inside < len(X)].astype(np.int32)
    return first, j, across[crossing], shift[crossing], order


def _images(scaled: np.ndarray, margin: np.ndarray, periodic: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Owner and cell translation of the atoms of the cell (first, in order) and of all images within the margin."""
    n = len(scaled)
    owners, images = [np.arange(n)], [np.zeros((n, 3))]
    reach = np.where(periodic, np.ceil(margin), 0).astype(int)
    lo, hi = np.where(periodic, -margin, -np.inf), np.where(periodic, 1.0 + margin, np.inf)
    for step in itertools.product(*(range(-r, r + 1) for r in reach)):
        if any(step):
            at = scaled + np.array(step)
            near = np.flatnonzero(((at >= lo) & (at <= hi)).all(1))
            owners.append(near)
            images.append(np.tile(np.array(step, dtype=float), (len(near), 1)))
    return np.concatenate(owners), np.concatenate(images)


def _bins(points: np.ndarray, reach: float) -> tuple[np.ndarray, list[int]]:
    """Bin number of each point and the numbers of bins along the axes; bins are at least ``reach`` wide."""
    lo, extent = points.min(0), np.ptp(points, axis=0)
    width = reach
    while np.prod(np.floor(extent / width) + 1.0) > 4.0 * len(points) + 64.0:  # sparse points: wider bins
        width *= 1.5
    counts = [int(c) for c in np.floor(extent / width) + 1]
    index = np.minimum(((points - lo) / width).astype(np.int64), np.array(counts) - 1)
    return (index[:, 0] * counts[1] + index[:, 1]) * counts[2] + index[:, 2], counts


@nb.njit(nb.types.Tuple((_I8, _I8))(_I8, i8), **FLAGS)
def _counting_sort(bins, n_bins):
    """Start of each bin and the points in the order of their bins."""
    start = np.zeros(n_bins + 1, np.int64)
    for b in bins:
        start[b + 1] += 1
    for b in range(n_bins):
        start[b + 1] += start[b]
    fill = start.copy()
    inside = np.empty(len(bins), np.int64)
    for k in range(len(bins)):
        inside[fill[bins[k]]] = k
        fill[bins[k]] += 1
    return start, inside


@nb.njit(i8(F2, _I8, _I8, _I8, _I8, I1, F2, f8, I1, I1), **FLAGS)
def _collect(x, inside, start, counts, bins, sites, points, reach2, first, found):
    """Points within reach of each site, row after row; with an empty ``found`` only counts. Returns their number."""
    store = len(found) > 0
    total = 0
    for s in range(len(sites)):
        first[s] = total
        i = sites[s]
        x0, x1, x2 = points[i, 0], points[i, 1], points[i, 2]
        b = bins[i]
        b0, b1, b2 = b // (counts[1] * counts[2]), (b // counts[2]) % counts[1], b % counts[2]
        for c0 in range(max(b0 - 1, 0), min(b0 + 2, counts[0])):
            for c1 in range(max(b1 - 1, 0), min(b1 + 2, counts[1])):
                row = (c0 * counts[1] + c1) * counts[2]
                begin, end = start[row + max(b2 - 1, 0)], start[row + min(b2 + 2, counts[2])]
                if store:
                    for k in range(begin, end):
                        d0, d1, d2 = x[k, 0] - x0, x[k, 1] - x1, x[k, 2] - x2
                        if d0 * d0 + d1 * d1 + d2 * d2 < reach2 and inside[k] != i:
                            found[total] = inside[k]
                            total += 1
                else:
                    for k in range(begin, end):
                        d0, d1, d2 = x[k, 0] - x0, x[k, 1] - x1, x[k, 2] - x2
                        total += i8(d0 * d0 + d1 * d1 + d2 * d2 < reach2)
        if not store:
            total -= 1  # the site itself
    first[len(sites)] = total
    return total
