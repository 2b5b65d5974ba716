"""A crack that runs: a coupled model in motion under a load that does not trap it, followed by the model and by the load.

The load is put on at once or at a rate: to a state at rest under a load that holds it the near-tip field of the difference is added
everywhere, whole or bit by bit, so that no wave comes from the boundary. From then on atoms and mesh move by Newton's equations. The
boundary is the near-tip field of the load, whose centre follows the tip (``field = "tip"``); when the tip has come too far from the
middle of the core, the model moves by whole lattice vectors with its displacements and velocities (`qc.crack.moving`), and what the
energies change by is on an account.
"""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from fem.wave_speeds import fastest_speed, rayleigh_speed

from ..coupling.load import Load
from ..drive.dynamics import Dynamics
from ..drive.ledger import Ledger
from ..drive.masses import AMU, masses_of
from ..drive.motion import Progress, rates, thermal_velocities
from ..drive.stadium import StadiumSpec
from ..errors import InputError
from ..material.surface import EV_PER_A2
from ..unknowns.transfer import CarriedState
from .carrying import carried
from .energy_release import EnergyRelease, ring_edges
from .kinetic_map import KineticMap
from .moving import check_movable, furthest_move, move
from .running_events import MotionEvents
from .running_records import MotionRecord, RunningSpec, RunningState
from .system import CrackSystem
from .tip import Shells, TipState, TipTracker

SLOWEST = 0.05
"""Speed at which the time of a run is enough for its bonds, in Rayleigh's speed."""
SMOOTHED = 3.0
"""The centre follows the tip within the time in which Rayleigh's wave runs so many neighbour distances: a jump of the tip from bond to
bond is none of the boundary."""
FARTHEST = 0.8
"""Distance of the tip from a held centre at which the run ends, in domain radii."""


