"""Newton's method: what it finds, when it stops, and what comes through PETSc."""

from dataclasses import replace

import pytest

from qc.errors import EngineError
from qc.solve.newton import Newton
from qc.solve.options import SolverOptions, set_petsc_options
from tests.qc.models import deform, largest
from tests.qc.solve.solvers import SHEET, disturbed, sheet


def newton_of(m, **options):
    chosen = SolverOptions(**options)
    set_petsc_options(chosen, m.coupling.has_energy)
    return Newton(m.coupling, chosen, None)


@pytest.mark.mpi
def test_the_uniform_state_is_found_again():
    m = sheet()
    q = disturbed(m)
    report = newton_of(m, force_tolerance=1e-9).solve(q)
    assert (report.converged, report.reason) == (True, "CONVERGED_FNORM_ABS")
    assert report.residual == m.coupling.residual(q) < 1e-9
    q.axpy(-1.0, deform(m, SHEET))
    assert largest(q) < 1e-8


def test_options_hold_from_the_next_solve_on():
    m = sheet()
    newton = newton_of(m)
    usual = newton.options
    newton.options = replace(usual, max_newton=1)
    report = newton.solve(disturbed(m))
    assert (report.converged, report.reason, report.newton_iterations) == (False, "DIVERGED_MAX_IT", 1)
    newton.options = usual
    assert newton.solve(disturbed(m)).converged


def test_what_a_term_raises_inside_petsc_comes_out_as_it_is(monkeypatch):
    m = sheet()
    newton = newton_of(m)

    def fails(x, g):
        raise EngineError("the engine has ended")

    monkeypatch.setattr(m.coupling, "energy_gradient", fails)
    with pytest.raises(EngineError, match="the engine has ended"):
        newton.solve(m.parts.layout.create_unknowns())


@pytest.mark.mpi
def test_stiffness_is_that_of_the_perfect_crystal_whatever_the_load():
    m = sheet()
    unloaded = newton_of(m).stiffness
    deform(m, SHEET)
    prescribed, dead_load = m.coupling.prescribed.copy(), m.coupling.dead_load.copy()
    newton = newton_of(m)
    newton.stiffness.axpy(-1.0, unloaded)
    assert newton.stiffness.norm() < 1e-10 * unloaded.norm()
    assert (m.coupling.prescribed == prescribed).all()
    assert m.coupling.dead_load.equal(dead_load)
