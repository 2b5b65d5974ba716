"""The equations of a path, g(q, K) = 0 with the load as one more unknown: residual, factors, tangent load, metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from petsc4py import PETSc

from ..solve.bordered import Bordered
from ..solve.factors import Inertia
from ..solve.options import PREFIX
from .loaded import Loaded

DIFFERENCE = 1e-5
"""Half width, as a level K / K_G, of the central difference that gives the tangent load: its error is some 1e-10 of it."""


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
    factor : float
        Part of the longest step to try from here.
    """

    q: np.ndarray
    K: float
    dq: np.ndarray
    dK: float
    negative: int
    arc: float = 0.0
    fold: str | None = None
    factor: float = 0.5

    def reversed(self) -> PathPoint:
        """The same point, passed the other way."""
        return replace(self, dq=-self.dq, dK=-self.dK, arc=-self.arc)

    def plain(self) -> dict[str, Any]:
        """All but the unknowns, for files."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("q", "dq")}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any], q: np.ndarray, dq: np.ndarray) -> Self:
        """The point back from files; `ValueError` or `TypeError` if its entries are of another type."""
        numbers = {name: float(data[name]) for name in ("K", "dK", "arc", "factor")}
        if data["fold"] not in (None, "maximum", "minimum"):
            raise ValueError(f"fold = {data['fold']!r:.60} is not allowed")
        return cls(q=q, dq=dq, negative=int(data["negative"]), fold=data["fold"], **numbers)


class PathEquations:
    """Gradient and Hessian of a loaded model at unknowns q, and the geometry of (q, K).

    Lengths are measured on what moves beside the imposed field, v = q - K u: (dv, dv) + (A / K_G)^2 dK^2. Measured on q,
    the far field would move with K and hide the tip. The tangent load dg/dK holds prescribed blocks and dead load both.

    Parameters
    ----------
    system : Loaded
        Of a method with an energy.

    Attributes
    ----------
    q, g : PETSc.Vec
        Unknowns, A, and the gradient of the last `residual`, eV/A.
    """

    def __init__(self, system: Loaded) -> None:
        self.system, self.coupling = system, system.model.coupling
        layout = self.coupling.layout
        self._factors = Inertia(layout.comm, PREFIX + "path_")
        self.q, self.g, self._work = (layout.create_unknowns() for _ in range(3))
        self._unit = layout.create_unknowns()  # of the imposed field, A per MPa m^1/2
        self._unit.array[:] = system.imposed_rate()[: layout.n_free].ravel()

    @property
    def negative(self) -> int:
        """Negative eigenvalues of the Hessian that was factored last."""
        return int(self._factors.negative)

    def place(self, q: np.ndarray, K: float) -> None:
        """Put the model at this rank's unknowns q, A, and load K, MPa m^1/2."""
        self.q.array[:] = q
        self.system.load(K)

    def residual(self) -> float:
        """Largest component of the gradient g at the present place, eV/A. Collective."""
        self.coupling.energy_gradient(self.q, self.g)
        return float(self.g.norm(PETSc.NormType.NORM_INFINITY))

    def factor(self) -> PETSc.Mat:
        """The Hessian at the present place, eV/A^2, factored. Collective."""
        H = self.coupling.hessian(self.q)
        self._factors.factor(H, self.coupling.pattern_version)
        return H

    def newton_step(self, step: PETSc.Vec) -> None:
        """H^-1 g, A, by the factors there are, into ``step``. Collective."""
        self._factors.solve(self.g, step)

    def border(self, K: float, row: PETSc.Vec, corner: float) -> Bordered:
        """The Hessian bordered by the tangent load at K and a row with its corner. Collective."""
        load = self.tangent_load(K)
        return Bordered(self._factors, self.factor(), load, row, corner)

    def tangent_load(self, K: float) -> PETSc.Vec:
        """dg/dK at fixed q, eV/A per MPa m^1/2: prescribed blocks and dead load move with K. Leaves the system at K. Collective."""
        h = DIFFERENCE * self.system.K_G
        load = self.zero()
        for sign in (1, -1):
            self.system.load(K + sign * h)
            self.coupling.energy_gradient(self.q, self._work)
            load.axpy(sign / (2 * h), self._work)
        self.system.load(K)
        return load

    def zero(self) -> PETSc.Vec:
        """Unknowns that are all zero."""
        return self.coupling.layout.create_unknowns()

    def beside_field(self, dq: np.ndarray, dK: float) -> float:
        """Largest component of a change of this rank's unknowns beside that of the imposed field, A."""
        return float(np.abs(dq - dK * self._unit.array_r).max(initial=0.0))

    def metric(self, point: PathPoint) -> tuple[PETSc.Vec, float]:
        """Row and corner that give the inner product of the point's tangent with any (dq, dK)."""
        row = self.zero()
        row.array[:] = point.dq - point.dK * self._unit.array_r
        return row, point.dK / self.system.K_G**2 - row.dot(self._unit)

    def normalised(self, point: PathPoint, dq: PETSc.Vec, dK: float) -> PathPoint:
        """The point with the tangent (dq, dK) made of length 1. Collective."""
        turned = replace(point, dq=dq.array_r.copy(), dK=dK)
        row, corner = self.metric(turned)
        length = float(np.sqrt(row.dot(dq) + corner * dK))
        return replace(turned, dq=turned.dq / length, dK=dK / length)

    def cosine(self, a: PathPoint, b: PathPoint) -> float:
        """Cosine of the angle between the tangents of two points. Collective."""
        row, corner = self.metric(a)
        self._work.array[:] = b.dq
        return float(row.dot(self._work) + corner * b.dK)
