"""From one stable state to the next: how large a step is, how it is shortened, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError, EngineError, Stopped
from ..solve.equilibrium import EquilibriumSolver
from ..solve.options import GIVEN_UP, STUCK, Enough, SolveReport, SolverOptions, never
from ..solve.stability import noise_of_atoms
from ..solve.vectors import distance
from .loaded import Loaded

JUMP = 0.2
"""A Newton solution further than this from the predicted state (in nearest-neighbour distances) is sought again by
minimisation: the state may have vanished in a fold."""

FURTHEST = 4.0
"""No atom goes further in one step than this many nearest-neighbour distances beside the prediction: it would have flown off."""

HALVINGS = 4
"""How often a step that does not converge is tried again with half its length."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The stable state that a step has come to.

    Attributes
    ----------
    level : float
        Its load, K / K_G.
    report : SolveReport
    failed : SolveReport or None
        The first solve of the step that failed, if any did.
    """

    level: float
    report: SolveReport
    failed: SolveReport | None = None


@dataclass(frozen=True, kw_only=True)
class Experience:
    """What a stepper has learnt on its way and will use again, where forces are dear; nothing where they are not.

    Attributes
    ----------
    levels : list of float
        Loads, K / K_G, of the last states.
    vectors : list of ndarray
        This rank's unknowns of these states, then what secants have learnt.
    """

    levels: list[float]
    vectors: list[np.ndarray]


class GivenUp(Exception):
    """A step was ended on its way, because a state there was enough."""


class NoStateError(ConvergenceError):
    """A step has come to no stable state; the one before is kept.

    Attributes
    ----------
    report : SolveReport
        The first solve of the step.
    """

    def __init__(self, message: str, report: SolveReport) -> None:
        super().__init__(message)
        self.report = report


class LostError(NoStateError):
    """As `NoStateError`: where the step was going there is none that could be trusted.

    Attributes
    ----------
    q : PETSc.Vec
        Where the minimisation has ended, short of a state.
    """

    def __init__(self, message: str, report: SolveReport, q: PETSc.Vec) -> None:
        super().__init__(message, report)
        self.q = q


class Stepper:
    """Goes from a stable state to the one under another load: predicts, solves, halves, minimises.

    Parameters
    ----------
    system : Loaded
    q : PETSc.Vec
        Unknowns of a stable state, or of a field to start from.
    options : SolverOptions, optional
    guide : Coupling, optional
        An energy to minimise where the model has none; default: the model's.

    Attributes
    ----------
    q : PETSc.Vec
        Unknowns of the present state.
    solver : EquilibriumSolver
    """

    def __init__(
        self, system: Loaded, q: PETSc.Vec, options: SolverOptions | None = None, guide: Coupling | None = None
    ) -> None:
        model = system.model
        self._system, self._guide, self.q = system, guide or model.guide, q
        parts = model.parts
        self._solver_args = (parts, noise_of_atoms(parts), options or SolverOptions(), model.lattice.gdim == 2)
        self._nn = model.crystal.nearest_neighbour_distance
        self._states: list[tuple[float, PETSc.Vec]] = []
        self.renew_solver()

    def renew_solver(self) -> None:
        """A solver for the terms that the coupling has now. Collective."""
        guide = None if self._guide is None else EquilibriumSolver(self._guide, *self._solver_args)
        self.solver = EquilibriumSolver(self._system.model.coupling, *self._solver_args, guide)
        self.solver.furthest = FURTHEST * self._nn

    @property
    def experience(self) -> Experience:
        """For a checkpoint of the present state."""
        vectors = [*(q for _, q in self._states), *self.solver.known]
        return Experience(levels=[level for level, _ in self._states], vectors=[v.array_r.copy() for v in vectors])

    def recall(self, experience: Experience) -> None:
        """Go on with what was known when a checkpoint was written, at its state."""
        vectors, n = [self.q.duplicate() for _ in experience.vectors], len(experience.levels)
        for vector, values in zip(vectors, experience.vectors, strict=True):
            vector.array[:] = values
        self._states = list(zip(experience.levels, vectors[:n], strict=True))
        self.solver.recall(vectors[n:])

    def settle(self, K: float) -> None:
        """Put the present unknowns, a stable state, under load K (MPa m^1/2), with factors for the next prediction. Collective."""
        self._system.load(K)
        if self.solver.options.linear == "mumps":
            self.solver.is_stable(self.q)

    def step(
        self, level: float, start: float | None, usual: float, enough: Enough = never, lost: Enough = never
    ) -> Reached:
        """One stable state at a level, or short of it where the whole step does not converge. Collective.

        Tried in turn are the step, halves of it, and minimisation from the last state.

        Parameters
        ----------
        level : float
        start : float or None
            Level of the present state; None: the present unknowns are no state, but a field to start from.
        usual : float
            Length of a usual step in K_G: the shortest is some part of it.
        enough : callable
            As for `EquilibriumSolver.solve`.
        lost : callable
            Asked where a minimisation has ended short of a state, on all ranks: True ends the step, no shorter one is tried.

        Raises
        ------
        NoStateError
            The present state is kept and loaded. `LostError` if ``lost`` said so.
        GivenUp
            ``enough`` said so; nothing is restored.
        """
        before, failed = self.q.copy(), None
        for trial in [level] if start is None else trials(start, level, usual):
            report = self._attempt(trial, start, robust=failed is not None and trial == level, enough=enough)
            if report.reason == GIVEN_UP:
                raise GivenUp
            if report.converged and report.stable:
                self._remember(trial, report)
                return Reached(level=trial, report=report, failed=failed)
            failed = failed or report
            gone = self.q.copy() if report.reason in STUCK and lost(self.q) else None
            before.copy(self.q)
            if start is not None:
                self.settle(start * self._system.K_G)
            if gone is not None:
                raise LostError(_no_state(level, start, report), report, gone)
        assert failed is not None
        raise NoStateError(_no_state(level, start, failed), failed)

    def follow(self, level: float, start: float) -> Reached | None:
        """The state at a level by Newton's method alone from that at level ``start``; None where that loses it. Collective.

        Nothing is restored then.
        """
        report = self._attempt(level, start, alone=True)
        return Reached(level=level, report=report) if report.converged and report.stable else None

    def _remember(self, level: float, report: SolveReport) -> None:
        """Keep a state to extrapolate from; one that minimisation has found begins anew."""
        if not self._system.model.coupling.borrows:
            return
        if report.robust_iterations:
            self._states = []
        self._states = [*(state for state in self._states if abs(state[0] - level) > 1e-12), (level, self.q.copy())][-3:]

    def _extrapolate(self, level: float, start: float) -> bool:
        """Move q to where the last states point to, by Lagrange's polynomial of their loads, if it is one of them itself.

        For forces that are dear: the prediction by the Hessian is of first order. Where nothing is known to extrapolate from, the answer
        is False.
        """
        states = self._states
        if len(states) < 2 or abs(states[-1][0] - start) > 1e-12 or distance(states[-1][1], self.q) > 1e-9:
            return False
        known, found = [state[0] for state in states], self.q.duplicate()
        for k, (x, q) in enumerate(states):
            others = [y for n, y in enumerate(known) if n != k]
            found.axpy(float(np.prod([(level - y) / (x - y) for y in others])), q)
        found.copy(self.q)
        return True

    def _attempt(
        self, level: float, start: float | None, robust: bool = False, alone: bool = False, enough: Enough = never
    ) -> SolveReport:
        """Relax at a level from the present state.

        A ``robust`` attempt minimises with short steps; one that is left ``alone`` has nothing but Newton's method.
        """
        system, K, options = self._system, level * self._system.K_G, self.solver.options
        before = self.q.copy()
        system.load(K)
        if robust:
            self.solver.options = replace(options, max_robust=2 * options.max_robust, step_cap=0.4 * options.step_cap)
        if not (start is None or robust) and self._extrapolate(level, start):
            pass
        elif start is not None and (robust or not self.solver.predict(self.q)):
            increment = (K - start * system.K_G) * system.imposed_rate()[: system.model.parts.layout.n_free]
            self.q.array[:] += increment.ravel()
        kept = self.q.copy()
        try:
            rough = robust or start is None
            return self.solver.solve(self.q, jump=JUMP * self._nn, rough=rough, alone=alone, enough=enough)
        except Stopped:  # the state before is what there is; its factors would predict a step that nobody asks for
            self.q = before
            system.load(K if start is None else start * system.K_G)
            raise
        except EngineError:  # shorter steps would not mend it
            self.q = kept  # the other one may be locked by the solver that was in it
            raise
        except ConvergenceError as error:  # the stiffness itself has no use: as bad as any solve that fails
            return SolveReport(converged=False, reason="NO_DESCENT", complaint=str(error))
        finally:
            self.solver.options = options


def trials(start: float, level: float, usual: float) -> list[float]:
    """Levels to try: the whole step, halves of it that are not too short, and the whole step once more (by minimisation)."""
    shortest = abs(usual) / 2**HALVINGS * (1 - 1e-6)
    lengths = [(level - start) / 2**n for n in range(1, HALVINGS + 1)]
    return [level, *(start + length for length in lengths if abs(length) >= shortest), level]


def explain(report: SolveReport) -> str:
    """What went wrong in a solve, in words."""
    if "FLY" in report.reason:
        return f"an atom flies off, {report.largest_step:.1f} A away from where it was expected"
    if report.reason == "NO_DESCENT":
        return "no direction leads down in energy"
    if not np.isfinite(report.residual) or "NAN" in report.reason:
        return "energy or forces are no numbers"
    return f"the largest force stays at {report.residual:.1e} eV/A"


def _no_state(level: float, start: float | None, failed: SolveReport) -> str:
    """The sentence of a step that has come to no state."""
    return (
        f"no stable state found at K = {level:.4f} K_G, nor with shorter steps nor by minimisation ({failed.reason}: "
        f"{explain(failed)}, after {failed.newton_iterations} Newton and {failed.robust_iterations} robust iterations)"
        + (f": {failed.complaint}" if failed.complaint else "")
        + ("" if start is None else f"; the state at K = {start:.4f} K_G is kept")
    )
