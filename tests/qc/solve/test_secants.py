"""States of a calculator's forces, found with the Hessian of another potential."""

import numpy as np
import pytest

from qc.errors import InputError
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.solve.stability import noise_of_atoms
from qc.solve.vectors import distance, largest
from tests.qc.forces_only import sheet, small
from tests.qc.models import deform

DRAWN = np.eye(3) + np.array([[0.0, 0.02, 0.0], [0.0, 0.03, 0.0], [0.0, 0.0, 0.0]])


def solver_of(m, **options):
    args = (m.parts, noise_of_atoms(m.parts), SolverOptions(force_tolerance=1e-7, **options), True)
    return EquilibriumSolver(m.coupling, *args, EquilibriumSolver(m.guide, *args))


def shaken(m, size):
    """The crystal under strain, its unknowns off their places, the same on any number of ranks."""
    q = deform(m, DRAWN)
    q.array[:] += size * noise_of_atoms(m.parts).ravel()
    return q


@pytest.mark.mpi
def test_secants_find_the_crystal_in_few_calls():
    crystal, _, potential = sheet()
    m = small(crystal, potential)
    wanted, q = deform(m, DRAWN), shaken(m, 0.02)
    report = solver_of(m).solve(q)
    assert report.converged
    assert report.reason == "SECANT_CONVERGED"
    assert distance(q, wanted) < 1e-7
    calls = m.comm.bcast(potential.calls.atoms)
    assert report.newton_iterations <= calls <= 12


@pytest.mark.slow
@pytest.mark.mpi
def test_forces_alone_lead_downhill():
    """From so far away that Newton's method is not tried."""
    crystal, _, potential = sheet()
    m = small(crystal, potential)
    wanted, q = deform(m, DRAWN), shaken(m, 0.08)
    solver = solver_of(m)
    report = solver._descent._secants.relax(q, solver.solve(q.copy(), alone=True), lambda q, shift: 0.3, lambda q: False, np.inf)
    assert report.converged
    assert report.robust_iterations > 0
    assert distance(q, wanted) < 1e-6


def test_the_first_step_under_another_load_costs_no_call():
    crystal, _, potential = sheet()
    m = small(crystal, potential)
    q = deform(m, DRAWN)
    solver = solver_of(m)
    solver.solve(q)
    before = potential.calls.atoms
    m.impose(m.load(m.uniform(DRAWN + 0.002 * np.eye(3))))
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    assert largest(g) > 1e-3
    assert potential.calls.atoms == before


def test_other_linear_solvers_are_refused():
    crystal, _, potential = sheet()
    m = small(crystal, potential)
    with pytest.raises(InputError, match=r'solver\.linear = "gamg" is not allowed'):
        solver_of(m, linear="gamg")
