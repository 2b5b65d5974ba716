"""Pair search by linked cells: which atoms (images included) lie within reach of which sites."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass, replace

import numba as nb
import numpy as np

from .pair import F1, F2, FLAGS, I1, f8, i4, i8

I2 = i4[:, ::1]
NX, NY, NZ = SUBDIVISION = (1, 1, 2)
"""Bins in one reach along the axes. Points of neighbouring bins along the last one lie behind each other: these may be small."""
WIDEST = 2.0
"""Atoms spread over no more periods than this are searched where they are, else put back into the cell before."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Neighbours of sites among the extended atoms: all atoms in the order ``order``, then images.

    Attributes
    ----------
    first : (m + 1,) int32 ndarray
        Rows, one a site.
    index : (n_pairs,) int32 ndarray
        Extended atoms.
    order : (n,) int32 ndarray
        All atoms, those of one bin after those of another: neighbours in space are neighbours in memory.
    owner : (n_images,) int32 ndarray
    images : (n_images, 3) int32 ndarray
        Translations in cell vectors.
    """

    first: np.ndarray
    index: np.ndarray
    order: np.ndarray
    owner: np.ndarray
    images: np.ndarray


def find_pairs(
    X: np.ndarray, sites: np.ndarray, reach: float, cell: np.ndarray, periodic: np.ndarray, sort: bool = True
) -> Pairs:
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
    sort : bool
        Put neighbours in space together in memory; else atoms stay in their order.
    """
    if not len(X):
        none = np.empty(0, np.int32)
        return Pairs(first=np.zeros(1, np.int32), index=none, order=none, owner=none, images=np.empty((0, 3), np.int32))
    scaled = X @ np.linalg.inv(cell)
    lo, hi = _box(scaled, np.arange(len(X), dtype=np.int32))
    if ((hi - lo)[periodic] <= WIDEST).all():
        return _search(X, scaled, sites, reach, cell, periodic, sort)
    home = np.where(periodic, np.floor(scaled), 0.0)
    found = _search(X - home @ cell, scaled - home, sites, reach, cell, periodic, sort)
    return _moved_back(found, sites, home.astype(np.int32))


def _search(
    X: np.ndarray,
    scaled: np.ndarray,
    sites: np.ndarray,
    reach: float,
    cell: np.ndarray,
    periodic: np.ndarray,
    sort: bool,
) -> Pairs:
    """`find_pairs` for atoms that are all near the cell."""
    n, sites = len(X), sites.astype(np.int32)
    owner, images = _images(scaled, sites, reach * np.linalg.norm(np.linalg.inv(cell), axis=0), periodic)
    points = np.concatenate([X, X[owner] + images @ cell]) if len(owner) else X
    bins, counts = _bins(points, reach)
    start, inside = _counting_sort(bins, int(np.prod(counts)))
    x, number = np.empty((3, len(points))), np.empty(len(points), np.int32)
    place, order, ghosts = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(len(owner), np.int32)
    _lay_out(points, inside, sort, x, number, place, order, ghosts)
    first = np.empty(len(sites) + 1, np.int32)
    args = (x, number, start, counts, bins, place, sites, reach * reach, first)
    room = np.empty(int(1.1 * len(sites) * _expected(len(points), counts, reach)) + 1000, np.int32)
    done = _collect(*args, 0, room)
    while done < len(sites):
        room = np.concatenate([room, np.empty(len(room) + len(points), np.int32)])
        done = _collect(*args, done, room)
    index = room[: first[-1]]
    used = np.zeros(len(ghosts), np.int32)
    kept = _keep_used(n, index, used)
    if kept < len(ghosts):
        ghosts = ghosts[used >= 0]
    return Pairs(first=first, index=index, order=order, owner=owner[ghosts], images=images[ghosts])


def _expected(n_points: int, counts: np.ndarray, reach: float) -> float:
    """Neighbours of a point where points fill their bins, which is a guess from above for solids."""
    per_bin = n_points / float(np.prod(counts))
    return per_bin * float(np.prod(SUBDIVISION)) * 4.0 / 3.0 * np.pi + 8.0


def _moved_back(found: Pairs, sites: np.ndarray, home: np.ndarray) -> Pairs:
    """The pairs of atoms that were put into the cell, for the atoms where they were: each bond has a translation of its own."""
    n = len(home)
    atom = np.concatenate([found.order, found.owner])[found.index]
    image = np.concatenate([np.zeros((n, 3), np.int32), found.images])[found.index]
    shift = image - home[atom] + np.repeat(home[sites], np.diff(found.first), axis=0)
    place = np.empty(n, np.int32)
    place[found.order] = np.arange(n, dtype=np.int32)
    index, across = place[atom], np.flatnonzero(shift.any(1))
    keys = np.column_stack([atom[across], shift[across]])
    ghosts, number = np.unique(keys, axis=0, return_inverse=True)
    index[across] = n + number.ravel()
    return replace(found, index=index, owner=ghosts[:, 0].astype(np.int32), images=ghosts[:, 1:].astype(np.int32))


