"""``qc folds``: its files, and what it refuses."""

import json

import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.folds import run_folds
from qc.crack.folds import FoldSpec
from qc.drive.continuation import PathOptions
from tests.qc.crack.test_silicon_crack import disc


@pytest.mark.mpi
def test_command(shared_path, capfd):
    """Files, and the same folds on any number of ranks, on several up to the first fold only."""
    alone = MPI.COMM_WORLD.size == 1
    case = disc("holland-marder", K_start=1.2)
    run_folds(case, shared_path / "out", FoldSpec(start=1.2, folds=2 if alone else 1), PathOptions())
    found = json.loads((shared_path / "out" / "folds.json").read_text())
    assert found["K_plus"] / found["K_G"] == pytest.approx(1.45172, rel=2e-5)
    assert found["K_minus"] / found["K_G"] == pytest.approx(0.63651, rel=2e-5)
    assert [f["name"] for f in found["folds"]] == ["K_minus", "K_plus", *["K_minus"] * alone]
    made = {p.name for p in (shared_path / "out").iterdir()}
    assert made >= {"folds.json", "curve.csv", "snake.png"} | ({"barriers.png"} if alone else set())
    assert len((shared_path / "out" / "curve.csv").read_text().splitlines()) == found["n_points"] + 1


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    case = tmp_path / "case.toml"
    case.write_text(
        '[crystal]\nstructure = "hexagonal"\nelement = "X"\n[potential]\nfile = "morse"\n[model]\nmethod = "bqcf"\ncore_radius = 12.0\n'
        "dimension = 2\nblend_width = 6.0\ndomain_radius = 34.0\n[load]\nJ_tolerance = 1.0\nK_start = 1.0\nK_stop = 1.1\nK_step = 0.1\n"
    )
    for more, said in (
        ([], "has no energy"),
        (["--step", "3"], "--step 3"),
        (["--set", "model.method=continuum"], "has no atoms"),
    ):
        monkeypatch.setattr("sys.argv", ["qc", "folds", str(case), "-o", str(tmp_path / "out"), *more])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert "Traceback" not in error
