"""Saddles found by pulling at a bond: the equilibria at a given opening, followed until no force holds it open any more.

From a stable state q the equilibria g(q) = lam b, b.q = d are followed in d, b.q the opening of a bond and lam the force that holds it
open. Their matrix is the Hessian with one row and one column more, which is not singular where the Hessian is. The force rises, falls,
and vanishes at the saddle, where Newton's method on g(q) = 0 ends. A step costs one factorisation: its factors correct it, once, and
give the direction of the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ..errors import ConvergenceError, InputError
from ..monitor import tell
from ..solve.bordered import Bordered
from ..solve.equilibrium import EquilibriumSolver
from ..solve.factors import Inertia
from ..solve.options import PREFIX, SolverOptions
from ..solve.stability import noise_of_atoms
from ..solve.vectors import distance, largest
from .loaded import Loaded
from .saddle import End, Opened, Saddle, between, extreme, without_force

SAME = 0.02
"""Two states no further apart than this, in nearest-neighbour distances, are one."""

FALL = 0.15
"""How far the bond is opened or closed from a saddle to fall into the states beside it, A."""

FLAT = 1e-3
"""A least force below this part of the largest one is no force: a saddle and a state have nearly met there."""

CAP = 0.2
"""Largest change of a displacement in a Newton step to the saddle, A."""


@dataclass(frozen=True, kw_only=True)
class DriveOptions:
    """How a bond is driven.

    Attributes
    ----------
    step : float
        By which it is opened, A; longer steps jump over narrow basins.
    furthest : float
        Opening beside that of the first state at which the drive ends without a saddle, A.
    force_tolerance : float
        Largest force component at the saddle, eV/A.
    believed : float
        Largest correction of a displacement, in steps: beyond, a step is tried again with half its length.
    smallest : float
        Part of the step below which the drive is given up.
    max_newton : int
        Iterations from the last points of the drive to the saddle.
    """

    step: float = 0.12
    furthest: float = 2.0
    force_tolerance: float = 1e-7
    believed: float = 1.0
    smallest: float = 0.05
    max_newton: int = 8


class BondDrive:
    """Finds saddles of a loaded model by pulling at a bond. All methods are collective.

    Parameters
    ----------
    system : Loaded
        Of a method with an energy, under the load that is meant.
    options : DriveOptions, optional
    solver : SolverOptions, optional
        For the states beside a saddle.
    """

    def __init__(self, system: Loaded, options: DriveOptions | None = None, solver: SolverOptions | None = None) -> None:
        model, settings = system.model, solver or SolverOptions()
        if not model.coupling.has_energy:
            raise InputError(f"model.method = {model.spec.method!r} has no energy: a saddle needs one, as bgrac, bgfc or atomistic")
        self._coupling, self._comm, self.options = model.coupling, model.comm, options or DriveOptions()
        self._factors = Inertia(model.comm, PREFIX + "drive_")
        self._nearest = model.crystal.nearest_neighbour_distance
        self._relaxer = EquilibriumSolver(model.coupling, model.parts, noise_of_atoms(model.parts), settings, model.lattice.gdim == 2)
        self._count = 0

    def saddle(self, q: PETSc.Vec, bond: PETSc.Vec) -> Saddle | None:
        """The saddle on the way on which a bond opens from a stable state.

        It is None where there is none: the force that holds the bond open has its least value above zero, so that no state
        follows before other bonds open, or it never falls.

        Parameters
        ----------
        q : PETSc.Vec
            Unknowns of the stable state.
        bond : PETSc.Vec
            b, so that b.q is the opening of the bond (`qc.crack.front.FrontTracker.pull`).

        Raises
        ------
        ConvergenceError
            The state is not stable, the drive loses its way, or it ends in no saddle of one negative eigenvalue.
        """
        self._count = 0
        start = last = self._start(q, bond)
        curve, step, top = [(0.0, 0.0)], self.options.step, 0.0
        while last.d - start.d < self.options.furthest:
            point, step = self._next(last, bond, step, first=last is start)
            if point.force > 0 and last.slope < 0 < point.slope:  # it has been least in between
                point = self._at(last, bond, extreme(last, point) - last.d) or point
                if point.force > FLAT * top:
                    return None
            curve.append((point.d - start.d, point.force))
            if point.force <= FLAT * top:
                d = without_force(last, point) if point.force < 0 else point.d
                return self._polish(between(last, point, d), bond, start.d, curve)
            last, top = point, max(top, point.force)
        return None

    def followed(self, q: PETSc.Vec, bond: PETSc.Vec, between: PETSc.Vec) -> Saddle | None:
        """The saddle next to q + between, by Newton's method alone; None where that ends elsewhere.

        From one load to another what lies between a state and a saddle beside it changes less than either: the saddle at a new load
        is next to the new state and what lay between at the old. Two to six factorisations instead of a drive. Whether it is the saddle
        that a drive finds, `ends` says.

        Parameters
        ----------
        q : PETSc.Vec
            Unknowns of the stable state under the load there is.
        bond : PETSc.Vec
            See `saddle`.
        between : PETSc.Vec
            Unknowns of the saddle at another load less those of the state there, A.
        """
        self._count = 0
        near = q.copy()
        near.axpy(1.0, between)
        try:
            found = self._polish(near, bond, float(bond.dot(q)), [])
        except ConvergenceError:
            return None
        return found if found.opening > 0 and not self.same(found.q, q) else None

    def ends(self, saddle: Saddle) -> tuple[End, End]:
        """The stable states that a saddle leads to: with the bond less open, and more.

        Raises
        ------
        ConvergenceError
            They are not found, or are one.
        """
        back, on = (self._fall(saddle, sign * FALL) for sign in (-1.0, 1.0))
        if self.same(back.q, on.q):
            raise ConvergenceError("both sides of the saddle lead to the same state: it does not lie between two")
        return back, on

    def same(self, a: PETSc.Vec, b: PETSc.Vec) -> bool:
        """Whether two states are one."""
        return distance(a, b) < SAME * self._nearest

    def _start(self, q: PETSc.Vec, bond: PETSc.Vec) -> Opened:
        """The stable state itself, the first point of the drive."""
        H = self._factor(q)
        if self._factors.negative:
            raise ConvergenceError(f"a bond is driven from a stable state, and this one has {self._factors.negative} negative eigenvalues")
        dq, slope = self._border(H, bond).solve(q.duplicate(), 1.0)
        return Opened(q=q.copy(), dq=dq, d=float(bond.dot(q)), force=0.0, slope=slope, negative=0)

    def _next(self, last: Opened, bond: PETSc.Vec, step: float, first: bool) -> tuple[Opened, float]:
        """The point a step (A) further, and the length of the one after; the force has not vanished yet at the first."""
        while step >= self.options.smallest * self.options.step:
            found = self._at(last, bond, step)
            if found is not None and not (first and found.force <= 0):
                return found, min(1.5 * step, self.options.step)
            step *= 0.5
        raise ConvergenceError(f"the drive of a bond is lost where it is {last.d:.3f} A open: no step however short converges")

    def _at(self, last: Opened, bond: PETSc.Vec, step: float) -> Opened | None:
        """The point a step (A) further, once corrected; None if the correction is too large to be believed."""
        q, g, force = last.q.copy(), last.q.duplicate(), last.force + step * last.slope
        q.axpy(step, last.dq)
        if not np.isfinite(self._coupling.energy_gradient(q, g)):
            return None
        g.axpy(-force, bond)
        tell(self._comm, "drive", self._count, largest(g))
        border = self._border(self._factor(q), bond)
        change, fall = border.solve(g, float(bond.dot(q)) - (last.d + step))
        if not largest(change) <= self.options.believed * abs(step):
            return None
        q.axpy(-1.0, change)
        dq, slope = border.solve(q.duplicate(), 1.0)
        return Opened(q=q, dq=dq, d=last.d + step, force=force - fall, slope=slope, negative=self._factors.negative)

    def _polish(self, q: PETSc.Vec, bond: PETSc.Vec, opening: float, curve: list[tuple[float, float]]) -> Saddle:
        """The saddle next to q, by Newton's method without a force."""
        g, step = q.duplicate(), q.duplicate()
        for iteration in range(self.options.max_newton + 1):
            energy = self._coupling.energy_gradient(q, g)
            residual = largest(g)
            tell(self._comm, "saddle", iteration, residual)
            if not np.isfinite(residual):
                break
            H = self._factor(q)
            if residual < self.options.force_tolerance:
                if self._factors.negative != 1:
                    raise ConvergenceError(f"the drive of a bond ends in a state with {self._factors.negative} negative eigenvalues, not 1")
                direction, _ = self._border(H, bond).solve(q.duplicate(), 1.0)
                opened = float(bond.dot(q)) - opening
                return Saddle(
                    q=q, direction=direction, energy=energy, residual=residual, opening=opened, factorisations=self._count, curve=curve
                )
            self._factors.solve(g, step)
            q.axpy(-min(1.0, CAP / largest(step)), step)
        raise ConvergenceError("no saddle found next to where the force that opens a bond vanishes")

    def _fall(self, saddle: Saddle, distance: float) -> End:
        """The stable state that is reached from a saddle with the bond opened by a distance (A)."""
        q = saddle.q.copy()
        q.axpy(distance, saddle.direction)
        report = self._relaxer.solve(q, rough=True)
        if not (report.converged and report.stable):
            raise ConvergenceError(f"no stable state found beside a saddle ({report.reason})")
        return End(q=q, energy=self._coupling.energy(q), residual=report.residual)

    def _factor(self, q: PETSc.Vec) -> PETSc.Mat:
        H = self._coupling.hessian(q)
        self._factors.factor(H, self._coupling.pattern_version)
        self._count += 1
        return H

    def _border(self, H: PETSc.Mat, bond: PETSc.Vec) -> Bordered:
        """[[H, -b], [b^T, 0]] by the factors there are."""
        column = bond.copy()
        column.scale(-1.0)
        return Bordered(self._factors, H, column, bond, 0.0)
