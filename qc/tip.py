"""Where the crack tip is: bonds across the cleavage plane, open or closed with hysteresis, and damage off the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from .atomistic import AtomisticEnergy
from .local_atoms import Halo, neighbour_list

_Bonds = tuple[np.ndarray, np.ndarray, np.ndarray]

OPENS_AT = 1.6
"""A bond across the plane counts as open above this stretch (length over nearest-neighbour distance) ..."""
CLOSES_AT = 1.35
"""... and as closed again below this one. In between it keeps its state: advance is a jump, not a threshold."""
OFF_PLANE_STRETCH = 1.45
"""A nearest-neighbour bond off the plane longer than this has been broken by slip or blunting."""


@dataclass(frozen=True)
class TipState:
    """Bonds across the cleavage plane along x, the same on all ranks.

    Attributes
    ----------
    x : (n,) ndarray
        Reference x of the bond's middle, rising, A.
    stretch : (n,) ndarray
        Length over nearest-neighbour distance.
    open : (n,) bool ndarray
    off_plane : int
        Broken nearest-neighbour bonds that do not cross the cleavage plane.
    """

    x: np.ndarray
    stretch: np.ndarray
    open: np.ndarray
    off_plane: int

    @property
    def position(self) -> float:
        """x between the open and the closed bonds that meet there, A (reference coordinates)."""
        if not len(self.x) or not self.open.any():
            return float("nan")
        closed = np.flatnonzero(~self.open)
        ahead = closed[0] if len(closed) else len(self.x)
        if ahead == 0:
            return float(self.x[0])
        right = self.x[ahead] if ahead < len(self.x) else self.x[-1]
        return float(0.5 * (self.x[ahead - 1] + right))

    @property
    def tip_stretch(self) -> float:
        """Stretch of the first closed bond."""
        closed = np.flatnonzero(~self.open)
        return float(self.stretch[closed[0]]) if len(closed) else float("nan")


class TipTracker:
    """Follows the bonds across y = 0 from state to state.

    Parameters
    ----------
    nn : float
        Nearest-neighbour distance, A.
    reach : float
        Bonds with ``|x| <= reach`` are followed, A.
    """

    def __init__(self, comm: MPI.Comm, atoms: AtomisticEnergy, nn: float, reach: float) -> None:
        self._comm, self._atoms, self._nn, self._reach = comm, atoms, nn, reach
        self._open: dict[float, bool] = {}
        self._bonds_of: tuple[Halo, _Bonds] | None = None

    def measure(self, z: np.ndarray) -> TipState:
        """State of the bonds for local atom displacements z; remembers which are open. Collective."""
        x, stretch, off_plane = self._bonds(z)
        x = np.concatenate(self._comm.allgather(x))
        stretch = np.concatenate(self._comm.allgather(stretch))
        column = np.round(x, 3)
        names, inverse = np.unique(column, return_inverse=True)
        shortest = np.full(len(names), np.inf)  # a column is open when all its bonds are
        np.minimum.at(shortest, inverse, stretch)
        opened = np.array(
            [self._state(c, s) for c, s in zip(names.tolist(), shortest.tolist(), strict=True)], dtype=bool
        )
        self._open = dict(zip(names.tolist(), opened.tolist(), strict=True))
        return TipState(names, shortest, opened, int(self._comm.allreduce(off_plane)))

    def remember(self, state: dict[str, bool]) -> None:
        """Take over the open bonds of a checkpoint."""
        self._open = {float(x): value for x, value in state.items()}

    @property
    def memory(self) -> dict[str, bool]:
        """Open bonds by x, for the checkpoint."""
        return {f"{x:.3f}": value for x, value in self._open.items()}

    def _state(self, column: float, stretch: float) -> bool:
        before = self._open.get(column)
        if before is None:
            return stretch > 0.5 * (OPENS_AT + CLOSES_AT)
        return stretch > (CLOSES_AT if before else OPENS_AT)

    def _bonds(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Middle x and stretch of own bonds across the plane; number of broken ones off it (each counted by one site)."""
        site, other, R = self._reference_bonds()
        y = self._atoms.positions(z)
        X = self._atoms.halo.X
        length = np.linalg.norm(y[other] - y[site] + (R - (X[other] - X[site])) @ self._atoms.F0.T, axis=1) / self._nn
        across = (X[site, 1] > 0) & (X[site, 1] + R[:, 1] < 0)
        near = np.abs(X[site, 0] + 0.5 * R[:, 0]) <= self._reach
        pick = across & near
        crossing = (X[site, 1] > 0) != (X[site, 1] + R[:, 1] > 0)
        off = ~crossing & near & (length > OFF_PLANE_STRETCH)
        return X[site[pick], 0] + 0.5 * R[pick, 0], length[pick], int(np.count_nonzero(off)) // 2

    def _reference_bonds(self) -> _Bonds:
        """Nearest-neighbour bonds of the own sites in the reference crystal: site, other local atom, bond vector."""
        atoms = self._atoms
        if self._bonds_of is None or self._bonds_of[0] is not atoms.halo:
            self._bonds_of = (atoms.halo, _nearest_neighbours(atoms, self._nn))
        return self._bonds_of[1]


def _nearest_neighbours(atoms: AtomisticEnergy, nn: float) -> _Bonds:
    front = None if atoms.front is None else np.linalg.solve(atoms.F0, atoms.front)
    near = neighbour_list(atoms.halo.X, atoms.sites, 1.05 * nn, 0.0, front)
    X = near.extended(atoms.halo.X)
    site = np.repeat(near.sites, np.diff(near.first))
    return site, near.owner_of_extended[near.index], X[near.index] - atoms.halo.X[site]
