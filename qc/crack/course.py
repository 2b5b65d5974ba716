"""Where a ladder goes next: the first load to try, the next rung, half a step towards a snap, the way down."""

from __future__ import annotations

import logging

import numpy as np

from ..case.tables import GRIFFITH
from ..errors import ConvergenceError
from .ladder_state import LadderSpec, LadderState
from .records import Branch
from .spec import LOWEST_UNLOADED
from .start import Place, next_level

log = logging.getLogger(__name__)


class Course:
    """The next load of a ladder, from what it has found so far. All levels are K / K_G.

    Parameters
    ----------
    spec : LadderSpec
    state : LadderState
        It is read, and its branch turned where the load begins to fall.
    place : Place
        Where the crack was put.
    """

    def __init__(self, spec: LadderSpec, state: LadderState, place: Place) -> None:
        self.spec, self.state, self.place = spec, state, place

    def first_level(self) -> float | None:
        """The level of the next first state to try; None if there is none left."""
        return next_level(self.state.trials, self.spec.wanted, self.spec.K_stop, self.place)

    def first(self) -> float:
        """As `first_level`, and the Griffith load where none is left."""
        return self.first_level() or GRIFFITH

    def towards_snap(self) -> float | None:
        """The next level while a bracket is being refined."""
        last, snap = self.state.level, self.state.snap
        if last is None or snap is None:
            return None
        narrow = abs(snap - last) <= (self.spec.K_tolerance or 0.0) * snap * (1 + 1e-9)
        return snap if narrow else 0.5 * (last + snap)

    def next(self) -> tuple[float, Branch] | None:
        """The level and branch of the next step; None at the end of the ladder."""
        state, spec = self.state, self.spec
        if not state.steps:
            return self.first(), "load"
        if state.no_start is not None or self._slipped():
            return None
        level = self.towards_snap()
        if level is not None:
            return level, state.branch
        if state.branch == "load":
            over = state.over(spec.stop_at)
            level = _after(state.steps[0].K_over_KG, state.steps[-1].K_over_KG, spec.K_step)
            if level <= spec.K_stop + 1e-9 and not over:
                self._refuse_to_go_on()
                return level, "load"
            if not spec.unload or (over and state.K_plus_bracket is None):
                return None  # a blunted tip has no advance to take back
            state.branch = "unload"
        level = self._down()
        return None if level is None else (level, "unload")

    def _down(self) -> float | None:
        """The next level while unloading; None once the tip has closed, or at the bottom."""
        state, spec = self.state, self.spec
        level = _after(max(step.K_over_KG for step in state.steps), state.steps[-1].K_over_KG, -spec.K_step)
        closed = spec.stop_at != "K_stop" and state.K_minus_bracket is not None
        least = max(min(LOWEST_UNLOADED, state.steps[0].K_over_KG), self.place.least)
        if level < least - 1e-9 and self.place.least == least and not closed:
            log.warning("unloading ends above %.4f K_G: below, the faces attract each other where they leave the core", least)
        return None if level < least - 1e-9 or closed else level

    def _slipped(self) -> bool:
        """Whether a dislocation has left the atoms: the ladder ends there."""
        return any(event.kind == "slip_outside" for event in self.state.events)

    def _refuse_to_go_on(self) -> None:
        """A tip that has left the core under rising load cannot be followed any further."""
        if self.state.steps[-1].tip_left:
            raise ConvergenceError(next(e.sentence for e in reversed(self.state.events) if e.kind == "tip_left_core"))


def _after(origin: float, level: float, step: float) -> float:
    """The next of the levels origin + n step after a level."""
    return origin + (int(np.floor((level - origin) / step + 1e-6)) + 1) * step
