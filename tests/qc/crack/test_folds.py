"""Continuation: exact directions, folds against the ladder and against figures found elsewhere, barriers against minimisation."""

import json

import numpy as np
import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.folds import run_folds
from qc.crack.folds import FoldSpec, fold_records, trace
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.continuation import Path, PathOptions
from tests.qc.crack.test_silicon_crack import disc
from tests.qc.models import material


def silicon(comm=MPI.COMM_WORLD, radius=15.0, inner_shifts=True):
    """All atoms of a clamped disc, the near-tip field centred on the middle of a bond."""
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=radius - 4, domain_radius=radius, blend_width=3.0, method="atomistic")
    system = CrackSystem(crystal, potential, spec, comm=comm)
    if not inner_shifts:
        X = system.model.parts.X
        system._unit = system.field.displacement(X[:, 0], X[:, 1])
    return system


def followed(system, folds=2, start=1.2, **options):
    path = Path(system, PathOptions(**options))
    return path, trace(system, FoldSpec(start=start, folds=folds), path)


@pytest.fixture(scope="module")
def snake():
    return followed(silicon())


def loads(found):
    path, curve = found
    return [f["K_over_KG"] for f in fold_records(curve, path.system.K_G)]


def test_the_trapping_window_of_silicon(snake):
    """K- 0.636 and K+ 1.446 were found in clamped discs of 15 A without inner shifts in the boundary; they raise K+ by 0.4 %."""
    assert loads(snake)[:2] == pytest.approx([0.6365, 1.4517], abs=2e-4)
    assert loads(followed(silicon(inner_shifts=False)))[:2] == pytest.approx([0.6346, 1.4454], abs=1e-3)


def test_folds_do_not_depend_on_the_steps(snake):
    assert loads(followed(snake[0].system, step=0.03)) == pytest.approx(loads(snake), rel=1e-5)
    assert loads(followed(snake[0].system, start=1.0)) == pytest.approx(loads(snake), rel=1e-5)


def test_folds_end_the_stable_states(snake):
    """Just below K+ (above K-) the ladder's own minimiser stays with the tip where it is, just beyond it does not."""
    path, _ = snake
    system = path.system
    low, high = loads(snake)[:2]
    for K, step in ((high, 0.002), (low, -0.002)):
        ladder = Ladder(system, LadderSpec(K_start=1.2, K_stop=2.0, K_step=0.1, stop_at="K_stop"))
        ladder.step(1.2, "load")
        for k in np.linspace(1.2, K - step, 8)[1:]:
            held = ladder.step(k, "load")
        assert ladder.step(K + step, "load")["tip_position"] != pytest.approx(held["tip_position"], abs=1.0)
        assert held["tip_position"] == pytest.approx(ladder.state.steps[0]["tip_position"], abs=1e-6)


@pytest.mark.mpi
def test_command(shared_path, capfd):
    """Files, and the same folds on any number of ranks."""
    case = disc("holland-marder", K_start=1.2)
    run_folds(case, shared_path / "out", FoldSpec(start=1.2), PathOptions())
    found = json.loads((shared_path / "out" / "folds.json").read_text())
    assert found["K_plus"] / found["K_G"] == pytest.approx(1.45172, rel=2e-5)
    assert found["K_minus"] / found["K_G"] == pytest.approx(0.63651, rel=2e-5)
    assert [f["name"] for f in found["folds"]] == ["K_minus", "K_plus", "K_minus"]
    assert {p.name for p in (shared_path / "out").iterdir()} >= {"folds.json", "curve.csv", "snake.png", "barriers.png"}
    assert len((shared_path / "out" / "curve.csv").read_text().splitlines()) == found["n_points"] + 1


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    case = tmp_path / "case.toml"
    case.write_text(
        '[crystal]\nstructure = "hexagonal"\nelement = "X"\n[potential]\nfile = "morse"\n[model]\nmethod = "bqcf"\ncore_radius = 12.0\n'
        "dimension = 2\nblend_width = 6.0\ndomain_radius = 34.0\n[load]\nK_start = 1.0\nK_stop = 1.1\nK_step = 0.1\n"
    )
    for more, said in (([], "has no energy"), (["--step", "3"], "--step 3"), (["--set", "model.method=continuum"], "has no atoms")):
        monkeypatch.setattr("sys.argv", ["qc", "folds", str(case), "-o", str(tmp_path / "out"), *more])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert "Traceback" not in error
