"""Where the crack tip is: bonds across the cleavage plane, open or closed with hysteresis; what breaks or joins elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI

from atomistics import Crystal

from ..material.slip import shortest_burgers
from ..terms.atomistic import AtomisticEnergy
from ..unknowns.halo import Halo, neighbour_list

Bonds = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Site, other local atom, and vector between them in the reference crystal, A."""

OPENS_AT = 1.6
"""A bond across the plane counts as open above this stretch (length over nearest-neighbour distance) ..."""
CLOSES_AT = 1.35
"""... and as closed again below this one. In between it keeps its state: advance is a jump, not a threshold."""
OFF_PLANE_STRETCH = 1.45
"""A nearest-neighbour bond off the plane longer than this has been broken by slip or blunting."""
SLIPPED = 0.5
"""Neighbours displaced from each other by more than this, in shortest Burgers vectors, have slipped."""
ONE_SHELL = 1.2
"""Shells of neighbours less than this ratio apart count as one: the two of bcc (1.155), those of hcp off the ideal c/a."""


def has_opened(before: bool | None, stretch: float) -> bool:
    """Whether a bond of this stretch is open if it was ``before``; None: nothing is known of it."""
    if before is None:
        return stretch > 0.5 * (OPENS_AT + CLOSES_AT)
    return stretch > (CLOSES_AT if before else OPENS_AT)


