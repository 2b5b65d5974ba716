"""Where a ladder of loads starts: a first state is judged, and where it is not what was asked for another load is tried.

A first state is what becomes of the near-tip field. It is trusted if the crack is still where it was put: the tip no more than
a period of the crystal from that place, better not ahead of it, nothing broken or joined off the plane, and J that of the load.
A crack that has healed is under too low a load, one that has run or is damaged under too high a one. A J that alone is too large
or too small may be either's, or that of a boundary too near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from ..case.tables import GRIFFITH
from .records import Plain, StepRecord
from .system import CrackSystem
from .tip import SLIPPED

STRIDE = 0.05
"""First step of the level away from a load that has healed the crack, or let it run; each further one is twice as long."""

NARROWEST = 0.002
"""Relative width of the loads between a healed crack and one that has run below which nobody looks for a load any more."""

LOWER = 1.25
"""Where nothing but a state is looked for, the lowest load is divided by this."""

MOST = 12
"""First states that are tried at most."""

LOWEST, HIGHEST = 0.2, 4.0
"""Levels beyond which no start is looked for."""

SAME = 1e-6
"""Positions closer than this, A, are one."""

PATIENCE = 4
"""First states that are tried at most to have the tip not ahead of its place, where one within a period ahead is known."""

Found = Literal[
    "in place",
    "ahead",
    "healed",
    "run",
    "damaged",
    "J too large",
    "J too small",
    "unjudged",
    "closes",
    "slip leaves the core",
    "no state",
]
STATELESS = ("closes", "slip leaves the core", "no state")
"""What a first state is called that is none: a crack whose faces meet far behind the tip is under too low a load, and one with a
dislocation that leaves the atoms under too high a one."""

WORDS: dict[Found, str] = {
    "healed": "has healed",
    "run": "has run",
    "damaged": "is damaged",
    "J too large": "has too large a J",
    "J too small": "has too small a J",
    "ahead": "is ahead of its place",
    "closes": "closes far behind its tip",
    "slip leaves the core": "loses a dislocation to the handshake",
    "no state": "has no state",
}
"""A first state that is not trusted, as a predicate."""

TRUSTED = ("in place", "unjudged")
"""What a first state may be for the ladder to start from it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a crack was put, and how near the first state must be to that.

    Attributes
    ----------
    tip : float
        x of the tip that was asked for, A.
    period : float
        Of the crystal along the crack, A.
    J_tolerance : float
        Largest distance of J/G from 1.
    opens : bool
        Whether the load opens the crack: one without K_I shows no tip.
    least : float
        Level below which the model cannot carry the crack.
    """

    tip: float
    period: float
    J_tolerance: float
    opens: bool = True
    least: float = 0.0

    @classmethod
    def of(cls, system: CrackSystem, J_tolerance: float) -> Self:
        """That of the crack of a system."""
        period = float(system.lattice.vectors[0, 0])
        opens, least = bool(system.mode[0] > 0), system.lowest_level
        return cls(tip=system.spec.tip[0], period=period, J_tolerance=J_tolerance, opens=opens, least=least)


@dataclass(frozen=True, kw_only=True)
class Trial(Plain):
    """A first state that was tried, as in ``start`` of result.json.

    Attributes
    ----------
    K_over_KG : float
    found : str
        What the crack has done since it was put there.
    tip_position : float or None
        x, A; NaN is kept as None: no bond is open.
    J_over_G : float or None
        None where no ring for J fits, or there is no mesh.
    off_plane_broken, new_neighbours : int or None
    slip : float or None
        Outside the full atoms, in shortest Burgers vectors; not in files of versions before.
    """

    K_over_KG: float
    found: Found
    tip_position: float | None = None
    J_over_G: float | None = None
    off_plane_broken: int | None = None
    new_neighbours: int | None = None
    slip: float | None = None

    @property
    def trusted(self) -> bool:
        """Whether the ladder may start from this state."""
        return self.found in TRUSTED

    @property
    def too_low(self) -> bool:
        """Whether a higher load is to be tried, a lower one otherwise; where there is no state, nothing says which."""
        return self.found in ("healed", "J too large", "closes")

    @property
    def sentence(self) -> str:
        """The trial in a line."""
        tip = "no bond open" if self.tip_position is None else f"tip at {self.tip_position:.3f} A"
        J = "no J" if self.J_over_G is None else f"J/G {self.J_over_G:.3f}"
        damage = f", {self.off_plane_broken} bonds broken and {self.new_neighbours} joined off the plane"
        if (self.slip or 0.0) > SLIPPED:
            damage += f", slip of {self.slip:.2f} Burgers vectors outside the full atoms"
        measured = "" if self.found in STATELESS else f" ({tip}, {J}{damage if self.found == 'damaged' else ''})"
        return f"first state at K = {self.K_over_KG:.4f} K_G: {self.found}{measured}"


def judge(record: StepRecord, place: Place) -> Trial:
    """What a first state is worth."""
    tip = record.tip_position
    return Trial(
        K_over_KG=record.K_over_KG,
        found=_found(record, place),
        tip_position=None if tip is None or not np.isfinite(tip) else tip,
        J_over_G=record.J_over_G,
        off_plane_broken=record.off_plane_broken,
        new_neighbours=record.new_neighbours,
        slip=record.slip,
    )


def _found(record: StepRecord, place: Place) -> Found:
    tip, J = record.tip_position, record.J_over_G
    if tip is None or not place.opens:
        return "unjudged"
    if not np.isfinite(tip) or tip < place.tip - place.period - SAME:
        return "healed"
    if tip > place.tip + place.period + SAME:
        return "run"
    if (record.off_plane_broken or 0) + (record.new_neighbours or 0) > 0 or (record.slip or 0.0) > SLIPPED:
        return "damaged"
    if J is not None and abs(J - 1) > place.J_tolerance:
        return "J too small" if J < 1 else "J too large"
    return "ahead" if tip > place.tip + SAME else "in place"


def next_level(trials: Sequence[Trial], wanted: float | None, most: float, place: Place) -> float | None:
    """The level to try next; None where there is nothing left to try.

    Parameters
    ----------
    trials : sequence of Trial
        So far, none of them trusted.
    wanted : float or None
        Level that the user has given; it is the first to be tried.
    most : float
        Level above which nothing is tried.
    place : Place
    """
    if not trials:
        return min(GRIFFITH, most) if wanted is None else wanted
    if len(trials) >= (MOST if ahead(trials) is None else PATIENCE) or trials[-1].trusted:
        return None
    low, high = sides(trials)
    top, bottom, highest = min(HIGHEST, most), max(LOWEST, place.least), max(t.K_over_KG for t in trials)
    if low is not None and high is not None:
        between = _between(low, high, place)
        if between is None and all(t.found in STATELESS for t in trials):  # there is no load, but there should be a state to show
            between = min(t.K_over_KG for t in trials) / LOWER
            return between if between >= bottom else None
        return between
    if low is None and high is None and highest < min(GRIFFITH, top) - 1e-9:
        return min(GRIFFITH, top)  # no state yet, and it may have been too low for one
    if low is None:
        level = _onwards(trials, up=False)
        if level >= bottom or high is not None:
            return level if level >= bottom else None
    level = _onwards(trials, up=True)
    if level > top and highest < top - 1e-9:
        level = top
    return level if bottom <= level <= top else None


def sides(trials: Sequence[Trial]) -> tuple[Trial | None, Trial | None]:
    """The highest load that is too low, and the lowest that is too high; None where no trial says so.

    One without a state, of a crack that closes or of a dislocation on its way, is on the far side of those that have one.
    """
    states, others = [[t for t in trials if (t.found == "no state") is lost] for lost in (False, True)]
    low = max((t for t in states if t.too_low), key=_level, default=None)
    high = min((t for t in states if not t.too_low), key=_level, default=None)
    beyond = [t for t in others if low is not None and t.K_over_KG > low.K_over_KG]
    below = [t for t in others if high is not None and t.K_over_KG < high.K_over_KG and t not in beyond]
    low = max([t for t in (low, *below) if t is not None], key=_level, default=None)
    high = min([t for t in (high, *beyond) if t is not None], key=_level, default=None)
    return low, high


def _level(trial: Trial) -> float:
    return trial.K_over_KG


def _onwards(trials: Sequence[Trial], up: bool) -> float:
    """The level beyond all trials on a side: the Griffith load first, then in growing steps."""
    levels = [t.K_over_KG for t in trials]
    edge = max(levels) if up else min(levels)
    if (edge < GRIFFITH - 1e-9) if up else (edge > GRIFFITH + 1e-9):
        return GRIFFITH
    here = sum((level >= levels[0]) if up else (level <= levels[0]) for level in levels)
    stride = STRIDE * 2 ** (here - 1)
    return float(edge * (1 + stride) if up else edge / (1 + stride))


def _between(low: Trial, high: Trial, place: Place) -> float | None:
    """The level between a crack that has healed and one that has run where the tip should be in its place."""
    a, b = low.K_over_KG, high.K_over_KG
    if b - a < NARROWEST * b:
        return None  # or the crack heals under a higher load than the one it runs under
    aim, share = place.tip - 0.5 * place.period, 0.5
    if low.tip_position is not None and high.tip_position is not None and low.tip_position < aim < high.tip_position:
        share = (aim - low.tip_position) / (high.tip_position - low.tip_position)
    return a + min(max(share, 0.1), 0.9) * (b - a)


def ahead(trials: Sequence[Trial]) -> Trial | None:
    """The trial under the lowest load whose tip is ahead of its place by no more than a period: a start for want of a better one."""
    return min((t for t in trials if t.found == "ahead"), key=lambda t: t.K_over_KG, default=None)


def closest(trials: Sequence[Trial], place: Place) -> Trial | None:
    """The trial whose tip is nearest to where it was put; None if none has come to a state."""
    known = [t for t in trials if t.found not in STATELESS]
    return min(known, key=lambda t: _distance(t, place), default=None)


def _distance(trial: Trial, place: Place) -> float:
    return np.inf if trial.tip_position is None else abs(trial.tip_position - place.tip)


def no_start(trials: Sequence[Trial], place: Place) -> str:
    """The sentence for a crack that no load leaves where it was put."""
    tried = f"{len(trials)} first states from {min(t.K_over_KG for t in trials):.3f} to {max(t.K_over_KG for t in trials):.3f} K_G"
    best = closest(trials, place)
    at = "" if best is None else f"; nearest: {best.sentence.removeprefix('first ')}"
    return (
        f"no K+: none of {tried} leaves the tip within a period ({place.period:.3f} A) of crack.tip, at x = {place.tip:g} A, with J "
        f"within {100 * place.J_tolerance:g} % of the load's: {in_words(trials)}{at}{_advice(trials, place)}"
    )


def in_words(trials: Sequence[Trial]) -> str:
    """What the crack does under the highest load that is too low and the lowest that is too high; empty where neither is known."""
    edges = [f"{WORDS[t.found]} at {t.K_over_KG:.4f}" for t in sides(trials) if t is not None]
    return f"the crack {' and '.join(edges)} K_G" if edges else ""


def _advice(trials: Sequence[Trial], place: Place) -> str:
    """What would help, where that can be told."""
    if any(t.found == "slip leaves the core" for t in trials):
        return "; on the way from the near-tip field a dislocation leaves the core: a larger model.core_radius shows where it stops"
    near = [t for t in trials if t.tip_position is not None and abs(t.tip_position - place.tip) <= place.period + SAME]
    if any(t.found == "damaged" for t in near):
        return "; dislocations or new bonds come before any advance"
    if any(t.J_over_G is not None and abs(t.J_over_G - 1) > place.J_tolerance for t in near):
        return "; the boundary is too near for its linear field: take a larger model.domain_radius"
    return ""
