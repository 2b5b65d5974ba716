"""Straight fronts of a model of one period along the front: before an advance, after it, and after another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ..drive.stepping import Stepper
from ..errors import ConvergenceError
from ..solve.options import SolverOptions
from .front import FrontTracker
from .records import Plain
from .system import CrackSystem

COLUMNS = 3
"""Straight fronts that are looked for: before, after an advance, and after two for the curvature of their energies."""


@dataclass(frozen=True, kw_only=True)
class StraightFront(Plain):
    """A straight front of the model of one period, as in ``straight`` of a checkpoint.

    Attributes
    ----------
    energy : float
        Of one period, eV.
    a : float
        Where it stands, A.
    residual : float
        Largest force component, eV/A.
    """

    energy: float
    a: float
    residual: float


def straight_fronts(
    one: CrackSystem, level: float, options: SolverOptions | None = None
) -> tuple[list[StraightFront], list[PETSc.Vec]]:
    """Straight fronts of a model of one period at a level (K / K_G), and their unknowns: two or, where there are, `COLUMNS`. Collective.

    Each is relaxed from the near-tip field centred a period of the crystal further ahead than the last.

    Raises
    ------
    ConvergenceError
        The front does not stay at this load, before or after an advance.
    """
    dx, tip = float(one.lattice.vectors[0, 0]), one.spec.tip
    found: list[StraightFront] = []
    vectors = []
    for n in range(COLUMNS):
        try:
            front, q = _straight(one, level, n, options)
            _refuse_moved(found, front, tip[0], dx, level)
        except ConvergenceError:
            if n < COLUMNS - 1:
                raise
            break
        found.append(front)
        vectors.append(q)
    return found, vectors


def _straight(one: CrackSystem, level: float, n: int, options: SolverOptions | None) -> tuple[StraightFront, PETSc.Vec]:
    """The front that the near-tip field relaxes to whose centre lies n periods of the crystal ahead of the tip."""
    tip = one.spec.tip
    one.recentre((tip[0] + n * float(one.lattice.vectors[0, 0]), tip[1]))
    start = one.start(level * one.K_G)
    one.recentre(tip)
    stepper = Stepper(one, start, options)
    report = stepper.step(level, None, level).report
    front = FrontTracker(one).measure(one.model.coupling.variables(stepper.q)["atoms"])
    energy = one.model.coupling.energy(stepper.q)
    return StraightFront(energy=energy, a=float(front.a[0]), residual=report.residual), stepper.q


def _refuse_moved(before: Sequence[StraightFront], front: StraightFront, tip: float, dx: float, level: float) -> None:
    """`ConvergenceError` if a straight front is not where it was put: so many columns ahead as there are ones before."""
    n, a = len(before), front.a
    put = tip if n == 0 else before[0].a + n * dx
    if not abs(a - put) <= (dx * (1 + 1e-6) if n == 0 else 1e-3):
        where = "closes" if np.isnan(a) else f"goes to x = {a:.2f} A"
        raise ConvergenceError(
            f"a straight front put at x = {put:.2f} A {where} at {level:g} K_G: there is nothing that kinks could advance from; take a "
            "load.K_start between K- and K+, at which the front stays at each bond (qc folds finds them)"
        )


def second_difference(energies: Sequence[float]) -> float | None:
    """E(2) - 2 E(1) + E(0), the convexity of straight fronts under fixed grips; None where there is no third."""
    return energies[2] - 2 * energies[1] + energies[0] if len(energies) > 2 else None