@dataclass(frozen=True, kw_only=True)
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
    new_neighbours : int
        Pairs that have become neighbours and were not: slip, or a tip that has rebuilt itself.
    slip : float
        Largest displacement of nearest neighbours from each other, over the shortest Burgers vector, at atoms that are blended,
        follow the mesh or are held; bonds between the faces do not count.
    """

    x: np.ndarray
    stretch: np.ndarray
    open: np.ndarray
    off_plane: int
    new_neighbours: int
    slip: float = 0.0

    @property
    def slipped(self) -> bool:
        """Whether a dislocation has left the region of full atoms: what carries it there does not know slip."""
        return self.slip > SLIPPED

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

    @property
    def damaged(self) -> bool:
        """Whether anything has broken or joined off the plane: what opens in such a state is not cleavage."""
        return self.off_plane + self.new_neighbours > 0


@dataclass(frozen=True)
class Shells:
    """Distances that tell neighbours from others, A.

    Attributes
    ----------
    nearest : float
        Of nearest neighbours.
    first : float
        Up to here a pair of the reference crystal counts as neighbours: the first shell, with any other close to it.
    joined : float
        Nearer than this a pair has become neighbours: half-way from the first shell to the next.
    burgers : float
        Length of the shortest Burgers vector.
    """

    nearest: float
    first: float
    joined: float
    burgers: float

    @classmethod
    def of(cls, crystal: Crystal) -> Shells:
        """Shells of a perfect crystal: of diamond 1 | 1.63, fcc 1 | 1.41, bcc 1 1.15 | 1.63 nearest-neighbour distances."""
        nn = crystal.nearest_neighbour_distance
        bonds = [crystal.stencil(2.5 * nn, b) for b in range(len(crystal.species))]
        lengths = np.sort(np.linalg.norm(np.concatenate(bonds), axis=1))
        last = int(np.argmax(lengths[1:] > ONE_SHELL * lengths[:-1]))
        first, second = float(lengths[last]), float(lengths[last + 1])
        return cls(nn, first * (1 + 1e-6), 0.5 * (first + second), shortest_burgers(crystal))


class TipTracker:
    """Follows the bonds across y = 0 from state to state.

    Parameters
    ----------
    shells : Shells
        Of the perfect crystal.
    reach : float
        Bonds with ``|x| <= reach`` are followed, A.
    """

    def __init__(self, comm: MPI.Comm, atoms: AtomisticEnergy, shells: Shells, reach: float) -> None:
        self._comm, self._atoms, self._shells, self._reach = comm, atoms, shells, reach
        self._open: dict[float, bool] = {}
        self._bonds_of: tuple[Halo, Bonds] | None = None

    def measure(self, z: np.ndarray) -> TipState:
        """State of the bonds for local atom displacements z; remembers which are open. Collective."""
        x, stretch, off_plane, slip = self._bonds(z)
        slip = self._comm.allreduce(slip, op=MPI.MAX)
        sides = np.array([off_plane, self._joined(z)])  # each bond is seen from both its ends, maybe on two ranks
        names, row = self._columns(x, stretch)
        self._open = dict(zip(names, row.open.tolist(), strict=True))
        broken, joined = (int(n + 1) // 2 for n in self._comm.allreduce(sides))
        return replace(row, off_plane=broken, new_neighbours=joined, slip=slip)

    def glance(self, z: np.ndarray) -> float:
        """Position of the tip that `measure` would find, A; nothing is remembered. Collective."""
        return self._columns(*self._bonds(z)[:2])[1].position

    def slip(self, z: np.ndarray) -> float:
        """As ``slip`` of the state that `measure` would find; nothing is remembered. Collective."""
        return float(self._comm.allreduce(self._bonds(z)[3], op=MPI.MAX))

    def _columns(self, x: np.ndarray, stretch: np.ndarray) -> tuple[list[float], TipState]:
        """Names of the columns of bonds, and which are open, from those of this rank. Collective."""
        x = np.concatenate(self._comm.allgather(x))
        stretch = np.concatenate(self._comm.allgather(stretch))
        column = np.round(x, 3)
        names, inverse = np.unique(column, return_inverse=True)
        middle = np.round(
            np.bincount(inverse, weights=x, minlength=len(names)) / np.bincount(inverse, minlength=len(names)), 9
        )
        shortest = np.full(len(names), np.inf)  # a column is open when all its bonds are
        np.minimum.at(shortest, inverse, stretch)
        opened = np.array(
            [has_opened(self._open.get(c), s) for c, s in zip(names.tolist(), shortest.tolist(), strict=True)], dtype=bool
        )
        return names.tolist(), TipState(x=middle, stretch=shortest, open=opened, off_plane=0, new_neighbours=0, slip=0.0)

    def remember(self, state: dict[str, bool]) -> None:
        """Take over the open bonds of a checkpoint."""
        self._open = {float(x): value for x, value in state.items()}

    def shift(self, dx: float) -> None:
        """Follow a model that has moved by dx along the crack: what is remembered lies at x - dx in it now."""
        moved = {}
        for x, value in self._open.items():
            for rounding in (-1e-3, 1e-3, 0.0):  # names are rounded positions
                moved[round(x - dx + rounding, 3)] = value
        self._open = moved

    @property
    def memory(self) -> dict[str, bool]:
        """Open bonds by x, for the checkpoint."""
        return {f"{x:.3f}": value for x, value in self._open.items()}

    def _bonds(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, float]:
        """Middle x and stretch of own bonds across the plane; ends of broken ones off it; the slip of `TipState`."""
        site, other, R = self._reference_bonds()
        y = self._atoms.positions(z)
        X, nn = self._atoms.halo.X, self._shells.nearest
        now = y[other] - y[site] + (R - (X[other] - X[site])) @ self._atoms.F0.T
        length = np.linalg.norm(now, axis=1) / nn
        across = (X[site, 1] > 0) & (X[site, 1] + R[:, 1] < 0)
        near = np.abs(X[site, 0] + 0.5 * R[:, 0]) <= self._reach
        pick = across & near
        crossing = (X[site, 1] > 0) != (X[site, 1] + R[:, 1] > 0)
        off = ~crossing & near & (length > OFF_PLANE_STRETCH)
        atoms = self._atoms.atoms
        outside = ~((atoms.beta == 0.0) & atoms.free)[site] & (~crossing | (X[site, 0] > self._reach))
        slip = np.linalg.norm((now - R @ self._atoms.F0.T)[outside], axis=1).max(initial=0.0) / self._shells.burgers
        return X[site[pick], 0] + 0.5 * R[pick, 0], length[pick], int(np.count_nonzero(off)), float(slip)

    def _joined(self, z: np.ndarray) -> int:
        """Ends, at own sites, of pairs that are neighbours now and were not in the reference crystal."""
        atoms = self._atoms
        if atoms.potential.fixed_topology:  # it knows the reference's bonds only
            return 0
        y, X = atoms.positions(z), atoms.halo.X
        reach = min(self._shells.joined, atoms.potential.cutoff)  # further out pairs neither interact nor are all here
        near = neighbour_list(y, atoms.sites, reach, 0.0, atoms.front)
        site = np.repeat(near.sites, np.diff(near.first))
        R = near.extended(X, _periods(_reference_front(atoms)))[near.index] - X[site]
        close = np.abs(X[site, 0] + 0.5 * R[:, 0]) <= self._reach
        return int(np.count_nonzero(close & (np.linalg.norm(R, axis=1) > self._shells.first)))

    def _reference_bonds(self) -> Bonds:
        """Nearest-neighbour bonds of the own sites in the reference crystal: site, other local atom, bond vector."""
        atoms = self._atoms
        if self._bonds_of is None or self._bonds_of[0] is not atoms.halo:
            self._bonds_of = (atoms.halo, nearest_bonds(atoms, self._shells.nearest))
        return self._bonds_of[1]


def nearest_bonds(atoms: AtomisticEnergy, nn: float) -> Bonds:
    """Bonds of length nn (A) at the own sites in the reference crystal: site, other local atom, bond vector."""
    front = _reference_front(atoms)
    near = neighbour_list(atoms.halo.X, atoms.sites, 1.05 * nn, 0.0, front)
    X = near.extended(atoms.halo.X)
    site = np.repeat(near.sites, np.diff(near.first))
    return site, near.owner_of_extended[near.index], X[near.index] - atoms.halo.X[site]


def _reference_front(atoms: AtomisticEnergy) -> np.ndarray | None:
    """(3,) period along the front in the reference crystal, A; None: not periodic."""
    return None if atoms.front is None else np.linalg.solve(atoms.F0, atoms.front)


def _periods(front: np.ndarray | None) -> np.ndarray | None:
    """(3, 3) cell whose third vector is the front's period."""
    return None if front is None else np.array([np.zeros(3), np.zeros(3), front])
