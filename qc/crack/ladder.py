"""The load ladder: stable states under rising (and falling) K, the first advance of the tip, and the way back."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from functools import partial

from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..dislocation.naming import Naming
from ..drive.stepping import Experience, GivenUp, LostError, NoStateError, Reached, Stepper
from ..errors import ConvergenceError, InputError
from ..solve.equilibrium import EquilibriumSolver
from ..solve.options import Enough, SolverOptions, never
from .acceptance import Acceptance
from .arms import NoArmError, again_in, arms_for, with_arms
from .course import Course
from .events import MOVES, Scene, held_by, note_failure, note_lost
from .first_state import FirstState
from .ladder_state import LadderSpec, LadderState, Snapshot
from .named import EventNamer
from .probe import Probe
from .records import Branch, StepRecord
from .start import Place
from .system import CrackSystem
from .tip import SLIPPED, TipState

log = logging.getLogger(__name__)


class Ladder:
    """Walks the load up (and down), one stable state a step.

    With ``adapt = "arms"`` of the system's spec, an arm is laid where a dislocation leaves the core: the state before is carried to
    the larger model, in which the ladder goes on.

    Parameters
    ----------
    system : CrackSystem
    spec : LadderSpec
    options : SolverOptions, optional
    state : LadderState, optional
        From a checkpoint.
    q : PETSc.Vec, optional
        Unknowns of the checkpoint's last step.
    guide : Coupling, optional
        An energy to minimise where the model has none; default: the model's.

    Attributes
    ----------
    system : CrackSystem
        The present one.
    state : LadderState
        What has been reached.
    course : Course
        Where it goes next.
    tip : TipState or None
        Of the present state.
    before_advance : PETSc.Vec or None
        Unknowns of the last state before the first clean advance, once there has been one in this process and the present system.
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: LadderSpec,
        options: SolverOptions | None = None,
        state: LadderState | None = None,
        q: PETSc.Vec | None = None,
        guide: Coupling | None = None,
    ) -> None:
        self.spec, self.state = spec, state or LadderState()
        place = Place.of(system, spec.J_tolerance)
        self.course = Course(spec, self.state, place)
        if not self.state.steps:
            level = self.course.first()
            system.check_opening(level)
            q = system.start(level * system.K_G)
        elif q is None:
            q = system.start(self.state.steps[-1].K)
        self._scene = Scene(
            nearest=system.model.crystal.nearest_neighbour_distance,
            put=place.tip,
            period=place.period,
            core_radius=system.spec.core,
            refined=spec.K_tolerance is not None,
        )
        self._solved_by = options, guide
        self._stand_on(system, q)
        self.tip: TipState | None = None
        self.before_advance: PETSc.Vec | None = None

    def _stand_on(self, system: CrackSystem, q: PETSc.Vec) -> None:
        """Go on with a system, which may be another than before, at unknowns q."""
        self.system = system
        self._stepper = Stepper(system, q, *self._solved_by)
        self._probe = Probe(system, self.state)
        self._namer = EventNamer(system)
        self._first = FirstState(system, self.course, self._stepper, self._probe, self._namer)
        self._acceptance = Acceptance(self.state, self._scene, self._stepper, self._probe, self._namer, self.spec.K_step)

    @property
    def q(self) -> PETSc.Vec:
        """Unknowns of the present state."""
        return self._stepper.q

    @property
    def solver(self) -> EquilibriumSolver:
        """The solver for the terms that the coupling has now."""
        return self._stepper.solver

    @property
    def experience(self) -> Experience:
        """What has been learnt on the way to the present state, for its checkpoint."""
        return self._stepper.experience

    def recall(self, experience: Experience) -> None:
        """Go on from the state of a checkpoint with what was known then."""
        self._stepper.recall(experience)

    def renew_solver(self) -> None:
        """A new solver, where the coupling has other terms than before. Collective."""
        self._stepper.renew_solver()

    def settle(self, K: float) -> None:
        """Put the present unknowns, a stable state, under load K (MPa m^1/2), with factors for the next prediction. Collective."""
        self._stepper.settle(K)

    def energy(self) -> float | None:
        """Energy of the present state with what the model has left behind, eV per cell; None if there is none. Collective."""
        energies = self._probe.energies(self.q)
        return None if energies is None else float(sum(energies.values()))

    def follow(self, dx: float) -> None:
        """Say that the model has moved by dx (A) along the crack: the tip's memory moves along, the factors are of no use any more."""
        self.solver.forget()
        self._probe.shift(dx)

    def run(self, after_step: Callable[[Ladder, StepRecord], None] = lambda ladder, record: None) -> LadderState:
        """All steps; ``after_step`` is called when a state is accepted (output, checkpoint, stop). Collective."""
        for level, branch in self.loads():
            record = self.refine(level, branch)
            if record is not None:
                after_step(self, record)
        return self.state

    def loads(self) -> Iterator[tuple[float, Branch]]:
        """(level, branch) of the steps still to come; re-read after each step, as an advance may turn the ladder."""
        while not self.state.finished:
            following = self.course.next()
            if following is None:
                self.state.finished = True
                return
            yield following

    def begin(self) -> StepRecord:
        """The first state, judged; the load is looked for if need be. Collective.

        Raises
        ------
        ConvergenceError
            No load leaves the crack where it was put.
        """
        record = None
        while record is None:
            record = self.try_start(self.course.first())
        if self.state.no_start is not None:
            raise ConvergenceError(self.state.no_start)
        return record

    def try_start(self, level: float) -> StepRecord | None:
        """A first state from the near-tip field, judged: its record if the ladder starts from it, else None. Collective.

        Where no load is left to try, the nearest state becomes the only step, and ``state.no_start`` says why.
        """
        found = self._first.attempt(level)
        if found is None:
            return None
        record, self.tip = found
        return record

    def refine(self, level: float, branch: Branch) -> StepRecord | None:
        """As `step`; but a step wider than the tolerance in which the tip snaps is taken back, and None returned. Collective.

        So is one that ends in no state because a dislocation leaves the core: of one that is narrow enough the event ``slip_outside``
        says so.
        Once a load beyond the snap is known, a wide step counts as one that snaps where Newton's method does not follow the
        state: where the crack goes from there is worked out once, in the step that is narrow enough.
        """
        if self.state.level is None:
            return self.try_start(level)
        state, before, n_events = self.state, self.snapshot(), len(self.state.events)
        start, record = state.steps[-1].K_over_KG, None
        if state.snap is not None and self._wide(level, start):
            found = self._stepper.follow(level, start)
            record = None if found is None else self._accepted(found, branch, before.q)
        else:
            try:
                with contextlib.suppress(GivenUp):
                    record = self._step(level, branch, self._has_moved if self._wide(level, start) else never)
            except LostError as error:
                more = self._more_atoms(before, error.q, level, branch)
                if isinstance(more, StepRecord):
                    return more
                if not self._wide(level, start):
                    note_lost(state, self.system.K_G, level, error, self._probe.slip(error.q), self._gone(before.q, error.q), more)
                    return None
        if record is not None and any(e.kind == "slip_outside" for e in state.events[n_events:]):
            more = self._more_atoms(before, self.q, record.K_over_KG, branch)
            if isinstance(more, StepRecord):
                return more
            state.events[n_events:] = [held_by(more, e) for e in state.events[n_events:]]
        reached = level if record is None else record.K_over_KG  # short of it if the whole step did not converge
        ends = [e.kind in (*MOVES, "slip_outside") or e.ends(self.spec.stop_at) for e in state.events[n_events:]]
        snapped = any(ends)  # gradually, too: it may hide a jump
        if record is None or (snapped and self._wide(reached, start)):
            log.info("the tip snaps, or slip leaves the core, between here and K = %.5f K_G: back, and half the step", reached)
            self.restore(before)
            state.snap, state.rejected = reached, state.rejected + 1
            return None
        self._tell(n_events)
        if state.K_plus_bracket is not None and before.state["K_plus_bracket"] is None:
            self.before_advance = before.q
        record.rejected, state.rejected = state.rejected, 0
        if snapped or (state.snap is not None and abs(reached - state.snap) < 1e-12):
            state.snap = None
        return record

    def step(self, level: float, branch: Branch) -> StepRecord:
        """One stable state at a level, or short of it where the whole step does not converge. Collective.

        It raises `ConvergenceError` with the state of the last step kept and loaded.
        """
        n_events = len(self.state.events)
        record = self._step(level, branch)
        self._tell(n_events)
        return record

    def relax_again(self) -> StepRecord:
        """The last step once more, where the coupling has other terms than before; its record takes the old one's place. Collective.

        A tip that moves on the way is an event. It raises `NoStateError` with the state kept and loaded.
        """
        last, n_events, before = self.state.steps[-1], len(self.state.events), self.q.copy()
        reached = self._stepper.step(last.K_over_KG, last.K_over_KG, self.spec.K_step)
        self.tip = self._acceptance.accept_again(reached, before)
        self._tell(n_events)
        return self.state.steps[-1]

    def _has_moved(self, q: PETSc.Vec) -> bool:
        """Whether the tip is elsewhere in any state q than in the last step. Collective."""
        last, now = self.state.steps[-1].tip_position, self._probe.glance(q)
        return last is not None and now is not None and not abs(now - last) < 0.5 * self._scene.period

    def _slips_outside(self, before: PETSc.Vec, q: PETSc.Vec) -> bool:
        """Whether a dislocation is leaving the core in any state q, and was not in the one before. Collective.

        It has where neighbours outside have gone half a Burgers vector apart, and it is about to where they have gone half as far and a
        dislocation has left the tip: what is blended or follows the mesh holds it, and it presses on.
        """
        known, now = (self.state.steps[-1].slip if self.state.steps else None) or 0.0, self._probe.slip(q)
        if known > SLIPPED or now <= 0.5 * SLIPPED:
            return False
        return now > SLIPPED or self._gone(before, q).dislocates

    def _gone(self, before: PETSc.Vec, q: PETSc.Vec) -> Naming:
        """What has slipped in the full atoms between two states, by its name. Collective."""
        state = self.state
        tip = self._acceptance.tip_of(state.steps[-1]) - state.offset if state.steps else self._scene.put
        return self._namer.between(self._namer.bonds(before), self._namer.bonds(q), tip, clean=False).shifted(state.offset)

    def _step(self, level: float, branch: Branch, enough: Enough = never) -> StepRecord:
        """As `step`, and nothing is said of what has happened: the step may be taken back."""
        before = self.q.copy()
        try:
            reached = self._stepper.step(level, self.state.level, self.spec.K_step, enough, partial(self._slips_outside, before))
        except LostError:
            raise
        except NoStateError as error:
            if self.state.steps and (self.state.steps[-1].slip or 0.0) > 0.5 * SLIPPED:
                raise LostError(str(error), error.report, before) from None  # it was leaving before, as a strain that had no end yet
            note_failure(self.state, self.system.K_G, level, error.report, "gave up")
            raise
        if reached.failed is not None:
            outcome = f"reached K = {reached.level:.5f} K_G instead"
            note_failure(self.state, self.system.K_G, level, reached.failed, outcome)
        return self._accepted(reached, branch, before)

    def _more_atoms(self, before: Snapshot, q: PETSc.Vec, level: float, branch: Branch) -> StepRecord | str | None:
        """What becomes of slip that has left the core on the way from a state to the unknowns q at a level (K / K_G).

        With arms laid it is the record of the state ``before`` in the larger model, from which the ladder goes on. Else all is as it was,
        and told is why no arm holds the dislocation; None where none was asked for. Collective.
        """
        system, state = self.system, self.state
        spec, last = system.spec, state.steps[before.state["steps"] - 1]
        if spec.adapt != "arms" or branch != "load" or not spec.facts.coupled:
            return None
        try:
            tip = self._acceptance.tip_of(last) - state.offset
            arms = arms_for(system, self._namer, q, level * system.K_G, tip, state.arms)
            larger = with_arms(system, spec.arms[: len(spec.arms) - len(state.arms)], arms)
            stepper, reached = again_in(larger, system, before.q, last, self.spec.K_step, *self._solved_by)
        except (NoArmError, ConvergenceError, InputError) as reason:
            self.settle(state.steps[-1].K)
            return str(reason)
        for arm in arms:
            if arm not in state.arms:
                log.warning("slip leaves the core at K = %.4f K_G: %s; back to K = %.4f K_G", level, arm.sentence, reached.level)
        state.go_back(before.state)
        state.arms, state.rejected, self.before_advance = arms, 0, None
        self._stand_on(larger, stepper.q)
        record, self.tip = self._probe.record(self.q, reached, branch)
        record.stage, record.rejected = "arms", 1
        state.steps.append(record)
        self.settle(record.K)
        return record

    def snapshot(self) -> Snapshot:
        """The present state, to come back to."""
        return Snapshot(self.q.copy(), self.tip, self.state.mark())

    def restore(self, to: Snapshot) -> None:
        """Go back: unknowns, load, records, what the tracker remembers, and the factors that predict the next step. Collective."""
        self.state.go_back(to.state)
        to.q.copy(self.q)
        self.tip = to.tip
        self._probe.recall()
        if self.state.steps:
            self.settle(self.state.steps[-1].K)

    def _wide(self, level: float, start: float) -> bool:
        """Whether a step from one level to another is too wide to be the bracket of a snap."""
        tolerance = self.spec.K_tolerance
        return tolerance is not None and abs(level - start) > tolerance * abs(level) * (1 + 1e-9)

    def _accepted(self, reached: Reached, branch: Branch, before: PETSc.Vec) -> StepRecord:
        """The record of the present state, kept. Collective."""
        record, self.tip = self._acceptance.accept(reached, branch, before)
        return record

    def _tell(self, first: int) -> None:
        """Say what events from number ``first`` on have to say, once their step is kept."""
        for event in self.state.events[first:]:
            if event.sentence is not None and event.kind != "not_converged":  # said when it happened
                log.warning("%s", event.sentence)
