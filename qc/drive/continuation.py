"""Arc-length continuation of the coupled crack in (q, K): through folds, along stable and unstable branches alike."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..errors import ConvergenceError, InputError
from ..solve.bordered import Bordered
from ..solve.options import PREFIX
from ..solve.stability import Inertia
from .loaded import Loaded

log = logging.getLogger(__name__)
DIFFERENCE = 1e-5
"""Half width in K_G of the central difference that gives the tangent load: its error is some 1e-10 of it."""
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
        Largest change of a displacement beside that of the near-tip field in one step, nearest-neighbour distances.
    load_step : float
        Largest change of the load in one step, K_G.
    force_tolerance : float
        Largest residual force component of a point, eV/A.
    max_newton : int
        Iterations after which a step is tried again with half its length.
    cosine : float
        Least cosine between the tangents of two points (metric of `Path`): below, the step may have changed branches.
    smallest : float
        Part of the full step below which the path is given up.
    """

    step: float = 0.1
    load_step: float = 0.05
    force_tolerance: float = 1e-7
    max_newton: int = 8
    cosine: float = 0.8
    smallest: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class PathPoint:
    """An equilibrium on the path, with the direction of the path there.

    Attributes
    ----------
    q, dq : (n,) ndarray
        This rank's unknowns and their derivative along the path, A.
    K, dK : float
        Load and its derivative along the path, MPa m^1/2.
    negative : int
        Negative eigenvalues of the Hessian: 0 is stable, 1 a saddle.
    arc : float
        Length of the path from its start, A.
    fold : str or None
        "maximum" or "minimum" of K at a fold.
    """

    q: np.ndarray
    K: float
    dq: np.ndarray
    dK: float
    negative: int
    arc: float = 0.0
    fold: str | None = None

    def reversed(self) -> PathPoint:
        """The same point, passed the other way."""
        return replace(self, dq=-self.dq, dK=-self.dK, arc=-self.arc)


