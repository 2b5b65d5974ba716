"""What becomes of a state that a step has reached: its record, and what has happened since the last one."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ..drive.stepping import NoStateError, Reached, Stepper
from ..solve.vectors import distance
from .events import Event, Scene, events_between, side_left, with_bonds
from .ladder_state import LadderState
from .named import EventNamer
from .probe import Probe
from .records import Branch, StepRecord
from .tip import TipState

SAME_STATE = 0.02
"""Two states no further apart than this, in nearest-neighbour distances, are one: solved to 1e-6 eV/A they differ by far less."""


class Acceptance:
    """Keeps the records and events of a ladder. All methods are collective.

    Parameters
    ----------
    state : LadderState
        To which records and events are added.
    scene : Scene
    stepper : Stepper
        Its unknowns are the present state.
    probe : Probe
    namer : EventNamer
    K_step : float
        Of the ladder, K / K_G.
    """

    def __init__(self, state: LadderState, scene: Scene, stepper: Stepper, probe: Probe, namer: EventNamer, K_step: float) -> None:
        self._state, self._scene, self._stepper, self._K_step = state, scene, stepper, K_step
        self._probe, self._namer = probe, namer

    @property
    def _q(self) -> PETSc.Vec:
        """Unknowns of the present state: another vector, maybe, after a step."""
        return self._stepper.q

    def accept(self, reached: Reached, branch: Branch, before: PETSc.Vec) -> tuple[StepRecord, TipState | None]:
        """The record of the present state and its tip, added to the others with what has happened since the last, ``before``."""
        steps = self._state.steps
        front = self._probe.front(before) if steps else None
        record, tip = self._probe.record(self._q, reached, branch)
        if steps and tip is not None:
            record.tip_left = side_left(tip, steps[-1].tip_position)
            events = events_between(steps, record, tip, self._scene, self._state.began(branch, self._scene.put))
            events = [e for e in events if e.kind != "rearrangement" or not self._comes_back(record, before)]
            now = None if front is None else self._probe.front(self._q)
            if front is not None and now is not None:
                events = with_bonds(events, now.since(front), record, steps[-1])
            for event in self._named(events, before):
                self._state.add(event)
        steps.append(record)
        return record, tip

    def accept_again(self, reached: Reached, before: PETSc.Vec) -> TipState | None:
        """The tip of the last step's state, relaxed once more from ``before``; its record takes the old one's place."""
        steps = self._state.steps
        old = steps[-1]
        record, tip = self._probe.record(self._q, reached, old.branch)
        record.tip_left, record.rejected, record.calls = old.tip_left, old.rejected, old.calls
        if tip is not None:
            events = events_between(steps, record, tip, self._scene, self._state.began(old.branch, self._scene.put))
            events = [event for event in events if event.kind != "rearrangement"]  # other terms have another state
            for event in self._named(events, before):
                keep = self._state.events.append if event.kind == "closing" else self._state.add  # no load has closed it: no K-
                keep(event)
        steps[-1] = record
        return tip

    def tip_of(self, step: StepRecord) -> float:
        """Where the tip was in a step, A: where it was put if no bond was open."""
        tip = step.tip_position
        return self._scene.put + self._state.offset if tip is None or not np.isfinite(tip) else tip

    def _named(self, events: list[Event], before: PETSc.Vec) -> list[Event]:
        """Events since the last step with their names."""
        tip = self.tip_of(self._state.steps[-1])
        return self._namer.name(events, before, self._q, tip, self._state.offset)

    def _comes_back(self, record: StepRecord, before: PETSc.Vec) -> bool:
        """Whether the step back leads to the state before: then the way was long, or stiff where bonds cross a cutoff, but nothing jumped.

        The present state is kept, with factors for the next prediction.
        """
        now, last = self._q.copy(), self._state.steps[-1].K_over_KG
        try:
            reached = self._stepper.step(last, record.K_over_KG, self._K_step)
            home = reached.level == last and distance(self._q, before) < SAME_STATE * self._scene.nearest
        except NoStateError:
            home = False
        now.copy(self._q)
        self._stepper.settle(record.K)
        return home
