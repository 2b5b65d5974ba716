"""Wave vectors over which sums of vibrations go: a mesh that has the symmetry of the crystal, half of it by time reversal."""

from __future__ import annotations

import itertools

import numpy as np

from atomistics import Crystal

from .symmetry import front_turns, turns

SIZE = 5.6
"""Length of the periodic crystal whose waves these are, in shortest lattice vectors: four cubes of fcc and diamond, five of bcc."""
MOST_FOLDS = 8
"""Primitive cells of a conventional one up to which its mesh is taken."""
DIGITS = 6
"""Of the components of a wave vector by which it is known."""


def wave_vectors(crystal: Crystal, size: float = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """k (n, 3) in 1/A, of the reference crystal, and their weights (n,), which sum to 1. None is zero.

    Half-shifted points along the edges of the conventional cell, (i + 1/2) / n, with all that its folding hides, and what the turns of
    the crystal make of them: what is summed over them has no shear stress that the crystal would not have. Of k and -k, which are
    the same by time reversal, one is listed.

    Parameters
    ----------
    size : float
        Length along each edge that the waves are periodic over, at least, in shortest lattice vectors.

    References
    ----------
    H. J. Monkhorst & J. D. Pack, Phys. Rev. B 13 (1976) 5188.
    """
    n = crystal.dimension
    cell, conventional = crystal.cell_ij[:n, :n], crystal.conventional_ij[:n, :n]
    folds = round(abs(np.linalg.det(conventional) / np.linalg.det(cell)))
    if folds > MOST_FOLDS:
        conventional, folds = cell, 1
    lengths = np.linalg.norm(conventional, axis=1)
    counts = np.maximum(np.ceil(size * crystal.shortest_lattice_vector / lengths - 1e-6), 1).astype(int)
    axes = [(np.arange(count) + 0.5) / count for count in counts]
    inside = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, n)
    whole = np.array(list(itertools.product(range(folds), repeat=n)), dtype=float)
    _, first = np.unique(_fractions(whole @ np.linalg.inv(conventional).T, cell), axis=0, return_index=True)
    assert len(first) == folds
    mesh = (inside[:, None] + whole[np.sort(first)]).reshape(-1, n) @ np.linalg.inv(conventional).T
    turned = np.einsum("gij,kj->gki", turns(crystal)[:, :n, :n], mesh).reshape(-1, n)
    return _different(turned, cell)


def slab_vectors(crystal: Crystal, normal: np.ndarray, size: float = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """As `wave_vectors`, of a slab that is periodic along its faces: those normal to it are zero, and its symmetry is not asked for.

    Parameters
    ----------
    crystal : Crystal
        The slab with empty space above it; two of its cell's vectors lie in the faces.
    normal : (3,) ndarray
    """
    flat = [v for v in crystal.cell_ij if abs(v @ normal) < 1e-6 * np.linalg.norm(v)]
    if len(flat) == 1:  # a sheet: its slab is a strip along one vector
        flat.append(np.cross(flat[0], normal))
    assert len(flat) == 2
    periodic = 1 if crystal.dimension == 2 else 2
    basis = np.array([*flat, normal])
    length = size * min(float(np.linalg.norm(v)) for v in flat[:periodic])
    counts = [max(int(np.ceil(length / np.linalg.norm(v) - 1e-6)), 1) for v in flat[:periodic]]
    axes = [(np.arange(count) + 0.5) / count for count in counts] + [np.zeros(1)] * (3 - periodic)
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ np.linalg.inv(basis).T
    n = crystal.dimension
    return _different(mesh[:, :n], crystal.cell_ij[:n, :n])


def front_vectors(crystal: Crystal, vectors: np.ndarray, periods: int = 1, size: float = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """As `wave_vectors`, of a crystal that repeats along z after a number of its periods: waves along z are those that fit in.

    The model of a front so long has no others. Its continuum must not have them either, or its atoms are warm in another way.

    Parameters
    ----------
    crystal : Crystal
    vectors : (3, 3) ndarray
        Rows: lattice vectors, the last one the period along z, A.
    periods : int
    """
    flat = np.linalg.norm(vectors[:2, :2], axis=1)
    counts = np.maximum(np.ceil(size * crystal.shortest_lattice_vector / flat - 1e-6), 1).astype(int)
    axes = [(np.arange(count) + 0.5) / count for count in counts] + [np.arange(periods) / periods]
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ np.linalg.inv(vectors).T
    return _different(np.einsum("gij,kj->gki", front_turns(crystal), mesh).reshape(-1, 3), crystal.cell_ij)


def _fractions(k: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """(n, d) components of k / 2 pi in the reciprocal cell, from 0 to 1."""
    s = np.round(k @ cell.T, DIGITS) % 1.0
    return np.where(s > 1.0 - 0.5 * 10.0**-DIGITS, 0.0, s)


def _different(k: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of k / 2 pi (n, d) that differ, up to reciprocal lattice vectors and the sign, as k (m, 3), and how often each occurs."""
    forth, back = _fractions(k, cell), _fractions(-k, cell)
    behind = [tuple(b) < tuple(f) for f, b in zip(forth.tolist(), back.tolist(), strict=True)]
    key = np.where(np.array(behind)[:, None], back, forth)
    _, first, count = np.unique(np.round(key, DIGITS - 1), axis=0, return_index=True, return_counts=True)
    out = np.zeros((len(first), 3))
    out[:, : k.shape[1]] = 2.0 * np.pi * k[first]
    return out, count / count.sum()
