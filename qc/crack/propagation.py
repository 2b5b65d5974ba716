"""Quasi-static propagation over many bonds: a load for every bond that breaks or closes, in a model that follows the tip.

Each event goes through the same stages. *climb*: the load is changed in steps until the tip snaps, and the bracket is refined.
*back*: the new state is relaxed under the load of the last old one, so that the energies of both compare. *centre*: the centre
of the near-tip field moves along with the tip (``field = "tip"``) and the load is relieved. *follow*: if the tip has drifted too
far from the middle of the core, the model moves by whole lattice vectors. With a QM tip *region* comes first: the region goes to
the new tip, what it leaves is the potential's again, and the state is relaxed once more; no energy jumps by it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError, InputError
from ..solve.options import SolverOptions
from .events import SNAPS
from .ladder import Ladder
from .ladder_state import LadderState, Snapshot
from .moving import check_movable, follow, furthest_move
from .propagation_state import PropagationSpec, PropagationState, Stage
from .qm_tip import QMSession
from .r_curve import CurvePoint, balanced, curve_point, landed
from .records import Event, StepRecord
from .staying import SAME_PLACE, recentred, stay
from .system import CrackSystem

log = logging.getLogger(__name__)

LOWEST = 0.1
"""Level of the load, K / K_G, at which unloading ends."""

FARTHEST = 0.8
"""Distance of the tip from a held centre at which the propagation ends, in domain radii."""

Saved = tuple[PropagationState, LadderState, PETSc.Vec]
"""What a checkpoint holds: both states and the unknowns."""


class Propagation:
    """A crack driven from bond to bond: says which stage comes next, and under which load.

    Parameters
    ----------
    system : CrackSystem
        With face strips, or of atoms throughout.
    spec : PropagationSpec
    options : SolverOptions, optional
    saved : (PropagationState, LadderState, PETSc.Vec), optional
        Of a checkpoint.
    qm : QMSession, optional
        The QM region of the system; it follows the tip.
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: PropagationSpec,
        options: SolverOptions | None = None,
        saved: Saved | None = None,
        qm: QMSession | None = None,
    ) -> None:
        check_movable(system)
        self.system, self.spec, self.qm = system, spec, qm
        self.state = PropagationState(centre=system.spec.tip[0]) if saved is None else saved[0]
        self.ladder = _ladder(system, spec, options, saved, None if qm is None else qm.guide)
        core = system.spec.core
        self._drift = spec.drift if spec.drift is not None else 0.25 * min(core, system.spec.radius)
        self._period = float(system.lattice.vectors[0, 0])

    @property
    def curve(self) -> list[CurvePoint]:
        """The events so far: R-curve."""
        return self.state.curve

    @property
    def rising(self) -> bool:
        """Whether bonds are being broken, not closed."""
        return self.ladder.state.branch == "load"

    def run(self, after_step: Callable[[Propagation, StepRecord], None] = lambda p, record: None) -> PropagationState:
        """All bonds; ``after_step`` is called whenever a state is accepted. Collective."""
        while not self.state.finished:
            record = self.advance()
            if record is not None:
                after_step(self, record)
        return self.state

    def advance(self) -> StepRecord | None:
        """The record of the next stable state.

        It is None if a step was taken back, or if all is done. Collective.
        """
        stages: dict[Stage, Callable[[], StepRecord | None]] = {
            "climb": self._climb,
            "region": self._region,
            "back": self._back,
            "centre": self._centre,
            "follow": self._follow,
        }
        name: Stage = self.state.pending[0] if self.state.pending else "climb"
        record = stages[name]()
        if record is not None:
            record.stage = name
        if record is not None and self.qm is not None and record.qm is None:
            record.qm = self.qm.measure(self.ladder.q)
        return record

    @property
    def _last(self) -> StepRecord:
        return self.ladder.state.steps[-1]

    @property
    def _sign(self) -> int:
        return 1 if self.rising else -1

    def _climb(self) -> StepRecord | None:
        """One step of the load, up or down."""
        ladder = self.ladder
        level = self._next_level()
        if level is None:
            return None
        before, n_events = ladder.snapshot(), len(ladder.state.events)
        record = ladder.refine(level, ladder.state.branch)
        slipped = next((e.sentence for e in ladder.state.events[n_events:] if e.kind == "slip_outside"), None)
        if slipped is not None:
            self._end(slipped)
        if record is None:
            return None
        self._refuse_to_leave(record, before)
        if ladder.state.no_start is not None:
            self._end(ladder.state.no_start)
            return record
        if self.state.lead is None:
            self._begin(record)
        event = next((e for e in ladder.state.events[n_events:] if e.kind in SNAPS), None)
        if event is not None:
            self._note(event)
        return record

    def _next_level(self) -> float | None:
        """Level of the next load; None, and the end has been said, where the branch has no load left."""
        if not self.ladder.state.steps:
            return self.ladder.course.first_level()
        level = self.ladder.course.towards_snap()
        if level is not None:
            return level
        level = self._towards_the_last_bracket()
        if self.rising and level > self.spec.K_stop + 1e-9:
            self._end(f"no further advance up to K_stop = {self.spec.K_stop:g} K_G")
            return None
        if not self.rising and level < LOWEST:
            self._end(f"no further closing down to {LOWEST:g} K_G")
            return None
        return level

    def _towards_the_last_bracket(self) -> float:
        """A step of dK, cut short at the ends of the last event's bracket: a bond like the last one is done in two steps."""
        level, sign, K_G = self._last.K_over_KG, self._sign, self.system.K_G
        last = [point for point in self.curve[-1:] if point.branch == self.ladder.state.branch]
        ends = [K / K_G for point in last for K in (point.K_low, point.K_high)]
        ahead = [end for end in ends if 1e-9 < sign * (end - level) < self.spec.dK]
        return sign * min((sign * end for end in ahead), default=sign * level + self.spec.dK)

    def _begin(self, record: StepRecord) -> None:
        """Where the tip is at first."""
        position = record.tip_position
        if position is None or not np.isfinite(position):
            raise InputError(
                f"load.K_start = {record.K_over_KG:g} K_G opens no bond: there is no tip to follow; use a higher one"
            )
        self.state.lead, self.state.begin = position - self.state.centre, position
        self.ladder.state.origin = position
        if self.qm is not None:
            self.state.pending = ["region"]

    def _refuse_to_leave(self, record: StepRecord, before: Snapshot) -> None:
        """A tip that runs through the core in one event cannot be followed: back to the state before."""
        if not record.tip_left:
            return
        low = self.ladder.state.steps[-2].K_over_KG if len(self.ladder.state.steps) > 1 else record.K_over_KG
        self.ladder.restore(before)
        raise ConvergenceError(
            f"the tip leaves the core {record.tip_left} in one event between {low:.5f} and {record.K_over_KG:.5f} K_G, after "
            f"{len(self.curve)} events: no place to follow it to; take a larger model.core_radius or another load.K_start"
        )

    def _note(self, event: Event) -> None:
        """A point of the R-curve for the event of the last step; the stage *back* completes it."""
        point = curve_point(self.ladder, event, len(self.curve) + 1, self.state.centre)
        self.curve.append(point)
        self.ladder.state.origin = self._last.tip
        self.state.pending = ["back"] if self.qm is None else ["region", "back"]
        log.info("%s from %.3f to %.3f A at K = %.5f K_G", point.kind, point.a, point.a_after, point.K_over_KG)

    def _region(self) -> StepRecord | None:
        """The QM region goes to the tip, where the same load may move it on: then once more; back, and the crack is held by nothing."""
        assert self.qm is not None
        place = self._last.tip
        record = self.qm.follow_tip(self.ladder)
        if record is None or abs(record.tip - place) < SAME_PLACE:
            self.state.pending = self.state.pending[1:]
        if record is None or not self.curve:
            return record
        self.ladder.state.origin = record.tip
        if abs(record.tip - self.curve[-1].a) < SAME_PLACE:
            self.curve.pop()
            self.state.pending = ["region"]  # who goes on up to a higher K_stop has the region where the tip is
            self._end(f"the tip goes back to {record.tip:.3f} A once the QM region is where it went: no load holds it there")
        else:
            self.curve[-1] = landed(self.curve[-1], record, self.ladder)
        return record

    def _back(self) -> StepRecord | None:
        """The new state under the load before the event: energies at one load, one centre."""
        point = self.curve[-1]
        record = stay(self.ladder, (point.K_low if self.rising else point.K_high) / self.system.K_G)
        if record is not None:
            point = balanced(point, record, self.system)
            if self.qm is not None:  # gamma is the potential's, the bond that broke the engine's
                point = replace(point, two_gamma_minus_J=None, qm_calls=self.qm.calls - self._counted())
            self.curve[-1] = point
        self._plan()
        return record

    def _counted(self) -> int:
        """Engine's calls of the events before the last one."""
        return sum(point.qm_calls or 0 for point in self.curve[:-1])

    def _plan(self) -> None:
        """What comes after *back*: the branch ends, turns round, or goes on with the field and the model at the tip's place."""
        state, ladder = self.state, self.ladder.state
        state.pending = []
        if self._branch_is_done():
            if not (self.rising and self.spec.close):
                state.finished = True
                return
            ladder.branch, ladder.origin = "unload", self._last.tip
        ahead = abs(self._last.tip - state.centre)
        if self.spec.field == "held" and ahead > FARTHEST * self.system.spec.radius:
            self._end(
                f"the tip is {ahead:.1f} A away from the centre of the held field, which the model would leave behind"
            )
            return
        far = self._is_far()
        if far or self.spec.field == "tip":
            state.pending.append("centre")
        if far:
            state.pending.append("follow")

    def _branch_is_done(self) -> bool:
        """Whether as many bonds as were asked for have broken, or closed."""
        done = sum(point.bonds for point in self.curve if point.branch == self.ladder.state.branch)
        return self._sign * done >= (self.spec.bonds if self.rising else self.spec.close)

    def _is_far(self) -> bool:
        """Whether the tip has drifted so far in the model that the model is to follow, by a lattice vector at least."""
        place = abs(self._place())
        allowed = min(self._drift, 0.5 * self.system.spec.core)
        return place >= allowed - 1e-6 and place >= self._period * (1 - 1e-6)

    def _place(self) -> float:
        """How far the tip has drifted in the model, A."""
        assert self.state.lead is not None
        return float(self._last.tip - self.ladder.state.offset - self.system.spec.tip[0] - self.state.lead)

    def _end(self, why: str) -> None:
        self.state.ended, self.state.finished = why, True
        log.warning("%s", why)

    def _centre(self) -> StepRecord:
        """The near-tip field follows the tip, under a load relieved so far that the tip stays."""
        assert self.state.lead is not None
        tip, level = self._last.tip, self._last.K_over_KG
        centre = tip - self.state.lead if self.spec.field == "tip" else self.state.centre
        relieve = -1 if self.curve[-1].branch == "load" else 1
        record = recentred(self.ladder, centre, relieve * self.spec.dK)
        if record is None:
            raise ConvergenceError(
                f"the tip does not stay at {tip:.3f} A under any load near {level:.4f} K_G once the near-tip field is centred on it: "
                "lattice trapping is too weak for propagation bond by bond; try field = 'held' or a smaller dK"
            )
        self.state.centre, self.state.pending = centre, self.state.pending[1:]
        return record

    def _follow(self) -> StepRecord | None:
        """The model moves so that the tip is where it was at first, and relaxes under the same load."""
        place, most = self._place(), furthest_move(self.system)
        n = int(np.clip(round(place / self._period), -most, most))
        moved = follow(self.ladder, n, len(self.curve), self._move_region)
        if moved is None:
            log.warning("the tip moves with the model: the model stays where it is until the next event")
        else:
            self.state.moves.append(moved[0])
        if moved is None or abs(place) - abs(n) * self._period < 0.5 * self._period:
            self.state.pending = self.state.pending[1:]
        return None if moved is None else moved[1]


    def _move_region(self, n: int) -> None:
        """The QM region stays at its atoms while the model moves by n lattice vectors."""
        if self.qm is not None:
            self.qm.shift(n)
            self.ladder.renew_solver()


def _ladder(
    system: CrackSystem,
    spec: PropagationSpec,
    options: SolverOptions | None,
    saved: Saved | None,
    guide: Coupling | None,
) -> Ladder:
    """The ladder that refines every bracket, at the last state of a checkpoint if there is one. Collective."""
    if saved is None:
        system.recentre(system.spec.tip)
        return Ladder(system, spec.ladder, options, guide=guide)
    state, known, q = saved
    system.recentre((state.centre - known.offset, system.spec.tip[1]))
    ladder = Ladder(system, spec.ladder, options, known, q, guide)
    if known.steps:
        ladder.settle(known.steps[-1].K)
    return ladder
