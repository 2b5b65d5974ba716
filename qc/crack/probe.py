"""What is measured of a state: energies by term, where the tip is, and how much energy an advance would release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..drive.stepping import Reached
from ..terms.continuum import ContinuumTerm
from ..terms.term import NoEnergyError
from .energy_release import EnergyRelease
from .front import FrontTracker
from .front_line import FrontState
from .ladder_state import LadderState
from .records import Branch, StepRecord
from .system import CrackSystem
from .tip import Shells, TipState, TipTracker

HARDLY = 0.01
"""Cells with less of the continuum's weight than this are judged by the bonds of their atoms: the end of a slit is held by nothing but
them, and moves as far as it likes."""


class Probe:
    """Measures the states of a crack system.

    Parameters
    ----------
    system : CrackSystem
    state : LadderState
        Of the ladder whose states they are. The probe keeps its ``open_bonds`` and ``open_front`` up to date; offset and energies of
        what the model has left behind are added to what it measures.
    """

    def __init__(self, system: CrackSystem, state: LadderState) -> None:
        model, atoms = system.model, system.model.atomistic
        reach = min(system.spec.core, system.spec.radius)
        self._system, self._state = system, state
        self._shells = Shells.of(model.crystal)
        self._tracker = TipTracker(model.comm, atoms, self._shells, reach) if atoms else None
        self._front = FrontTracker(system) if atoms and system.spec.front_periods > 1 else None
        inner = [term.unweighted for term in model.coupling.terms]
        self._cells = [term for term in inner if isinstance(term, ContinuumTerm)]
        self._release = EnergyRelease(system)
        self.recall()

    def record(self, q: PETSc.Vec, reached: Reached, branch: Branch) -> tuple[StepRecord, TipState | None]:
        """The record of the state q that a step has reached, and its tip, None without atoms. Collective."""
        K, report = reached.level * self._system.K_G, reached.report
        tip, front, energies = self._tip(q), self.front(q), self.energies(q)
        J, J_over_G, J_spread = self._release.measure(q, K)
        record = StepRecord(
            K=K,
            K_over_KG=reached.level,
            branch=branch,
            energy=None if energies is None else sum(energies.values()),
            energies=energies,
            tip_position=None if tip is None else tip.position + self._state.offset,
            tip_stretch=None if tip is None else tip.tip_stretch,
            off_plane_broken=None if tip is None else tip.off_plane,
            new_neighbours=None if tip is None else tip.new_neighbours,
            slip=None if tip is None else tip.slip,
            newton_iterations=report.newton_iterations,
            robust_iterations=report.robust_iterations,
            converged_reason=report.reason,
            residual=report.residual,
            stable=report.stable,
            largest_step=report.largest_step,
            J=J,
            J_over_G=J_over_G,
            J_spread=J_spread,
            front=None if front is None else front.plain(self._state.offset),
        )
        return record, tip

    def front(self, q: PETSc.Vec) -> FrontState | None:
        """The front of the state q, None where it has one period or no atoms; which bonds are open is remembered. Collective."""
        if self._front is None:
            return None
        found = self._front.measure(self._system.model.coupling.variables(q)["atoms"])
        self._state.open_front = self._front.memory
        return found

    def energies(self, q: PETSc.Vec) -> dict[str, float] | None:
        """Energies by term and of what the model has left behind, eV per cell; None if the method has none. Collective."""
        try:
            return self._system.model.coupling.energies(q) | self._state.carried
        except NoEnergyError:
            return None

    def glance(self, q: PETSc.Vec) -> float | None:
        """Where the tip is in any state q, A, as its record would have it; None without atoms. Nothing is remembered. Collective."""
        if self._tracker is None:
            return None
        return self._tracker.glance(self._system.model.coupling.variables(q)["atoms"]) + self._state.offset

    def slip(self, q: PETSc.Vec) -> float:
        """Slip outside the region of full atoms in any state q, as its record would have it; 0 without atoms. Collective."""
        if self._tracker is None:
            return 0.0
        z = self._system.model.coupling.variables(q)
        return max(self._tracker.slip(z["atoms"]), self._slip_of_cells(z))

    def _slip_of_cells(self, z: Mapping[str, np.ndarray]) -> float:
        """Largest displacement of neighbours from each other by the gradient in a cell, over the shortest Burgers vector. Collective."""
        least = HARDLY * self._system.model.thickness
        own = max((_largest_gradient(term, z[term.name], least) for term in self._cells), default=0.0)
        largest = self._system.model.comm.allreduce(own, op=MPI.MAX)
        return float(largest * self._shells.nearest / self._shells.burgers)

    def recall(self) -> None:
        """Go back to the open bonds of the ladder's state."""
        if self._tracker:
            self._tracker.remember(self._state.open_bonds)
        if self._front:
            self._front.remember(self._state.open_front)

    def shift(self, dx: float) -> None:
        """Follow a model that has moved by dx (A) along the crack: what is remembered moves along."""
        if self._tracker:
            self._tracker.shift(dx)
            self._state.open_bonds = self._tracker.memory
        if self._front:
            self._front.shift(round(dx / float(self._system.lattice.vectors[0, 0])))
            self._state.open_front = self._front.memory

    def _tip(self, q: PETSc.Vec) -> TipState | None:
        if self._tracker is None:
            return None
        z = self._system.model.coupling.variables(q)
        tip = self._tracker.measure(z["atoms"])
        self._state.open_bonds = self._tracker.memory
        return replace(tip, slip=max(tip.slip, self._slip_of_cells(z)))


def _largest_gradient(term: ContinuumTerm, z: np.ndarray, least: float) -> float:
    """Largest stretch of any direction by the displacement's gradient in a cell of this rank with a weight above ``least``."""
    counts = term.field.weight > least
    gradients = term.field.gradients[counts]
    nodes = term.field.dofs[counts, : gradients.shape[2]]
    H = np.einsum("cni,cqnj->cqij", z[nodes], gradients)
    return float(np.sqrt(np.linalg.eigvalsh(H.swapaxes(2, 3) @ H).max(initial=0.0)))
