"""The bonds of a crack front by their names, and which of them are open from state to state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from petsc4py import PETSc

from ..errors import InputError
from ..terms.atomistic import AtomisticEnergy
from ..unknowns.halo import Halo
from .front_line import FrontState, Name
from .system import CrackSystem
from .tip import has_opened, nearest_bonds


@dataclass(frozen=True, kw_only=True)
class FrontBonds:
    """Nearest-neighbour bonds across the cleavage plane at the sites of this rank.

    Attributes
    ----------
    site, other : (n,) int ndarray
        Local numbers of the atoms above and below.
    R : (n, 3) ndarray
        Vector from the one to the other in the reference crystal, A.
    x, z : (n,) ndarray
        Reference position of the middle; z lies within the length of the front, A.
    name : (n, 8) int64 ndarray
        See `Name`.
    nearest : float
        Nearest-neighbour distance, A.
    """

    site: np.ndarray
    other: np.ndarray
    R: np.ndarray
    x: np.ndarray
    z: np.ndarray
    name: np.ndarray
    nearest: float

    @classmethod
    def of(cls, atoms: AtomisticEnergy, nearest: float, reach: float, period: float, periods: int) -> Self:
        """Those with ``|x| <= reach`` (A), of a front of ``periods`` periods of a length ``period`` (A) each."""
        site, other, R = nearest_bonds(atoms, nearest)
        X, key = atoms.halo.X, atoms.halo.key
        across = (X[site, 1] > 0) & (X[site, 1] + R[:, 1] < 0) & (np.abs(X[site, 0] + 0.5 * R[:, 0]) <= reach)
        site, other, R = site[across], other[across], R[across]
        middle = X[site] + 0.5 * R
        name = np.column_stack([key[site], key[other]])
        length = period * periods
        name[:, 6] += periods * np.rint((R[:, 2] - (X[other] - X[site])[:, 2]) / length).astype(np.int64)
        z = np.mod(np.round(middle[:, 2], 9), length)
        return cls(site=site, other=other, R=R, x=middle[:, 0], z=z, name=name, nearest=nearest)

    def stretch(self, atoms: AtomisticEnergy, z: np.ndarray) -> np.ndarray:
        """(n,) lengths over the nearest-neighbour distance at displacements z (A) of the local atoms."""
        y, X = atoms.positions(z), atoms.halo.X
        now = y[self.other] - y[self.site] + (self.R - (X[self.other] - X[self.site])) @ atoms.F0.T
        return np.asarray(np.linalg.norm(now, axis=1) / self.nearest)


class FrontTracker:
    """Follows the bonds of a crack's front from state to state, with the hysteresis of the tip.

    Parameters
    ----------
    system : CrackSystem
        With atoms.
    """

    def __init__(self, system: CrackSystem) -> None:
        model, atoms = system.model, system.model.atomistic
        assert atoms is not None
        self._system, self._comm, self._atoms, self._lattice = system, model.comm, atoms, system.lattice
        self._periods = model.spec.front_periods
        self._period = model.thickness / self._periods
        self._nearest = model.crystal.nearest_neighbour_distance
        self._reach = min(system.spec.core, system.spec.radius)
        self._open: dict[Name, bool] = {}
        self._bonds_of: tuple[Halo, FrontBonds] | None = None

    @property
    def bonds(self) -> FrontBonds:
        """Those at the sites of this rank."""
        if self._bonds_of is None or self._bonds_of[0] is not self._atoms.halo:
            found = FrontBonds.of(self._atoms, self._nearest, self._reach, self._period, self._periods)
            self._bonds_of = (self._atoms.halo, found)
        return self._bonds_of[1]

    def measure(self, z: np.ndarray) -> FrontState:
        """The front for displacements z (A) of the local atoms; which bonds are open is remembered. Collective."""
        bonds = self.bonds
        own = np.column_stack([bonds.name, bonds.x, bonds.z, bonds.stretch(self._atoms, z)])
        rows = np.concatenate(self._comm.allgather(own))
        name, (x, depth, stretch) = rows[:, :8].astype(np.int64), rows[:, 8:].T
        order = np.lexsort((*name.T[::-1], np.round(depth, 3), np.round(x, 3)))
        name, x, depth, stretch = name[order], x[order], depth[order], stretch[order]
        names = [tuple(n) for n in name.tolist()]
        opened = [has_opened(self._open.get(n), s) for n, s in zip(names, stretch.tolist(), strict=True)]
        self._open = dict(zip(names, opened, strict=True))
        return FrontState(
            name=name, x=x, z=depth, stretch=stretch, open=np.array(opened, dtype=bool), period=self._period, periods=self._periods
        )

    def pull(self, name: Sequence[int]) -> PETSc.Vec:
        """b of a bond: b.q is how far its ends have moved apart along y, A, at unknowns q. Collective.

        Raises
        ------
        InputError
            There is no such bond, or its ends are not free.
        """
        bonds, layout = self.bonds, self._system.model.parts.layout
        b = layout.create_unknowns()
        here = np.flatnonzero((bonds.name == np.asarray(name, dtype=np.int64)).all(axis=1))
        held = 0
        for n in here:
            for end, sign in ((bonds.site[n], 1.0), (bonds.other[n], -1.0)):
                row = self._atoms.rows.take(np.array([end]))
                free = layout.free_number(row.column)
                held += int((free < 0).any())
                b.setValues((free * layout.components + 1).astype(PETSc.IntType), sign * row.value, PETSc.InsertMode.ADD_VALUES)
        b.assemble()
        known, held = self._comm.allreduce(np.array([len(here), held])).tolist()
        if known != 1 or held:
            why = "there is no such bond across the plane within the core" if known != 1 else "an end of it is prescribed"
            raise InputError(f"the bond {' '.join(map(str, name))} cannot be driven: {why}")
        return b

    @property
    def memory(self) -> dict[str, bool]:
        """Open bonds by name, for a checkpoint."""
        return {" ".join(map(str, name)): value for name, value in self._open.items()}

    def remember(self, state: Mapping[str, bool]) -> None:
        """Take over the open bonds of a checkpoint."""
        self._open = {tuple(map(int, name.split())): bool(value) for name, value in state.items()}

    def shift(self, n: int) -> None:
        """Follow a model that has moved by n lattice vectors along the crack: its bonds have the names of those further back now."""
        names = np.array(list(self._open), dtype=np.int64).reshape(-1, 8)
        upper, lower = self._back(names[:, :4], n), self._back(names[:, 4:], n)
        wrapped = upper[:, 2] % self._periods
        lower[:, 2] -= upper[:, 2] - wrapped
        upper[:, 2] = wrapped
        moved = np.column_stack([upper, lower]).tolist()
        self._open = dict(zip(map(tuple, moved), self._open.values(), strict=True))

    def _back(self, key: np.ndarray, n: int) -> np.ndarray:
        """Names (m, 4) of the atoms n lattice vectors back along the crack; these may lead into another period."""
        lattice, name = self._lattice, key.copy()
        flat = key[:, :3] * np.array([1, 1, 0])
        z = lattice.sites(flat)[:, 2] - n * lattice.vectors[0, 2] - lattice.origin[2]
        name[:, 0] -= n
        name[:, 2] += np.floor(z / lattice.period + 1e-9).astype(np.int64)
        return name
