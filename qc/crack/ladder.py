"""The load ladder: stable states under rising (and falling) K, the first advance of the tip, and the way back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..drive.stepping import FURTHEST, HALVINGS, JUMP, explain
from ..errors import ConvergenceError, EngineError
from ..solve.equilibrium import EquilibriumSolver
from ..solve.options import SolveReport, SolverOptions
from ..solve.stability import hashed_noise
from ..terms.term import NoEnergyError
from .energy_release import EnergyRelease
from .events import MOVES, SNAP
from .ladder_state import LadderSpec, LadderState, Snapshot
from .records import Branch, Event, EventKind, StepRecord
from .system import CrackSystem
from .tip import Shells, TipState, TipTracker

log = logging.getLogger(__name__)


class Ladder:
    """Walks the load up (and down), one stable state a step.

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
        model = system.model
        self._guide = guide or model.guide
        self.system, self.spec, self.state = system, spec, state or LadderState()
        parts = model.parts
        n = parts.layout.n_free
        noise = hashed_noise(parts.key[:n], parts.layout.components) * parts.is_atom[:n, None]
        self._nn = model.crystal.nearest_neighbour_distance
        self._solver_args = (model.parts, noise, options or SolverOptions(), model.lattice.gdim == 2)
        self.renew_solver()
        self._period = float(model.lattice.vectors[0, 0])  # of the crystal along the crack
        atoms = model.atomistic
        reach = min(system.spec.core_radius, system.spec.domain_radius)
        self._tracker = TipTracker(parts.layout.comm, atoms, Shells.of(model.crystal), reach) if atoms else None
        if self._tracker:
            self._tracker.remember(self.state.open_bonds)
        self._release = EnergyRelease(system)
        self.q = q if q is not None else system.start(spec.K_start * system.K_G)
        self.tip: TipState | None = None

    def renew_solver(self) -> None:
        """A solver for the terms that the coupling has now. Collective."""
        model = self.system.model
        guide = None if self._guide is None else EquilibriumSolver(self._guide, *self._solver_args)
        self.solver = EquilibriumSolver(model.coupling, *self._solver_args, guide)
        self.solver.furthest = FURTHEST * self._nn

    def loads(self) -> Iterator[tuple[float, Branch]]:
        """(K over K_G, branch) of the steps still to come; re-read after each step, as an advance may turn the ladder."""
        while not self.state.finished:
            nxt = self._next()
            if nxt is None:
                self.state.finished = True
                return
            yield nxt

    def towards_snap(self) -> float | None:
        """The next load (in K_G) while a bracket is being refined."""
        if self.state.snap is None or not self.state.steps:
            return None
        last, snap = self.state.steps[-1].K_over_KG, self.state.snap
        narrow = abs(snap - last) <= (self.spec.K_tolerance or 0.0) * snap * (1 + 1e-9)
        return snap if narrow else 0.5 * (last + snap)

    def _next(self) -> tuple[float, Branch] | None:
        s, state = self.spec, self.state
        last = state.steps[-1].K_over_KG if state.steps else None
        between = self.towards_snap()
        if between is not None:
            return between, state.branch
        if state.branch == "load":
            k = s.K_start if last is None else _after(s.K_start, last, s.K_step)
            moved = state.K_plus_bracket is not None or state.blunting is not None
            turn = k > s.K_stop + 1e-9 or (s.stop_at == "first_advance" and moved)
            if not turn:
                self._refuse_to_go_on()
                return k, "load"
            if not s.unload or (s.stop_at == "first_advance" and state.K_plus_bracket is None and moved):
                return None  # a blunted tip has no advance to take back
            state.branch = "unload"
        top = max(step.K_over_KG for step in state.steps)
        k = _after(top, last if last is not None else top, -s.K_step)
        closed = s.stop_at == "first_advance" and state.K_minus_bracket is not None
        return None if k < min(0.3, s.K_start) - 1e-9 or closed else (k, "unload")

    def run(self, after_step: Callable[[Ladder, StepRecord], None] = lambda ladder, record: None) -> LadderState:
        """All steps; ``after_step`` is called when a state is accepted (output, checkpoint, stop). Collective."""
        for k, branch in self.loads():
            record = self.refine(k, branch)
            if record is not None:
                after_step(self, record)
        return self.state

    def refine(self, k: float, branch: Branch) -> StepRecord | None:
        """As `step`; None, and back at the last state, if the tip has snapped in a step wider than the tolerance.

        Once a load beyond the snap is known, a wide step counts as one that snaps where Newton's method does not follow the
        state: where the crack goes from there is worked out once, in the step that is narrow enough.
        """
        before, n_events = self.snapshot(), len(self.state.events)
        start = self.state.steps[-1].K_over_KG if self.state.steps else k
        follows = self.state.snap is not None and self._wide(k, start)
        record = self._follow(k, branch, start) if follows else self.step(k, branch)
        reached = k if record is None else record.K_over_KG  # short of k if the whole step did not converge
        snapped = any(
            e.kind in MOVES for e in self.state.events[n_events:]
        )  # even a gradual move: a long step may hide a jump
        if record is None or (snapped and self._wide(reached, start)):
            log.info("the tip snaps between here and K = %.5f K_G: back, and half the step", reached)
            self.restore(before)
            self.state.snap, self.state.rejected = reached, self.state.rejected + 1
            return None
        record.rejected, self.state.rejected = self.state.rejected, 0
        if snapped or (self.state.snap is not None and abs(reached - self.state.snap) < 1e-12):
            self.state.snap = None
        return record

    def _wide(self, k: float, start: float) -> bool:
        """Whether a step from ``start`` to k (in K_G) is too wide to be the bracket of a snap."""
        tolerance = self.spec.K_tolerance
        return tolerance is not None and abs(k - start) > tolerance * abs(k) * (1 + 1e-9)

    def snapshot(self) -> Snapshot:
        """The present state, to come back to. Steps and events are only appended to: their number is enough."""
        s = self.state
        kept = {
            f: getattr(s, f) for f in LadderState.__dataclass_fields__ if f not in ("steps", "events", "open_bonds")
        }
        kept |= {"steps": len(s.steps), "events": len(s.events), "open_bonds": dict(s.open_bonds)}
        return Snapshot(self.q.copy(), self.tip, kept)

    def restore(self, to: Snapshot) -> None:
        """Go back: unknowns, load, records, what the tracker remembers, and the factors that predict the next step. Collective."""
        s = self.state
        for name, value in to.state.items():
            if name in ("steps", "events"):
                del getattr(s, name)[value:]
            else:
                setattr(s, name, value)
        to.q.copy(self.q)
        self.tip = to.tip
        if self._tracker:
            self._tracker.remember(s.open_bonds)
        if s.steps:
            self.settle(s.steps[-1].K)

    def energy(self) -> float | None:
        """Energy of the present state with what the model has left behind, eV per cell; None if there is none. Collective."""
        try:
            return float(sum((self.system.model.coupling.energies(self.q) | self.state.carried).values()))
        except NoEnergyError:
            return None

    def follow(self, dx: float) -> None:
        """The model has moved by dx along the crack: what is known by place moves along, the factors are of no use any more."""
        self.solver.forget()
        if self._tracker:
            self._tracker.shift(dx)
            self.state.open_bonds = self._tracker.memory

    def settle(self, K: float) -> None:
        """Put the present unknowns, a stable state, under load K (MPa m^1/2), with factors for the next prediction. Collective."""
        self.system.load(K)
        if self.solver.options.linear == "mumps":
            self.solver.is_stable(self.q)

    def step(self, k: float, branch: Branch) -> StepRecord:
        """One stable state at load k (in K_G), or short of it where the whole step does not converge.

        Tried in turn: the step, halves of it, minimisation from the last state. Raises `ConvergenceError` with the state of
        the last step kept and loaded.
        """
        last = self.state.steps[-1] if self.state.steps else None
        start = k if last is None else last.K_over_KG
        before, failed = self.q.copy(), None
        for trial in self._trials(start, k):
            report = self._attempt(trial, start, robust=failed is not None and trial == k)
            if report.converged and report.stable:
                if failed is not None:
                    self._note_failure(k, failed, f"reached K = {trial:.5f} K_G instead")
                return self._accept(trial, branch, report)
            failed = failed or report
            before.copy(self.q)
            if last is not None:
                self.settle(last.K)
        assert failed is not None
        self._note_failure(k, failed, "gave up")
        raise ConvergenceError(
            f"no stable state found at K = {k:.4f} K_G, nor with shorter steps nor by minimisation ({failed.reason}: "
            f"{explain(failed)}, after {failed.newton_iterations} Newton and {failed.robust_iterations} robust iterations)"
            + (f": {failed.complaint}" if failed.complaint else "")
            + ("" if last is None else f"; the state at K = {start:.4f} K_G is kept")
        )

    def _follow(self, k: float, branch: Branch, start: float) -> StepRecord | None:
        """The step to load k from ``start`` by Newton's method alone; None, nothing restored, where that does not follow the state."""
        report = self._attempt(k, start, robust=False, alone=True)
        return self._accept(k, branch, report) if report.converged and report.stable else None

    def _accept(self, k: float, branch: Branch, report: SolveReport) -> StepRecord:
        record = self._record(k, k * self.system.K_G, branch, report)
        self.state.steps.append(record)
        return record

    def _trials(self, start: float, k: float) -> list[float]:
        """Loads to try: the whole step, halves of it that are not too short, and the whole step once more (by minimisation)."""
        if not self.state.steps:
            return [k]
        shortest = abs(self.spec.K_step) / 2**HALVINGS * (1 - 1e-6)
        lengths = [(k - start) / 2**n for n in range(1, HALVINGS + 1)]
        return [k, *(start + length for length in lengths if abs(length) >= shortest), k]

    def _attempt(self, k: float, start: float, robust: bool, alone: bool = False) -> SolveReport:
        """Relax at load k (in K_G) from the present state, which is that of load ``start``.

        ``robust``: by minimisation with short steps; ``alone``: by nothing but Newton's method.
        """
        system, K, options = self.system, k * self.system.K_G, self.solver.options
        system.load(K)
        if robust:
            self.solver.options = replace(options, max_robust=2 * options.max_robust, step_cap=0.4 * options.step_cap)
        if robust or not self.solver.predict(self.q):
            increment = system.imposed_displacement(K - start * system.K_G)[: system.model.parts.layout.n_free]
            self.q.array[:] += increment.ravel()
        rough = robust or not self.state.steps
        kept = self.q.copy()
        try:
            return self.solver.solve(self.q, jump=JUMP * self._nn, rough=rough, alone=alone)
        except EngineError:  # shorter steps would not mend it
            self.q = kept  # the other one may be locked by the solver that was in it
            raise
        except ConvergenceError as error:  # the stiffness itself has no use: as bad as any solve that fails
            return SolveReport(converged=False, reason="NO_DESCENT", complaint=str(error))
        finally:
            self.solver.options = options

    def _note_failure(self, k: float, report: SolveReport, outcome: str) -> None:
        sentence = f"K = {k:.5f} K_G: {explain(report)}; {outcome}"
        log.warning("%s", sentence)
        K = k * self.system.K_G
        last = self.state.steps[-1].K if self.state.steps else K
        self.state.events.append(
            Event(
                kind="not_converged",
                branch=self.state.branch,
                K=K,
                K_over_KG=k,
                reason=report.reason,
                bracket=[min(last, K), max(last, K)],
                sentence=sentence,
            )
        )

    def _refuse_to_go_on(self) -> None:
        """A tip that has left the core under rising load cannot be followed any further."""
        if self.state.steps and self.state.steps[-1].tip_left:
            raise ConvergenceError(next(e.sentence for e in reversed(self.state.events) if e.kind == "tip_left_core"))

    def _record(self, k: float, K: float, branch: Branch, report: SolveReport) -> StepRecord:
        coupling = self.system.model.coupling
        previous = self.tip
        if self._tracker:
            self.tip = self._tracker.measure(coupling.variables(self.q)["atoms"])
            self.state.open_bonds = self._tracker.memory
        try:
            energies: dict[str, float] | None = coupling.energies(self.q) | self.state.carried
        except NoEnergyError:
            energies = None
        J, J_over_G, J_spread = self._release.measure(self.q, K)
        record = StepRecord(
            K=K,
            K_over_KG=k,
            branch=branch,
            energy=None if energies is None else sum(energies.values()),
            energies=energies,
            tip_position=None if self.tip is None else self.tip.position + self.state.offset,
            tip_stretch=None if self.tip is None else self.tip.tip_stretch,
            off_plane_broken=None if self.tip is None else self.tip.off_plane,
            new_neighbours=None if self.tip is None else self.tip.new_neighbours,
            newton_iterations=report.newton_iterations,
            robust_iterations=report.robust_iterations,
            converged_reason=report.reason,
            residual=report.residual,
            stable=report.stable,
            largest_step=report.largest_step,
            J=J,
            J_over_G=J_over_G,
            J_spread=J_spread,
        )
        self._note_events(record, previous)
        return record

    def _note_events(self, record: StepRecord, previous: TipState | None) -> None:
        """Advance and closing change which bonds are open; anything off the plane is reported under its own name."""
        steps = self.state.steps
        if not steps or self.tip is None:
            return
        last = steps[-1]
        moved = record.tip - (np.nan if last.tip_position is None else last.tip_position)
        bracket = [min(last.K, record.K), max(last.K, record.K)]
        jump = record.largest_step > JUMP * self._nn or self._snapped(record, abs(moved) > 1e-6)
        blunts = moved > 1e-6 and self.tip.damaged
        if blunts:
            self._note("blunting", record, bracket, distance=moved, jump=jump, **self._damage())
        elif abs(moved) > 1e-6:
            self._note_movement(record, moved, bracket, jump)
        broken = self.tip.off_plane - (last.off_plane_broken or 0)
        joined = self.tip.new_neighbours - (last.new_neighbours or 0)
        if (broken or joined) and not blunts:
            self._note("off_plane", record, bracket, bonds=broken, new_neighbours=joined)
        elif abs(moved) <= 1e-6 and jump:
            self._note("rearrangement", record, bracket)
        left = self._tip_left(last.tip_position)
        record.tip_left = left or ""
        if left and not last.tip_left:
            self._note("tip_left_core", record, bracket, sentence=self._left_core(record, left))

    def _tip_left(self, before: float | None) -> Literal["forward", "backward"] | None:
        """ "forward" if every bond across the plane in reach is open, "backward" if all have closed."""
        opened = self.tip.open if self.tip is not None else np.empty(0, dtype=bool)
        if len(opened) and opened.all():
            return "forward"
        return "backward" if before is not None and np.isfinite(before) and len(opened) and not opened.any() else None

    def _left_core(self, record: StepRecord, left: Literal["forward", "backward"]) -> str:
        state, radius = {"forward": "closed", "backward": "open"}[left], self.system.spec.core_radius
        sentence = (
            f"the tip has left the core {left} at K = {record.K_over_KG:.4f} K_G: no bond across the plane within "
            f"model.core_radius = {radius:g} A is {state} any more; take a larger core, or qc propagate, whose region follows the tip"
        )
        log.warning("%s", sentence)
        return sentence

    def _snapped(self, record: StepRecord, moved: bool) -> bool:
        """A jump too short for `JUMP`: the old state was gone, and the new one is far away by the measure of the last steps.

        Newton's method alone may jump, too; where the tip moved within a refined bracket that tells.
        """
        recent = self.state.steps[-6:]
        pairs = [(step.largest_step, abs(step.K - last.K)) for last, step in pairwise(recent)]
        rates = [moved / change for moved, change in pairs if change > 0]
        refined = moved and self.spec.K_tolerance is not None
        if not rates or not (record.robust_iterations or refined):
            return False
        return bool(record.largest_step > SNAP * min(rates) * abs(record.K - recent[-1].K))

    def _note_movement(self, record: StepRecord, moved: float, bracket: list[float], jump: bool) -> None:
        """The tip has moved: an advance (or closing) if the state jumped or a whole lattice period has gone by."""
        branch = [step for step in self.state.steps if step.branch == record.branch]
        origin = (branch or self.state.steps[-1:])[0].tip if self.state.origin is None else self.state.origin
        whole = abs(record.tip - origin) > self._period * (1 - 1e-6)
        kind: Literal["advance", "closing"] = "advance" if moved > 0 else "closing"
        more = self._damage() if self.tip is not None and self.tip.damaged else {}  # a closing may leave a scar
        gradual: EventKind = "gradual_advance" if moved > 0 else "gradual_closing"
        self._note(kind if jump or whole else gradual, record, bracket, distance=moved, jump=jump, **more)
        if not (jump or whole):
            return
        if kind == "advance" and record.branch == "load" and self.state.K_plus_bracket is None:
            self.state.K_plus_bracket = bracket
        if kind == "closing" and record.branch == "unload" and self.state.K_minus_bracket is None:
            self.state.K_minus_bracket = bracket

    def _note(self, kind: EventKind, record: StepRecord, bracket: list[float], **more: Any) -> None:
        self.state.events.append(Event(kind=kind, branch=record.branch, bracket=bracket, **more))

    def _damage(self) -> dict[str, int]:
        assert self.tip is not None
        return {"off_plane_broken": self.tip.off_plane, "new_neighbours": self.tip.new_neighbours}


def _after(origin: float, k: float, step: float) -> float:
    """The next of the loads origin + n step after k."""
    return origin + (int(np.floor((k - origin) / step + 1e-6)) + 1) * step
