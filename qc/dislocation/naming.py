"""The name of an event: what slipped on which plane by which Burgers vector, twin, cleavage, healing, or that nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from atomistics import Crystal

from ..material.slip import in_words, shortest_burgers
from .bonds import SlippedBonds
from .planes import SlipPlane, Translations, is_fault, planes_of

EventName = Literal["cleavage", "emission", "twin", "transformation", "rearrangement", "healing", "undecided"]

FEWEST = 3
"""Bonds that a slip has crossed at least: in diamond it crosses one a period."""
NASCENT = 3.0
"""A dislocation no further from the tip than this, in nearest-neighbour distances, has not left it: its core still touches the tip."""
RUN = 2
"""Columns of bonds in a row with the same slip; one alone is the core of a dislocation, or a torn tip."""
LESS = 0.7
"""Weight of bonds that a partial of twins explains: on their way to a full dislocation's slip all bonds come by some of its parts."""
FEW = 5
"""Changed bonds that need no explanation: those round a bond that has opened."""
HOT = 0.4
"""Bonds that have changed by this between the states, in shortest Burgers vectors, want to be explained."""
WORST = 0.25
"""What a slip may differ from a Burgers vector, in its length: elastic strain near a tip comes to a quarter of a partial."""
MISSED = 0.5
"""Part of the changed bonds that the slips found may leave unexplained."""
MOST = 8
"""Dislocations looked for in one event."""


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A dislocation that has left the tip between two states.

    Attributes
    ----------
    plane : str
        Miller indices, ``(1 1 -1)``.
    burgers : str
        In vectors of the conventional cell, ``1/6[1 1 2]``: of what lies on the side of the plane's normal.
    b : list of three floats
        The same in the laboratory frame, A.
    length : float
        |b|, A.
    theta, phi : float
        Angle of the half plane to the direction of the crack, and of b to the plane normal to the front, degrees.
    at : list of two floats
        x and y of the core in the reference crystal, A.
    distance : float
        From the tip, A.
    bonds : int
        That the slip has crossed.
    residual : float
        Distance of the median slip from the Burgers vector, over its length.
    layers : int
        Neighbouring gaps of the plane that carry the same fault: two or more are a twin.
    """

    plane: str
    burgers: str
    b: list[float]
    length: float
    theta: float
    phi: float
    at: list[float]
    distance: float
    bonds: int
    residual: float
    layers: int = 0

    @property
    def sentence(self) -> str:
        """The dislocation in words."""
        return f"{self.burgers} on {self.plane} at {self.theta:.1f} deg, {self.distance:.1f} A from the tip"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What an event is, as ``named`` of an event of result.json.

    Attributes
    ----------
    kind : str
        "undecided" where the slips found do not explain what has moved.
    slips : list of Slip
        One dislocation at a time, the one that crossed most bonds first.
    opened, closed : int
        Bonds between full atoms across the crack plane that have opened, and closed.
    unexplained : int
        Bonds that have changed by more than 0.4 of the shortest Burgers vector and that no slip found crosses.
    """

    kind: EventName
    slips: list[Slip]
    opened: int = 0
    closed: int = 0
    unexplained: int = 0

    def shifted(self, dx: float) -> Naming:
        """The same in coordinates whose origin lies at -dx (A) along the crack."""
        moved = [replace(slip, at=[slip.at[0] + dx, slip.at[1]]) for slip in self.slips]
        return replace(self, slips=moved)

    @property
    def dislocates(self) -> bool:
        """Whether the crystal has done something else than cleave or heal, and it is known what."""
        return self.kind in ("emission", "twin", "transformation")

    @property
    def sentence(self) -> str:
        """The event in words."""
        return self.kind + (": " if self.slips else "") + "; ".join(slip.sentence for slip in self.slips)


@dataclass(frozen=True, kw_only=True)
class _Half:
    """A gap of a plane on one side of the tip: the bonds that cross it there, and the numbers of their slips, -1 where none fits.

    Told are the slips of the bonds ``which``: where twins are looked for, those that cross no other gap besides.
    """

    plane: SlipPlane
    side: int
    gap: int
    height: float
    which: np.ndarray
    crossing: np.ndarray
    along: np.ndarray
    slips: np.ndarray
    before: np.ndarray
    after: np.ndarray
    moved: np.ndarray
    fit: np.ndarray

    @property
    def _changed(self) -> np.ndarray:
        return (self.before != self.after) & (self.before >= 0) & (self.after >= 0)

    @property
    def changed(self) -> int:
        """Bonds whose slip is another one after than before."""
        return int(np.count_nonzero(self._changed))

    @property
    def weight(self) -> float:
        """What the slips of this half plane explain: these bonds, each by how well its slip fits."""
        return float(self.fit[self._changed].sum()) * (LESS if self.plane.twins_only else 1.0)


