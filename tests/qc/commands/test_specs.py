"""Specs from the tables of a case, and options for PETSc."""

import sys

import pytest

from qc.case.case import Case
from qc.cli.app import main
from qc.commands.run import run_case
from qc.commands.specs import ladder_spec, propagation_spec, qm_tip_spec, solver_options
from qc.errors import InputError
from tests.qc.commands.small import TOML, case, comm, tip_case


def test_petsc_options_reach_petsc(tmp_path, capfd):
    run_case(case(K_stop=1.1), tmp_path / "out", petsc_options=["-snes_monitor", "-qc_snes_rtol", "1e-9"])
    assert "SNES Function norm" in capfd.readouterr().out


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-snes_monitor", "a", "b"], "'b'"),
        (["-pc_type", "nonsense"], "nonsense"),
        (["-snes_linesearch_type", "nonsense"], "nonsense"),
    ],
)
def test_petsc_options_that_are_refused(folder, monkeypatch, capfd, options, sentence):
    """One sentence, and no directory that would be in the way of the next attempt."""
    if comm.rank == 0:
        (folder / "small.toml").write_text(TOML)
    comm.barrier()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["qc", "run", "small.toml", "-o", "out", "--", *options])
    assert main() == 2
    told = capfd.readouterr().err
    assert told.count("qc: ") == (comm.rank == 0), told
    assert comm.rank or sentence in told.splitlines()[-1]
    comm.barrier()
    assert not (folder / "out").exists()


def changed(table, **keys):
    plain = case().plain()
    return Case.from_dict(plain | {table: plain[table] | keys})


def test_petsc_options_lie_on_top_of_the_case():
    sheet = changed("solver", petsc={"ksp_rtol": "1e-3", "pc_type": "lu"}, max_newton=7)
    words = ["-snes_monitor", "-qc_snes_rtol", "-1e-9", "-pc_type", "gamg"]
    options = solver_options(sheet, words)
    expected = {"ksp_rtol": "1e-3", "pc_type": "gamg", "snes_monitor": "", "snes_rtol": "-1e-9"}
    assert (options.petsc, options.max_newton) == (expected, 7)
    with pytest.raises(InputError, match="PETSc option 'b' must follow a name that starts with '-'"):
        solver_options(case(), ["-snes_monitor", "a", "b"])


def test_a_ladder_takes_its_loads_from_the_case():
    spec = ladder_spec(case(K_start=1.0, K_stop=1.3, K_step=0.02, unload=True, K_tolerance=1e-3))
    assert (spec.K_start, spec.K_stop, spec.K_step, spec.unload) == (1.0, 1.3, 0.02, True)
    assert (spec.stop_at, spec.K_tolerance) == ("K_stop", 1e-3)


def test_a_propagation_takes_the_ladders_step_unless_it_has_its_own():
    assert propagation_spec(case(K_step=0.03)).dK == 0.03
    spec = propagation_spec(changed("propagation", dK=0.01, bonds=4, close=2, field="held", drift=3.0))
    assert (spec.dK, spec.bonds, spec.close, spec.field, spec.drift) == (0.01, 4, 2, "held", 3.0)


def test_a_qm_tip_lies_at_the_crack_tip_unless_it_has_a_centre():
    assert qm_tip_spec(case()) is None
    spec = qm_tip_spec(tip_case("Stiff", follow_tip=False))
    assert (spec.region.centre, spec.region.radius, spec.follows) == ((0.0, 0.0, 0.0), 4.5, False)
    assert qm_tip_spec(tip_case("Stiff", centre=(3.0, 0.5))).region.centre == (3.0, 0.5, 0.0)
