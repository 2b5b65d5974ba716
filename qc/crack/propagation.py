"""Quasi-static propagation over many bonds: a load for every bond that breaks or closes, in a model that follows the tip.

Each event goes through the same stages. *climb*: the load is changed in steps until the tip snaps, and the bracket is refined.
*back*: the new state is relaxed under the load of the last old one, so that the energies of both compare. *centre*: the centre
of the near-tip field moves along with the tip (``field = "tip"``) and the load is relieved. *follow*: if the tip has drifted too
far from the middle of the core, the model moves by whole lattice vectors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from petsc4py import PETSc

from ..errors import ConvergenceError, InputError
from ..material.surface import EV_PER_A2
from ..solve.options import SolverOptions
from .events import SNAPS
from .ladder import Ladder
from .ladder_state import LadderSpec, LadderState, Snapshot
from .moving import check_movable, furthest_move, move
from .propagation_state import PropagationSpec, PropagationState, Stage
from .records import Event, StepRecord
from .system import CrackSystem

log = logging.getLogger(__name__)

RELIEFS = (1.0, 0.5, 0.25, 2.0, 4.0, 0.125, 0.0)
"""Parts of the step by which the load is relieved after an event: the first that leaves the tip where it is will do."""

LOWEST = 0.1
"""Load in K_G at which unloading ends."""

FARTHEST = 0.8
"""Distance of the tip from a held centre at which the propagation ends, in domain radii."""


class Propagation:
    """Drives a crack from bond to bond.

    Parameters
    ----------
    system : CrackSystem
        With face strips, or of atoms throughout.
    spec : PropagationSpec
    options : SolverOptions, optional
    states : (PropagationState, LadderState, PETSc.Vec), optional
        Of a checkpoint.
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: PropagationSpec,
        options: SolverOptions | None = None,
        states: tuple[PropagationState, LadderState, PETSc.Vec] | None = None,
    ) -> None:
        check_movable(system)
        self.system, self.spec = system, spec
        ladder_spec = LadderSpec(
            K_start=spec.K_start, K_stop=spec.K_stop, K_step=spec.dK, stop_at="K_stop", K_tolerance=spec.tolerance
        )
        if states is None:
            self.state = PropagationState(centre=system.spec.tip[0])
            system.recentre(system.spec.tip)
            self.ladder = Ladder(system, ladder_spec, options)
        else:
            self.state, known, q = states
            system.recentre((self.state.centre - known.offset, system.spec.tip[1]))
            self.ladder = Ladder(system, ladder_spec, options, known, q)
            self.ladder.settle(known.steps[-1].K)
        self._drift = (
            spec.drift if spec.drift is not None else 0.25 * min(system.spec.core_radius, system.spec.domain_radius)
        )
        self._period = float(system.lattice.vectors[0, 0])

    @property
    def curve(self) -> list[dict[str, Any]]:
        """The events so far: R-curve."""
        return self.state.curve

    def run(self, after_step: Callable[[Propagation, StepRecord], None] = lambda p, record: None) -> PropagationState:
        """All bonds; ``after_step`` is called whenever a state is accepted. Collective."""
        while not self.state.finished:
            record = self.advance()
            if record is not None:
                after_step(self, record)
        return self.state

    def advance(self) -> StepRecord | None:
        """The next stable state; None if a step was taken back, or all is done. Collective."""
        if self.state.pending:
            return getattr(self, f"_{self.state.pending[0]}")()
        return self._climb()

    @property
    def rising(self) -> bool:
        """Whether bonds are being broken, not closed."""
        return self.ladder.state.branch == "load"

    @property
    def _sign(self) -> int:
        return 1 if self.rising else -1

    @property
    def _last(self) -> StepRecord:
        return self.ladder.state.steps[-1]

    def _climb(self) -> StepRecord | None:
        """One step of the load, up or down."""
        ladder = self.ladder
        k = self._next_load()
        if k is None:
            return None
        before, n_events = ladder.snapshot(), len(ladder.state.events)
        record = ladder.refine(k, ladder.state.branch)
        if record is None:
            return None
        self._refuse_to_leave(record, before)
        record.stage = "climb"
        if self.state.lead is None:
            self._begin(record)
        event = next((e for e in ladder.state.events[n_events:] if e.kind in SNAPS), None)
        if event is not None:
            self._note(event, record)
        return record

    def _next_load(self) -> float | None:
        """In K_G; None, and the end said, where the branch has no load left."""
        if not self.ladder.state.steps:
            return self.spec.K_start
        k = self.ladder.towards_snap()
        if k is not None:
            return k
        k = self._towards_the_last_bracket()
        if self.rising and k > self.spec.K_stop + 1e-9:
            self._end(f"no further advance up to K_stop = {self.spec.K_stop:g} K_G")
            return None
        if not self.rising and k < LOWEST:
            self._end(f"no further closing down to {LOWEST:g} K_G")
            return None
        return k

    def _towards_the_last_bracket(self) -> float:
        """A step of dK, cut short at the ends of the last event's bracket: a bond like the last one is done in two steps."""
        k, sign = self._last.K_over_KG, self._sign
        ends = [
            e / self.system.K_G
            for c in self.curve[-1:]
            if c["branch"] == self.ladder.state.branch
            for e in (c["K_low"], c["K_high"])
        ]
        ahead = [e for e in ends if 1e-9 < sign * (e - k) < self.spec.dK]
        return sign * min((sign * e for e in ahead), default=sign * k + self.spec.dK)

    def _begin(self, record: StepRecord) -> None:
        """Where the tip is at first."""
        position = record.tip_position
        if position is None or not np.isfinite(position):
            raise InputError(
                f"load.K_start = {self.spec.K_start:g} K_G opens no bond: there is no tip to follow; use a higher one"
            )
        self.state.lead, self.state.begin = position - self.state.centre, position
        self.ladder.state.origin = position

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

    def _note(self, event: Event, record: StepRecord) -> None:
        """An entry of the R-curve; energies and J of the state after it come with the stage *back*."""
        steps, tip = self.ladder.state.steps, record.tip
        last = steps[-2]
        K = 0.5 * sum(event.bracket)
        entry = {
            "event": len(self.curve) + 1,
            "kind": event.kind,
            "branch": record.branch,
            "jump": event.jump,
            "a": round(last.tip, 6),
            "a_after": round(tip, 6),
            "bonds": self._bonds(tip - last.tip),
            "K": K,
            "K_over_KG": K / self.system.K_G,
            "K_low": event.bracket[0],
            "K_high": event.bracket[1],
            "G": self._release_rate(K),
            "J_before": last.J,
            "energy_before": last.energy,
            "centre": self.state.centre,
            "off_plane_broken": record.off_plane_broken,
            "new_neighbours": record.new_neighbours,
        }
        self.curve.append(entry)
        self.ladder.state.origin = tip
        self.state.pending = ["back"]
        log.info("%s from %.3f to %.3f A at K = %.5f K_G", event.kind, entry["a"], tip, entry["K_over_KG"])

    def _release_rate(self, K: float) -> float:
        return self.system.field.energy_release_rate((K * self.system.mode).tolist())

    def _bonds(self, distance: float) -> int:
        """Bonds across the plane in a stretch of it."""
        x = self.ladder.tip.x if self.ladder.tip is not None else np.empty(0)
        spacing = (x[-1] - x[0]) / (len(x) - 1) if len(x) > 1 else self._period
        return round(distance / spacing)

    def _back(self) -> StepRecord | None:
        """The new state under the load before the event: energies at one load, one centre."""
        entry, (low, high) = self.curve[-1], (self.curve[-1]["K_low"], self.curve[-1]["K_high"])
        k = (low if self.rising else high) / self.system.K_G
        record = self._stay(k)
        entry |= {"energy_after": None, "J_after": None, "dE_da": None, "two_gamma_minus_J": None}
        if record is not None:
            entry |= {"energy_after": record.energy, "J_after": record.J} | self._balance(entry, record)
            record.stage = "back"
        self._plan()
        return record

    def _balance(self, entry: dict[str, Any], record: StepRecord) -> dict[str, float]:
        """dE/da over the event at fixed boundary, and 2 gamma - J, which it should be; J/m^2."""
        found = {}
        area = (entry["a_after"] - entry["a"]) * self.system.model.thickness
        if entry["energy_before"] is not None and record.energy is not None:
            found["dE_da"] = EV_PER_A2 * (record.energy - entry["energy_before"]) / area
        if entry["J_before"] is not None and record.J is not None:
            found["two_gamma_minus_J"] = 2 * self.system.griffith.gamma - 0.5 * (entry["J_before"] + record.J)
        return found

    def _plan(self) -> None:
        """What comes after *back*: the branch ends, turns round, or goes on with the field and the model at the tip's place."""
        assert self.state.lead is not None
        done = sum(e["bonds"] for e in self.curve if e["branch"] == self.ladder.state.branch)
        if self._sign * done >= (self.spec.bonds if self.rising else self.spec.close):
            if not (self.rising and self.spec.close):
                self.state.pending, self.state.finished = [], True
                return
            self.ladder.state.branch, self.ladder.state.origin = "unload", self._last.tip
        ahead = abs(self._last.tip - self.state.centre)
        if self.spec.field == "held" and ahead > FARTHEST * self.system.spec.domain_radius:
            self.state.pending = []
            self._end(
                f"the tip is {ahead:.1f} A away from the centre of the held field, which the model would leave behind"
            )
            return
        place = abs(self._place())
        follow = place >= min(self._drift, 0.5 * self.system.spec.core_radius) - 1e-6 and place >= self._period * (
            1 - 1e-6
        )
        stages: list[Stage] = ["centre"] if follow or self.spec.field == "tip" else []
        self.state.pending = [*stages, *(["follow"] if follow else [])]  # type: ignore[list-item]

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
        old, tip, k = self.state.centre, self._last.tip, self._last.K_over_KG
        if self.spec.field == "tip":
            self.state.centre = tip - self.state.lead
        relieve = -1 if self.curve[-1]["branch"] == "load" else 1
        for relief in RELIEFS:
            self._place_centre()
            record = self._stay(k + relieve * relief * self.spec.dK)
            if record is not None:
                record.stage, self.state.pending = "centre", self.state.pending[1:]
                return record
        self.state.centre = old
        self._place_centre()
        self.ladder.settle(self._last.K)
        raise ConvergenceError(
            f"the tip does not stay at {tip:.3f} A under any load near {k:.4f} K_G once the near-tip field is centred on it: "
            "lattice trapping is too weak for propagation bond by bond; try field = 'held' or a smaller dK"
        )

    def _place_centre(self) -> None:
        self.system.recentre((self.state.centre - self.ladder.state.offset, self.system.spec.tip[1]))

    def _stay(self, k: float) -> StepRecord | None:
        """A state at load k (in K_G); None, and back where it was, if the tip moves or no state is found. Collective."""
        before, centre = self.ladder.snapshot(), self.system.centre
        tip = self._last.tip
        try:
            record = self.ladder.step(k, self.ladder.state.branch)
        except ConvergenceError:
            record = None
        if record is not None and abs(record.K_over_KG - k) < 1e-12 and abs(record.tip - tip) < 1e-3:
            record.rejected = 0
            return record
        self.system.recentre(centre)
        self.ladder.restore(before)
        return None

    def _follow(self) -> StepRecord | None:
        """The model moves so that the tip is where it was at first, and relaxes under the same load."""
        system, ladder = self.system, self.ladder
        before, last = ladder.snapshot(), self._last
        centre = system.centre
        place, most = self._place(), furthest_move(system)
        n = int(np.clip(round(place / self._period), -most, most))
        move(system, ladder.q, last.K, n)
        entry = {"event": len(self.curve), "lattice_vectors": n, "K": last.K, "energy_before": last.energy}
        entry |= self._leave(n) | {"residual_moved": ladder.solver.residual(ladder.q)}
        record = self._relax_moved(last, entry)
        if record is None:
            log.warning("the tip moves with the model: the model stays where it is until the next event")
            system.recentre(centre)
            ladder.restore(before)
            self.state.pending = self.state.pending[1:]
            return None
        self.state.moves.append(entry)
        if abs(place) - abs(n) * self._period < 0.5 * self._period:
            self.state.pending = self.state.pending[1:]
        return record

    def _leave(self, n: int) -> dict[str, Any]:
        """Offset and energy account of a model that has just moved: faces that it leaves behind."""
        ladder, system = self.ladder, self.system
        model_energy = ladder.energy()
        area = 2.0 * n * self._period * system.model.thickness  # of two faces
        faces = system.griffith.gamma * area / EV_PER_A2
        sites = 2 * n * system.model.spec.front_periods
        ladder.state.offset += n * self._period
        ladder.state.carried = {name: ladder.state.carried.get(name, 0.0) for name in ("faces", "window")}
        ladder.state.carried["faces"] += faces
        ladder.follow(n * self._period)
        return {
            "face_sites": sites,
            "faces": faces,
            "energy_moved": None if model_energy is None else model_energy + faces,
        }

    def _relax_moved(self, last: StepRecord, entry: dict[str, Any]) -> StepRecord | None:
        """The relaxed state under the same load; the account is made even by what the window has gained. Collective."""
        ladder = self.ladder
        try:
            record = ladder.step(last.K_over_KG, ladder.state.branch)
        except ConvergenceError:
            return None
        if abs(record.tip - last.tip) > 1e-3:
            return None
        record.rejected, record.stage = 0, "follow"
        entry |= {
            "energy_after": record.energy,
            "residual_after": record.residual,
            "largest_step": record.largest_step,
        }
        if record.energy is not None and record.energies is not None and last.energy is not None:
            gained = record.energy - last.energy
            entry["window"] = gained
            ladder.state.carried = ladder.state.carried | {"window": ladder.state.carried["window"] - gained}
            record.energies |= {"window": ladder.state.carried["window"]}
            record.energy = sum(record.energies.values())
        return record
