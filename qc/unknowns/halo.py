"""The atoms a rank needs for the sites it owns: its own and a halo, with their rows of P, in the present configuration."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import NeighbourList

from .layout import Rows
from .sites import Atoms


@dataclass(frozen=True, kw_only=True)
class Halo:
    """Own atoms first, then those of other ranks within reach.

    Attributes
    ----------
    key : (n, 4) int64 ndarray
    X : (n, 3) ndarray
        Reference positions, A.
    species : (n,) int32 ndarray
    beta : (n,) ndarray
    rows : Rows
        Rows of P, so that one scatter of the unknowns is all the communication an evaluation needs.
    n_own : int
    """

    key: np.ndarray
    X: np.ndarray
    species: np.ndarray
    beta: np.ndarray
    rows: Rows
    n_own: int


def gather_halo(comm: MPI.Comm, atoms: Atoms, y: np.ndarray, sites: np.ndarray, reach: float, periodic: bool) -> Halo:
    """Fetch the atoms of other ranks within ``reach`` of this rank's sites, now or in the reference crystal. Collective.

    Neighbours of the reference crystal stay with a site when a crack has opened between them: what has broken is seen from there.
    Ranks tell each other the boxes round their sites (twelve numbers a rank); each sends what lies in one of them.

    Parameters
    ----------
    y : (n, 3) ndarray
        Present positions of the own atoms, A.
    sites : (m,) int ndarray
        Own atoms whose site energies are summed here.
    periodic : bool
        Along the front (z): images count, so z does not tell who is near.
    """
    if comm.size == 1:
        rows = copy(atoms.rows)  # a coupling tells by it that the halo is new
        return Halo(key=atoms.key, X=atoms.X, species=atoms.species, beta=atoms.beta, rows=rows, n_own=len(atoms))
    d = 2 if periodic else 3
    inside = np.zeros((comm.size, len(atoms)), dtype=bool)
    for x in (y, atoms.X):
        lo = x[sites].min(0, initial=np.inf) - reach
        hi = x[sites].max(0, initial=-np.inf) + reach
        boxes = np.array(comm.allgather(np.stack([lo, hi])))
        inside |= [((x[:, :d] >= box[0, :d]) & (x[:, :d] <= box[1, :d])).all(1) for box in boxes]
    send = [np.flatnonzero(inside[r]) if r != comm.rank else np.empty(0, dtype=int) for r in range(comm.size)]
    parts = comm.alltoall([_pack(atoms, which) for which in send])
    return _join(_pack(atoms, np.arange(len(atoms))), parts, len(atoms))


_Packed = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Rows]


def _pack(atoms: Atoms, which: np.ndarray) -> _Packed:
    return atoms.key[which], atoms.X[which], atoms.species[which], atoms.beta[which], atoms.rows.take(which)


def _join(own: _Packed, parts: list[_Packed], n_own: int) -> Halo:
    key, X, species, beta = (np.concatenate([own[c], *(p[c] for p in parts)]) for c in range(4))
    return Halo(
        key=key, X=X, species=species, beta=beta, rows=Rows.stack([own[4], *(p[4] for p in parts)]), n_own=n_own
    )


def neighbour_list(
    y: np.ndarray, sites: np.ndarray, cutoff: float, skin: float, front: np.ndarray | None
) -> NeighbourList:
    """List of the sites' neighbours; ``front`` is the period along the crack front (3,), A, None: not periodic."""
    cell = np.eye(3)
    if front is not None:
        cell[2] = front
    return NeighbourList(y, cutoff, skin=skin, cell=cell, pbc=(False, False, front is not None), sites=sites)
