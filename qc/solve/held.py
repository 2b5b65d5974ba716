"""Towards an equilibrium by the factors of a state before: gradients and solves, no new Hessian."""

from __future__ import annotations

import logging

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..monitor import tell
from .factors import Factors
from .vectors import largest

log = logging.getLogger(__name__)

MOST = 10
"""Steps after which new factors are made: six gradients with their solves cost as much as these and their Hessian."""
PATIENCE = 2
"""Steps before anybody asks whether the forces fall fast enough to be done within `MOST`."""
NEARER = 0.1
"""Forces that fall to this part of what they were have led towards a state, although not to it."""
MIXED = 3
"""Steps that are mixed with the present one."""
LONGEST = 0.25
"""A step with a component longer than this, A, is not tried: what the factors say of the state does not reach so far."""


def by_held_factors(coupling: Coupling, factors: Factors, q: PETSc.Vec, tolerance: float) -> tuple[int, float]:
    """Steps taken from q towards the equilibrium next to it, in place, and the largest force there (eV/A). Collective.

    From one state of a ladder to the next the Hessian changes little but for its softest modes: each step by the factors leaves a
    small part of the forces, and mixing the last few steps takes most of that away (Anderson's acceleration, H. F. Walker & P. Ni,
    SIAM J. Numer. Anal. 49 (2011) 1715). Where the forces do not fall quickly, q ends where they were least if that is much less,
    else where it was.

    Parameters
    ----------
    factors : Factors
        Of a positive definite Hessian of a state near by.
    tolerance : float
        Largest force of a state, eV/A.
    """
    g, start, best, mixed = q.duplicate(), q.copy(), q.copy(), Mixed()
    coupling.energy_gradient(q, g)
    sizes = [largest(g)]
    tell(coupling.layout.comm, "Newton", 0, sizes[0])
    while tolerance <= sizes[-1] < np.inf and len(sizes) <= MOST and not _hopeless(sizes, tolerance):
        step = q.duplicate()
        factors.solve(g, step)
        step.scale(-1.0)
        step = mixed.step(q, step)
        if not largest(step) < LONGEST:
            break
        q.axpy(1.0, step)
        coupling.energy_gradient(q, g)
        sizes.append(largest(g))
        tell(coupling.layout.comm, "Newton", len(sizes) - 1, sizes[-1])
        if sizes[-1] <= min(sizes):
            q.copy(best)
    least = min((size for size in sizes if np.isfinite(size)), default=np.inf)
    log.debug("held factors: forces %s", " ".join(f"{size:.1e}" for size in sizes))
    if not least < max(NEARER * sizes[0], tolerance):
        start.copy(q)
        return len(sizes) - 1, sizes[0]
    best.copy(q)
    return len(sizes) - 1, least


class Mixed:
    """Steps of a fixed-point iteration q -> q + r(q), each mixed with the last ones so that what is left of r is least."""

    def __init__(self) -> None:
        self._last: tuple[PETSc.Vec, PETSc.Vec] | None = None
        self._changes: list[tuple[PETSc.Vec, PETSc.Vec]] = []

    def step(self, q: PETSc.Vec, r: PETSc.Vec) -> PETSc.Vec:
        """The step to take from q, where the plain one is r. Collective."""
        if self._last is not None:
            change = (q.copy(), r.copy())
            for now, before in zip(change, self._last, strict=True):
                now.axpy(-1.0, before)
            self._changes = [*self._changes, change][-MIXED:]
        self._last, found = (q.copy(), r.copy()), r.copy()
        if self._changes:
            products = np.array([[a.dot(b) for _, b in self._changes] for _, a in self._changes])
            share = np.linalg.lstsq(products, np.array([a.dot(r) for _, a in self._changes]), rcond=1e-14)[0]
            for part, change in zip(share.tolist(), self._changes, strict=True):
                for vector in change:
                    found.axpy(-part, vector)
        return found


def _hopeless(sizes: list[float], tolerance: float) -> bool:
    """Whether the forces fall too slowly to come to the tolerance within `MOST` steps."""
    taken = len(sizes) - 1
    if taken < PATIENCE:
        return False
    fall = np.log(sizes[1] / sizes[-1]) / (taken - 1)  # the first step takes away what the load has brought, and tells little
    return bool(np.log(sizes[-1] / tolerance) > fall * (MOST - taken))