class RunningCrack:
    """A crack in motion. Construction and methods are collective.

    Parameters
    ----------
    system : CrackSystem
        With face strips, or of atoms throughout.
    q : PETSc.Vec
        Unknowns to start from: at rest under the load K_rest, or of a checkpoint.
    spec : RunningSpec
    K_rest : float
        Load of the state at rest, MPa m^1/2.
    saved : (RunningState, (n_free, components) ndarray, Progress), optional
        State, velocities and progress of a checkpoint.

    Attributes
    ----------
    state : RunningState
    motion : Dynamics
    warmth : KineticMap
        Of the looks since the model has moved last.
    speed_limit : float
        Rayleigh's speed, A/ps.
    undisturbed : float
        Time before which no wave of the boundary is at the tip, ps: one that the tip has sent comes back from a held boundary after 2R
        over the fastest speed, and what a boundary sends that follows the tip is there after R.
    time : float
        At which the run ends in any case, ps.

    Raises
    ------
    InputError
        The model cannot follow a tip, or a setting does not fit; the same on all ranks.
    """

    def __init__(
        self,
        system: CrackSystem,
        q: PETSc.Vec,
        spec: RunningSpec,
        K_rest: float,
        saved: tuple[RunningState, np.ndarray, Progress] | None = None,
    ) -> None:
        check_runnable(system)
        self.system, self.spec, self.K, self._rest = system, spec, spec.K * system.K_G, K_rest
        x, y = system.spec.tip
        now = self.load_at(0.0)
        self.state, velocity, progress = saved or (RunningState(centre=x, dead_centre=x, dead_K=now), None, None)
        if self.state.records:
            now = self.load_at(self.state.records[-1].time)
        model = system.model
        self._density = float(masses_of(system.crystal.species).sum()) * AMU / model.material.volume
        elastic = system.field.C, self._density, system.crystal.dimension
        self.speed_limit = rayleigh_speed(*elastic)
        self.undisturbed = (2.0 if spec.field == "held" else 1.0) * system.spec.radius / fastest_speed(*elastic)
        system.recentre((self.state.dead_centre - self.state.offset, y))
        system.load(self.state.dead_K or self.K)
        system.recentre((self.state.centre - self.state.offset, y))
        self._from = self._to = system.imposed_displacement(now)[model.parts.layout.n_free :]
        self._since, self._until = 0.0, 1.0
        model.impose(Load(prescribed=self._to, dead_load=model.coupling.dead_load))
        if saved is None:
            q = q.copy()
            q.array[:] += (now - K_rest) * system.imposed_rate()[: model.parts.layout.n_free].ravel()
            if spec.temperature > 0:  # a half of it goes into the bonds
                velocity = thermal_velocities(model, 2.0 * spec.temperature, spec.seed)
        self.motion = Dynamics(model, q, spec.motion(system), velocity=velocity, boundary=self._boundary, progress=progress)
        self._release = EnergyRelease(system, inside(ring_edges(system), self.motion.spec.stadium))
        self.warmth = KineticMap(system, self._release.terms)
        assert model.atomistic is not None
        reach = min(system.spec.core, system.spec.radius)
        self.tracker = TipTracker(model.comm, model.atomistic, Shells.of(model.crystal), reach)
        self.tracker.remember(self.state.open_bonds)
        self._nn, self._period = system.crystal.nearest_neighbour_distance, float(system.lattice.vectors[0, 0])
        self._events = MotionEvents(system, self.state)
        usual = self.risen + spec.bonds * self._period / (SLOWEST * self.speed_limit)
        self.time = usual if spec.time is None else spec.time
        if not self.state.records:
            self._look()

    @property
    def bonds(self) -> int:
        """Bonds broken so far."""
        return self.state.records[-1].bonds

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.state.finished

    @property
    def risen(self) -> float:
        """Time at which all of the load is on, ps."""
        rate = self.spec.K_rate
        return 0.0 if rate is None else max(self.K - self._rest, 0.0) / (rate * self.system.K_G)

    def load_at(self, time: float) -> float:
        """The load at a time, MPa m^1/2."""
        rate = self.spec.K_rate
        return self.K if rate is None or time >= self.risen else self._rest + rate * self.system.K_G * time

    def advance(self) -> MotionRecord:
        """Move for ``every`` steps and look at the tip; the model follows it if it has come far. Collective."""
        self._aim()
        self.motion.step(self.spec.every)
        record = self._look()
        if not self.state.finished:
            self._follow()
        return record

    def _boundary(self, time: float) -> np.ndarray:
        """The prescribed displacements on their way from one look to the next."""
        share = (time - self._since) / (self._until - self._since)
        return self._to if share >= 1 - 1e-9 else self._from + share * (self._to - self._from)

    def _aim(self) -> None:
        """Where the boundary goes until the next look."""
        motion, state, system = self.motion, self.state, self.system
        self._since, self._until = motion.time, (motion.steps + self.spec.every) * motion.time_step
        self._rise()
        self._from = self._to
        if self.spec.field == "held":
            return
        assert state.lead is not None
        share = -np.expm1(-(self._until - self._since) * self.speed_limit / (SMOOTHED * self._nn))
        state.centre += share * (state.records[-1].tip_position - state.lead - state.centre)
        system.recentre((state.centre - state.offset, system.spec.tip[1]))
        self._to = system.imposed_displacement(self.load_at(self._until))[system.model.parts.layout.n_free :]

    def _rise(self) -> None:
        """Add what the load has risen by until the next look, everywhere."""
        more = self.load_at(self._until) - self.load_at(self._since)
        if more:
            n_free = self.system.model.parts.layout.n_free
            field = more * self.system.imposed_rate()
            self._to = self._to + field[n_free:]
            self.motion.displace(field[:n_free], self._to)

    def _look(self) -> MotionRecord:
        """The record of the present state, kept."""
        state, motion, ledger = self.state, self.motion, self.motion.ledger()
        tip = self.tracker.measure(self.system.model.coupling.variables(motion.q)["atoms"])
        place = tip.position + state.offset
        if state.first_tip is None:
            state.first_tip, state.lead = place, place - state.centre
        rate = rates(self.system.model.coupling, motion.q, motion.velocity)
        self.warmth.add(rate)
        J = self._release.moving(motion.q, rate, self._density)
        record = MotionRecord(
            steps=motion.steps,
            time=motion.time,
            tip_position=place,
            bonds=_bonds_between(tip, state.first_tip - state.offset, tip.position),
            centre=state.centre,
            offset=state.offset,
            potential_energy=ledger.potential,
            kinetic_energy=ledger.kinetic,
            dissipated=ledger.dissipated,
            heat=ledger.heat,
            work=ledger.work,
            by_moves=state.by_moves,
            faces=state.faces,
            balance=ledger.balance - state.by_moves,
            temperature=ledger.temperature,
            off_plane_broken=tip.off_plane,
            new_neighbours=tip.new_neighbours,
            slip=tip.slip,
            K_over_KG=self.load_at(motion.time) / self.system.K_G,
            J=float(J.mean()) if len(J) else None,
        )
        state.open_bonds = self.tracker.memory
        state.records.append(record)
        self._events.look(record, tip.slipped, motion.q)
        self._judge(tip, record)
        return record

    def _judge(self, tip: TipState, record: MotionRecord) -> None:
        """Whether the run has come to its end."""
        state, spec, reach = self.state, self.spec, min(self.system.spec.core, self.system.spec.radius)
        if not np.isfinite(record.tip_position):
            self._end("no bond across the plane is open: the crack has closed, or it has gone through all atoms between two looks")
        elif tip.slipped:
            when = f"a dislocation has left the core after {record.time:.4g} ps"
            self._end(f"slip of {tip.slip:.2f} Burgers vectors outside the full atoms: {when}")
        elif abs(record.tip_position - state.offset - self.system.spec.tip[0]) > reach - 2 * self._period:
            self._end("the tip leaves the core before the model follows it: take a larger model.core_radius or a smaller dynamics.every")
        elif abs(record.tip_position - state.centre) > FARTHEST * self.system.spec.radius:
            self._end("the tip comes near the outer boundary, whose field is held: take field = 'tip' or a larger domain")
        state.finished = state.ended is not None or record.bonds >= spec.bonds or record.time >= self.time

    def _end(self, why: str) -> None:
        self.state.ended = why

    def _follow(self) -> None:
        """Move the model by lattice vectors if the tip has drifted too far in it."""
        state, spec, system = self.state, self.spec, self.system
        assert state.lead is not None
        core = min(system.spec.core, system.spec.radius)
        place = state.records[-1].tip_position - state.offset - system.spec.tip[0] - state.lead
        allowed = min(0.25 * core if spec.drift is None else spec.drift, 0.5 * core)
        if place < max(allowed, self._period * (1 - 1e-6)):
            return
        n = min(round(place / self._period), furthest_move(system))
        before, velocity = self.motion.ledger(), self._velocity_further_on(n)
        load = self.load_at(self.motion.time)
        move(system, self.motion.q, load, n)
        state.offset += n * self._period
        state.dead_centre, state.dead_K = state.centre, load
        self._to = system.model.coupling.prescribed.copy()
        self.tracker.shift(n * self._period)
        state.open_bonds = self.tracker.memory
        self.motion.place(velocity)
        after: Ledger = self.motion.ledger()
        state.by_moves += after.balance - before.balance
        state.kinetic_by_moves += after.kinetic - before.kinetic
        state.faces += system.griffith.gamma * 2.0 * n * self._period * system.model.thickness / EV_PER_A2
        state.moves += 1
        self.warmth.begin()

    def atom_velocities(self) -> np.ndarray:
        """(n, components) velocities of all atoms of this rank, also those that follow the mesh, A/ps."""
        motion, model = self.motion, self.system.model
        return rates(model.coupling, motion.q, motion.velocity)["atoms"][: len(model.parts.atoms)]

    def _velocity_further_on(self, n: int) -> np.ndarray:
        """(n_free, components) the velocities n lattice vectors further on in the crystal, A/ps."""
        layout = self.system.model.parts.layout
        blocks = np.zeros((layout.n_own, layout.components))
        blocks[: layout.n_free] = self.motion.velocity
        state = CarriedState(blocks=blocks, atoms=self.atom_velocities())
        return carried(self.system, state, self.system, n)[: layout.n_free]


def _bonds_between(tip: TipState, start: float, end: float) -> int:
    """Bonds across the plane that lie between two places of the model; negative if the second lies behind."""
    spacing = float(np.median(np.diff(tip.x))) if len(tip.x) > 1 else np.inf
    return round((end - start) / spacing) if np.isfinite(end - start) else 0


def inside(edges: np.ndarray, stadium: StadiumSpec | None) -> np.ndarray:
    """Of radii between rings, A, those from the smallest to where friction begins, as many."""
    if stadium is None or stadium.core is None or len(edges) < 2:
        return edges
    outer = min(float(edges[-1]), stadium.core.radius)
    return np.geomspace(edges[0], outer, len(edges)) if outer > edges[1] else np.empty(0)


def check_runnable(system: CrackSystem) -> None:
    """Refuse models that cannot follow a crack, or that have no atoms at its tip."""
    check_movable(system)
    if system.model.atomistic is None or not system.spec.facts.atoms:
        raise InputError(f"model.method = {system.spec.method!r} has no atoms at the tip: a crack that runs needs some")