def _images(
    scaled: np.ndarray, sites: np.ndarray, margin: np.ndarray, periodic: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Owner and cell translation of all images within the margin of the box round the sites."""
    if not len(sites) or not periodic.any():
        return np.empty(0, np.int32), np.empty((0, 3), np.int32)
    lo, hi = _box(scaled, sites)
    lo, hi = lo - margin, hi + margin
    n = _list_images(scaled, lo, hi, periodic, np.empty(0, np.int32), np.empty((0, 3), np.int32))
    owner, images = np.empty(n, np.int32), np.empty((n, 3), np.int32)
    _list_images(scaled, lo, hi, periodic, owner, images)
    return owner, images


@nb.njit(nb.types.UniTuple(F1, 2)(F2, I1), **FLAGS)
def _box(points, which):
    """Lowest and highest coordinates of chosen points (numpy is slow along short rows)."""
    lo, hi = np.full(3, np.inf), np.full(3, -np.inf)
    for k in which:
        for d in range(3):
            lo[d], hi[d] = min(lo[d], points[k, d]), max(hi[d], points[k, d])
    return lo, hi


@nb.njit(i8(F2, F1, F1, nb.boolean[::1], I1, I2), **FLAGS)
def _list_images(scaled, lo, hi, periodic, owner, images):
    """Images with lo <= scaled <= hi along periodic directions; with an empty ``owner`` only counts. Returns their number."""
    store, n = len(owner) > 0, 0
    a, b = np.zeros(3, np.int32), np.zeros(3, np.int32)
    for l in range(len(scaled)):
        for d in range(3):
            if periodic[d]:
                a[d], b[d] = i4(np.ceil(lo[d] - scaled[l, d])), i4(np.floor(hi[d] - scaled[l, d]))
        for i in range(a[0], b[0] + 1):
            for j in range(a[1], b[1] + 1):
                for k in range(a[2], b[2] + 1):
                    if i == 0 and j == 0 and k == 0:
                        continue
                    if store:
                        owner[n] = l
                        images[n, 0], images[n, 1], images[n, 2] = i, j, k
                    n += 1
    return n


def _bins(points: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Bin number of each point and the numbers of bins along the axes; ``SUBDIVISION`` bins are at least ``reach`` wide."""
    lo, hi = _box(points, np.arange(len(points), dtype=np.int32))
    width = reach / np.array(SUBDIVISION)
    while np.prod(np.floor((hi - lo) / width) + 1.0) > 4.0 * len(points) + 64.0:  # sparse points: wider bins
        width = 1.5 * width
    counts = (np.floor((hi - lo) / width) + 1.0).astype(np.int64)
    bins = np.empty(len(points), np.int64)
    _number_bins(points, lo, 1.0 / width, counts, bins)
    return bins, counts


@nb.njit(nb.void(F2, F1, F1, i8[::1], i8[::1]), **FLAGS)
def _number_bins(points, lo, inverse, counts, bins):
    """Number of each point's bin, the last axis running fastest."""
    for p in range(len(points)):
        b = 0
        for d in range(3):
            b = b * counts[d] + min(i8((points[p, d] - lo[d]) * inverse[d]), counts[d] - 1)
        bins[p] = b


@nb.njit(nb.types.Tuple((i8[::1], i8[::1]))(i8[::1], i8), **FLAGS)
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


@nb.njit(nb.void(F2, i8[::1], nb.boolean, F2, I1, I1, I1, I1), **FLAGS)
def _lay_out(points, inside, sort, x, number, place, order, ghosts):
    """Sorted points as x (3, n_points) with the extended atom each is; where the atoms are in it; which atoms and images these are."""
    n, atom, ghost = len(order), 0, 0
    for k in range(len(inside)):
        p = inside[k]
        x[0, k], x[1, k], x[2, k] = points[p, 0], points[p, 1], points[p, 2]
        if p >= n:
            ghosts[ghost] = p - n
            number[k] = n + ghost
            ghost += 1
        else:
            place[p], number[k] = k, atom if sort else p
            order[number[k]] = p
            atom += 1


@nb.njit(i8(F2, I1, i8[::1], i8[::1], i8[::1], I1, I1, f8, I1, i8, I1), **FLAGS)
def _collect(x, number, start, counts, bins, place, sites, reach2, first, begin, found):
    """Points within reach of each site from ``begin`` on, row after row; stops where ``found`` is full. Returns the next site."""
    if begin == 0:
        first[0] = 0
    distance = np.empty(len(number))
    n0, n1, n2 = counts[0], counts[1], counts[2]
    for s in range(begin, len(sites)):
        own, b = place[sites[s]], bins[sites[s]]
        x0, x1, x2 = x[0, own], x[1, own], x[2, own]
        b0, b1, b2 = b // (n1 * n2), (b // n2) % n1, b % n2
        total = nb.uint64(first[s])
        for c0 in range(max(b0 - NX, 0), min(b0 + NX + 1, n0)):
            for c1 in range(max(b1 - NY, 0), min(b1 + NY + 1, n1)):
                row = (c0 * n1 + c1) * n2
                low, high = start[row + max(b2 - NZ, 0)], start[row + min(b2 + NZ + 1, n2)]
                if total + nb.uint64(high - low) >= nb.uint64(len(found)):
                    return s
                for k in range(nb.uint64(low), nb.uint64(high)):  # unsigned: nothing to wrap around
                    d0, d1, d2 = x[0, k] - x0, x[1, k] - x1, x[2, k] - x2
                    distance[k] = d0 * d0 + d1 * d1 + d2 * d2
                if low <= own < high:
                    distance[own] = np.inf
                for k in range(nb.uint64(low), nb.uint64(high)):
                    found[total] = number[k]
                    total += nb.uint64(distance[k] < reach2)
        first[s + 1] = total
    return len(sites)


@nb.njit(i8(i8, I1, I1), **FLAGS)
def _keep_used(n, index, used):
    """Numbers ghosts anew if some are nobody's neighbour; used[ghost]: its new number, -1 for none. Returns how many stay."""
    for k in range(len(index)):
        if index[k] >= n:
            used[index[k] - n] = 1
    kept = 0
    for g in range(len(used)):
        kept += used[g]
    if kept == len(used):
        return kept
    c = 0
    for g in range(len(used)):
        if used[g] == 1:
            used[g] = c
            c += 1
        else:
            used[g] = -1
    for k in range(len(index)):
        if index[k] >= n:
            index[k] = n + used[index[k] - n]
    return kept
