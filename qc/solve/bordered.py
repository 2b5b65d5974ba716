"""Linear systems with one row and one column more than the Hessian: not singular where it is."""

from __future__ import annotations

from petsc4py import PETSc

from .factors import Inertia


class Bordered:
    """[[H, b], [c^T, d]] [x, y] = [r, s] by two solves with the LDL^T factors of H, and one refinement of the whole.

    At a fold H is singular and the bordered matrix is not; the refinement restores the digits that the elimination
    loses near it (Govaerts & Pryce, IMA J. Numer. Anal. 13 (1993) 161).
    """

    def __init__(self, factors: Inertia, H: PETSc.Mat, b: PETSc.Vec, c: PETSc.Vec, d: float) -> None:
        self._factors, self._H, self._b, self._c, self._d = factors, H, b, c, d
        self._v = b.duplicate()
        factors.solve(b, self._v)
        self._pivot = d - c.dot(self._v)

    def solve(self, r: PETSc.Vec, s: float) -> tuple[PETSc.Vec, float]:
        """x and y."""
        x, y = self._eliminate(r, s)
        residual = r.duplicate()
        self._H.mult(x, residual)
        residual.aypx(-1.0, r)
        residual.axpy(-y, self._b)
        dx, dy = self._eliminate(residual, s - self._c.dot(x) - self._d * y)
        x.axpy(1.0, dx)
        return x, y + dy

    def _eliminate(self, r: PETSc.Vec, s: float) -> tuple[PETSc.Vec, float]:
        x = r.duplicate()
        self._factors.solve(r, x)
        y = (s - self._c.dot(x)) / self._pivot
        x.axpy(-y, self._v)
        return x, y