class Namer:
    """Names the events of one crystal.

    Parameters
    ----------
    crystal : Crystal
        In the orientation of the crack: x along it, y normal to its plane, z the front.
    """

    def __init__(self, crystal: Crystal) -> None:
        self._crystal, self._nn = crystal, crystal.nearest_neighbour_distance
        self.burgers = shortest_burgers(crystal)
        self._planes, self._translations = planes_of(crystal), Translations(crystal)

    def name(self, bonds: SlippedBonds, tip: float, moved: bool | None = None) -> Naming:
        """The name of what happened between two states.

        Parameters
        ----------
        bonds : SlippedBonds
            All that have slipped in either state.
        tip : float
            x of the tip before, A.
        moved : bool, optional
            Whether all that happened was a clean move of the tip; None: nobody has looked.
        """
        hot = np.linalg.norm(bonds.after - bonds.before, axis=1) > HOT * self.burgers
        free, found, unsure = np.ones(len(bonds), dtype=bool), [], False
        everything = self._halves(bonds, free, tip)
        for _ in range(MOST):
            halves = self._halves(bonds, free, tip)
            best = max(halves, key=lambda half: half.weight, default=None)
            if best is None or best.changed < FEWEST:
                break
            slips = self._dislocations(best, everything, tip)
            found += slips
            free[best.crossing if slips else best.which[best.after >= 0]] = False
            if best.plane.twins_only and any(slip.layers == 1 for slip in slips):
                unsure = True
        missed, all_hot = int(np.count_nonzero(hot & free)), int(np.count_nonzero(hot))
        kind = "undecided" if unsure else _kind(found, bonds, missed, all_hot, moved)
        return Naming(kind=kind, slips=found, opened=bonds.opened, closed=bonds.closed, unexplained=missed)

    def _halves(self, bonds: SlippedBonds, free: np.ndarray, tip: float) -> list[_Half]:
        """All gaps that the bonds still ``free`` cross, each half plane by itself; planes of low indices first."""
        return [half for plane in self._planes for half in self._halves_of(plane, bonds, free, tip)]

    def _halves_of(self, plane: SlipPlane, bonds: SlippedBonds, free: np.ndarray, tip: float) -> list[_Half]:
        first, rise = bonds.X @ plane.normal, bonds.R @ plane.normal
        low, high = np.minimum(first, first + rise), np.maximum(first, first + rise)
        sign, tolerance = np.where(rise > 0, 1.0, -1.0)[:, None], 1e-2 * self._nn
        levels = np.sort(np.concatenate([low, high]))
        levels = levels[np.append(True, np.diff(levels) > tolerance)] if len(levels) else levels
        basis = np.where(rise > 0, bonds.basis[:, 0], bonds.basis[:, 1])
        along = bonds.middle @ plane.along - tip * plane.along[0]
        found = []
        for gap in range(len(levels) - 1):
            over = free & (low < levels[gap] + tolerance) & (high > levels[gap + 1] - tolerance)
            lowest = over & (low > levels[gap] - tolerance)
            told = lowest & (high < levels[gap + 1] + tolerance) if plane.twins_only else over
            for side in (1, -1):
                which, crossing = (np.flatnonzero(some & (side * along > 0)) for some in (told, over))
                if len(which) < FEWEST or not lowest.any():
                    continue
                slips = self._translations.across(plane, int(basis[np.argmax(lowest)]))
                moved = (sign * bonds.after)[which]
                (before, _), (after, fit) = (_nearest(slips, d) for d in ((sign * bonds.before)[which], moved))
                found.append(
                    _Half(
                        plane=plane,
                        side=side,
                        gap=gap,
                        height=0.5 * float(levels[gap] + levels[gap + 1]),
                        which=which,
                        crossing=crossing,
                        along=np.abs(along[which]),
                        slips=slips,
                        before=before,
                        after=after,
                        moved=moved,
                        fit=fit,
                    )
                )
        return found

    def _dislocations(self, half: _Half, halves: Sequence[_Half], tip: float) -> list[Slip]:
        """Dislocations on a half plane that are not those it had before, the outermost first."""
        old, new = ([run for run in _runs(half, s) if run[1] > NASCENT * self._nn] for s in (half.before, half.after))
        met = 0
        while met < min(len(old), len(new)) and np.allclose(old[met][0], new[met][0], atol=1e-3):
            met += 1
        return [self._slip(half, halves, run, tip) for run in new[met:]]

    def _slip(self, half: _Half, halves: Sequence[_Half], run: tuple[np.ndarray, float, np.ndarray, int], tip: float) -> Slip:
        b, distance, total, number = run
        plane, e = half.plane, half.side * half.plane.along
        theta = float(np.arctan2(e[1], e[0]))
        s = np.sign(plane.normal @ [-e[1], e[0], 0.0]) * b
        steps = np.linalg.solve(self._crystal.conventional_ij.T, b)[: self._crystal.dimension]
        at = half.height * plane.normal + (plane.along @ [tip, 0.0, 0.0] + half.side * distance) * plane.along
        of_run = half.after == number
        residual = np.linalg.norm(np.median(half.moved[of_run], axis=0) - total) / np.linalg.norm(b)
        return Slip(
            plane=plane.name,
            burgers=in_words(tuple(steps.tolist()), "[]"),
            b=b.tolist(),
            length=float(np.linalg.norm(b)),
            theta=float(np.degrees(theta)),
            phi=float(np.degrees(np.arctan2(s[2], s @ e))),
            at=at[:2].tolist(),
            distance=float(distance),
            bonds=half.changed,
            residual=float(residual),
            layers=_layers(half, halves, total) if is_fault(plane, total) else 0,
        )