class Path:
    """g(q, K) = 0 followed by arc length (Keller's pseudo-arclength, bordered Newton on the exact Hessian).

    Lengths are measured on what moves beside the near-tip field, v = q - K u: (dv, dv) + (A / K_G)^2 dK^2. Measured on q,
    the far field would move with K and hide the tip. The tangent load dg/dK holds prescribed blocks and dead load both.

    Parameters
    ----------
    system : Loaded
        Of a method with an energy.
    options : PathOptions, optional
    """

    def __init__(self, system: Loaded, options: PathOptions | None = None) -> None:
        if not system.model.coupling.has_energy:
            raise InputError(
                f"model.method = {system.model.spec.method!r} has no energy: folds need one, as bgrac, bgfc or atomistic"
            )
        self.system, self.options = system, options or PathOptions()
        self._coupling = system.model.coupling
        layout = self._coupling.layout
        self._factors = Inertia(layout.comm, PREFIX + "path_")
        self._g, self._work, self.q = (layout.create_unknowns() for _ in range(3))
        self._unit = layout.create_unknowns()  # of the near-tip field, A per MPa m^1/2
        self._unit.array[:] = system.imposed_displacement(1.0)[: layout.n_free].ravel()
        self._nn = system.model.crystal.nearest_neighbour_distance

    def start(self, q: PETSc.Vec, K: float, rising: bool = True) -> PathPoint:
        """The equilibrium at load K next to q, and the path's direction there. Collective."""
        point = self.at_load(q.array_r, K)
        border = self._border(K, self._zero(), 1.0)  # a zero row: the tangent per unit load
        return self._normalised(point, *border.solve(self._zero(), 1.0 if rising else -1.0))

    def at_load(self, q: np.ndarray, K: float) -> PathPoint:
        """The equilibrium at fixed load K next to this rank's unknowns q, stable or not, by Newton's method. Collective.

        Its direction is not known.
        """
        self.q.array[:] = q
        step = self.q.duplicate()
        self.system.load(K)
        for _ in range(2 * self.options.max_newton):
            residual = self._residual()
            self._factor()
            if residual < self.options.force_tolerance:
                return PathPoint(
                    q=self.q.array.copy(), K=K, dq=np.zeros_like(q), dK=0.0, negative=self._factors.negative
                )
            if not np.isfinite(residual):
                break
            self._factors.solve(self._g, step)
            self.q.axpy(-1.0, step)
        raise ConvergenceError(
            f"no equilibrium found at K = {K / self.system.K_G:.4f} K_G from the path's points beside it"
        )

    def follow(self, start: PathPoint) -> Iterator[PathPoint]:
        """Points after ``start``, folds among them, until the caller has enough; `ConvergenceError` if the path is lost."""
        point, factor = start, 0.5
        while True:
            points, factor = self._advance(point, factor)
            yield from points
            point = points[-1]

    def energy(self, point: PathPoint) -> float:
        """Energy of a point, eV per cell minus the perfect crystal; loads the system with the point's K. Collective."""
        self._place(point.q, point.K)
        return self._coupling.energy(self.q)

    def _advance(self, point: PathPoint, factor: float) -> tuple[list[PathPoint], float]:
        """The next point, after the fold between if there is one, and the part of the full step to try after it."""
        while factor > self.options.smallest:
            found = self._correct(point, factor * self._full_step(point))
            points = [] if found is None else self._with_fold(point, found[0])
            if found is not None and points:
                iterations = found[1]
                grown = factor * (1.5 if iterations <= QUICK else 0.6 if iterations >= SLOW else 1.0)
                return points, min(1.0, grown)
            factor *= 0.5
        raise ConvergenceError(
            f"the path is lost at K = {point.K / self.system.K_G:.4f} K_G: no step however short converges"
        )

    def _full_step(self, point: PathPoint) -> float:
        return 1.0 / self._size(point.dq, point.dK)

    def _size(self, dq: np.ndarray, dK: float) -> float:
        """A change of (q, K) in units of the longest step that the options allow. Collective."""
        largest = float(np.abs(dq - dK * self._unit.array_r).max(initial=0.0))
        largest = self._coupling.layout.comm.allreduce(largest, op=MPI.MAX) / (self.options.step * self._nn)
        return max(largest, abs(dK) / (self.options.load_step * self.system.K_G))

    def _correct(self, point: PathPoint, length: float) -> tuple[PathPoint, int] | None:
        """The equilibrium in the plane normal to the tangent at a distance from a point, and the iterations it took."""
        row, corner = self._metric(point)
        K = point.K + length * point.dK
        self._place(point.q + length * point.dq, K)
        for iteration in range(self.options.max_newton + 1):
            residual = self._residual()
            if not np.isfinite(residual):
                return None
            border = self._border(K, row, corner)
            if residual < self.options.force_tolerance:
                return self._accept(point, border, K, length, iteration)
            dq, dK = border.solve(self._g, 0.0)
            self.q.axpy(-1.0, dq)
            K -= dK
            self.system.load(K)
        return None

    def _accept(
        self, point: PathPoint, border: Bordered, K: float, length: float, iterations: int
    ) -> tuple[PathPoint, int] | None:
        """The converged point with its tangent; None if it has gone far or its tangent turned: it may be another branch's."""
        found = PathPoint(
            q=self.q.array.copy(), K=K, dq=point.dq, dK=0.0, negative=self._factors.negative, arc=point.arc + length
        )
        if self._size(found.q - point.q, K - point.K) > OVERSHOOT:
            return None
        after = self._normalised(found, *border.solve(self._zero(), 1.0))
        row, corner = self._metric(point)
        self._work.array[:] = after.dq
        cosine = row.dot(self._work) + corner * after.dK
        return (after, iterations) if cosine > self.options.cosine else None

    def _with_fold(self, before: PathPoint, after: PathPoint) -> list[PathPoint]:
        """The point after, and before it the extremum of K if there is one; nothing if that was seen but not reached.

        A secant on dK/ds, whose error in K is of second order; the end that stays counts half from then on (Illinois).
        """
        if before.dK * after.dK >= 0:
            return [after]
        low, high = (0.0, before.dK), (after.arc - before.arc, after.dK)
        scale = abs(before.dK) + abs(after.dK)
        for _ in range(12):
            length = (low[0] * high[1] - high[0] * low[1]) / (high[1] - low[1])
            corrected = self._correct(before, length)
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

    def _place(self, q: np.ndarray, K: float) -> None:
        self.q.array[:] = q
        self.system.load(K)

    def _residual(self) -> float:
        self._coupling.energy_gradient(self.q, self._g)
        return float(self._g.norm(PETSc.NormType.NORM_INFINITY))

    def _factor(self) -> PETSc.Mat:
        H = self._coupling.hessian(self.q)
        self._factors.factor(H, self._coupling.pattern_version)
        return H

    def _border(self, K: float, row: PETSc.Vec, corner: float) -> Bordered:
        load = self._tangent_load(K)
        return Bordered(self._factors, self._factor(), load, row, corner)

    def _tangent_load(self, K: float) -> PETSc.Vec:
        """dg/dK at fixed q, eV/A per MPa m^1/2: prescribed blocks and dead load move with K. Leaves the system at K."""
        h = DIFFERENCE * self.system.K_G
        load = self._zero()
        for sign in (1, -1):
            self.system.load(K + sign * h)
            self._coupling.energy_gradient(self.q, self._work)
            load.axpy(sign / (2 * h), self._work)
        self.system.load(K)
        return load

    def _zero(self) -> PETSc.Vec:
        return self._coupling.layout.create_unknowns()

    def _metric(self, point: PathPoint) -> tuple[PETSc.Vec, float]:
        """Row and corner that give the inner product of the point's tangent with any (dq, dK)."""
        row = self._zero()
        row.array[:] = point.dq - point.dK * self._unit.array_r
        return row, point.dK / self.system.K_G**2 - row.dot(self._unit)

    def _normalised(self, point: PathPoint, dq: PETSc.Vec, dK: float) -> PathPoint:
        """The point with a tangent of length 1."""
        turned = replace(point, dq=dq.array_r.copy(), dK=dK)
        row, corner = self._metric(turned)
        length = float(np.sqrt(row.dot(dq) + corner * dK))
        return replace(turned, dq=turned.dq / length, dK=dK / length)
