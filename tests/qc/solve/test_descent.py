"""Minimisation past instabilities: by factors, in a trust region, and with a guide for blended forces."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.solve import descent
from qc.solve.descent import Descent
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from tests.qc.coupling.test_three_dimensions import ball
from tests.qc.models import deform, largest, material
from tests.qc.solve.solvers import SHEET, disturbed, sheet, solver_of

DISORDER = 0.25
"""How far atoms are put from their places, A: bonds beyond the inflexion of their energy."""


@pytest.mark.mpi
def test_the_way_leads_down_to_a_stable_state():
    m = sheet()
    q = disturbed(m, 0.1)
    before = m.coupling.energy(q)
    report = solver_of(m).solve(q, rough=True)
    assert (report.converged, report.stable, report.reason) == (True, True, "ROBUST_CONVERGED")
    assert report.newton_iterations == 0 < report.robust_iterations
    assert report.residual == m.coupling.residual(q) < 1e-6
    assert m.coupling.energy(q) < before
    q.axpy(-1.0, deform(m, SHEET))
    assert largest(q) < 1e-5


@pytest.mark.mpi
def test_gradients_alone_go_a_part_of_the_way(monkeypatch):
    """By L-BFGS between two Hessians that are indefinite: never uphill, to the same state."""
    m, levels = sheet(), []
    found = [disturbed(m, DISORDER), disturbed(m, DISORDER)]
    plain = solver_of(m).solve(found[0], rough=True)
    glide = Descent._glide

    def watched(self, q, E, g, step):
        after = glide(self, q, E, g, step)
        levels.append((E, after, m.coupling.energy(q)))
        return after

    monkeypatch.setattr(descent, "PATIENCE", 0)
    monkeypatch.setattr(Descent, "_glide", watched)
    report = solver_of(m).solve(found[1], rough=True)
    assert plain.converged
    assert report.converged
    assert levels
    assert all(after < before for before, after, _ in levels)
    assert [after for _, after, _ in levels] == pytest.approx([here for *_, here in levels], rel=1e-12)
    found[1].axpy(-1.0, found[0])
    assert largest(found[1]) < 1e-5


def test_no_step_is_longer_than_its_cap():
    """A hundredth of the way is not the whole way in a few steps."""
    m = sheet()
    q = disturbed(m, 0.1)
    report = solver_of(m, step_cap=1e-3, max_robust=3, perturbation=0.0).solve(q, rough=True)
    assert (report.converged, report.reason, report.robust_iterations) == (False, "ROBUST_MAX_IT", 3)
    assert report.largest_step <= 3e-3 * (1 + 1e-12)


def test_a_state_far_from_the_start_is_refused():
    m = sheet()
    solver = solver_of(m)
    solver.furthest = 0.01
    report = solver.solve(disturbed(m, 0.1), rough=True)
    assert (report.converged, report.reason) == (False, "ROBUST_ATOMS_FLY")


def test_a_start_without_an_energy_is_named():
    m = sheet()
    q = disturbed(m, 20.0)
    report = solver_of(m).solve(q, rough=True)
    assert (report.converged, report.reason) == (False, "ROBUST_START_INADMISSIBLE")
    assert report.complaint


@pytest.mark.mpi
def test_blended_forces_follow_their_guide():
    """The guide is minimised under the load of the model; Newton's method goes the rest of the way."""
    m = sheet("bqcf")
    report = solver_of(m).solve(disturbed(m), rough=True)
    assert (report.converged, report.robust_iterations) == (False, 0)
    q = disturbed(m)
    report = solver_of(m, m.guide).solve(q, rough=True)
    assert report.converged
    assert report.stable
    assert report.robust_iterations > 0
    assert m.coupling.residual(q) < 1e-6
    assert np.array_equal(m.guide.prescribed, m.coupling.prescribed)


def relaxed(linear: str, comm: MPI.Comm = MPI.COMM_WORLD) -> tuple[float, object]:
    """(energy, report) of a divacancy in copper, disturbed."""
    nn = material("copper")[0].nearest_neighbour_distance
    m = ball("copper", "bgfc", comm, lambda x: np.linalg.norm(x, axis=1) < 1.01 * nn, core=1.2, width=2.2, radius=8.0)
    q = deform(m, np.eye(3))
    noise = np.random.default_rng(1).uniform(-1, 1, (m.parts.layout.n_free, 3))
    solver = EquilibriumSolver(m.coupling, m.parts, noise, SolverOptions(linear=linear), in_plane=False)
    report = solver.solve(q, rough=True)
    return m.coupling.energy(q), report


def test_same_state_as_by_factorisation():
    """A cluster of vacancies, by the trust region: the energy of MUMPS' state, stable, force under the tolerance."""
    expected, _ = relaxed("mumps")
    found, report = relaxed("factored")
    assert report.converged
    assert report.stable
    assert report.residual < 1e-6
    assert found == pytest.approx(expected, abs=1e-8)


def test_a_saddle_is_seen_and_left():
    """An atom half-way to a vacancy: Newton alone stays on the saddle, the stability check sees it, the trust region leaves."""
    nn = material("copper")[0].nearest_neighbour_distance
    crystal, _ = material("copper")
    jump = crystal.stencil(1.1 * nn)[0]
    m = ball(
        "copper", "bqce", removed=lambda x: np.linalg.norm(x - jump, axis=1) < 0.1, core=2.5, width=2.5, radius=10.0
    )
    q = m.parts.layout.create_unknowns()
    X = m.parts.X[: m.parts.layout.n_free]
    here = np.flatnonzero(m.parts.is_atom[: len(X)] & (np.linalg.norm(X, axis=1) < 0.1))
    q.array.reshape(-1, 3)[here] = 0.5 * jump
    noise = np.random.default_rng(1).uniform(-1, 1, (len(X), 3))
    options = SolverOptions(linear="factored", max_newton=30)
    solver = EquilibriumSolver(m.coupling, m.parts, noise, options, in_plane=False)
    report = solver.solve(q)
    assert report.stable
    assert report.converged
    assert report.robust_iterations > 0
    moved = np.linalg.norm(q.array_r.reshape(-1, 3)[here][0])
    assert min(moved, abs(moved - nn)) < 0.2 * nn
