"""Energy barriers at fixed load: two stable states and the saddle between them, all three on one path of equilibria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq

from ..errors import ConvergenceError
from .continuation import Path
from .equations import PathPoint

PARTS = 12
"""Parts into which the range of loads of a barrier is cut, denser towards the folds where the barrier vanishes."""


@dataclass(frozen=True)
class Barrier:
    """Energies at one load, eV per cell minus the perfect crystal: states before and after, and the saddle between."""

    K: float
    before: float
    saddle: float
    after: float

    @property
    def forward(self) -> float:
        """To be climbed when the crack advances, eV per cell."""
        return self.saddle - self.before

    @property
    def backward(self) -> float:
        """To be climbed when it closes, eV per cell."""
        return self.saddle - self.after

    def as_dict(self, K_G: float) -> dict[str, Any]:
        """For folds.json."""
        return asdict(self) | {"K_over_KG": self.K / K_G, "forward": self.forward, "backward": self.backward}


class Segment:
    """The part of a path between two folds: one state for each load between its ends.

    Parameters
    ----------
    points : sequence of PathPoint
        Two or more, K rising or falling throughout.
    """

    def __init__(self, points: Sequence[PathPoint]) -> None:
        self.points = list(points)
        inner = [p.negative for p in points if p.fold is None]
        self.negative = max(set(inner), key=inner.count) if inner else -1

    @property
    def stable(self) -> bool:
        """Whether all states between the folds are."""
        return all(p.negative == 0 for p in self.points if p.fold is None)

    @property
    def range(self) -> tuple[float, float]:
        """Least and largest load, MPa m^1/2."""
        ends = self.points[0].K, self.points[-1].K
        return min(ends), max(ends)

    def guess(self, K: float) -> np.ndarray:
        """This rank's unknowns at load K, by a cubic through the points beside it and their tangents."""
        pair = next((a, b) for a, b in pairwise(self.points) if (a.K - K) * (b.K - K) <= 0)
        s = [p.arc for p in pair]
        load = CubicHermiteSpline(s, [p.K for p in pair], [p.dK for p in pair])
        at = brentq(lambda x: float(load(x)) - K, *s)
        return np.asarray(CubicHermiteSpline(s, [p.q for p in pair], [p.dq for p in pair])(at))

    def state(self, path: Path, K: float) -> PathPoint:
        """The equilibrium of this segment at load K. Collective."""
        found = path.at_load(self.guess(K), K)
        if found.negative != self.negative:
            raise ConvergenceError(
                f"the state at K = {K / path.system.K_G:.4f} K_G has {found.negative} negative eigenvalues, "
                f"its neighbours on the path have {self.negative}: take shorter steps"
            )
        return found


Pass = tuple[Segment, Segment, Segment]
"""Stable, saddle, stable: neighbours along the path."""


def segments(points: Sequence[PathPoint]) -> list[Segment]:
    """The path cut at its folds, each of which ends one segment and begins the next; ends shorter than a step are left out."""
    cuts = [0, *(n for n, p in enumerate(points) if p.fold), len(points) - 1]
    return [Segment(points[a : b + 1]) for a, b in pairwise(cuts) if b > a]


def passes(parts: Sequence[Segment]) -> list[Pass]:
    """All passes of a path."""
    threes = zip(parts, parts[1:], parts[2:], strict=False)
    return [(a, s, b) for a, s, b in threes if a.stable and b.stable and s.negative == 1]


def barriers(path: Path, three: Pass, parts: int = PARTS) -> list[Barrier]:
    """Barriers between the parts of the range of loads that the three share, its ends left out. Collective."""
    low, high = common(three)
    share = 0.5 * (1.0 - np.cos(np.pi * np.arange(1, parts) / parts))
    return [barrier(path, three, float(K)) for K in low + share * (high - low)]


def barrier(path: Path, three: Pass, K: float) -> Barrier:
    """The barrier at one load. Collective."""
    return Barrier(K, *(path.energy(s.state(path, K)) for s in three))


def common(three: Sequence[Segment]) -> tuple[float, float]:
    """Loads that all segments reach, MPa m^1/2."""
    return max(s.range[0] for s in three), min(s.range[1] for s in three)


def equal_load(path: Path, three: Pass, found: Sequence[Barrier]) -> float | None:
    """The load at which both stable states have the same energy, MPa m^1/2; None if they never do. Collective."""

    def rise(K: float) -> float:
        before, after = (path.energy(s.state(path, K)) for s in (three[0], three[2]))
        return after - before

    for a, b in pairwise(found):
        if (a.after - a.before) * (b.after - b.before) <= 0:
            return float(brentq(rise, a.K, b.K, rtol=1e-7))
    return None
