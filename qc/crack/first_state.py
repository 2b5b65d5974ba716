"""The first state of a ladder: relaxed from the near-tip field at one load after the other until one is to be trusted."""

from __future__ import annotations

import logging

from petsc4py import PETSc

from ..case.tables import GRIFFITH
from ..drive.stepping import LostError, NoStateError, Stepper, explain
from .course import Course
from .events import first_damage, note_failure
from .named import EventNamer
from .probe import Probe
from .records import StepRecord
from .start import Trial, ahead, closest, in_words, judge, no_start
from .system import CrackSystem
from .tip import SLIPPED, TipState

log = logging.getLogger(__name__)

First = tuple[StepRecord, TipState | None]


class FirstState:
    """Tries first states, judges them, and keeps the one that the ladder starts from. All methods are collective.

    Parameters
    ----------
    system : CrackSystem
    course : Course
        Which load to try, and the state of the ladder.
    stepper : Stepper
        Its unknowns become those of the first state.
    probe : Probe
    namer : EventNamer
        Names damage in the first state, against the reference crystal.
    """

    def __init__(self, system: CrackSystem, course: Course, stepper: Stepper, probe: Probe, namer: EventNamer) -> None:
        self._system, self._course, self._stepper, self._probe = system, course, stepper, probe
        self._state, self._namer = course.state, namer

    def attempt(self, level: float) -> First | None:
        """A first state at a level (K / K_G): its record and tip if the ladder starts from it, else None.

        Where no load is left to try, the nearest state becomes the only step, and ``state.no_start`` says why.
        """
        found, failed = self._from_field(level)
        if found is not None:
            trial = judge(found[0], self._course.place)
        elif isinstance(failed, LostError):
            trial = Trial(K_over_KG=level, found="slip leaves the core")
        else:
            trial = Trial(K_over_KG=level, found="closes" if _closes(level, failed) else "no state")
        self._state.trials.append(trial)
        (log.info if trial.trusted else log.warning)("%s", trial.sentence)
        if trial.trusted:
            return self._keep(found)
        if self._course.first_level() is not None:
            return None
        best = ahead(self._state.trials)
        if best is None:
            return self._give_up(level, found, failed)
        if found is None or best is not trial:
            found, _ = self._from_field(best.K_over_KG)
            self._state.trials.append(best)
        return self._keep(found)

    def _from_field(self, level: float) -> tuple[First | None, NoStateError | None]:
        """The state that the near-tip field at a level relaxes to, or None and what failed."""
        self._system.start(level * self._system.K_G).copy(self._stepper.q)
        self._stepper.solver.forget()
        self._state.open_bonds, self._state.open_front = {}, {}
        self._probe.recall()
        try:
            reached = self._stepper.step(level, None, self._course.spec.K_step, lost=self._slips_outside)
        except NoStateError as error:
            return None, error
        return self._probe.record(self._stepper.q, reached, "load"), None

    def _slips_outside(self, q: PETSc.Vec) -> bool:
        """Whether a dislocation has left the full atoms in any state q. Collective."""
        return self._probe.slip(q) > SLIPPED

    def _keep(self, found: First | None) -> First:
        """The first step of the ladder; damage in it is an event since the highest load that left the crystal whole."""
        assert found is not None
        record, state = found[0], self._state
        whole = [t for t in state.trials if t.found in ("healed", "J too large") and t.K_over_KG < record.K_over_KG]
        undamaged = max((t.K_over_KG for t in whole if not t.off_plane_broken and not t.new_neighbours), default=0.0)
        events = first_damage(record, undamaged * self._system.K_G)
        for event in self._namer.name(events, None, self._stepper.q, self._course.place.tip, state.offset):
            state.add(event)
        record.rejected = len(state.trials) - 1
        state.steps.append(record)
        return found

    def _give_up(self, level: float, found: First | None, failed: NoStateError | None) -> First:
        """The nearest of all first states as the only step of a ladder that has none to start from."""
        state, place = self._state, self._course.place
        best = closest(state.trials, place)
        if best is None:
            assert failed is not None
            report = failed.report
            note_failure(state, self._system.K_G, level, report, "gave up")
            why = explain(report) + (f": {report.complaint}" if report.complaint else "")
            words = in_words(state.trials)
            why += f"; {words}" if words else ""
            raise NoStateError(f"no stable state found at K = {level:.4f} K_G nor at any other first load: {why}", report)
        state.no_start = no_start(state.trials, place)
        log.warning("%s", state.no_start)
        if found is None or found[0].K_over_KG != best.K_over_KG:
            found, _ = self._from_field(best.K_over_KG)
        state.finished = True
        return self._keep(found)


def _closes(level: float, failed: NoStateError | None) -> bool:
    """Whether a crack has failed whose faces, apart in the near-tip field, have met far behind the tip: atoms go as far as they were."""
    return failed is not None and level < GRIFFITH and "FLY" in failed.report.reason
