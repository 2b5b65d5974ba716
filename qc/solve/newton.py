"""Newton's method by PETSc's SNES."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..coupling.load import Load
from ..monitor import tell
from .factored import FactoredHessian
from .options import PREFIX, SolveReport, SolverOptions

WHOLE_STEPS = 1e-4
"""Largest force (eV/A) below which Newton's steps are not shortened any more."""

REASONS = {v: k for k, v in vars(PETSc.SNES.ConvergedReason).items() if isinstance(v, int)}


class Newton:
    """Newton's method for g(q) = 0, stable or not.

    Parameters
    ----------
    coupling : Coupling
    options : SolverOptions
        Those of PETSc are in its database already (`set_petsc_options`).
    near_null : PETSc.NullSpace or None
        Rigid-body modes for multigrid.

    Attributes
    ----------
    coupling : Coupling
    factored : FactoredHessian or None
        The Hessian, where there is no matrix of it.
    snes : PETSc.SNES
    at_rest : PETSc.Mat
        The matrix of the perfect crystal until another is asked for.
    stiffness : PETSc.Mat or None
        Hessian of the perfect crystal, eV/A^2; None where there is no energy, or no matrix.
    stiffness_version : int
        Version of the sparsity that the stiffness has.
    """

    def __init__(self, coupling: Coupling, options: SolverOptions, near_null: PETSc.NullSpace | None) -> None:
        self.coupling, self._near_null = coupling, near_null
        self.factored = FactoredHessian(coupling) if options.linear == "factored" else None
        self._equations = _Equations(coupling, self.factored, options)
        H = self._equations.matrix_of_perfect_crystal()
        self.at_rest = H
        self.stiffness = H.copy() if self.factored is None and coupling.has_energy else None
        self.stiffness_version = coupling.pattern_version
        self.snes = self._create_snes(PREFIX, H)

    @property
    def options(self) -> SolverOptions:
        """The settings; they may be replaced between two solves."""
        return self._equations.options

    @options.setter
    def options(self, options: SolverOptions) -> None:
        self._equations.options = options

    def solve(self, q: PETSc.Vec) -> SolveReport:
        """An equilibrium near q, in place, if Newton's method finds one. Collective."""
        run(self.snes, q)
        reason = self.snes.getConvergedReason()
        return SolveReport(
            converged=reason > 0,
            reason=REASONS.get(reason, str(reason)),
            newton_iterations=self.snes.getIterationNumber(),
            residual=self.coupling.residual(q),
        )

    def trust_region(self) -> PETSc.SNES:
        """A SNES for the same equations with the options of the trust region. Collective."""
        return self._create_snes(PREFIX + "trust_", self._equations.matrix_of_perfect_crystal())

    def _create_snes(self, prefix: str, H: PETSc.Mat) -> PETSc.SNES:
        equations, layout = self._equations, self.coupling.layout
        snes = PETSc.SNES().create(layout.comm)
        snes.setOptionsPrefix(prefix)
        snes.setFunction(equations.gradient, layout.create_unknowns())
        if self.coupling.has_energy:
            snes.setObjective(equations.energy)
        if self._near_null is not None:
            H.setNearNullSpace(self._near_null)
        snes.setJacobian(equations.hessian, H if self.factored is None else self.factored.operator, H)
        snes.setConvergenceTest(equations.converged)
        snes.setFromOptions()
        if snes.getType() == PETSc.SNES.Type.NEWTONLS:
            chosen = snes.getLineSearch().getType()
            snes.setUpdate(lambda snes, iteration: _choose_line_search(snes, chosen))
        return snes


class _Equations:
    """g(q) = 0 as a SNES asks for it.

    PETSc holds on to what it calls, and Python's collector does not see that. So this knows no SNES and nobody who has
    one: a ring through PETSc would never be freed, nor the factors and the model in it.
    """

    def __init__(self, coupling: Coupling, factored: FactoredHessian | None, options: SolverOptions) -> None:
        self._coupling, self._factored, self.options = coupling, factored, options
        self._known_version = -1  # of the sparsity that the solvers have seen

    def matrix_of_perfect_crystal(self) -> PETSc.Mat:
        """The matrix without any displacement, whatever load the model carries already."""
        coupling = self._coupling
        loaded = coupling.load
        coupling.impose(Load.none(coupling.layout))
        H = self._matrix(coupling.layout.create_unknowns())
        coupling.impose(loaded)
        self._known_version = self._version
        return H

    def energy(self, snes: PETSc.SNES, x: PETSc.Vec) -> float:
        """E(x), eV."""
        return self._coupling.energy(x)

    def gradient(self, snes: PETSc.SNES, x: PETSc.Vec, g: PETSc.Vec) -> None:
        """Write dE/dx into g, eV/A."""
        self._coupling.energy_gradient(x, g)

    def hessian(self, snes: PETSc.SNES, x: PETSc.Vec, J: PETSc.Mat, P: PETSc.Mat) -> None:
        """Bring J and the matrix P that preconditions it to the state x."""
        self._matrix(x)  # it writes into P, which is its matrix
        if self._known_version != self._version:
            snes.getKSP().reset()  # see `Inertia.factor`
            self._known_version = self._version

    def converged(self, snes: PETSc.SNES, iteration: int, norms: tuple[float, float, float]) -> int:
        """PETSc's reason to stop, or none: the largest force component counts."""
        reason = PETSc.SNES.ConvergedReason
        largest = float(snes.getFunction()[0].norm(PETSc.NormType.NORM_INFINITY))
        newton = snes.getType() == PETSc.SNES.Type.NEWTONLS
        tell(self._coupling.layout.comm, "Newton" if newton else "trust region", iteration, largest)
        if not np.isfinite(largest):
            return reason.DIVERGED_FNORM_NAN
        if largest < self.options.force_tolerance:
            return reason.CONVERGED_FNORM_ABS
        most = self.options.max_newton if newton else self.options.max_robust
        return reason.DIVERGED_MAX_IT if iteration >= most else reason.CONVERGED_ITERATING

    def _matrix(self, q: PETSc.Vec) -> PETSc.Mat:
        """The matrix that preconditions at q: the Hessian, or what is near it. It is always the same object."""
        return self._coupling.hessian(q) if self._factored is None else self._factored.update(q)

    @property
    def _version(self) -> int:
        """Changes with the sparsity of `_matrix`."""
        return (self._coupling if self._factored is None else self._factored).pattern_version


def _choose_line_search(snes: PETSc.SNES, chosen: str) -> None:
    """Whole Newton steps next to the solution: what they gain there is less than the rounding of the energy sum."""
    near = snes.getFunction()[0].norm(PETSc.NormType.NORM_INFINITY) < WHOLE_STEPS
    snes.getLineSearch().setType("basic" if near else chosen)


def run(snes: PETSc.SNES, q: PETSc.Vec) -> None:
    """Solve from q, in place; what a callback of ours has raised is raised as itself. Collective."""
    try:
        snes.solve(None, q)
    except PETSc.Error as error:
        raise _cause(error) from None


def _cause(error: PETSc.Error) -> BaseException:
    """What a callback of ours raised inside PETSc: a failed engine, say; PETSc's own error if it was none of ours."""
    cause = error.__cause__
    return error if cause is None else _cause(cause) if isinstance(cause, PETSc.Error) else cause
