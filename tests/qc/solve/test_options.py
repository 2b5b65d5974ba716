"""Settings of the solvers in PETSc's database."""

import pytest
from petsc4py import PETSc

from qc.solve.options import PREFIX, SolverOptions, set_petsc_options


@pytest.fixture
def database():
    yield PETSc.Options()
    set_petsc_options(SolverOptions(), has_energy=True)


def test_options_of_one_solver_do_not_reach_the_next(database):
    set_petsc_options(SolverOptions(petsc={"ksp_max_it": "7"}), has_energy=True)
    assert database[PREFIX + "pc_type"] == "cholesky"
    assert database[PREFIX + "ksp_max_it"] == "7"
    set_petsc_options(SolverOptions(linear="factored"), has_energy=True)
    assert database[PREFIX + "pc_type"] == "gamg"
    assert database[PREFIX + "trust_snes_type"] == "newtontr"
    for key in ("ksp_max_it", "pc_factor_mat_solver_type", "mat_mumps_icntl_14"):
        assert not database.hasName(PREFIX + key)
    set_petsc_options(SolverOptions(), has_energy=False)
    assert database[PREFIX + "pc_type"] == "lu"
    assert not database.hasName(PREFIX + "trust_snes_type")


def test_what_the_user_has_set_is_left_alone(database):
    """An option of the command line outlives all solvers; one of the case file goes before it."""
    key = PREFIX + "ksp_monitor_cancel"
    database[key] = "mine"
    set_petsc_options(SolverOptions(linear="gamg"), has_energy=True)
    set_petsc_options(SolverOptions(), has_energy=True)
    assert database[key] == "mine"
    database.delValue(key)


def test_the_case_goes_before_our_defaults(database):
    set_petsc_options(SolverOptions(petsc={"pc_type": "lu"}), has_energy=True)
    assert database[PREFIX + "pc_type"] == "lu"
