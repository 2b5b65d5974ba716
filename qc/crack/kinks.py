"""Bond after bond along a front at one load: the states with more and more periods ahead, and the saddles between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from petsc4py import PETSc

from ..drive.bond_drive import BondDrive
from ..drive.masses import lumped_masses
from ..drive.rates import THZ, partial_log_ratio, reaction_frequency
from ..drive.saddle import End, Saddle
from ..errors import ConvergenceError
from ..solve.options import SolverOptions
from .front import FrontTracker
from .front_line import FrontState
from .front_states import FrontStates
from .records import from_file
from .replicate import Replica
from .straight_front import second_difference, straight_fronts
from .system import CrackSystem

NEAR = 8.0
"""Distance from the front of the atoms whose determinants are compared, A."""

RIM = 6.0
"""Atoms so near to the core's rim feel the mesh in their determinants, A (docs/fronts.md)."""


@dataclass(frozen=True, kw_only=True)
class KinkEvent:
    """A bond that breaks beside those that have: the first makes a pair of kinks, each further one moves a kink by a period.

    Attributes
    ----------
    ahead : int
        Periods that are ahead before it.
    period : int
        Of the bond.
    before, saddle, after : float
        Energies above that of the straight front, eV.
    opening : float
        By which the bond is open at the saddle, A.
    residual : float
        Largest force component at the saddle, eV/A.
    factorisations : int
    advance : list of int
        Columns by which each period has advanced after it.
    frequency : float or None
        |w_-| / 2 pi at the saddle, THz: the prefactor both ways (`qc.drive.rates`).
    log_det : float or None
        log(|det H| at the saddle / det H before) of the atoms within `NEAR` of the front, the others held: Vineyard's prefactor of
        these alone is smaller by exp(-log_det / 2). None where the core does not reach so far.
    """

    ahead: int
    period: int
    before: float
    saddle: float
    after: float
    opening: float
    residual: float
    factorisations: int
    advance: list[int]
    frequency: float | None = None
    log_det: float | None = None

    @property
    def forward(self) -> float:
        """Barrier of the bond that breaks, eV."""
        return self.saddle - self.before

    @property
    def backward(self) -> float:
        """Barrier of the bond that heals again, eV."""
        return self.saddle - self.after


