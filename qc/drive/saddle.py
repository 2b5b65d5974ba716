"""What driving a bond gives: points of the drive, the saddle, the states beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from petsc4py import PETSc
from scipy.interpolate import CubicHermiteSpline


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A state in which a bond is held open by a force.

    Attributes
    ----------
    q, dq : PETSc.Vec
        Unknowns, A, and their derivative by the opening.
    d : float
        Opening b.q, A.
    force, slope : float
        What holds it there, eV/A, and its derivative by the opening, eV/A^2.
    negative : int
        Negative eigenvalues of the Hessian next to it.
    """

    q: PETSc.Vec
    dq: PETSc.Vec
    d: float
    force: float
    slope: float
    negative: int


def extreme(a: Opened, b: Opened) -> float:
    """Opening at which the force is least or largest between two points whose slopes have opposite signs, A."""
    slope = _force(a, b).derivative()
    inside = [float(d) for d in slope.roots(extrapolate=False) if a.d < d < b.d]
    return inside[0] if inside else 0.5 * (a.d + b.d)


def without_force(a: Opened, b: Opened) -> float:
    """Opening at which the force vanishes between two points where it has opposite signs, A."""
    inside = [float(d) for d in _force(a, b).roots(extrapolate=False) if a.d <= d <= b.d]
    return inside[-1] if inside else a.d + (b.d - a.d) * a.force / (a.force - b.force)


def between(a: Opened, b: Opened, d: float) -> PETSc.Vec:
    """Unknowns at an opening d (A) by the cubic through two points and their derivatives."""
    h, s = b.d - a.d, (d - a.d) / (b.d - a.d)
    q = a.q.copy()
    q.scale((1 + 2 * s) * (1 - s) ** 2)
    q.axpy(s**2 * (3 - 2 * s), b.q)
    q.axpy(h * s * (1 - s) ** 2, a.dq)
    q.axpy(h * s**2 * (s - 1), b.dq)
    return q


def _force(a: Opened, b: Opened) -> CubicHermiteSpline:
    return CubicHermiteSpline([a.d, b.d], [a.force, b.force], [a.slope, b.slope])


@dataclass(frozen=True, kw_only=True)
class Saddle:
    """An equilibrium on the way from one stable state to another.

    Attributes
    ----------
    q, direction : PETSc.Vec
        Unknowns, A, and their derivative by the opening where the bond is driven through it.
    energy : float
        eV.
    residual : float
        Largest force component, eV/A.
    opening : float
        By which the bond is open beside the first state, A.
    factorisations : int
        Of the Hessian, from the stable state on.
    curve : list of (float, float)
        Opening beside the first state, A, and force, eV/A, along the drive.
    """

    q: PETSc.Vec
    direction: PETSc.Vec
    energy: float
    residual: float
    opening: float
    factorisations: int
    curve: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class End:
    """A stable state beside a saddle.

    Attributes
    ----------
    q : PETSc.Vec
        Unknowns, A.
    energy : float
        eV.
    residual : float
        Largest force component, eV/A.
    """

    q: PETSc.Vec
    energy: float
    residual: float
