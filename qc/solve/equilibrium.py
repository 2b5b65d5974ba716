"""Equilibrium and stability of the coupled model: PETSc SNES, and inertia-corrected Newton past instabilities."""

from __future__ import annotations

import logging

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..coupling.load import Load
from ..errors import ConvergenceError
from ..unknowns.prolongation import Prolongation
from .descent import TRIES
from .factored import FactoredHessian
from .newton import REASONS, WHOLE_STEPS, _cause
from .options import _DEFAULTS_SET, PREFIX, SolveReport, SolverOptions
from .stability import Inertia, _symmetric_part, lowest_eigenvalue, rigid_body_modes

log = logging.getLogger(__name__)


class EquilibriumSolver:
    """Finds stable equilibria of a coupling.

    Parameters
    ----------
    coupling : Coupling
    parts : Prolongation
        What the blocks are (rigid-body modes).
    noise : (n, components) ndarray
        Numbers in [-1, 1] hashed from the names of the blocks: the same symmetry breaking on any number of ranks.
    options : SolverOptions
    in_plane : bool
        The model is plane: only the rotation about its normal is a rigid-body mode.
    guide : EquilibriumSolver, optional
        Solver of an energy near by, for a coupling that has none.
    """

    def __init__(
        self,
        coupling: Coupling,
        parts: Prolongation,
        noise: np.ndarray,
        options: SolverOptions,
        in_plane: bool,
        guide: EquilibriumSolver | None = None,
    ) -> None:
        self.coupling, self.options, self.guide = coupling, options, guide
        self._noise = noise
        self.furthest = np.inf  # A; a state with a component further than this from the start is refused: atoms fly
        self._g = coupling.layout.create_unknowns()
        self._set_options()
        self._near_null = None if options.linear == "mumps" else rigid_body_modes(parts, in_plane)
        self._factored = FactoredHessian(coupling) if options.linear == "factored" else None
        self.snes = self._create_snes()
        self._inertia: Inertia | None = None
        self._factors_hold = False  # whether they are those of the last stable state

    def residual(self, q: PETSc.Vec) -> float:
        """Largest force component, eV/A."""
        self.coupling.energy_gradient(q, self._g)
        return float(self._g.norm(PETSc.NormType.NORM_INFINITY))

    def solve(self, q: PETSc.Vec, jump: float = np.inf, rough: bool = False, alone: bool = False) -> SolveReport:
        """Stable equilibrium from q, in place; the robust path takes over where plain Newton fails.

        ``jump``: a Newton solution further away than this (largest component, A) is not trusted to be the state that
        the system would relax to, and is sought again by minimisation. ``rough``: q is far from any equilibrium
        (the bare near-tip field), so minimise at once where there is an energy. ``alone``: no robust path, a report that
        has not converged instead.
        """
        start = q.copy()
        if rough and self.coupling.has_energy:
            return self._minimise(q, SolveReport(converged=False, reason="ROUGH_START"))
        report = SolveReport(converged=False, reason="ROUGH_START") if rough else self._newton(q)
        if report.converged:
            report.largest_step = self._distance(q, start)
            report.stable = self.is_stable(q)
        if report.converged and report.stable and report.largest_step <= jump:
            return report
        if alone:
            report.converged = False
            return report
        log.info("Newton: %s, stable: %s; taking the robust path", report.reason, report.stable)
        start.copy(q)
        return self._minimise(q, report) if self.coupling.has_energy else self._relax(q, report)

    def predict(self, q: PETSc.Vec) -> bool:
        """Move q to first order towards equilibrium under a changed load, with the factors of the last stable state.

        False, and q untouched, when there are none (iterative solver, blended forces, robust path since).
        """
        if self._inertia is None or not self._factors_hold:
            return False
        step = q.duplicate()
        if not np.isfinite(self.residual(q)):
            return False
        self.factors.solve(self._g, step)
        q.axpy(-1.0, step)
        return True

    def forget(self) -> None:
        """The unknowns mean something else now: no prediction with the factors of the last state."""
        self._factors_hold = False

    def is_stable(self, q: PETSc.Vec) -> bool:
        """Whether the Hessian at q has no negative eigenvalue (inertia of the LDL^T factors, or SLEPc)."""
        if self._factored is not None:
            near = self._factored.update(q)
            return lowest_eigenvalue(self._factored.operator, near=near) > 0
        H = self.coupling.hessian(q)
        if self.options.linear == "mumps":
            if not self.coupling.has_energy:
                H = _symmetric_part(H)  # definite: no eigenvalue of H itself has a negative real part
            self.factors.factor(H, (self.coupling.pattern_version, False))
            self._factors_hold = self.factors.negative == 0 and self.coupling.has_energy
            if self.factors.negative == 0:
                return True
            if self.coupling.has_energy:
                return False
            H = self.coupling.hessian(q)
        return lowest_eigenvalue(H, symmetric=self.coupling.has_energy) > 0

    @property
    def factors(self) -> Inertia:
        """LDL^T factors of the last Hessian whose inertia was asked for."""
        if self._inertia is None:
            self._inertia = Inertia(self.coupling.layout.comm, PREFIX + "inertia_")
        return self._inertia

    def _newton(self, q: PETSc.Vec) -> SolveReport:
        try:
            self.snes.solve(None, q)
        except PETSc.Error as error:
            raise _cause(error) from None
        reason = self.snes.getConvergedReason()
        residual = self.residual(q)
        return SolveReport(
            converged=reason > 0,
            reason=REASONS.get(reason, str(reason)),
            newton_iterations=self.snes.getIterationNumber(),
            residual=residual,
        )

    def _minimise(self, q: PETSc.Vec, report: SolveReport) -> SolveReport:
        """Newton on H + shift * S with S the Hessian of the perfect crystal, energy never rising.

        Nocedal & Wright, Numerical Optimization (2006), section 3.4; a shift by the elastic stiffness leaves the long
        waves their full step, a multiple of the unit matrix would not.
        """
        if self._factored is not None:
            return self._trust(q, report)
        o, start = self.options, q.copy()
        perturbed = q.copy()
        perturbed.array[:] += o.perturbation * self._noise.ravel()
        perturbed.copy(q)
        shift = 0.0
        g, step = q.duplicate(), q.duplicate()
        E = self.coupling.energy_gradient(q, g)
        if not np.isfinite(E):
            report.reason, report.complaint = "ROBUST_START_INADMISSIBLE", self.coupling.complaint
            return report
        for iteration in range(1, o.max_robust + 1):
            shift = self._descent_step(q, g, shift, step)
            length, E = self._search(q, E, g, step)
            if length == 0.0 and g.norm(PETSc.NormType.NORM_INFINITY) > o.force_tolerance:
                report.reason, report.complaint = "ROBUST_LINE_SEARCH_FAILED", self.coupling.complaint
                break
            residual = float(g.norm(PETSc.NormType.NORM_INFINITY))
            log.debug("robust %d: E %.9f, force %.2e, step %.2e, shift %.2g", iteration, E, residual, length, shift)
            report.robust_iterations = iteration
            if not residual < np.inf or self._distance(q, start) > self.furthest:
                report.reason = "ROBUST_ATOMS_FLY" if residual < np.inf else "ROBUST_NAN"
                break
            if residual < o.force_tolerance:
                if self.is_stable(q):
                    report.converged, report.stable, report.reason = True, True, "ROBUST_CONVERGED"
                    break
                q.array[:] += o.perturbation * self._noise.ravel()
                E = self.coupling.energy_gradient(q, g)
        else:
            report.reason = "ROBUST_MAX_IT"
        report.residual = self.residual(q)
        report.largest_step = self._distance(q, start)
        return report

    def _trust(self, q: PETSc.Vec, report: SolveReport) -> SolveReport:
        """Newton in a trust region by truncated CG, which follows negative curvature to its border: no factors are needed.

        T. Steihaug, SIAM J. Numer. Anal. 20 (1983) 626; Nocedal & Wright, Numerical Optimization (2006), section 7.1.
        """
        start, tried = q.copy(), 0
        region = self._create_snes(PREFIX + "trust_")
        report.reason = "TRUST_MAX_IT"
        while report.robust_iterations < self.options.max_robust and tried < TRIES:
            tried += 1
            q.array[:] += self.options.perturbation * self._noise.ravel()
            region.solve(None, q)
            report.robust_iterations += region.getIterationNumber()
            if self._distance(q, start) > self.furthest:
                report.reason = "ROBUST_ATOMS_FLY"
                break
            if region.getConvergedReason() > 0 and self.is_stable(q):
                report.converged, report.stable, report.reason = True, True, "TRUST_CONVERGED"
                break
        report.residual = self.residual(q)
        report.largest_step = self._distance(q, start)
        return report

    def _relax(self, q: PETSc.Vec, report: SolveReport) -> SolveReport:
        """Blended forces have nothing to descend on: minimise the blended energy of the same handshake, then Newton.

        The two equilibria differ by the ghost forces of the energy, which is little for Newton's method.
        """
        if self.guide is None:
            return report
        start = q.copy()
        self.guide.coupling.impose(self.coupling.load)
        self.guide.coupling.reconnect()
        guided = self.guide.solve(q, rough=True)
        self.coupling.reconnect()
        report = self._newton(q)
        report.robust_iterations = guided.robust_iterations
        report.largest_step = self._distance(q, start)
        if report.converged and report.largest_step > self.furthest:
            report.converged, report.reason = False, "NEWTON_ATOMS_FLY"
        report.stable = report.converged and self.is_stable(q)
        return report

    def _descent_step(self, q: PETSc.Vec, g: PETSc.Vec, shift: float, step: PETSc.Vec) -> float:
        """step = -(H + shift S)^-1 g with the first shift of a rising sequence that makes the matrix definite."""
        H = self.coupling.hessian(q)
        trial_shift = shift / 4 if shift > 0.05 else 0.0
        self._factors_hold = False
        while trial_shift < 1e3:
            A, alike = H, self._stiffness_version == self.coupling.pattern_version
            if trial_shift > 0:
                A = H.copy()
                structure = (
                    PETSc.Mat.Structure.SAME_NONZERO_PATTERN if alike else PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN
                )
                A.axpy(trial_shift, self._stiffness, structure=structure)
            self.factors.factor(A, (self.coupling.pattern_version, trial_shift > 0 and not alike))
            if self.factors.negative == 0:
                break
            trial_shift = max(0.1, 3 * trial_shift)
        else:
            raise ConvergenceError(
                "the Hessian stays indefinite whatever elastic stiffness is added: the perfect crystal itself is unstable"
            )
        self.factors.solve(g, step)
        step.scale(-1.0)
        return trial_shift

    def _search(self, q: PETSc.Vec, E: float, g: PETSc.Vec, step: PETSc.Vec) -> tuple[float, float]:
        """Backtrack from the capped step until the energy falls (Armijo), q and g brought there; (length, energy), 0 if it never does.

        The gradient comes with the energy of each trial: mostly the first one is taken, and both cost little more than one.
        """
        largest = float(step.norm(PETSc.NormType.NORM_INFINITY))
        if largest > self.options.step_cap:
            step.scale(self.options.step_cap / largest)
        slope = g.dot(step)
        noise = 1e-11 * max(abs(E), 1.0)  # rounding of the energy sum
        trial, g_trial = q.duplicate(), g.duplicate()
        length = 1.0
        for _ in range(30):
            trial.waxpy(length, step, q)
            E_trial = self.coupling.energy_gradient(trial, g_trial)
            if E_trial <= E + 1e-4 * length * slope + noise:
                trial.copy(q)
                g_trial.copy(g)
                return length, E_trial
            length *= 0.5
        return 0.0, E

    @staticmethod
    def _distance(a: PETSc.Vec, b: PETSc.Vec) -> float:
        difference = a.copy()
        difference.axpy(-1.0, b)
        return float(difference.norm(PETSc.NormType.NORM_INFINITY))

    def _create_snes(self, prefix: str = PREFIX) -> PETSc.SNES:
        coupling = self.coupling
        snes = PETSc.SNES().create(coupling.layout.comm)
        snes.setOptionsPrefix(prefix)
        snes.setFunction(lambda snes, x, g: coupling.energy_gradient(x, g), coupling.layout.create_unknowns())
        if coupling.has_energy:
            snes.setObjective(lambda snes, x: coupling.energy(x))
        loaded = coupling.load  # the stiffness is that of the perfect crystal, whatever load the model carries already
        coupling.impose(Load.none(coupling.layout))
        H = self._matrix(coupling.layout.create_unknowns())
        coupling.impose(loaded)
        if self._factored is None:
            self._stiffness, self._stiffness_version = H.copy(), coupling.pattern_version
        self._pattern_version = self._version
        if self._near_null is not None:
            H.setNearNullSpace(self._near_null)
        snes.setJacobian(self._jacobian, H if self._factored is None else self._factored.operator, H)
        snes.setConvergenceTest(self._converged)
        snes.setFromOptions()
        if snes.getType() == PETSc.SNES.Type.NEWTONLS:
            chosen = snes.getLineSearch().getType()
            snes.setUpdate(lambda snes, iteration: self._choose_line_search(snes, chosen))
        return snes

    def _matrix(self, q: PETSc.Vec) -> PETSc.Mat:
        """The matrix that preconditions at q: the Hessian, or what is near it. Always the same object."""
        return self.coupling.hessian(q) if self._factored is None else self._factored.update(q)

    @property
    def _version(self) -> int:
        """Changes with the sparsity of `_matrix`."""
        return (self.coupling if self._factored is None else self._factored).pattern_version

    @staticmethod
    def _choose_line_search(snes: PETSc.SNES, chosen: str) -> None:
        """Whole Newton steps next to the solution: what they gain there is less than the rounding of the energy sum."""
        near = snes.getFunction()[0].norm(PETSc.NormType.NORM_INFINITY) < WHOLE_STEPS
        snes.getLineSearch().setType("basic" if near else chosen)

    def _jacobian(self, snes: PETSc.SNES, x: PETSc.Vec, J: PETSc.Mat, P: PETSc.Mat) -> None:
        self._matrix(x)  # writes into P, which is its matrix
        if self._pattern_version != self._version:
            snes.getKSP().reset()  # see `Inertia.factor`
            self._pattern_version = self._version

    def _converged(self, snes: PETSc.SNES, iteration: int, norms: tuple[float, float, float]) -> int:
        reason = PETSc.SNES.ConvergedReason
        largest = float(snes.getFunction()[0].norm(PETSc.NormType.NORM_INFINITY))
        if not np.isfinite(largest):
            return reason.DIVERGED_FNORM_NAN
        if largest < self.options.force_tolerance:
            return reason.CONVERGED_FNORM_ABS
        most = self.options.max_newton if snes.getType() == PETSc.SNES.Type.NEWTONLS else self.options.max_robust
        return reason.DIVERGED_MAX_IT if iteration >= most else reason.CONVERGED_ITERATING

    def _set_options(self) -> None:
        direct = {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"}
        direct["mat_mumps_icntl_14"] = "60"  # per cent of extra work space: the default runs out beside a slit
        direct["mat_mumps_icntl_20"] = "10"  # right-hand sides stay where they are: no vector of the domain on rank 0
        if not self.coupling.has_energy:
            direct["pc_type"] = "lu"
        iterative = {"ksp_type": "cg", "ksp_rtol": "1e-8", "pc_type": "gamg", "mg_levels_ksp_type": "chebyshev"}
        iterative |= {} if self.coupling.has_energy else {"ksp_type": "gmres"}
        chosen = {
            "snes_type": "newtonls",
            "snes_linesearch_type": "bt",
            "snes_linesearch_minlambda": "1e-3",  # shorter steps belong to an indefinite Hessian: the robust path's
            "snes_max_it": str(self.options.max_newton + 1),
            "snes_stol": "0",  # otherwise the line search drops steps that are short beside a far boundary's displacements
        }
        chosen |= direct if self.options.linear == "mumps" else iterative
        if self.options.linear == "factored":
            chosen |= {
                "ksp_rtol": "1e-4"
            }  # Newton's steps need not be better than the model of the energy that they minimise
            trust = {"snes_type": "newtontr", "ksp_type": "stcg", "ksp_rtol": "1e-2", "pc_type": "gamg"}
            trust |= {
                "snes_max_it": str(self.options.max_robust + 1),
                "snes_stol": "0",
                "mg_levels_ksp_type": "chebyshev",
            }
            chosen |= {f"trust_{key}": value for key, value in trust.items()}
        database = PETSc.Options()
        for key in _DEFAULTS_SET - set(chosen) - set(self.options.petsc):
            database.delValue(PREFIX + key)  # of another solver in this process
            _DEFAULTS_SET.discard(key)
        for key, value in (chosen | self.options.petsc).items():
            if key in self.options.petsc or key in _DEFAULTS_SET or not database.hasName(PREFIX + key):
                database[PREFIX + key] = value
                _DEFAULTS_SET.add(key)
                if key not in self.options.petsc:
                    database.getString(
                        PREFIX + key
                    )  # now it counts as used: no warning of PETSc's at the end about ours
