"""What happened between two states of a crack: advance, closing, blunting, bonds off the plane."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from ..dislocation.naming import Naming
from ..drive.stepping import JUMP, NoStateError, explain
from ..solve.options import SolveReport
from .ladder_state import LadderState
from .records import BondEvent, Event, EventKind, Side, StepRecord
from .tip import SLIPPED, TipState

SNAP = 10.0
"""A state that only minimisation found has jumped if it moved this many times further, for the same change of K, than the
smoothest of the last steps did."""

SNAPS = ("advance", "closing", "blunting")
"""Events in which the tip jumps, or goes by a whole period."""

MOVES = (*SNAPS, "gradual_advance", "gradual_closing", "kinks")
"""Events whose bracket is refined: not the recovery of a tip that was behind the place where it was put."""

STILL = 1e-6
"""A tip that moves by no more than this (A) stays where it is."""

RECENT = 6
"""States whose steps say how smoothly the crack has moved."""

ADVICE = "take a larger model.core_radius"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a change of state is measured by.

    Attributes
    ----------
    nearest : float
        Nearest-neighbour distance, A.
    put : float
        x of the tip that was asked for, A.
    period : float
        Of the crystal along the crack, A.
    core_radius : float
        A.
    refined : bool
        Whether brackets of events are refined, so that a step in which the tip moves is short.
    """

    nearest: float
    put: float
    period: float
    core_radius: float
    refined: bool


def events_between(
    before: Sequence[StepRecord], now: StepRecord, tip: TipState, scene: Scene, origin: float
) -> list[Event]:
    """What happened from the last of the states ``before`` to the one ``now``.

    Advance and closing change which bonds are open; anything off the plane is reported under its own name.

    Parameters
    ----------
    before : sequence of StepRecord
        Of the last state the load, tip and damage are compared; those before it say how smoothly the crack has moved.
    now : StepRecord
    tip : TipState
        Of the state ``now``.
    scene : Scene
    origin : float
        Tip position from which an advance counts, A.
    """
    last = before[-1]
    moved = now.tip - (np.nan if last.tip_position is None else last.tip_position)
    jump = now.largest_step > JUMP * scene.nearest or _snapped(before, now, scene.refined and abs(moved) > STILL)
    note = partial(Event, branch=now.branch, bracket=[min(last.K, now.K), max(last.K, now.K)])
    damage = (tip.off_plane, tip.new_neighbours) if tip.damaged else (None, None)
    move = partial(note, distance=moved, jump=jump, off_plane_broken=damage[0], new_neighbours=damage[1])
    broken = tip.off_plane - (last.off_plane_broken or 0)
    joined = tip.new_neighbours - (last.new_neighbours or 0)
    blunts = moved > STILL and tip.damaged
    events: list[Event] = []
    if blunts:
        events.append(move(kind="blunting"))
    elif abs(moved) > STILL:  # a closing may leave a scar
        events.append(move(kind=_kind(moved, now, jump, origin, scene.period)))
    if (broken or joined) and not blunts:
        events.append(note(kind="off_plane", jump=jump, bonds=broken, new_neighbours=joined))
    elif abs(moved) <= STILL and jump:
        events.append(note(kind="rearrangement"))
    if (
        tip.slipped and now.tip_left != "forward" and not (last.slip or 0.0) > SLIPPED
    ):  # faces opened beyond the core are no slip
        events.append(note(kind="slip_outside", sentence=_slipped(now)))
    if now.tip_left and not last.tip_left:
        events.append(note(kind="tip_left_core", sentence=_left_core(now, now.tip_left, scene.core_radius)))
    return events


def with_bonds(events: Sequence[Event], bonds: Sequence[BondEvent], now: StepRecord, last: StepRecord) -> list[Event]:
    """The events of a step with the bonds of the front that have opened or closed in it.

    The move of the tip has them; where the tip, at the column that is open all along the front, has not moved, they are an event of
    their own: kinks have formed, moved or met.
    """
    if not bonds:
        return list(events)
    moves = [n for n, event in enumerate(events) if event.kind in MOVES or event.kind in ("recovery", "rearrangement")]
    if not moves:
        bracket = [min(last.K, now.K), max(last.K, now.K)]
        return [Event(kind="kinks", branch=now.branch, bracket=bracket, jump=False, front=list(bonds)), *events]
    first = moves[0]
    kind: EventKind = "kinks" if events[first].kind == "rearrangement" else events[first].kind
    jump = True if events[first].kind == "rearrangement" else events[first].jump
    return [replace(event, kind=kind, jump=jump, front=list(bonds)) if n == first else event for n, event in enumerate(events)]


def side_left(tip: TipState, before: float | None) -> Side:
    """ "forward" if every bond across the plane in reach is open, "backward" if all have closed, "" while the tip is inside.

    ``before`` is the tip's position in the state before, A: only a tip that was there can go backward.
    """
    if len(tip.open) and tip.open.all():
        return "forward"
    return "backward" if before is not None and np.isfinite(before) and len(tip.open) and not tip.open.any() else ""


