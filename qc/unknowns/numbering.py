"""The numbering of blocks: who has one of its own, in which order, its name, and its value in a uniform deformation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from .layout import Layout


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Atoms, nodes or inner shifts of this rank, as far as they have blocks of their own; all others follow these.

    Attributes
    ----------
    n : int
        How many there are, with and without.
    free, far : (k,) int ndarray
        Who of them is solved for, and who is prescribed.
    per : int
        Blocks that each takes, one behind the other.
    """

    n: int
    free: np.ndarray
    far: np.ndarray
    per: int = 1


def number(comm: MPI.Comm, components: int, kinds: Sequence[Kind]) -> tuple[Layout, list[np.ndarray]]:
    """The layout of all blocks, and for each kind (n,) full numbers of the first block, -1 for who has none. Collective.

    On each rank the free blocks of all kinds come first, kind by kind, then the prescribed ones.
    """
    n_free, n_far = (sum(kind.per * len(which) for kind, which in chosen) for chosen in _chosen(kinds))
    layout = Layout(comm, components, n_free, n_far)
    numbers, first = [np.full(kind.n, -1, dtype=np.int64) for kind in kinds], layout.first_full
    for chosen in _chosen(kinds):
        for (kind, which), full in zip(chosen, numbers, strict=True):
            full[which] = first + kind.per * np.arange(len(which))
            first += kind.per * len(which)
    return layout, numbers


def _chosen(kinds: Sequence[Kind]) -> tuple[list[tuple[Kind, np.ndarray]], ...]:
    """Who is free of each kind, and who is prescribed: the order of the blocks."""
    return [(kind, kind.free) for kind in kinds], [(kind, kind.far) for kind in kinds]


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Blocks in a row: positions, names, and how each changes in a uniform deformation; see `prolongation.Prolongation`."""

    X: np.ndarray
    key: np.ndarray
    is_atom: np.ndarray
    arm: np.ndarray
    share: np.ndarray

    @classmethod
    def of_atoms(cls, key: np.ndarray, X: np.ndarray, species: np.ndarray, n_basis: int) -> Blocks:
        """Displacements of atoms: u = H X + p of their sublattice."""
        return cls(X=X, key=key, is_atom=np.ones(len(X), dtype=bool), arm=X, share=np.eye(n_basis)[species])

    @classmethod
    def of_nodes(cls, ends: np.ndarray, X: np.ndarray, n_basis: int) -> Blocks:
        """Displacements of nodes: u = H X; their name is their end vertices, -1, -1."""
        key = np.column_stack([ends, np.full((len(X), 2), -1)])
        return cls(X=X, key=key, is_atom=np.zeros(len(X), dtype=bool), arm=X, share=np.zeros((len(X), n_basis)))

    @classmethod
    def of_shifts(cls, vertex: np.ndarray, X: np.ndarray, offset: np.ndarray) -> Blocks:
        """Shifts pi_m = p_m - p_0 of vertices, m fastest; their name ends with -1 - m, -1. ``offset`` (n_basis, 3): b of the cell, A."""
        m = np.tile(np.arange(1, len(offset)), len(X))
        X, vertex = np.repeat(X, len(offset) - 1, axis=0), np.repeat(vertex, len(offset) - 1)
        eye = np.eye(len(offset))
        return cls(
            X=X,
            key=np.column_stack([vertex, vertex, -1 - m, -np.ones_like(m)]).astype(np.int64),
            is_atom=np.zeros(len(X), dtype=bool),
            arm=(offset[1:] - offset[0])[m - 1].reshape(len(X), 3),
            share=eye[m] - eye[0],
        )

    @classmethod
    def joined(cls, parts: Sequence[Blocks]) -> Blocks:
        """All of them, one behind the other."""
        X, key, is_atom, arm, share = (
            np.concatenate(part) for part in zip(*((b.X, b.key, b.is_atom, b.arm, b.share) for b in parts), strict=True)
        )
        return cls(X=X, key=key, is_atom=is_atom, arm=arm, share=share)
