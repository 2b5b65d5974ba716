"""Lattices as arrays: unit cells of the structures, points in a box, the smallest cell of a crystal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ase.neighborlist import primitive_neighbor_list  # matscipy asks for MPI when it is imported
from scipy.spatial import cKDTree


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
FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
ONE, QUARTER = np.zeros((1, 3)), np.array([[0, 0, 0], [0.25, 0.25, 0.25]])

STRUCTURES = {
    "fcc": UnitCell(3, FCC, ONE, np.eye(3)),
    "bcc": UnitCell(3, BCC, ONE, np.eye(3)),
    "hexagonal": UnitCell(2, TRIANGULAR, ONE, TRIANGULAR),
    "diamond": UnitCell(3, FCC, QUARTER, np.eye(3)),
    "zincblende": UnitCell(3, FCC, QUARTER, np.eye(3)),
    "B2": UnitCell(3, np.eye(3), np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), np.eye(3)),
    "L1_2": UnitCell(3, np.eye(3), FACES, np.eye(3)),
}
"""Structures that a lattice constant alone makes definite; the two-dimensional one is the triangular lattice."""


def close_packed(c_over_a: float) -> UnitCell:
    """The hcp structure: a1 along x, c along z, 120 degrees between a1 and a2."""
    if not (np.isfinite(c_over_a) and c_over_a > 0):
        raise ValueError(f"c_over_a must be positive, got {c_over_a}")
    cell = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, c_over_a]])
    return UnitCell(3, cell, np.array([[0, 0, 0], [1 / 3, 2 / 3, 1 / 2]]) @ cell, cell)


MOST_POINTS = 2e8
"""More lattice points are not asked for by anybody who means it: some length is in another unit."""


def box_indices(cell: np.ndarray, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Integer triples whose lattice points lie in the box or very near to it, in lexicographic order.

    Along each row of the lattice the box is an interval of the third index: a thin turned box costs no more than
    its two long sides.

    Raises
    ------
    ValueError
        There are more points than any list can hold.
    """
    corners = np.array(list(itertools.product(*zip(lo, hi, strict=True)))) @ np.linalg.inv(cell)
    expected = float(np.prod(np.maximum(np.asarray(hi, float) - lo, np.abs(cell).max(0))) / abs(np.linalg.det(cell)))
    if not expected < MOST_POINTS:
        size = ", ".join(f"{length:.3g}" for length in np.asarray(hi, float) - lo)
        raise ValueError(
            f"a box of {size} A would hold {expected:.2g} cells of a crystal whose cell has {abs(np.linalg.det(cell)):.3g} A^3: "
            "check the unit of the lattice constant, the cutoff and the sizes"
        )
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


SAME = 1e-5
"""Atoms this close to each other, in units of the cell, are one."""


def primitive_cell(cell: np.ndarray, X: np.ndarray, symbols: Sequence[str]) -> tuple[np.ndarray, list[int]]:
    """Smallest cell with the same crystal, and the atoms that stay in it.

    Translations are looked for between atoms with the rarest surroundings, the shortest first: in three dimensions the
    shortest independent ones span the lattice. The time is about linear in the number of atoms.

    Parameters
    ----------
    cell : (3, 3) ndarray
        Reduced (Minkowski), so that the short vectors are among the images next door, A.
    X : (n, 3) ndarray
        No two atoms are at one place, A.
    symbols : (n,) sequence of str
    """
    kind = np.unique(np.array(symbols), return_inverse=True)[1]
    moved = _Translations(cell, X, kind)
    alike = _rarest(cell, X, kind)
    images = np.array(list(itertools.product((-1, 0, 1), repeat=3))) @ cell
    vectors = ((X[alike] - X[alike[0]])[:, None] + images).reshape(-1, 3)
    small: list[np.ndarray] = []
    for k in np.argsort(np.round(np.linalg.norm(vectors, axis=1), 9), kind="stable"):
        own = k < len(images)  # vectors of the cell that is given need no proof
        if _independent([*small, vectors[k]]) and (own or moved.keep(vectors[k])):
            small.append(vectors[k])
        if len(small) == 3:
            break
    basis = np.linalg.solve(np.rint(cell @ np.linalg.inv(small)), cell)  # free of the rounding of positions
    basis = basis if np.linalg.det(basis) > 0 else -basis
    return basis, _representatives(basis, X)


class _Translations:
    """Proof of translations: whether they put every atom on one of its kind."""

    def __init__(self, cell: np.ndarray, X: np.ndarray, kind: np.ndarray) -> None:
        self._inverse, self._kind = np.linalg.inv(cell), kind
        self._scaled = X @ self._inverse
        self._tree = cKDTree(self._scaled % 1.0 % 1.0, boxsize=1.0)  # twice: -1e-17 % 1 is 1

    def keep(self, shift: np.ndarray) -> bool:
        """Some atoms first: few of the vectors between atoms are translations."""
        return self._hit(shift, slice(16)) and self._hit(shift, slice(16, None))

    def _hit(self, shift: np.ndarray, some: slice) -> bool:
        at = (self._scaled[some] + shift @ self._inverse) % 1.0 % 1.0
        distance, which = self._tree.query(at, p=np.inf, distance_upper_bound=SAME)
        return bool(np.isfinite(distance).all() and (self._kind[which] == self._kind[some]).all())


def _rarest(cell: np.ndarray, X: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Atoms of one kind with surroundings that are alike, as few as there are: near a vacancy they differ from all others.

    Compared is the number of neighbours, counted with a weight that vanishes smoothly, so that no distance is at its edge.
    """
    reach = 2.0 * (abs(np.linalg.det(cell)) / len(X)) ** (1.0 / 3.0)
    i, r = primitive_neighbor_list("id", (True, True, True), cell, X, reach)
    around = np.bincount(i, weights=(1.0 - (r / reach) ** 2) ** 3, minlength=len(X))
    order = np.lexsort((around, kind))
    new = (np.diff(kind[order]) != 0) | (np.diff(around[order]) > 1e-2)
    groups = np.split(order, np.flatnonzero(new) + 1)
    return np.sort(min(groups, key=len))


def _independent(vectors: Sequence[np.ndarray]) -> bool:
    """Whether up to three vectors span as many dimensions."""
    lengths = np.linalg.norm(vectors, axis=1)
    if lengths[-1] < 1e-6:
        return False
    return bool(np.linalg.svd(np.array(vectors) / lengths[:, None], compute_uv=False)[-1] > 1e-6)


def _representatives(cell: np.ndarray, X: np.ndarray) -> list[int]:
    """The first of the atoms that lattice vectors of the cell put on each other, in the order of the atoms."""
    scaled = X @ np.linalg.inv(cell)
    left, keep = np.arange(len(X)), []
    while len(left):
        keep.append(int(left[0]))
        apart = scaled[left] - scaled[left[0]]
        left = left[np.abs(apart - np.rint(apart)).max(1) > SAME * max(1.0, np.abs(apart).max())]
    return keep
