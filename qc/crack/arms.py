"""Arms of the core along the slip planes on which a dislocation leaves it: how long they must be, and the state in the larger model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from petsc4py import PETSc

from fem.collective import on_root

from ..coupling.coupling import Coupling
from ..dislocation.naming import Slip
from ..drive.stepping import NoStateError, Reached, Stepper
from ..material.fault import FaultSlab
from ..material.glide import direction, resolved_factors, rest_distance, stiffness
from ..material.slip import FAMILIES, is_lattice_vector, representative, variants
from ..solve.options import SolverOptions
from ..unknowns.regions import Arm
from .carrying import carry
from .ladder_state import LadderState
from .named import EventNamer
from .probe import Probe
from .records import LaidArm, StepRecord
from .spec import longest_reach
from .system import CrackSystem
from .tip import SLIPPED

BEYOND = 15.0
"""An arm ends this far beyond the place of rest, A: the formula is one of an infinite crystal, and the core has a width."""
LENGTHENINGS = 3
"""How often an arm is made longer at most."""
ALIKE = 5.0
"""Half planes whose angles differ by less than this, degrees, have one arm."""
IN_CUTOFFS, IN_NEIGHBOURS = 2.0, 4.0
"""Width of an arm: the core of a dislocation, and all that its atoms see on both sides."""

STEPS_BACK = 4
"""Loads that are tried in the larger model, from that of the state before on, a step of the ladder apart."""


class NoArmError(Exception):
    """No arm would hold what has left the core: the reason, as part of a sentence."""


def arms_for(system: CrackSystem, namer: EventNamer, q: PETSc.Vec, K: float, tip: float, laid: Sequence[LaidArm]) -> list[LaidArm]:
    """All arms, longer ones and new ones among them, that hold the dislocations of the state q under load K (MPa m^1/2). Collective.

    Parameters
    ----------
    system : CrackSystem
    namer : EventNamer
    q : PETSc.Vec
        Unknowns in which slip has left the full atoms; no equilibrium, maybe.
    K : float
    tip : float
        Its x in the model, A.
    laid : sequence of LaidArm
        The arms so far.

    Raises
    ------
    NoArmError
        The same on all ranks.
    """
    named = namer.between(namer.bonds(None), namer.bonds(q), tip, clean=False)
    if not named.slips:
        raise NoArmError("what has left the core cannot be named, so that there is no plane for an arm")
    arms, new = list(laid), 0
    for slip in named.slips:
        rest = on_root(system.model.comm, lambda slip=slip: place_of_rest(system, slip, K))  # type: ignore[misc]
        found = next((n for n, old in enumerate(arms) if _apart(old.angle, slip.theta) < ALIKE), None)
        if _holds(system, slip, rest) and not _at_the_end(system, slip):
            continue
        wanted = _arm(system, slip, rest, K, None if found is None else arms[found])
        arms = [*arms, wanted] if found is None else [*arms[:found], wanted, *arms[found + 1 :]]
        new += 1
    if not new:
        raise NoArmError(f"{named.sentence} should be held by the core, and is not")
    return arms


def place_of_rest(system: CrackSystem, slip: Slip, K: float) -> float:
    """Distance from the tip at which a dislocation comes to rest under load K (MPa m^1/2), A; infinite if nothing holds it."""
    s, n = direction(slip.theta, slip.phi)
    factors = resolved_factors(system.field, slip.theta, s, n)
    drive = K * float(factors @ system.mode[: len(factors)])
    b = slip.length * s
    fault = 0.0 if is_lattice_vector(system.crystal, b) else FaultSlab(system.crystal, system.potential, n, _gap(system, slip)).relaxed(b)
    return rest_distance(drive, stiffness(system.field, s), slip.length, fault)


def _gap(system: CrackSystem, slip: Slip) -> str | int:
    """Which gap of its plane a dislocation of a usual family slips in."""
    crystal = system.crystal
    for family in FAMILIES.get(crystal.structure, ()):
        long = float(np.linalg.norm(representative(crystal, family)[1]))
        if abs(long - slip.length) < 1e-3 * long and any(one.plane == slip.plane for one in variants(crystal, family)):
            return family.cut
    return "widest"


def _apart(a: float, b: float) -> float:
    """Angle between two directions, degrees."""
    return abs((a - b + 180.0) % 360.0 - 180.0)


def _end(system: CrackSystem, slip: Slip, distance: float) -> np.ndarray:
    """(2,) place on the half plane of a slip at a distance from the tip, relative to the centre of the core, A."""
    along = np.array([np.cos(np.radians(slip.theta)), np.sin(np.radians(slip.theta))])
    return np.array(slip.at) + (distance - slip.distance) * along - np.array(system.spec.tip)


def _holds(system: CrackSystem, slip: Slip, rest: float) -> bool:
    """Whether the place of rest is well inside the core."""
    if not np.isfinite(rest):
        return False
    place = _end(system, slip, rest) + np.array(system.spec.tip)
    return bool(system.spec.region(place[None])[0] < -0.5 * BEYOND)


def _at_the_end(system: CrackSystem, slip: Slip) -> bool:
    """Whether a dislocation has come to the end of the full atoms."""
    return bool(system.spec.region(np.array(slip.at)[None])[0] > -2.0 * system.crystal.nearest_neighbour_distance)


def _arm(system: CrackSystem, slip: Slip, rest: float, K: float, old: LaidArm | None) -> LaidArm:
    """The arm for a dislocation, longer than the one that it has; `NoArmError` where there can be none."""
    spec, nn = system.spec, system.crystal.nearest_neighbour_distance
    width = IN_CUTOFFS * system.potential.cutoff + IN_NEIGHBOURS * nn if old is None else old.width
    longest = longest_reach(spec, system.model.extents, nn) - 0.5 * width
    here = f"{slip.burgers} on {slip.plane} at {slip.theta:.1f} deg"
    if not np.isfinite(rest):
        raise NoArmError(
            f"{here} is a full dislocation, and no fault holds it: it has no place of rest inside model.domain_radius = "
            f"{spec.radius:g} A, where it stops is a matter of the boundary, and so would be the load of a second event"
        )
    if rest + 0.5 * BEYOND > longest:
        raise NoArmError(
            f"{here} should come to rest at {rest:.0f} A from the tip, and an arm in model.domain_radius = {spec.radius:g} A can be "
            f"{max(longest, 0.0):.0f} A long: take a larger domain, or the load of the first event only"
        )
    if old is not None and old.lengthened >= LENGTHENINGS:
        raise NoArmError(f"the arm of {here} has been made longer {LENGTHENINGS} times, and the dislocation leaves it again")
    end = _end(system, slip, max(rest, slip.distance) + BEYOND)
    length = max(float(np.hypot(*end)), 0.0 if old is None else old.length + BEYOND)
    angle = float(np.degrees(np.arctan2(end[1], end[0]))) if old is None else old.angle
    return LaidArm(
        plane=slip.plane,
        burgers=slip.burgers,
        angle=round(angle, 2),
        length=round(min(length, longest), 1),
        width=round(width, 1),
        K=K,
        rest=rest,
        lengthened=0 if old is None else old.lengthened + 1,
    )


def again_in(
    larger: CrackSystem,
    system: CrackSystem,
    q: PETSc.Vec,
    last: StepRecord,
    step: float,
    options: SolverOptions | None,
    guide: Coupling | None,
) -> tuple[Stepper, Reached]:
    """The state q of a record in a larger model, relaxed under its load or, where it does not stay there, a lower one. Collective.

    Raises
    ------
    NoArmError
        The state is none of the larger model, nor are those some steps (K / K_G) below.
    """
    stepper = Stepper(larger, carry(system, q, larger, last.K), options, guide)
    start, namer, probe = stepper.q.copy(), EventNamer(larger), Probe(larger, LadderState())
    bonds, tip = namer.bonds(start), probe.glance(start) or 0.0
    for n in range(STEPS_BACK):
        level = last.K_over_KG - n * step
        start.copy(stepper.q)
        larger.load(last.K)
        stepper.solver.forget()
        try:
            reached = stepper.step(level, last.K_over_KG, step)
        except NoStateError:
            continue
        moved = abs((probe.glance(stepper.q) or 0.0) - tip) > larger.crystal.nearest_neighbour_distance
        gone = probe.slip(stepper.q) > SLIPPED or namer.between(bonds, namer.bonds(stepper.q), tip, clean=not moved).dislocates
        if abs(reached.level - level) < 1e-12 and not (moved or gone):
            return stepper, reached
    raise NoArmError("the state before is none of the model with an arm, nor are those under lower loads")


def with_arms(system: CrackSystem, given: Sequence[Arm], laid: Sequence[LaidArm]) -> CrackSystem:
    """A system with other arms: those of the case and those laid. Collective."""
    return system.like(replace(system.spec, arms=(*given, *(one.arm for one in laid))))
