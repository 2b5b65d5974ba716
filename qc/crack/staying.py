"""A tip that stays where it is while the load or the centre of the near-tip field changes."""

from __future__ import annotations

from ..errors import ConvergenceError
from .ladder import Ladder
from .records import StepRecord

SAME_PLACE = 1e-3
"""A tip that is less than this away from where it was, A, has stayed."""

RELIEFS = (1.0, 0.5, 0.25, 2.0, 4.0, 0.125, 0.0)
"""Parts of the step by which the load is relieved after an event: the first that leaves the tip where it is will do."""


def step_in_place(ladder: Ladder, level: float) -> StepRecord | None:
    """The record of a step to a level (K / K_G) in which the tip stays.

    It is None, with nothing restored, if no state is found, if the step falls short of the level, or if the tip moves.
    Collective.
    """
    place = ladder.state.steps[-1].tip
    try:
        record = ladder.step(level, ladder.state.branch)
    except ConvergenceError:
        return None
    if abs(record.K_over_KG - level) >= 1e-12 or not abs(record.tip - place) < SAME_PLACE:
        return None
    record.rejected = 0
    return record


def stay(ladder: Ladder, level: float) -> StepRecord | None:
    """As `step_in_place`, and where that gives None the ladder is back at its last state. Collective."""
    before = ladder.snapshot()
    record = step_in_place(ladder, level)
    if record is None:
        ladder.restore(before)
    return record


def recentred(ladder: Ladder, x: float, step: float) -> StepRecord | None:
    """The record of the state with the near-tip field centred at x, under a load relieved so far that the tip stays.

    It is None, and all is as before, if there is no such load. Collective.

    Parameters
    ----------
    ladder : Ladder
    x : float
        The new centre in the crystal, A.
    step : float
        What the load is relieved by, K_G: `RELIEFS` of it are tried.
    """
    system, last = ladder.system, ladder.state.steps[-1]
    old = system.centre
    system.recentre((x - ladder.state.offset, system.spec.tip[1]))
    for relief in RELIEFS:
        record = stay(ladder, last.K_over_KG + relief * step)
        if record is not None:
            return record
    system.recentre(old)
    ladder.settle(last.K)
    return None
