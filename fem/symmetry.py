"""What leaves a crystal as it is: its turns, and what they do to strains; strains as vectors of six numbers."""

from __future__ import annotations

import itertools

import numpy as np

from atomistics import Crystal

MANDEL = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
SAME = 1e-5
"""Sites this close to each other, in units of the cell, are one."""


def unit_strains(dimension: int = 3) -> np.ndarray:
    """(6, 3, 3) orthonormal symmetric matrices, xx yy zz yz xz xy; of a sheet the three in its plane."""
    out = np.zeros((6, 3, 3))
    for k, (i, j) in enumerate(MANDEL):
        out[k, i, j] = out[k, j, i] = 1.0 if i == j else np.sqrt(0.5)
    return out[[0, 1, 5]] if dimension == 2 else out


def in_ball(rng: np.random.Generator, n: int, d: int, radius: float) -> np.ndarray:
    """(n, d) strains in a ball, more of them far out."""
    x = rng.normal(size=(n, d))
    size = radius * (0.15 + 0.85 * np.sqrt((np.arange(n) + 0.5) / n))
    return x * (size / np.linalg.norm(x, axis=1))[:, None]


def turns(crystal: Crystal) -> np.ndarray:
    """(g, 3, 3) rotations of the point group, laboratory axes; a rotation with inversion counts as the rotation, of a sheet as it is.

    So they are all that can change an energy of strain, or a sum over vibrations, which are even in the wave vector.
    """
    n = crystal.dimension
    a = crystal.cell_ij[:n, :n]
    whole = np.array(list(itertools.product((-1, 0, 1), repeat=n * n)), dtype=float).reshape(-1, n, n)
    gram = a @ a.T
    whole = whole[np.abs(whole @ gram @ whole.transpose(0, 2, 1) - gram).max((1, 2)) < 1e-6 * gram.max()]
    whole = whole[[_maps_basis(crystal, one) for one in whole]]
    if n == 3:
        whole = np.unique(np.round(whole * np.linalg.det(whole)[:, None, None]), axis=0)
    Q = np.zeros((len(whole), 3, 3))
    Q[:, 2, 2] = 1.0
    Q[:, :n, :n] = np.linalg.solve(a, whole @ a).transpose(0, 2, 1)
    return Q


def front_turns(crystal: Crystal) -> np.ndarray:
    """Those of `turns` that keep the direction of z, forth or back: (g, 3, 3)."""
    Q = turns(crystal)
    return Q[np.abs(np.abs(Q[:, 2, 2]) - 1.0) < 1e-6]


def _maps_basis(crystal: Crystal, whole: np.ndarray) -> bool:
    """Whether an isometry of the lattice, with some translation, maps atoms on atoms of their species."""
    if len(crystal.species) == 1:
        return True
    n, kind = crystal.dimension, np.unique(np.array(crystal.species), return_inverse=True)[1]
    at = crystal.basis_ai[:, :n] @ np.linalg.inv(crystal.cell_ij[:n, :n])
    moved = at @ whole
    for b in np.flatnonzero(kind == kind[0]):
        gap = (moved + at[b] - moved[0])[:, None] - at[None]
        same = (np.abs(gap - np.round(gap)).max(2) < SAME) & (kind[:, None] == kind[None])
        if same.any(1).all():
            return True
    return False


def turned_strains(Q: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """(g, d, d) what rotations (g, 3, 3) do to components of strain in the matrices ``unit`` (d, 3, 3)."""
    return np.einsum("kij,gia,gjb,lab->gkl", unit, Q, Q, unit, optimize=True)
