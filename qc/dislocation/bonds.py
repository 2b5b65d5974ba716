"""Bonds that have slipped: neighbours of the reference crystal, both full atoms, that have moved against each other."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from mpi4py import MPI

from ..terms.atomistic import AtomisticEnergy

OPEN = 1.6
"""A bond across the crack plane longer than this, in reference lengths, is open: what its ends do is no slip."""
SEEN = 0.25
"""Bonds whose ends have moved by this against each other, in shortest Burgers vectors, are looked at; the others are not gathered."""


@dataclass(frozen=True, kw_only=True)
class SlippedBonds:
    """Some bonds in two states, each once.

    Attributes
    ----------
    X : (n, 3) ndarray
        Reference position of the first end, A.
    R : (n, 3) ndarray
        Reference vector to the second end, A.
    basis : (n, 2) int ndarray
        Basis numbers of both ends.
    before, after : (n, 3) ndarray
        How far the second end has moved against the first since the reference crystal, in each state, A.
    opened, closed : int
        Bonds across the crack plane that have opened from one state to the other, and closed.
    """

    X: np.ndarray
    R: np.ndarray
    basis: np.ndarray
    before: np.ndarray
    after: np.ndarray
    opened: int = 0
    closed: int = 0

    def __len__(self) -> int:
        return len(self.X)

    @property
    def middle(self) -> np.ndarray:
        """(n, 3) reference positions half-way, A."""
        return self.X + 0.5 * self.R

    def take(self, which: np.ndarray) -> Self:
        """Some of the bonds."""
        arrays = {f.name: getattr(self, f.name)[which] for f in fields(self) if f.type == "np.ndarray"}
        return type(self)(**arrays, opened=self.opened, closed=self.closed)


@dataclass(frozen=True, kw_only=True)
class FullBonds:
    """Reference bonds of this rank between full atoms in one state, in an order that does not depend on halos.

    Attributes
    ----------
    X, R : (n, 3) ndarray
        As in `SlippedBonds`.
    basis : (n, 2) int ndarray
    moved : (n, 3) ndarray
        How far the second end has moved against the first, A.
    """

    X: np.ndarray
    R: np.ndarray
    basis: np.ndarray
    moved: np.ndarray

    @classmethod
    def of(cls, atoms: AtomisticEnergy, z: np.ndarray, reach: float) -> Self:
        """Those up to a length (A) at displacements z of the local atoms."""
        near, halo, own = atoms.reference_list(reach), atoms.halo, atoms.atoms
        X = near.extended(halo.X)
        site, other = np.repeat(near.sites, np.diff(near.first)), near.owner_of_extended[near.index]
        R = X[near.index] - halo.X[site]
        first = np.round(R, 4)
        once = (first[:, 0] > 0) | ((first[:, 0] == 0) & ((first[:, 1] > 0) | ((first[:, 1] == 0) & (first[:, 2] > 0))))
        full = (halo.beta[other] == 0.0) & (own.beta[site] == 0.0) & own.free[site]
        keep = np.flatnonzero(once & full)
        keep = keep[np.lexsort((*first[keep].T[::-1], site[keep]))]
        site, other, R = site[keep], other[keep], R[keep]
        y = atoms.positions(z)
        moved = y[other] - y[site] - (halo.X[other] - halo.X[site]) @ atoms.F0.T
        return cls(X=halo.X[site], R=R, basis=np.column_stack([halo.species[site], halo.species[other]]), moved=moved)


def gather(comm: MPI.Comm, before: FullBonds, after: FullBonds, burgers: float) -> SlippedBonds | None:
    """The bonds of all ranks that have slipped in either state, on rank 0, sorted by place; None on the others. Collective.

    ``burgers`` is the length of the shortest Burgers vector, A. What is gathered is as long as the slip, not as large as the model.
    """
    X, R = after.X, after.R
    length = np.linalg.norm(R, axis=1)
    crossing = (X[:, 1] > 0) != (X[:, 1] + R[:, 1] > 0)
    opens = [crossing & (np.linalg.norm(R + state.moved, axis=1) > OPEN * length) for state in (before, after)]
    far = np.maximum(*(np.linalg.norm(state.moved, axis=1) for state in (before, after))) > SEEN * burgers
    keep = far & ~opens[0] & ~opens[1]
    rows = np.column_stack([X, R, after.basis, before.moved, after.moved])[keep]
    counts = np.array([np.count_nonzero(opens[1] & ~opens[0]), np.count_nonzero(opens[0] & ~opens[1])])
    opened, closed = comm.allreduce(counts).tolist()
    pieces = comm.gather(rows)
    if pieces is None:
        return None
    rows = np.concatenate(pieces)
    rows = rows[np.lexsort(np.round(rows[:, :6], 4).T[::-1])]
    X, R, basis, d0, d1 = np.split(rows, [3, 6, 8, 11], axis=1)
    return SlippedBonds(X=X, R=R, basis=basis.astype(int), before=d0, after=d1, opened=opened, closed=closed)
