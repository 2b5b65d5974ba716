"""Steps by the factors of a state before: few where the Hessian has hardly changed, given up where it has."""

import numpy as np
import pytest

from qc.solve.factors import Inertia
from qc.solve.held import MOST, Mixed, by_held_factors
from qc.solve.options import HELD
from qc.solve.vectors import distance
from tests.qc.models import deform
from tests.qc.solve.solvers import SHEET, disturbed, sheet, solver_of

TOLERANCE = 1e-8


def factors_at(m, q):
    factors = Inertia(m.parts.layout.comm, "qc_test_held_")
    factors.factor(m.coupling.hessian(q), 0)
    return factors


@pytest.mark.mpi
def test_the_factors_of_a_state_lead_to_the_next_one():
    """That of Newton's method, without a new Hessian."""
    m = sheet()
    there, q = deform(m, SHEET), disturbed(m, 0.02)
    factors, before = factors_at(m, there), m.coupling.evaluations["hessian"]
    steps, residual = by_held_factors(m.coupling, factors, q, TOLERANCE)
    assert m.coupling.evaluations["hessian"] == before
    assert 1 < steps <= MOST
    assert m.coupling.residual(q) == residual < TOLERANCE
    assert distance(q, there) < 1e-6


def test_factors_that_do_not_fit_are_given_up_where_the_forces_are_least():
    """Those of another crystal, four times as soft: each step overshoots."""
    m = sheet()
    q = disturbed(m, 0.02)
    soft = Inertia(m.parts.layout.comm, "qc_test_held_")
    H = m.coupling.hessian(deform(m, SHEET)).copy()
    H.shift(-0.99 * 0.25)
    H.scale(0.25)
    soft.factor(H, 0)
    begin = m.coupling.residual(q)
    steps, residual = by_held_factors(m.coupling, soft, q, 1e-14)
    assert steps < MOST
    assert 1e-14 < residual == m.coupling.residual(q) <= begin


def test_mixed_steps_solve_a_linear_system_in_as_many_as_it_has_directions():
    """q -> q + (b - A q) with three different eigenvalues: exact after four steps, where the plain iteration diverges."""
    m = sheet()
    q = m.parts.layout.create_unknowns()
    wanted, slope = q.duplicate(), q.duplicate()
    wanted.array[:] = np.sin(np.arange(len(wanted.array_r)))
    slope.array[:] = 0.5 + np.arange(len(slope.array_r)) % 3
    mixed, r = Mixed(), q.duplicate()
    for _ in range(5):
        r.waxpy(-1.0, q, wanted)
        r.pointwiseMult(slope, r.copy())
        q.axpy(1.0, mixed.step(q, r))
    assert distance(q, wanted) < 1e-8


@pytest.mark.mpi
def test_a_stable_state_lends_its_factors_to_the_next_solve():
    """The solver factors once a state, and one that it stands on not again."""
    m = sheet()
    solver, q = solver_of(m), deform(m, SHEET)
    assert solver.is_stable(q)
    before = m.coupling.evaluations["hessian"]
    assert solver.is_stable(q)
    assert m.coupling.evaluations["hessian"] == before
    q.axpy(1.0, disturbed(m, 0.01))
    q.axpy(-1.0, deform(m, SHEET))
    report = solver.solve(q)
    assert (report.converged, report.stable, report.reason, report.robust_iterations) == (True, True, HELD, 0)
    assert m.coupling.evaluations["hessian"] == before + 1


@pytest.mark.mpi
def test_factors_stay_those_of_their_state_when_the_matrix_is_written_over():
    """A Hessian of another state lives in the same matrix; a solve by the factors at hand does not see it."""
    m = sheet()
    there = deform(m, SHEET)
    factors = factors_at(m, there)
    b, x, again = disturbed(m, 0.02), there.duplicate(), there.duplicate()
    factors.solve(b, x)
    m.coupling.hessian(deform(m, np.eye(3) + 5 * (SHEET - np.eye(3))))
    factors.solve(b, again)
    assert distance(x, again) < 1e-12
