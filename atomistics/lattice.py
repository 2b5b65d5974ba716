"""Lattices as arrays: unit cells of the structures, points in a box, the smallest cell of a crystal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class UnitCell(NamedTuple):
    """A structure in units of its lattice constant, crystal axes.

    Attributes
    ----------
    dimension : int
    cell : (3, 3) ndarray
        Primitive lattice vectors as rows.
    basis : (n_basis, 3) ndarray
        Atoms of the cell, Cartesian.
    conventional : (3, 3) ndarray
        Cell that Miller indices refer to.
    """

    dimension: int
    cell: np.ndarray
    basis: np.ndarray
    conventional: np.ndarray


FCC = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
BCC = np.array([[-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, -0.5]])
TRIANGULAR = np.array([[1, 0, 0], [0.5, np.sqrt(0.75), 0], [0, 0, 1]])
ONE, QUARTER = np.zeros((1, 3)), np.array([[0, 0, 0], [0.25, 0.25, 0.25]])

STRUCTURES = {
    "fcc": UnitCell(3, FCC, ONE, np.eye(3)),
    "bcc": UnitCell(3, BCC, ONE, np.eye(3)),
    "hexagonal": UnitCell(2, TRIANGULAR, ONE, TRIANGULAR),
    "diamond": UnitCell(3, FCC, QUARTER, np.eye(3)),
    "zincblende": UnitCell(3, FCC, QUARTER, np.eye(3)),
}
"""Structures that a lattice constant alone makes definite; the two-dimensional one is the triangular lattice."""


def close_packed(c_over_a: float) -> UnitCell:
    """The hcp structure: a1 along x, c along z, 120 degrees between a1 and a2."""
    if not (np.isfinite(c_over_a) and c_over_a > 0):
        raise ValueError(f"c_over_a must be positive, got {c_over_a}")
    cell = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, c_over_a]])
    return UnitCell(3, cell, np.array([[0, 0, 0], [1 / 3, 2 / 3, 1 / 2]]) @ cell, cell)


def box_indices(cell: np.ndarray, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Integer triples whose lattice points lie in the box or very near to it, in lexicographic order.

    Along each row of the lattice the box is an interval of the third index: a thin turned box costs no more than
    its two long sides.
    """
    corners = np.array(list(itertools.product(*zip(lo, hi, strict=True)))) @ np.linalg.inv(cell)
    first, last = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    i, j = (v.ravel() for v in np.meshgrid(*(np.arange(first[d], last[d] + 1) for d in (0, 1)), indexing="ij"))
    start = i[:, None] * cell[0] + j[:, None] * cell[1]
    low, high = np.full(len(i), float(first[2])), np.full(len(i), float(last[2]))
    slack = 1e-6 * np.abs(cell).max()
    for d in range(3):
        below, above = lo[d] - slack - start[:, d], hi[d] + slack - start[:, d]
        if abs(cell[2, d]) > slack:
            ends = np.stack([below, above]) / cell[2, d]
            low, high = np.maximum(low, ends.min(0)), np.minimum(high, ends.max(0))
        else:
            high = np.where((below <= slack) & (above >= -slack), high, -np.inf)
    low = np.ceil(low)
    count = np.maximum(np.floor(high) - low + 1, 0).astype(int)
    row = np.repeat(np.arange(len(i)), count)
    along = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return np.column_stack([i[row], j[row], low[row].astype(int) + along])


def primitive_cell(cell: np.ndarray, X: np.ndarray, symbols: Sequence[str]) -> tuple[np.ndarray, list[int]]:
    """Smallest cell with the same crystal, and the atoms that stay in it."""
    inverse = np.linalg.inv(cell)

    def same(shift: np.ndarray) -> bool:
        for x, s in zip(X, symbols, strict=True):
            apart = (X - x - shift) @ inverse
            hit = np.abs(apart - np.rint(apart)).max(1) < 1e-5
            if not any(symbols[int(k)] == s for k in np.flatnonzero(hit)):
                return False
        return True

    shifts = [X[k] - X[0] for k in range(1, len(X)) if symbols[k] == symbols[0] and same(X[k] - X[0])]
    images = [np.array(n) @ cell for n in itertools.product((-1, 0, 1), repeat=3)]
    candidates = sorted(
        (v for s in [np.zeros(3), *shifts] for v in (s + i for i in images) if np.linalg.norm(v) > 1e-6),
        key=np.linalg.norm,
    )
    volume = abs(np.linalg.det(cell)) / (len(shifts) + 1)
    first = candidates[0]  # the shortest vectors that are independent span a lattice of up to three dimensions
    second = next(v for v in candidates if np.linalg.norm(np.cross(first, v)) > 1e-6 * np.linalg.norm(first))
    content = np.cross(first, second)
    third = next((v for v in candidates if abs(abs(v @ content) - volume) < 1e-6 * volume), None)
    if third is None:  # only in a cell so skew that its images next door miss the short vectors
        return cell, list(range(len(X)))
    small = np.array([first, second, third])
    small = small if np.linalg.det(small) > 0 else -small
    keep: list[int] = []
    for k in range(len(X)):
        apart = np.array([(X[k] - X[m]) @ np.linalg.inv(small) for m in keep]).reshape(-1, 3)
        if not (np.abs(apart - np.rint(apart)).max(1) < 1e-5).any():
            keep.append(k)
    return small, keep