@dataclass(frozen=True, kw_only=True)
class KinkLevel:
    """All events at one load, as in ``levels`` of kinks.json.

    Attributes
    ----------
    K, K_over_KG : float
        MPa m^1/2; in K_G.
    advance : float
        Energy of a period by an advance of the whole front by a column, eV.
    straight : float or None
        Barrier of that for each period, eV; None where none is found.
    events : list of KinkEvent
    ended : str or None
        Why there are fewer than were asked for.
    G : float or None
        Energy release rate of the load, J/m^2.
    curvature : float or None
        Second difference of the straight front's energy over columns, eV a period; None where it does not stay two columns ahead.
    """

    K: float
    K_over_KG: float
    advance: float
    straight: float | None
    events: list[KinkEvent]
    ended: str | None = None
    G: float | None = None
    curvature: float | None = None

    def plain(self) -> dict[str, Any]:
        """Fields by name, for files."""
        found = asdict(self)
        for event, entry in zip(self.events, found["events"], strict=True):
            entry |= {"forward": event.forward, "backward": event.backward}
        return found | {"nucleation": self.nucleation}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The level back from a file."""
        events = [{k: v for k, v in entry.items() if k not in ("forward", "backward")} for entry in data["events"]]
        return from_file(cls, {k: v for k, v in data.items() if k != "nucleation"} | {"events": events})

    @property
    def nucleation(self) -> float | None:
        """Highest saddle above the straight front, eV: what a pair of kinks has to climb before it runs by itself."""
        return max((event.saddle for event in self.events), default=None)


def growth(periods: int) -> list[int]:
    """The order in which bonds of a front break that grows from its middle."""
    first = (periods - 1) // 2
    return [first + (k + 1) // 2 * (1 if k % 2 else -1) for k in range(periods)]


Known = dict[int, PETSc.Vec]
"""What lay between state and saddle at the last load, by periods ahead; of the straight advance by `WHOLE`."""

WHOLE = -1
"""Name of the advance of a whole front."""

Pass = tuple[Saddle, End, End]
"""A saddle, and the states with its bond less open and more."""


def kink_level(
    replica: Replica, level: float, largest: int, options: SolverOptions | None = None, known: Known | None = None
) -> KinkLevel:
    """The events of a front at a load (K / K_G) until ``largest`` periods are ahead, or the kinks run. Collective.

    Saddles that are ``known`` from another load are followed to this one, the others are found by driving a bond; what is found here is
    written into it. Neither changes what is found.
    """
    known = {} if known is None else known
    one, system = replica.one, replica.many
    fronts, ends = straight_fronts(one, level, options)
    straight = _straight(one, ends[0], options, known)
    states = FrontStates(replica, level, ends[:2], options)
    events, ended = _events(states, replica.unknowns(ends[0]), growth(system.spec.front_periods)[:largest], options, known)
    K, energies = level * system.K_G, [front.energy for front in fronts]
    return KinkLevel(
        K=K,
        K_over_KG=level,
        advance=energies[1] - energies[0],
        straight=straight,
        events=events,
        ended=ended,
        G=system.energy_release_rate(K),
        curvature=second_difference(energies),
    )


def _straight(one: CrackSystem, q: PETSc.Vec, options: SolverOptions | None, known: Known) -> float | None:
    """Barrier of an advance of the model of one period, under the load it has."""
    tracker = FrontTracker(one)
    front = _measured(tracker, one, q)
    drive, bond = BondDrive(one, solver=options), tracker.pull(front.next_bond(0))
    found = _followed(drive, q, bond, known, WHOLE)
    saddle = found[0] if found else drive.saddle(q, bond)
    return None if saddle is None else _kept(saddle, q, known, WHOLE).energy - one.model.coupling.energy(q)


def _pass(drive: BondDrive, q: PETSc.Vec, bond: PETSc.Vec, known: Known, ahead: int) -> Pass | None:
    """The saddle on the way on which a bond opens from a state q with so many periods ahead, and its ends."""
    found = _followed(drive, q, bond, known, ahead)
    if found is None:
        saddle = drive.saddle(q, bond)
        found = None if saddle is None else (saddle, *drive.ends(saddle))
    if found is not None:
        _kept(found[0], q, known, ahead)
    return found


def _followed(drive: BondDrive, q: PETSc.Vec, bond: PETSc.Vec, known: Known, name: int) -> Pass | None:
    """The saddle followed from the last load, believed if a side of it is the state q; else the bond has to be driven."""
    saddle = drive.followed(q, bond, known.pop(name)) if name in known else None
    if saddle is None:
        return None
    try:
        back, on = drive.ends(saddle)
    except ConvergenceError:
        return None
    return (saddle, back, on) if drive.same(back.q, q) else None


def _kept(saddle: Saddle, q: PETSc.Vec, known: Known, name: int) -> Saddle:
    between = saddle.q.copy()
    between.axpy(-1.0, q)
    known[name] = between
    return saddle


def _events(
    states: FrontStates, q: PETSc.Vec, order: Sequence[int], options: SolverOptions | None, known: Known
) -> tuple[list[KinkEvent], str | None]:
    """Events in the order of these periods from the straight front q on, and why they end early."""
    system, front = states.system, states.before
    drive, start = BondDrive(system, solver=options), states.energies[0]
    tracker, energy = FrontTracker(system), 0.0
    events: list[KinkEvent] = []
    coupling, mass, near = system.model.coupling, lumped_masses(system.model), _near(system, float(np.mean(front.a)))
    for n, period in enumerate(order):
        try:
            found = _pass(drive, q, tracker.pull(front.next_bond(period)), known, n)
        except ConvergenceError as error:
            return events, str(error)
        if found is None:
            return events, f"no state with {n + 1} periods ahead follows: the force that opens its bond does not fall to zero"
        saddle, back, on = found
        if not drive.same(back.q, q):
            return events, f"the saddle found with {n} periods ahead leads back to another state, by {back.energy - start - energy:+.4f} eV"
        tracker = FrontTracker(system)  # without memory: which state it is does not depend on the way
        front = _measured(tracker, system, on.q)
        ahead = front.advanced(states.before)
        event = KinkEvent(
            ahead=n,
            period=period,
            before=energy,
            saddle=saddle.energy - start,
            after=on.energy - start,
            opening=saddle.opening,
            residual=saddle.residual,
            factorisations=saddle.factorisations,
            advance=ahead.tolist(),
            frequency=reaction_frequency(coupling, saddle.q, mass) / THZ,
            log_det=None if near is None else partial_log_ratio(coupling, q, saddle.q, near),
        )
        events.append(event)
        if not (ahead == states.step * np.isin(np.arange(front.periods), order[: n + 1])).all():
            return events, f"beyond the saddle with {n} periods ahead the kinks run"
        q, energy = on.q, on.energy - start
    return events, None


def _near(system: CrackSystem, a: float) -> np.ndarray | None:
    """Numbers of this rank's blocks of atoms within `NEAR` of a front at x = a (A); None if the core does not reach so far."""
    model, spec = system.model, system.spec
    if spec.facts.continuum and spec.core - RIM < NEAR:
        return None
    n = model.parts.layout.n_free
    return np.flatnonzero(model.parts.is_atom[:n] & (np.hypot(model.X_free[:, 0] - a, model.X_free[:, 1]) <= NEAR))


def _measured(tracker: FrontTracker, system: CrackSystem, q: PETSc.Vec) -> FrontState:
    return tracker.measure(system.model.coupling.variables(q)["atoms"])
