"""The load ladder: stable states under rising (and falling) K, the first advance of the tip, and the way back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from petsc4py import PETSc

from .coupling import NoEnergyError
from .crack import CrackSystem
from .energy_release import EnergyRelease
from .errors import ConvergenceError
from .solver import EquilibriumSolver, SolveReport, SolverOptions
from .stability import hashed_noise
from .tip import Shells, TipState, TipTracker

log = logging.getLogger(__name__)
Branch = Literal["load", "unload"]
JUMP = 0.2
"""A Newton solution further than this from the predicted state (in nearest-neighbour distances) is sought again by
minimisation: the state may have vanished in a fold."""
SNAP = 10.0
"""A state that only minimisation found has jumped if it moved this many times further, for the same change of K, than the
smoothest of the last steps did."""


@dataclass(frozen=True)
class LadderSpec:
    """K_start, K_stop, K_step in K_G; what to do at the first advance (a tip that blunts ends the ladder as well)."""

    K_start: float
    K_stop: float
    K_step: float
    unload: bool = False
    stop_at: Literal["first_advance", "K_stop"] = "first_advance"


@dataclass
class LadderState:
    """All that a resumed run needs besides the displacements; plain data.

    Attributes
    ----------
    steps, events : list of dict
        As in the result file.
    branch : {"load", "unload"}
    K_plus_bracket, K_minus_bracket : list of two floats or None
        Loads in MPa m^1/2 between which the tip moved for the first time, nothing broken or joined off the plane.
    open_bonds : dict
        Memory of the tip tracker.
    finished : bool
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    branch: Branch = "load"
    K_plus_bracket: list[float] | None = None
    K_minus_bracket: list[float] | None = None
    open_bonds: dict[str, bool] = field(default_factory=dict)
    finished: bool = False

    @property
    def blunting(self) -> dict[str, Any] | None:
        """The first event in which bonds at the tip opened with damage off the plane, before any clean advance."""
        first = next((e for e in self.events if e["kind"] in ("advance", "blunting") and e["branch"] == "load"), None)
        return first if first is not None and first["kind"] == "blunting" else None


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
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: LadderSpec,
        options: SolverOptions | None = None,
        state: LadderState | None = None,
        q: PETSc.Vec | None = None,
    ) -> None:
        model = system.model
        self.system, self.spec, self.state = system, spec, state or LadderState()
        parts = model.parts
        n = parts.layout.n_free
        noise = hashed_noise(parts.key[:n], parts.layout.components) * parts.is_atom[:n, None]
        args = (model.parts, noise, options or SolverOptions(), model.lattice.gdim == 2)
        guide = None if model.guide is None else EquilibriumSolver(model.guide, *args)
        self.solver = EquilibriumSolver(model.coupling, *args, guide)
        self._nn = model.crystal.nearest_neighbour_distance
        self._period = float(model.lattice.vectors[0, 0])  # of the crystal along the crack
        atoms = model.atomistic
        reach = min(system.spec.core_radius, system.spec.domain_radius)
        self._tracker = TipTracker(parts.layout.comm, atoms, Shells.of(model.crystal), reach) if atoms else None
        if self._tracker:
            self._tracker.remember(self.state.open_bonds)
        self._release = EnergyRelease(system)
        self.q = q if q is not None else system.start(spec.K_start * system.K_G)
        self.tip: TipState | None = None

    def loads(self) -> Iterator[tuple[float, Branch]]:
        """(K over K_G, branch) of the steps still to come; re-read after each step, as an advance may turn the ladder."""
        while not self.state.finished:
            nxt = self._next()
            if nxt is None:
                self.state.finished = True
                return
            yield nxt

    def _next(self) -> tuple[float, Branch] | None:
        s, done = self.spec, [step for step in self.state.steps if step["branch"] == self.state.branch]
        rising = self.state.branch == "load"
        if rising:
            k = s.K_start + len(done) * s.K_step
            moved = self.state.K_plus_bracket is not None or self.state.blunting is not None
            turn = k > s.K_stop + 1e-9 or (s.stop_at == "first_advance" and moved)
            if not turn:
                return k, "load"
            if not s.unload or (s.stop_at == "first_advance" and self.state.K_plus_bracket is None and moved):
                return None  # a blunted tip has no advance to take back
            self.state.branch = "unload"
            done = []
        top = max(step["K_over_KG"] for step in self.state.steps)
        k = top - (len(done) + 1) * s.K_step
        closed = s.stop_at == "first_advance" and self.state.K_minus_bracket is not None
        return None if k < min(0.3, s.K_start) - 1e-9 or closed else (k, "unload")

    def run(self, after_step: Callable[[Ladder, dict[str, Any]], None] = lambda ladder, record: None) -> LadderState:
        """All steps; ``after_step`` is called when a state is accepted (output, checkpoint, stop). Collective."""
        for k, branch in self.loads():
            after_step(self, self.step(k, branch))
        return self.state

    def step(self, k: float, branch: Branch) -> dict[str, Any]:
        """One stable state at load k (in K_G). Raises `ConvergenceError` with the state of the last step kept."""
        system, K = self.system, k * self.system.K_G
        before = self.q.copy()
        last = self.state.steps[-1]["K"] if self.state.steps else K
        system.load(K)
        if not self.solver.predict(self.q):
            increment = system.near_tip_displacement(K - last)[: system.model.parts.layout.n_free]
            self.q.array[:] += increment.ravel()
        first = not self.state.steps
        report = self.solver.solve(self.q, jump=JUMP * self._nn, rough=first)
        if not report.converged or not report.stable:
            before.copy(self.q)
            system.load(last)
            self.state.events.append({"kind": "not_converged", "K": K, "K_over_KG": k, "reason": report.reason})
            raise ConvergenceError(
                f"no stable state found at K = {k:.4f} K_G ({report.reason}, largest force {report.residual:.1e} eV/A after "
                f"{report.newton_iterations} Newton and {report.robust_iterations} robust iterations)"
                + (f": {report.complaint}" if report.complaint else "")
            )
        record = self._record(k, K, branch, report)
        self.state.steps.append(record)
        return record

    def _record(self, k: float, K: float, branch: Branch, report: SolveReport) -> dict[str, Any]:
        coupling = self.system.model.coupling
        previous = self.tip
        if self._tracker:
            self.tip = self._tracker.measure(coupling.variables(self.q)["atoms"])
            self.state.open_bonds = self._tracker.memory
        try:
            energies: dict[str, float] | None = coupling.energies(self.q)
        except NoEnergyError:
            energies = None
        record = {
            "K": K,
            "K_over_KG": k,
            "branch": branch,
            "energy": None if energies is None else sum(energies.values()),
            "energies": energies,
            "tip_position": None if self.tip is None else self.tip.position,
            "tip_stretch": None if self.tip is None else self.tip.tip_stretch,
            "off_plane_broken": None if self.tip is None else self.tip.off_plane,
            "new_neighbours": None if self.tip is None else self.tip.new_neighbours,
            "newton_iterations": report.newton_iterations,
            "robust_iterations": report.robust_iterations,
            "converged_reason": report.reason,
            "residual": report.residual,
            "stable": report.stable,
            "largest_step": report.largest_step,
        } | self._release.measure(self.q, K)
        self._note_events(record, previous)
        return record

    def _note_events(self, record: dict[str, Any], previous: TipState | None) -> None:
        """Advance and closing change which bonds are open; anything off the plane is reported under its own name."""
        steps = self.state.steps
        if not steps or self.tip is None:
            return
        last = steps[-1]
        moved = self.tip.position - last["tip_position"]
        bracket = [min(last["K"], record["K"]), max(last["K"], record["K"])]
        jump = record["largest_step"] > JUMP * self._nn or self._snapped(record)
        blunts = moved > 1e-6 and self.tip.damaged
        if blunts:
            self._note("blunting", record, bracket, distance=moved, jump=jump, **self._damage())
        elif abs(moved) > 1e-6:
            self._note_movement(record, moved, bracket, jump)
        broken = self.tip.off_plane - (last["off_plane_broken"] or 0)
        joined = self.tip.new_neighbours - (last.get("new_neighbours") or 0)
        if (broken or joined) and not blunts:
            self._note("off_plane", record, bracket, bonds=broken, new_neighbours=joined)
        elif abs(moved) <= 1e-6 and jump:
            self._note("rearrangement", record, bracket)

    def _snapped(self, record: dict[str, Any]) -> bool:
        """A jump too short for `JUMP`: the old state was gone, and the new one is far away by the measure of the last steps."""
        recent = self.state.steps[-6:]
        rates = [step["largest_step"] / abs(step["K"] - last["K"]) for last, step in pairwise(recent)]
        if not rates or not record["robust_iterations"]:
            return False
        return bool(record["largest_step"] > SNAP * min(rates) * abs(record["K"] - recent[-1]["K"]))

    def _note_movement(self, record: dict[str, Any], moved: float, bracket: list[float], jump: bool) -> None:
        """The tip has moved: an advance (or closing) if the state jumped or a whole lattice period has gone by."""
        branch = [step for step in self.state.steps if step["branch"] == record["branch"]]
        origin = (branch or self.state.steps[-1:])[0]["tip_position"]
        whole = abs(record["tip_position"] - origin) > self._period * (1 - 1e-6)
        kind = "advance" if moved > 0 else "closing"
        more = self._damage() if self.tip is not None and self.tip.damaged else {}  # a closing may leave a scar
        self._note(kind if jump or whole else f"gradual_{kind}", record, bracket, distance=moved, jump=jump, **more)
        if not (jump or whole):
            return
        if kind == "advance" and record["branch"] == "load" and self.state.K_plus_bracket is None:
            self.state.K_plus_bracket = bracket
        if kind == "closing" and record["branch"] == "unload" and self.state.K_minus_bracket is None:
            self.state.K_minus_bracket = bracket

    def _note(self, kind: str, record: dict[str, Any], bracket: list[float], **more: Any) -> None:
        self.state.events.append({"kind": kind, "branch": record["branch"], "bracket": bracket} | more)

    def _damage(self) -> dict[str, int]:
        assert self.tip is not None
        return {"off_plane_broken": self.tip.off_plane, "new_neighbours": self.tip.new_neighbours}
