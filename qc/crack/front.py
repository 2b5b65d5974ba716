"""The crack front bond by bond: which of the named bonds across the plane are open, where the front stands along z, its kinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from petsc4py import PETSc

from ..errors import InputError
from ..terms.atomistic import AtomisticEnergy
from ..unknowns.halo import Halo
from .records import BondEvent
from .system import CrackSystem
from .tip import has_opened, nearest_bonds

Name = tuple[int, ...]
"""Of a bond: cell (i, j, k) and sublattice of the atom above the plane, then of the one below, whose k is not wrapped along the front."""


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


@dataclass(frozen=True, kw_only=True)
class Kink:
    """A place where the front steps forward or back.

    Attributes
    ----------
    z : float
        A.
    step : int
        Columns of bonds by which the front is further on beyond it; negative: less far.
    """

    z: float
    step: int


@dataclass(frozen=True, kw_only=True)
class FrontState:
    """All bonds across the plane, in the order of x, then z; the same on all ranks.

    Attributes
    ----------
    name : (n, 8) int64 ndarray
    x, z, stretch : (n,) ndarray
        As in `FrontBonds`.
    open : (n,) bool ndarray
    period : float
        Of the crystal along the front, A.
    periods : int
        How many the front has.
    """

    name: np.ndarray
    x: np.ndarray
    z: np.ndarray
    stretch: np.ndarray
    open: np.ndarray
    period: float
    periods: int

    @property
    def columns(self) -> np.ndarray:
        """(m,) x of the columns of bonds along the front, rising, A."""
        column = self.column
        return np.round(np.bincount(column, weights=self.x) / np.bincount(column), 9)

    @property
    def column(self) -> np.ndarray:
        """(n,) number of the column of each bond."""
        return np.asarray(np.unique(np.round(self.x, 3), return_inverse=True)[1])

    @property
    def opened(self) -> np.ndarray:
        """(periods, m) bool: whether all bonds of a column are open in a period; there each column has some."""
        table = np.ones((self.periods, len(self.columns)), dtype=bool)
        np.logical_and.at(table, (self.name[:, 2], self.column), self.open)
        return table

    @property
    def ahead(self) -> np.ndarray:
        """(periods,) number of the first column that is closed in each period; as many as there are columns: none is."""
        opened = self.opened
        return np.where(opened.all(1), opened.shape[1], np.argmin(opened, axis=1))

    @property
    def a(self) -> np.ndarray:
        """(periods,) x between the open and the closed bonds that meet in each period, A; NaN where no bond is open."""
        x, ahead = self.columns, self.ahead
        if not len(x):
            return np.full(self.periods, np.nan)
        last, first = x[np.maximum(ahead - 1, 0)], x[np.minimum(ahead, len(x) - 1)]
        return np.where(self.opened.any(1), 0.5 * (last + first), np.nan)

    @property
    def heights(self) -> np.ndarray:
        """(periods,) columns by which the front is further on than where it is furthest behind."""
        return self.ahead - self.ahead.min()

    @property
    def kinks(self) -> list[Kink]:
        """Where the front steps, from period to period and from the last to the first: half-way between the bonds of a column."""
        ahead, found = self.ahead, []
        for k in np.flatnonzero(np.roll(ahead, -1) != ahead):
            one, two = int(ahead[k]), int(ahead[(k + 1) % self.periods])
            z = self._z_of(min(one, two)) + (k + 0.5) * self.period
            found.append(Kink(z=float(np.mod(z, self.period * self.periods)), step=two - one))
        return found

    @property
    def middles(self) -> np.ndarray:
        """(periods,) z of the bonds at which the front stands, or which it last broke where it has kinks, A."""
        least, most = int(self.ahead.min()), int(self.ahead.max())
        column = least if least == most else most - 1
        return self._z_of(min(column, len(self.columns) - 1)) + self.period * np.arange(self.periods)

    def _z_of(self, column: int) -> float:
        """Mean z of the bonds of a column in period 0, A."""
        length, here = self.period * self.periods, self.column == column
        z = self.z[here] - self.name[here, 2] * self.period
        return float(np.mean(np.mod(z + 0.5 * length, length) - 0.5 * length))

    def next_bond(self, period: int) -> Name:
        """The closed bond at which the front stands in a period, the most stretched one where there are several."""
        here = (self.column == self.ahead[period]) & (self.name[:, 2] == period) & ~self.open
        if not here.any():
            raise ValueError(f"period {period} has no closed bond ahead of the front")
        return tuple(self.name[int(np.argmax(np.where(here, self.stretch, -np.inf)))].tolist())

    def advanced(self, before: FrontState) -> np.ndarray:
        """(periods,) columns by which each period has advanced since another state."""
        return self.ahead - before.ahead

    def since(self, before: FrontState) -> list[BondEvent]:
        """Bonds that have opened or closed since another state of the same model, in the order of x, then z."""
        stretch = {tuple(name): value for name, value in zip(before.name.tolist(), before.stretch.tolist(), strict=True)}
        opened = {tuple(name): value for name, value in zip(before.name.tolist(), before.open.tolist(), strict=True)}
        found = []
        for n, name in enumerate(tuple(name) for name in self.name.tolist()):
            if name in opened and opened[name] != bool(self.open[n]):
                where = {"x": float(self.x[n]), "z": float(self.z[n]), "period": name[2]}
                lengths = {"before": stretch[name], "after": float(self.stretch[n])}
                found.append(BondEvent(name=list(name), opens=bool(self.open[n]), **where, **lengths))
        return found

    def plain(self, offset: float = 0.0) -> dict[str, Any]:
        """The front for files; x of the model's origin in the crystal is ``offset``, A."""
        a = [None if np.isnan(x) else round(float(x) + offset, 6) for x in self.a]
        z = np.round(self.middles, 6).tolist()
        return {"a": a, "z": z, "heights": self.heights.tolist(), "kinks": [[round(kink.z, 6), kink.step] for kink in self.kinks]}


def staircase(a: Sequence[float | None], z: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """x and z of a front as a line of two points a period, A, from those of ``FrontState.plain``; NaN where no bond is open."""
    x = np.array([np.nan if value is None else value for value in a], dtype=float)
    middle = np.asarray(z, dtype=float)
    half = 0.5 * (middle[1] - middle[0]) if len(middle) > 1 else 0.5
    return np.repeat(x, 2), (middle[:, None] + half * np.array([-1.0, 1.0])).ravel()


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
