"""Stable equilibrium of the coupled model: Newton's method, and minimisation past instabilities."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..errors import InputError
from ..unknowns.prolongation import Prolongation
from .descent import Descent
from .factors import release_dropped
from .held import by_held_factors
from .newton import Newton
from .options import HELD, ROUGH, Enough, SolveReport, SolverOptions, never, set_petsc_options
from .secants import SecantNewton
from .stability import Stability, rigid_body_modes
from .vectors import distance

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

    Attributes
    ----------
    coupling : Coupling
    snes : PETSc.SNES
        Newton's method alone.
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
        self.coupling = coupling
        set_petsc_options(options, coupling.has_energy)
        modes = None if options.linear == "mumps" else rigid_body_modes(parts, in_plane)
        guiding = None if guide is None else guide._descent
        self._newton = Newton(coupling, options, modes)
        self._stability = Stability(coupling, options.linear, self._newton.factored)
        self._secants: SecantNewton | None = None
        if coupling.borrows:
            if options.linear != "mumps":
                raise InputError(f'solver.linear = "{options.linear}" is not allowed for forces without derivatives: it must be "mumps"')
            metric = None if guide is None else guide._newton.stiffness
            self._secants = SecantNewton(coupling, self._newton.at_rest, metric, options)
        self._descent: Descent = Descent(self._newton, self._stability, noise, guiding, self._secants)
        self.snes = self._newton.snes

    @property
    def options(self) -> SolverOptions:
        """The settings; they may be replaced between two solves."""
        return self._newton.options

    @options.setter
    def options(self, options: SolverOptions) -> None:
        self._newton.options = options
        if self._secants is not None:
            self._secants.options = options

    @property
    def furthest(self) -> float:
        """A state with a component further than this from the start is refused by the robust path, A: atoms fly."""
        return self._descent.furthest

    @furthest.setter
    def furthest(self, furthest: float) -> None:
        self._descent.furthest = furthest

    def solve(
        self, q: PETSc.Vec, jump: float = np.inf, rough: bool = False, alone: bool = False, enough: Enough = never
    ) -> SolveReport:
        """Stable equilibrium from q, in place; the robust path takes over where plain Newton fails. Collective.

        Parameters
        ----------
        q : PETSc.Vec
        jump : float
            A Newton solution further away than this (largest component, A) is not trusted to be the state that the system
            would relax to, and is sought again by minimisation.
        rough : bool
            q is far from any equilibrium (the bare near-tip field), so the robust path is taken at once.
        alone : bool
            There is no robust path from Newton's method, but a report that has not converged.
        enough : callable
            Asked at each iteration of the robust path, on all ranks: True ends it there, not converged.
        """
        release_dropped(self.coupling.layout.comm)
        report = SolveReport(converged=False, reason=ROUGH)
        if rough and (self.coupling.has_energy or self._secants is not None):
            return self._descent.find(q, report, enough)
        start = q.copy()
        if not rough:
            report = self._by_newton(q) if self._secants is None else self._secants.solve(q)
        if report.converged:
            report.largest_step = distance(q, start)
            report.stable = self.is_stable(q)
        if report.converged and report.stable and report.largest_step <= jump:
            return report
        if alone:
            report.converged = False
            return report
        log.info("Newton: %s, stable: %s; taking the robust path", report.reason, report.stable)
        start.copy(q)
        return self._descent.find(q, report, enough)

    @property
    def known(self) -> list[PETSc.Vec]:
        """Vectors of what secants have learnt, for a checkpoint; none without."""
        return [] if self._secants is None else self._secants.known

    def recall(self, known: Sequence[PETSc.Vec]) -> None:
        """Know what ``known`` was when a checkpoint was written."""
        if self._secants is not None:
            self._secants.recall(known)

    def _by_newton(self, q: PETSc.Vec) -> SolveReport:
        """Newton's method from q, in place: with the factors of the last stable state as far as they lead, then with new ones."""
        taken, tolerance = 0, self.options.force_tolerance
        if self._stability.holds:
            taken, residual = by_held_factors(self.coupling, self._stability.factors, q, tolerance)
            if residual < tolerance:
                return SolveReport(converged=True, reason=HELD, newton_iterations=taken, residual=residual)
        report = self._newton.solve(q)
        report.newton_iterations += taken
        return report

    def predict(self, q: PETSc.Vec) -> bool:
        """See `Stability.predict`; with secants the first step of a solve is the prediction, from where the last one ended."""
        return self._secants is not None or self._stability.predict(q)

    def forget(self) -> None:
        """See `Stability.forget`."""
        self._stability.forget()

    def is_stable(self, q: PETSc.Vec) -> bool:
        """See `Stability.is_stable`; nobody knows of forces without derivatives, which count as stable."""
        return self._secants is not None or self._stability.is_stable(q)
