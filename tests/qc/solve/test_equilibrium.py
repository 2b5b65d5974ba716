"""Which way a solve takes."""

import pytest

from tests.qc.solve.solvers import disturbed, sheet, solver_of


@pytest.mark.mpi
def test_newton_is_enough_where_its_state_is_stable_and_near():
    m = sheet()
    report = solver_of(m).solve(disturbed(m))
    assert report.converged
    assert report.stable
    assert 0.0 < report.largest_step < 0.2
    assert report.robust_iterations == 0 < report.newton_iterations


@pytest.mark.mpi
def test_a_state_beyond_the_jump_is_sought_again_by_minimisation():
    m = sheet()
    q = disturbed(m)
    report = solver_of(m).solve(q, jump=1e-3)
    assert report.converged
    assert report.stable
    assert report.robust_iterations > 0
    assert m.coupling.residual(q) < 1e-6


def test_alone_newton_does_not_converge_beyond_the_jump():
    m = sheet()
    report = solver_of(m).solve(disturbed(m), jump=1e-3, alone=True)
    assert not report.converged
    assert report.robust_iterations == 0 < report.newton_iterations


def test_settings_may_be_replaced_between_solves():
    m = sheet()
    solver = solver_of(m)
    usual = solver.options
    solver.options = type(usual)(max_newton=1)
    assert not solver.solve(disturbed(m), alone=True).converged
    solver.options = usual
    assert solver.solve(disturbed(m), alone=True).converged
