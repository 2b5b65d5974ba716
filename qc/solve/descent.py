"""Minimisation past instabilities, for states that Newton's method does not reach."""

from __future__ import annotations

import logging

import numpy as np
from petsc4py import PETSc

from ..errors import ConvergenceError
from ..monitor import tell
from .factors import shifted
from .newton import Newton, run
from .options import GIVEN_UP, ROUGH, Enough, SolveReport, never
from .secants import SecantNewton
from .stability import Stability
from .vectors import distance, largest

log = logging.getLogger(__name__)

TRIES = 4
"""Stationary points that a trust region leaves again, disturbed, if they are not stable."""


PATIENCE = 4
"""Steps of a minimisation with second derivatives each, before it takes gradients alone between them."""
GLIDE, PAYS = 40, 0.01
"""Most steps without second derivatives; they end with one that brings less than this part of what they brought together."""


class Descent:
    """Stable states downhill of a start.

    Parameters
    ----------
    newton : Newton
    stability : Stability
    noise : (n, components) ndarray
        Numbers in [-1, 1] that break symmetry.
    guide : Descent, optional
        In an energy near by, for a coupling that has none.
    secants : SecantNewton, optional
        For a coupling whose forces have no derivatives.

    Attributes
    ----------
    furthest : float
        A state with a component further than this from the start is refused, A: atoms fly.
    """

    def __init__(
        self,
        newton: Newton,
        stability: Stability,
        noise: np.ndarray,
        guide: Descent | None = None,
        secants: SecantNewton | None = None,
    ) -> None:
        self._newton, self._stability, self._noise, self._guide = newton, stability, noise, guide
        self._secants = secants
        self._coupling = newton.coupling
        self.furthest = np.inf

    def find(self, q: PETSc.Vec, report: SolveReport, enough: Enough = never) -> SolveReport:
        """A stable state from q, in place, by whichever way the coupling has, unless a state on the way is ``enough``. Collective."""
        if self._secants is not None and self._guide is not None:
            return self._by_forces(q, report, enough, self._secants, self._guide)
        if not self._coupling.has_energy:
            return self._relax(q, report)
        start = q.copy()
        if self._newton.factored is not None:
            self._trust(q, start, report)
        elif not self._minimise(q, start, report, enough):
            return report
        report.residual = self._coupling.residual(q)
        report.largest_step = distance(q, start)
        return report

    def _minimise(self, q: PETSc.Vec, start: PETSc.Vec, report: SolveReport, enough: Enough) -> bool:
        """Newton on H + shift * S with S the Hessian of the perfect crystal, energy never rising; False: no energy at q.

        Nocedal & Wright, Numerical Optimization (2006), section 3.4; a shift by the elastic stiffness leaves the long
        waves their full step, a multiple of the unit matrix would not.
        """
        self._disturb(q)
        shift, g, step = 0.0, q.duplicate(), q.duplicate()
        E = self._coupling.energy_gradient(q, g)
        if not np.isfinite(E):
            report.reason, report.complaint = "ROBUST_START_INADMISSIBLE", self._coupling.complaint
            return False
        tolerance = self._newton.options.force_tolerance
        for iteration in range(1, self._newton.options.max_robust + 1):
            shift = self._step(q, g, shift, step)
            length, E = self._search(q, E, g, step)
            if shift > 0 and iteration > PATIENCE and length > 0:
                E = self._glide(q, E, g, step)
            residual = largest(g)
            if length == 0.0 and residual > tolerance:
                report.reason, report.complaint = "ROBUST_LINE_SEARCH_FAILED", self._coupling.complaint
                return True
            tell(self._coupling.layout.comm, "descent", iteration, residual)
            log.debug("robust %d: E %.9f, force %.2e, step %.2e, shift %.2g", iteration, E, residual, length, shift)
            report.robust_iterations = iteration
            if not residual < np.inf or distance(q, start) > self.furthest:
                report.reason = "ROBUST_ATOMS_FLY" if residual < np.inf else "ROBUST_NAN"
                return True
            if enough(q):
                report.reason = GIVEN_UP
                return True
            if residual < tolerance:
                if self._stability.is_stable(q):
                    report.converged, report.stable, report.reason = True, True, "ROBUST_CONVERGED"
                    return True
                self._disturb(q)
                E = self._coupling.energy_gradient(q, g)
        report.reason = "ROBUST_MAX_IT"
        return True

    def _trust(self, q: PETSc.Vec, start: PETSc.Vec, report: SolveReport) -> None:
        """Newton in a trust region by truncated CG, which follows negative curvature to its border: no factors are needed.

        T. Steihaug, SIAM J. Numer. Anal. 20 (1983) 626; Nocedal & Wright, Numerical Optimization (2006), section 7.1.
        """
        region, tried = self._newton.trust_region(), 0
        report.reason = "TRUST_MAX_IT"
        while report.robust_iterations < self._newton.options.max_robust and tried < TRIES:
            tried += 1
            self._disturb(q)
            run(region, q)
            report.robust_iterations += region.getIterationNumber()
            if distance(q, start) > self.furthest:
                report.reason = "ROBUST_ATOMS_FLY"
                return
            if region.getConvergedReason() > 0 and self._stability.is_stable(q):
                report.converged, report.stable, report.reason = True, True, "TRUST_CONVERGED"
                return

    def _relax(self, q: PETSc.Vec, report: SolveReport) -> SolveReport:
        """Blended forces have nothing to descend on: minimise the blended energy of the same handshake, then Newton.

        The two equilibria differ by the ghost forces of the energy, which is little for Newton's method.
        """
        if self._guide is None:
            return report
        start, energy = q.copy(), self._guide._coupling
        energy.impose(self._coupling.load)
        guided = self._guide.find(q, SolveReport(converged=False, reason=ROUGH))
        report = self._newton.solve(q)
        report.robust_iterations = guided.robust_iterations
        report.largest_step = distance(q, start)
        if report.converged and report.largest_step > self.furthest:
            report.converged, report.reason = False, "NEWTON_ATOMS_FLY"
        report.stable = report.converged and self._stability.is_stable(q)
        return report

    def _by_forces(
        self, q: PETSc.Vec, report: SolveReport, enough: Enough, secants: SecantNewton, guide: Descent
    ) -> SolveReport:
        """From a field: the twin's state, which costs no call, and secants; from a state that is lost: the forces alone."""
        guide._coupling.impose(self._coupling.load)
        if report.reason == ROUGH:
            start, there = q.copy(), q.copy()
            guided = guide.find(there, SolveReport(converged=False, reason=ROUGH))
            found = secants.solve(there)
            if found.converged and distance(there, start) <= self.furthest:
                there.copy(q)
                found.robust_iterations, found.stable = guided.robust_iterations, True
                found.largest_step = distance(q, start)
                return found
        self._disturb(q)
        return secants.relax(q, report, guide.definite_shift, enough, self.furthest)

    def _disturb(self, q: PETSc.Vec) -> None:
        q.array[:] += self._newton.options.perturbation * self._noise.ravel()

    def _step(self, q: PETSc.Vec, g: PETSc.Vec, shift: float, step: PETSc.Vec) -> float:
        """step = -(H + shift S)^-1 g with the shift of `definite_shift`, which is returned."""
        shift = self.definite_shift(q, shift)
        self._stability.factors.solve(g, step)
        step.scale(-1.0)
        return shift

    def definite_shift(self, q: PETSc.Vec, shift: float) -> float:
        """The first of a rising sequence of shifts, from a guess, with which H + shift S, factored, is positive definite. Collective."""
        coupling, newton, factors = self._coupling, self._newton, self._stability.factors
        H = coupling.hessian(q)
        shift = shift / 4 if shift > 0.05 else 0.0
        self._stability.forget()
        while shift < 1e3:
            alike = newton.stiffness_version == coupling.pattern_version
            A = shifted(H, shift, newton.stiffness, alike) if shift > 0 else H
            factors.factor(A, (coupling.pattern_version, shift > 0 and not alike))
            if factors.negative == 0:
                return shift
            shift = max(0.1, 3 * shift)
        raise ConvergenceError(
            "the Hessian stays indefinite whatever elastic stiffness is added: the perfect crystal itself is unstable"
        )

    def _glide(self, q: PETSc.Vec, E: float, g: PETSc.Vec, step: PETSc.Vec) -> float:
        """Go on downhill by L-BFGS from the factors at hand, as long as it pays; the energy.

        Where the Hessian stays indefinite over many steps, a dislocation is on its way: a gradient costs a small part of new factors.
        """
        secants = PETSc.Mat().create(q.comm)
        secants.setType(PETSc.Mat.Type.LMVMBFGS)
        secants.setSizes((q.sizes, q.sizes))
        secants.setUp()
        secants.allocateLMVM(q, g)
        secants.setLMVMJ0KSP(self._stability.factors.ksp)
        begin = E
        for _ in range(GLIDE):
            secants.updateLMVM(q, g)
            secants.solve(g, step)
            step.scale(-1.0)
            before = E
            length, E = self._search(q, E, g, step)
            log.debug("glide: E %.9f, force %.2e, step %.2e", E, largest(g), length)
            if before - E < PAYS * (begin - E) or largest(g) < self._newton.options.force_tolerance:
                break
        secants.destroy()
        return E

    def _search(self, q: PETSc.Vec, E: float, g: PETSc.Vec, step: PETSc.Vec) -> tuple[float, float]:
        """(length, energy) of the capped step, halved until the energy falls (Armijo); the length is 0 if it never does.

        q and g are brought there. The gradient comes with the energy of each trial: mostly the first one is taken, and both
        cost little more than one.
        """
        cap, size = self._newton.options.step_cap, largest(step)
        if size > cap:
            step.scale(cap / size)
        slope = g.dot(step)
        noise = 1e-11 * max(abs(E), 1.0)  # rounding of the energy sum
        trial, g_trial = q.duplicate(), g.duplicate()
        length = 1.0
        for _ in range(30):
            trial.waxpy(length, step, q)
            E_trial = self._coupling.energy_gradient(trial, g_trial)
            if E_trial <= E + 1e-4 * length * slope + noise:
                trial.copy(q)
                g_trial.copy(g)
                return length, E_trial
            length *= 0.5
        return 0.0, E
