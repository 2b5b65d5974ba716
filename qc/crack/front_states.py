"""States of a front of which some periods have advanced: put together from straight ones, relaxed, compared at one load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ..drive.stepping import NoStateError, Stepper
from ..errors import InputError
from ..solve.options import SolverOptions
from .front import FrontTracker
from .front_line import FrontState
from .records import Plain
from .replicate import Replica
from .system import CrackSystem


@dataclass(frozen=True, kw_only=True)
class FrontRecord(Plain):
    """A relaxed front, as in ``states`` of front.json.

    Attributes
    ----------
    periods : list of int
        Periods of the crystal along the front that were put one step ahead of the others.
    found : bool
        Whether a stable state was found.
    kept : bool
        Whether its front is the one that was put there: kinks that are not trapped run.
    advance : list of int
        Columns of bonds by which each period is ahead of the straight front before.
    heights : list of int
        Those by which it is ahead of the period furthest behind.
    kinks : list of [z, step]
        See `qc.crack.front_line.Kink`.
    a, z : list of float or None, list of float
        x of the front in each period, None where no bond is open, and where along it that is, A.
    stretch : list of float
        In each period, the shortest bond of the column that advances, over the nearest-neighbour distance.
    energy : float or None
        Above that of the straight front before the advance, eV.
    pair_energy : float or None
        The same above the chord between the straight fronts before and after, eV; None where the kinks have run.
    residual : float or None
        Largest force component, eV/A.
    robust_iterations : int
    reason : str
    """

    periods: list[int]
    found: bool
    kept: bool
    advance: list[int]
    heights: list[int]
    kinks: list[list[float]]
    a: list[float | None]
    z: list[float]
    stretch: list[float]
    energy: float | None
    pair_energy: float | None
    residual: float | None
    robust_iterations: int
    reason: str


class FrontStates:
    """Relaxes fronts of which some periods have advanced, at one load. All methods are collective.

    Parameters
    ----------
    replica : Replica
        Of a model of many periods from one of a single period.
    level : float
        Load, K / K_G.
    straight : sequence of PETSc.Vec
        Unknowns of the straight fronts of the one, before and after an advance.
    options : SolverOptions, optional

    Attributes
    ----------
    energies : (float, float)
        Of the straight fronts of all periods before and after, eV.
    before : FrontState
        The straight front before.
    step : int
        Columns of bonds of an advance by a period of the crystal.

    Raises
    ------
    InputError
        There is only one period, or the method has no energy or no atoms.
    """

    def __init__(
        self, replica: Replica, level: float, straight: Sequence[PETSc.Vec], options: SolverOptions | None = None
    ) -> None:
        check_front(replica.many)
        self.system, self.level = replica.many, level
        self._replica, (self._before, self._after) = replica, straight[:2]
        self.system.load(level * self.system.K_G)
        coupling, q = self.system.model.coupling, replica.unknowns(self._before)
        ahead = replica.unknowns(self._after)
        self.energies = (coupling.energy(q), coupling.energy(ahead))
        self.before = _front(FrontTracker(self.system), self.system, q)
        steps = _front(FrontTracker(self.system), self.system, ahead).advanced(self.before)
        self.step = int(steps[0])
        self.stepper = Stepper(self.system, q, options)

    @property
    def q(self) -> PETSc.Vec:
        """Unknowns of the state that was relaxed last."""
        return self.stepper.q

    def relax(self, periods: Sequence[int]) -> tuple[FrontRecord, FrontState]:
        """The stable state next to a front of which some periods, numbered from 0, have advanced by one step."""
        advanced = np.isin(np.arange(self.system.spec.front_periods), periods)
        put = self._replica.unknowns(self._before, self._after, advanced)
        put.copy(self.stepper.q)
        try:
            report = self.stepper.step(self.level, None, self.level).report
            energy: float | None = self.system.model.coupling.energy(self.q) - self.energies[0]
        except NoStateError as error:
            report, energy = error.report, None
        front = _front(FrontTracker(self.system), self.system, self.q)
        share = np.count_nonzero(advanced) / len(advanced)
        chord = share * (self.energies[1] - self.energies[0])
        ahead = front.advanced(self.before)
        kept = energy is not None and bool((ahead == self.step * advanced).all())
        return FrontRecord(
            periods=np.flatnonzero(advanced).tolist(),
            found=energy is not None,
            kept=kept,
            advance=ahead.tolist(),
            stretch=self._stretch(front),
            energy=energy,
            pair_energy=energy - chord if energy is not None and kept else None,
            residual=report.residual if energy is not None else None,
            robust_iterations=report.robust_iterations,
            reason=report.reason,
            **front.plain(),
        ), front

    def _stretch(self, front: FrontState) -> list[float]:
        """The shortest bond of the column ahead of the straight front before, in each period."""
        here = front.column == min(int(self.before.ahead[0]), len(front.columns) - 1)
        shortest = np.full(front.periods, np.inf)
        np.minimum.at(shortest, front.name[here, 2], front.stretch[here])
        return np.round(shortest, 6).tolist()


def check_front(system: CrackSystem) -> None:
    """Refuse a model whose front cannot have kinks, or whose states have no energies to compare."""
    spec = system.spec
    if not spec.facts.atoms:
        raise InputError(f"model.method = {spec.method!r} has no atoms, so no bonds along the front: kinks need them, as bgfc has")
    if not system.model.coupling.has_energy:
        raise InputError(f"model.method = {spec.method!r} has no energy: kinks need one, as bgrac, bgfc or atomistic")
    if spec.front_periods < 2:
        raise InputError("model.front_periods = 1 has no room for kinks: a front of kinks needs 2 periods or more, as 8")


def _front(tracker: FrontTracker, system: CrackSystem, q: PETSc.Vec) -> FrontState:
    return tracker.measure(system.model.coupling.variables(q)["atoms"])