def first_damage(now: StepRecord, undamaged: float) -> list[Event]:
    """The event of a first state with bonds broken or joined off the plane.

    ``undamaged`` is the highest load (MPa m^1/2) known to leave the crystal whole, 0 if there is none.
    """
    broken, joined = now.off_plane_broken or 0, now.new_neighbours or 0
    note, events = partial(Event, branch=now.branch, bracket=[undamaged, now.K]), []
    if broken or joined:
        events.append(note(kind="off_plane", bonds=broken, new_neighbours=joined))
    if (now.slip or 0.0) > SLIPPED:
        events.append(note(kind="slip_outside", sentence=_slipped(now)))
    return events


def _kind(moved: float, now: StepRecord, jump: bool, origin: float, period: float) -> EventKind:
    """The name of a clean move of the tip: an advance (or closing) if the state jumped or a whole period has gone by.

    Under rising load a tip that does not come beyond the origin has recovered what it had lost.
    """
    far = jump or abs(now.tip - origin) > period * (1 - 1e-6)
    if moved > 0 and now.branch == "load" and now.tip <= origin + STILL:
        return "recovery"
    if far:
        return "advance" if moved > 0 else "closing"
    return "gradual_advance" if moved > 0 else "gradual_closing"


def _snapped(before: Sequence[StepRecord], now: StepRecord, moved: bool) -> bool:
    """A jump too short for `JUMP`: the old state was gone, and the new one is far away by the measure of the last steps.

    Newton's method alone may jump, too; where the tip ``moved`` within a refined bracket that tells.
    """
    recent = before[-RECENT:]
    pairs = [(step.largest_step, abs(step.K - last.K)) for last, step in pairwise(recent)]
    rates = [distance / change for distance, change in pairs if change > 0]
    if not rates or not (now.robust_iterations or moved):
        return False
    return bool(now.largest_step > SNAP * min(rates) * abs(now.K - recent[-1].K))


def _slipped(now: StepRecord) -> str:
    """The sentence for a dislocation that has left the atoms."""
    return (
        f"slip has left the core at K = {now.K_over_KG:.4f} K_G: neighbours have gone {now.slip or 0.0:.2f} Burgers vectors apart where "
        "atoms are blended, follow the mesh or are held, and a dislocation is not carried rightly there: nothing beyond this load is "
        f"to be trusted; {ADVICE}"
    )


def _left_core(now: StepRecord, side: Side, radius: float) -> str:
    """The sentence for a tip that has left the core."""
    state = {"forward": "closed", "backward": "open"}[side]
    return (
        f"the tip has left the core {side} at K = {now.K_over_KG:.4f} K_G: no bond across the plane within "
        f"model.core_radius = {radius:g} A is {state} any more; take a larger core, or qc propagate, whose region follows the tip"
    )


def held_by(why: str | None, event: Event) -> Event:
    """An event; of one of slip outside the core the sentence says why no arm holds the dislocation, if that is known."""
    if why is None or event.kind != "slip_outside" or event.sentence is None:
        return event
    return replace(event, sentence=event.sentence.replace(ADVICE, why))


def note_lost(
    state: LadderState, K_G: float, level: float, error: NoStateError, slip: float, gone: Naming, why: str | None = None
) -> None:
    """Keep as an event that the way to a level (K / K_G) has ended with slip outside the core; K_G in MPa m^1/2.

    How far it is (shortest Burgers vectors) is told, what has ``gone`` is named where it can be, and ``why`` no arm holds it is told where
    that is known.
    """
    last, K = state.steps[-1].K, level * K_G
    name = f" ({gone.sentence})" if gone.dislocates else ""
    sentence = (
        f"slip leaves the core between {last / K_G:.4f} and {level:.4f} K_G{name}: neighbours outside the full atoms have gone {slip:.2f} "
        f"Burgers vectors apart, and no state is found beyond ({explain(error.report)}): a dislocation on its way out "
        f"is held where atoms are blended, follow the mesh or are held; {why or ADVICE}"
    )
    log.warning("%s", sentence)
    bracket = [min(last, K), max(last, K)]
    named = gone if gone.dislocates else None
    state.add(Event(kind="slip_outside", branch=state.branch, bracket=bracket, reason=error.report.reason, sentence=sentence, named=named))


def note_failure(state: LadderState, K_G: float, level: float, report: SolveReport, outcome: str) -> None:
    """Say that a step to a level (K / K_G) did not converge, and keep it as an event; K_G in MPa m^1/2."""
    sentence = f"K = {level:.5f} K_G: {explain(report)}; {outcome}"
    log.warning("%s", sentence)
    K = level * K_G
    last = state.steps[-1].K if state.steps else K
    what = partial(Event, kind="not_converged", branch=state.branch, reason=report.reason, sentence=sentence)
    state.add(what(K=K, K_over_KG=level, bracket=[min(last, K), max(last, K)]))
