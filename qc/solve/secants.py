"""Newton's method for forces that have no derivatives: the Hessian of a twin, and what secants say of the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..monitor import tell
from .factors import Factors, shifted
from .low_rank import LowRank
from .options import GIVEN_UP, PREFIX, Enough, SolveReport, SolverOptions
from .vectors import distance, largest

log = logging.getLogger(__name__)

LONGEST = 0.25
"""Largest component of a step, A."""
WORSE = 3.0
"""A step after which the largest force is so many times that before is halved."""
MOST = 20
"""Steps after which Newton's method gives up."""
PATIENCE = 5
"""Steps that must have halved the largest force."""
HALVINGS = 3
NEAR_REST = 0.05
"""Largest force, eV/A, from which on a relaxation leaves the rest to secants."""
STILL = 0.1
"""The same of its last step, A."""
SAME_BASIN = 0.6
"""A state further than this from where the forces had led is another one, A."""
OVERSHOT, SHORTENED = 0.3, 0.1
"""A step is shortened where the forces at its end point back by so much of what they were, and to no less than that part."""
STILL_FORWARD = 0.5
"""The next step is twice as long where they still point forward by so much: where a state has just vanished there is next to no force."""


class SecantNewton:
    """Roots of g(q), whose derivative is H(q) + D: H is known (the twin's), D is learnt from g less the twin's.

    What is learnt stays learnt: the states of a ladder are near each other, and so are their D. Where only what is prescribed has
    changed the forces on the atoms are known, so that the first step of a new load costs no call.

    Parameters
    ----------
    coupling : Coupling
    stiffness : PETSc.Mat
        S, the matrix H of the perfect crystal.
    metric : PETSc.Mat or None
        See `LowRank`.
    options : SolverOptions
    """

    def __init__(
        self, coupling: Coupling, stiffness: PETSc.Mat, metric: PETSc.Mat | None, options: SolverOptions
    ) -> None:
        self._coupling, self.options = coupling, options
        self.learnt = LowRank(metric)
        self._factors = Factors(coupling.layout.comm, PREFIX + "secant_", PETSc.PC.Type.LU)
        self._stiff, self._stiff_version = stiffness.copy(), coupling.pattern_version
        self._state: tuple[PETSc.Vec, PETSc.Vec] | None = None

    def solve(self, q: PETSc.Vec) -> SolveReport:
        """An equilibrium near q, in place, if the steps find one. Collective."""
        g, step, before = q.duplicate(), q.duplicate(), q.duplicate()
        size = self._gradient(q, g)
        report, sizes = SolveReport(converged=False, reason="SECANT_MAX_IT", residual=size), list[float]()
        for iteration in range(MOST + 1):
            tell(self._coupling.layout.comm, "Newton", iteration, size)
            report.newton_iterations, report.residual = iteration, size
            if not np.isfinite(size):
                report.reason, report.complaint = "SECANT_NAN", self._coupling.complaint
                return report
            if size < self.options.force_tolerance:
                report.converged, report.reason = True, "SECANT_CONVERGED"
                return report
            sizes.append(size)
            if iteration == MOST or (iteration > PATIENCE and min(sizes[-PATIENCE:]) > 0.5 * min(sizes[:-PATIENCE])):
                break
            q.copy(before)
            longest = self._step(q, g, step, 0.0, LONGEST)
            found, halved = size, 0
            while True:
                before.copy(q)
                q.axpy(-1.0, step)
                found = self._gradient(q, g)
                if found < max(WORSE * size, 0.3) or halved == HALVINGS:
                    break
                halved += 1
                step.scale(0.5)
            log.debug("secants %d: force %.2e -> %.2e, step %.2e, halved %d", iteration, size, found, longest, halved)
            if halved == HALVINGS and not found < WORSE * size:
                report.reason, report.residual, report.newton_iterations = "SECANT_DIVERGED", found, iteration + 1
                return report
            size = found
        return report

    def relax(
        self,
        q: PETSc.Vec,
        report: SolveReport,
        definite: Callable[[PETSc.Vec, float], float],
        enough: Enough,
        furthest: float,
    ) -> SolveReport:
        """A state downhill of q, in place, by the forces alone: steps (H + shift S)^-1 g, then `solve` where they have become small.

        This is an implicit integration of S dq/dt = -g with time steps 1 / shift, which ends in states that are stable (pseudo-transient
        continuation). There is no energy to fall: a step at whose end the forces point back is shortened to where they would vanish.
        Collective.

        Parameters
        ----------
        definite : callable
            A shift, no less than some part of the guess given, with which the Hessian of the twin's blended energy at q is definite.
        enough : callable
            As for `EquilibriumSolver.solve`.
        furthest : float
            A state further from the start is refused, A.

        References
        ----------
        C. T. Kelley & D. E. Keyes, SIAM J. Numer. Anal. 35 (1998) 508.
        """
        self.learnt.forget()
        start, g, step, there = q.copy(), q.duplicate(), q.duplicate(), q.duplicate()
        report.newton_iterations, shift, near, stride = 0, 0.0, NEAR_REST, 1.0
        report.residual, report.reason = self._gradient(q, g), "FORCES_MAX_IT"
        for iteration in range(1, self.options.max_robust + 1):
            if not np.isfinite(report.residual):
                report.reason, report.complaint = "FORCES_NAN", self._coupling.complaint
                break
            shift = definite(q, shift)
            size = self._step(q, g, step, shift, self.options.step_cap)
            stride = min(stride, max(self.options.step_cap / size, 1.0))
            step.scale(stride)
            size, slope = stride * size, g.dot(step)
            there.waxpy(-1.0, step, q)
            found, length = self._gradient(there, g), 1.0
            back = -g.dot(step)
            if slope > 0 and back > OVERSHOT * slope:
                length = max(slope / (slope + back), SHORTENED)
            stride = 1.0 if length < 1.0 else 2.0 * stride if back < -STILL_FORWARD * slope else stride
            q.axpy(-length, step)
            report.residual = found if length == 1.0 else self._gradient(q, g)
            report.robust_iterations = iteration
            tell(self._coupling.layout.comm, "descent", iteration, report.residual)
            log.debug("forces %d: %.2e, step %.2e, length %.2f, shift %.2g", iteration, report.residual, size, length, shift)
            if distance(q, start) > furthest:
                report.reason = "ROBUST_ATOMS_FLY"
                break
            if enough(q):
                report.reason = GIVEN_UP
                return report
            if report.residual < near and length * size < STILL and self._ends(q, g, report):
                break
            near = near / 4 if report.residual < near and length * size < STILL else near
        report.largest_step = distance(q, start)
        return report

    def _ends(self, q: PETSc.Vec, g: PETSc.Vec, report: SolveReport) -> bool:
        """Whether secants find a state near q, which they bring it to; if not q and g stay."""
        there = q.copy()
        found = self.solve(there)
        report.newton_iterations += found.newton_iterations
        if not found.converged or distance(there, q) > SAME_BASIN:
            return False
        there.copy(q)
        report.converged, report.stable, report.reason = True, True, "FORCES_CONVERGED"
        report.residual = found.residual
        return True

    @property
    def known(self) -> list[PETSc.Vec]:
        """All that has been learnt, for a checkpoint.

        Where forces were looked at last, the part of them there that the Hessian knows nothing of, the pairs of D.
        """
        return [] if self._state is None else [*self._state, *self.learnt.vectors]

    def recall(self, known: Sequence[PETSc.Vec]) -> None:
        """Know what ``known`` was when a checkpoint was written."""
        if known:
            self._state = known[0], known[1]
            self.learnt.recall(known[2:])

    def observe(self, q: PETSc.Vec) -> None:
        """Learn from the forces at q, known from a call before."""
        d = q.duplicate()
        self._coupling.unknown_gradient(q, d)
        if self._state is not None:
            s, r = q.copy(), d.copy()
            s.axpy(-1.0, self._state[0])
            r.axpy(-1.0, self._state[1])
            if np.isfinite(r.norm()):
                self.learnt.learn(s, r)
        self._state = (q.copy(), d)

    def _gradient(self, q: PETSc.Vec, g: PETSc.Vec) -> float:
        """Write the gradient into g, learn from it; its largest component, eV/A."""
        self._coupling.energy_gradient(q, g)
        size = largest(g)
        if np.isfinite(size):
            self.observe(q)
        return size

    def _step(self, q: PETSc.Vec, g: PETSc.Vec, step: PETSc.Vec, shift: float, longest: float) -> float:
        """step = (H + D + shift S)^-1 g, no longer than ``longest``, which is returned, A. D is left out with a shift."""
        coupling = self._coupling
        H, alike = coupling.hessian(q), True
        if shift > 0:
            alike = coupling.pattern_version == self._stiff_version
            H = shifted(H, shift, self._stiff, alike)
        self._factors.factor(H, (coupling.pattern_version, alike))
        if shift > 0:
            self._factors.solve(g, step)
        else:
            self.learnt.solve(self._factors.solve, g, step)
        size = largest(step)
        step.scale(min(1.0, longest / max(size, 1e-300)))
        return min(size, longest)
