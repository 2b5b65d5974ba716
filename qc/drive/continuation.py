"""Arc-length continuation of the coupled crack in (q, K): through folds, along stable and unstable branches alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..errors import ConvergenceError, InputError
from ..monitor import tell
from ..solve.bordered import Bordered
from .equations import PathEquations, PathPoint
from .loaded import Loaded

QUICK, SLOW = 3, 6
"""Newton iterations up to which the next step is longer, and from which it is shorter."""

FLAT = 1e-3
"""A fold is reached where |dK/ds| is this part of what it is at the points beside it: K is then known to 1e-6 of their distance."""

OVERSHOOT = 1.5
"""Distance of two neighbouring points, in the longest steps allowed, beyond which the second is not believed."""


@dataclass(frozen=True, kw_only=True)
class PathOptions:
    """How a path is followed.

    Attributes
    ----------
    step : float
        Largest change of a displacement beside that of the imposed field in one step, nearest-neighbour distances.
    load_step : float
        Largest change of the level (K / K_G) in one step.
    force_tolerance : float
        Largest residual force component of a point, eV/A.
    max_newton : int
        Iterations after which a step is tried again with half its length.
    cosine : float
        Least cosine between the tangents of two points (metric of `PathEquations`): below, the step may have changed branches.
    smallest : float
        Part of the full step below which the path is given up.
    """

    step: float = 0.1
    load_step: float = 0.05
    force_tolerance: float = 1e-7
    max_newton: int = 8
    cosine: float = 0.8
    smallest: float = 1e-4


class Path:
    """g(q, K) = 0 followed by arc length: Keller's pseudo-arclength, bordered Newton on the exact Hessian.

    Parameters
    ----------
    system : Loaded
        Of a method with an energy.
    options : PathOptions, optional

    Attributes
    ----------
    equations : PathEquations
    q : PETSc.Vec
        Unknowns of the point that was placed last, A.
    """

    def __init__(self, system: Loaded, options: PathOptions | None = None) -> None:
        if not system.model.coupling.has_energy:
            raise InputError(
                f"model.method = {system.model.spec.method!r} has no energy: folds need one, as bgrac, bgfc or atomistic"
            )
        self.system, self.options = system, options or PathOptions()
        self.equations = PathEquations(system)
        self.q = self.equations.q
        self._nn = system.model.crystal.nearest_neighbour_distance

    def start(self, q: PETSc.Vec, K: float, rising: bool = True) -> PathPoint:
        """The equilibrium at load K next to q, and the path's direction there. Collective."""
        point, equations = self.at_load(q.array_r, K), self.equations
        border = equations.border(K, equations.zero(), 1.0)  # a zero row: the tangent per unit load
        return equations.normalised(point, *border.solve(equations.zero(), 1.0 if rising else -1.0))

    def at_load(self, q: np.ndarray, K: float) -> PathPoint:
        """The equilibrium at fixed load K next to this rank's unknowns q, stable or not, by Newton's method. Collective.

        Its direction is not known.
        """
        equations = self.equations
        equations.place(q, K)
        step = equations.zero()
        for iteration in range(2 * self.options.max_newton):
            residual = equations.residual()
            tell(self.system.model.comm, "Newton", iteration, residual)
            equations.factor()
            if residual < self.options.force_tolerance:
                found = self.q.array.copy()
                return PathPoint(q=found, K=K, dq=np.zeros_like(q), dK=0.0, negative=equations.negative)
            if not np.isfinite(residual):
                break
            equations.newton_step(step)
            self.q.axpy(-1.0, step)
        raise ConvergenceError(
            f"no equilibrium found at K = {K / self.system.K_G:.4f} K_G from the path's points beside it"
        )

    def follow(self, start: PathPoint) -> Iterator[PathPoint]:
        """Points after ``start``, folds among them, until the caller has enough; `ConvergenceError` if the path is lost.

        From any point that is no fold the same ones follow.
        """
        point = start
        while True:
            points = self._advance(point)
            yield from points
            point = points[-1]

    def energy(self, point: PathPoint) -> float:
        """Energy of a point, eV per cell minus the perfect crystal; loads the system with the point's K. Collective."""
        self.equations.place(point.q, point.K)
        return self.equations.coupling.energy(self.q)

    def _advance(self, point: PathPoint) -> list[PathPoint]:
        """The next point, after the fold between if there is one."""
        factor = point.factor
        while factor > self.options.smallest:
            found = self.step(point, factor * (1.0 / self._size(point.dq, point.dK)))
            points = [] if found is None else self._with_fold(point, found[0])
            if found is not None and points:
                iterations = found[1]
                grown = factor * (1.5 if iterations <= QUICK else 0.6 if iterations >= SLOW else 1.0)
                return [*points[:-1], replace(points[-1], factor=min(1.0, grown))]
            factor *= 0.5
        raise ConvergenceError(
            f"the path is lost at K = {point.K / self.system.K_G:.4f} K_G: no step however short converges"
        )

    def _size(self, dq: np.ndarray, dK: float) -> float:
        """A change of (q, K) in units of the longest step that the options allow. Collective."""
        largest = self.equations.beside_field(dq, dK)
        largest = self.system.model.comm.allreduce(largest, op=MPI.MAX) / (self.options.step * self._nn)
        return max(largest, abs(dK) / (self.options.load_step * self.system.K_G))

    def step(self, point: PathPoint, length: float) -> tuple[PathPoint, int] | None:
        """The equilibrium in the plane normal to the tangent at a distance (A) from a point, and the iterations it took.

        It is None if Newton's method fails, or if what it finds may be on another branch. Collective.
        """
        equations = self.equations
        row, corner = equations.metric(point)
        K = point.K + length * point.dK
        equations.place(point.q + length * point.dq, K)
        for iteration in range(self.options.max_newton + 1):
            residual = equations.residual()
            tell(self.system.model.comm, "Newton", iteration, residual)
            if not np.isfinite(residual):
                return None
            border = equations.border(K, row, corner)
            if residual < self.options.force_tolerance:
                return self._accept(point, border, K, length, iteration)
            dq, dK = border.solve(equations.g, 0.0)
            self.q.axpy(-1.0, dq)
            K -= dK
            self.system.load(K)
        return None

    def _accept(
        self, point: PathPoint, border: Bordered, K: float, length: float, iterations: int
    ) -> tuple[PathPoint, int] | None:
        """The converged point with its tangent; None if it has gone far or its tangent turned: it may be another branch's."""
        equations, arc = self.equations, point.arc + length
        found = PathPoint(q=self.q.array.copy(), K=K, dq=point.dq, dK=0.0, negative=equations.negative, arc=arc)
        if self._size(found.q - point.q, K - point.K) > OVERSHOOT:
            return None
        after = equations.normalised(found, *border.solve(equations.zero(), 1.0))
        return (after, iterations) if equations.cosine(point, after) > self.options.cosine else None

    def _with_fold(self, before: PathPoint, after: PathPoint) -> list[PathPoint]:
        """The point after, and before it the extremum of K if there is one; nothing if that was seen but not reached.

        It is found by a secant on dK/ds, whose error in K is of second order; the end that stays counts half from then on
        (Illinois).
        """
        if before.dK * after.dK >= 0:
            return [after]
        low, high = (0.0, before.dK), (after.arc - before.arc, after.dK)
        scale = abs(before.dK) + abs(after.dK)
        for _ in range(12):
            length = (low[0] * high[1] - high[0] * low[1]) / (high[1] - low[1])
            corrected = self.step(before, length)
            if corrected is None:
                return []
            found = corrected[0]
            if abs(found.dK) < FLAT * scale:
                return [replace(found, fold="maximum" if before.dK > 0 else "minimum"), after]
            if found.dK * low[1] > 0:
                low, high = (length, found.dK), (high[0], 0.5 * high[1])
            else:
                low, high = (low[0], 0.5 * low[1]), (length, found.dK)
        return []