def _nearest(slips: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of the slip that each bond (n, 3) is nearest to, -1 where none is near, as where bonds open; and how well it fits, 0 to 1."""
    apart = np.linalg.norm(moved[:, None] - slips, axis=2)
    lengths = np.linalg.norm(slips, axis=1)
    share = apart.min(1) / (0.5 * lengths[lengths > 1e-3].min())
    return np.where(share < 1.0, apart.argmin(1), -1), np.maximum(1.0 - share**2, 0.0)


def _runs(half: _Half, state: np.ndarray) -> list[tuple[np.ndarray, float, np.ndarray, int]]:
    """Dislocations of a state from the outermost inwards: Burgers vector, distance from the tip (A), total slip inside, its number."""
    order = np.argsort(half.along, kind="stable")
    order = order[state[order] >= 0]
    zero = int(np.linalg.norm(half.slips, axis=1).argmin())
    outer, found = zero, []
    breaks = np.flatnonzero(np.diff(state[order], prepend=-2))
    pieces = [piece for piece in np.split(order, breaks[1:]) if _columns(half.along[piece]) >= RUN]
    for piece in reversed(pieces):
        number = int(state[piece[0]])
        if number != outer:
            found.append((half.slips[number] - half.slips[outer], float(half.along[piece].max()), half.slips[number], number))
            outer = number
    return found


def _columns(along: np.ndarray) -> int:
    """Number of different places."""
    return len(np.unique(np.round(along, 1)))


def _layers(half: _Half, halves: Sequence[_Half], total: np.ndarray) -> int:
    """Gaps in a row, this one among them, that carry the same fault on this side; ``halves`` are those of all bonds."""
    alike = {half.gap}
    row = [other for other in halves if other.plane is half.plane and other.side == half.side]
    here = np.concatenate([other.which for other in row if other.gap == half.gap])
    for other in row:
        if other.gap != half.gap:
            same = np.linalg.norm(other.slips - total, axis=1) < 1e-3
            alone = ~np.isin(other.which, here)  # a bond may cross both
            if same.any() and _columns(other.along[alone & (other.after == np.argmax(same))]) >= RUN:
                alike.add(other.gap)
    count = 1
    for step in (1, -1):
        gap = half.gap + step
        while gap in alike:
            count, gap = count + 1, gap + step
    return count


def _kind(slips: Sequence[Slip], bonds: SlippedBonds, missed: int, hot: int, clean: bool | None) -> EventName:
    if slips:
        if missed > MISSED * hot or any(slip.residual > WORST for slip in slips):
            return "undecided"
        return "twin" if any(slip.layers > 1 for slip in slips) else "emission"
    if missed >= FEW and clean is not True:
        return "undecided"
    if bonds.opened != bonds.closed:
        return "cleavage" if bonds.opened > bonds.closed else "healing"
    return "rearrangement"
