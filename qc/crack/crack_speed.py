"""How fast a crack runs, from the times at which its tip has reached one place after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .records import Plain
from .running_records import MotionRecord

FEWEST = 8
"""Places that a tip must have reached for a speed."""
STANDS = 3.0
"""A crack has arrested that has not gone on for so many times the time it has taken from place to place before."""


@dataclass(frozen=True, kw_only=True)
class CrackSpeed(Plain):
    """The mean speed over the second half of the way.

    Attributes
    ----------
    value : float
        A/ps.
    spread : float
        How far it is from steady, A/ps: half the difference of the speeds over the two halves of that way, but no less than what the
        time between two looks leaves open.
    begins, ends : float
        Times between which it was measured, ps.
    way : float
        Between them, A.
    """

    value: float
    spread: float
    begins: float
    ends: float
    way: float


@dataclass(frozen=True, kw_only=True)
class MeanFlux(Plain):
    """The mean of J over the time in which a speed was measured.

    Attributes
    ----------
    value : float
        J/m^2.
    spread : float
        Half the difference of the means over the two halves of that time, J/m^2.
    """

    value: float
    spread: float


def mean_flux(records: Sequence[MotionRecord], speed: CrackSpeed) -> MeanFlux | None:
    """The mean of J while a crack had its speed; None where there is no ring for it."""
    J = np.array([r.J for r in records if speed.begins <= r.time <= speed.ends], dtype=float)
    if len(J) < 2 or not np.isfinite(J).all():
        return None
    one, other = J[: len(J) // 2].mean(), J[len(J) // 2 :].mean()
    return MeanFlux(value=float(J.mean()), spread=0.5 * abs(float(one - other)))


def arrivals(records: Sequence[MotionRecord], until: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Times (ps) at which the tip was first seen at each place (A) beyond all before, the start left out."""
    found: list[tuple[float, float]] = []
    furthest = records[0].tip_position
    for record in records[1:]:
        if record.time <= until and record.tip_position > furthest + 1e-6:
            furthest = record.tip_position
            found.append((record.time, record.tip_position))
    times, places = np.array(found).reshape(-1, 2).T
    return times, places


def crack_speed(records: Sequence[MotionRecord], until: float = np.inf) -> CrackSpeed | None:
    """The speed up to a time, ps; None if the tip has reached too few places, or stands."""
    times, places = arrivals(records, until)
    if len(places) < FEWEST or stands_since(records, until) is not None:
        return None
    second = places >= 0.5 * (places[0] + places[-1])
    t, x = times[second], places[second]
    middle = len(t) // 2
    one, other = _slope(t[: middle + 1], x[: middle + 1]), _slope(t[middle:], x[middle:])
    value, look = _slope(t, x), records[1].time - records[0].time
    spread = max(0.5 * abs(one - other), value * look / float(t[-1] - t[0]))
    return CrackSpeed(value=value, spread=spread, begins=float(t[0]), ends=float(t[-1]), way=float(x[-1] - x[0]))


def stands_since(records: Sequence[MotionRecord], until: float = np.inf) -> float | None:
    """The time since which the tip has not gone on, ps; None if it runs."""
    times, _ = arrivals(records, until)
    end = min(records[-1].time, until)
    begin = np.concatenate([[records[0].time], times])
    longest = float(np.diff(begin).max(initial=0.0)) if len(begin) > 1 else 0.0
    return float(begin[-1]) if end - begin[-1] > STANDS * longest and end > begin[-1] else None


def _slope(t: np.ndarray, x: np.ndarray) -> float:
    return float(np.polyfit(t - t[0], x - x[0], 1)[0])
