"""Where a crack front stands along z, bond by bond: heights, kinks, what has opened or closed since another state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .records import BondEvent

Name = tuple[int, ...]
"""Of a bond: cell (i, j, k) and sublattice of the atom above the plane, then of the one below, whose k is not wrapped along the front."""


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
