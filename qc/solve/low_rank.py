"""A matrix learnt from pairs of steps and changes: a short sum of outer products, and the inverse of a factored matrix plus that sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from petsc4py import PETSc

SAFE = 1e-3
"""Least |r . s| / |r||s| for a symmetric update of rank one."""
SHORTEST, LONGEST = 1e-9, 0.15
"""Steps whose largest component does not lie between, A, teach nothing, or nothing of the place they lead to."""


class LowRank:
    """D = sum_i u_i v_i^T with D s = r for the last step s and change r: what a Hessian lacks.

    Each pair changes D by a matrix of rank one: r' r'^T / (r'.s) with r' = r - D s where that is safe (Davidon 1959), which learns
    from a symmetric D in the direction of r, too; else r' (S s)^T / (s . S s), which changes D least in the norm of the metric
    S (Broyden, Math. Comp. 19 (1965) 577). All methods are collective.

    Parameters
    ----------
    metric : PETSc.Mat
        S, positive definite: the stiffness of the perfect crystal makes a bond that opens at the tip count for as much as a far field.
    most : int
        Pairs that are kept, the latest.
    """

    def __init__(self, metric: PETSc.Mat | None, most: int = 40) -> None:
        self._metric, self._most = metric, most
        self.u: list[PETSc.Vec] = []
        self.v: list[PETSc.Vec] = []

    def forget(self) -> None:
        """Know nothing."""
        self.u, self.v = [], []

    @property
    def vectors(self) -> list[PETSc.Vec]:
        """All that it knows: u of all pairs, then v."""
        return [*self.u, *self.v]

    def recall(self, vectors: Sequence[PETSc.Vec]) -> None:
        """Know what ``vectors`` was."""
        n = len(vectors) // 2
        self.u, self.v = list(vectors[:n]), list(vectors[n:])

    def learn(self, s: PETSc.Vec, r: PETSc.Vec) -> None:
        """Take into account that the step s changed what is learnt by r."""
        if not SHORTEST < s.norm(PETSc.NormType.NORM_INFINITY) < LONGEST:
            return
        left = r.copy()
        for u, v in zip(self.u, self.v, strict=True):
            left.axpy(-v.dot(s), u)
        slope, size = left.dot(s), left.norm() * s.norm()
        if size == 0.0:
            return
        if abs(slope) > SAFE * size:
            right = left.copy()
            right.scale(1.0 / slope)
        else:
            right = s.copy()
            if self._metric is not None:
                self._metric.mult(s, right)
            right.scale(1.0 / right.dot(s))
        self.u, self.v = [*self.u, left][-self._most :], [*self.v, right][-self._most :]

    def solve(self, inverse: Callable[[PETSc.Vec, PETSc.Vec], None], b: PETSc.Vec, x: PETSc.Vec) -> None:
        """x = (A + D)^-1 b by Woodbury's formula, with ``inverse`` writing A^-1 of its first argument into its second."""
        inverse(b, x)
        if not self.u:
            return
        Z = [b.duplicate() for _ in self.u]
        for u, z in zip(self.u, Z, strict=True):
            inverse(u, z)
        small = np.eye(len(Z)) + np.array([[v.dot(z) for z in Z] for v in self.v])
        share = np.linalg.lstsq(small, np.array([v.dot(x) for v in self.v]), rcond=1e-12)[0]
        for c, z in zip(share.tolist(), Z, strict=True):
            x.axpy(-c, z)
