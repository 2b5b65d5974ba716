"""``qc kinks``: its files, a stop and the way on, and what it refuses."""

import csv
import json
import os
import signal

import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.directory import run_directory
from qc.commands.kinks import KinksRun, run_kinks, summary
from qc.commands.terminal import display
from qc.errors import InputError, Stopped
from qc.solve.options import SolverOptions
from tests.qc.commands.test_front import front_case
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")
comm = MPI.COMM_WORLD
LEVELS = [1.15, 1.1]


def kinks(folder, ranks=comm, resume=False, largest=1):
    """One bond at two loads, by the ranks given."""
    with run_directory(folder, ranks, resume, "kinks") as held, display(ranks, "load") as shown:
        return KinksRun(front_case(periods=2), held, LEVELS, largest, SolverOptions(), shown).execute()


@pytest.mark.mpi
def test_a_run_that_is_stopped_goes_on_with_other_ranks(shared_path, monkeypatch):
    """One rank is asked to stop after the first load: it is not looked at again, the numbers are those of an uninterrupted run."""
    save = KinksRun._save

    def ask(run):
        save(run)
        if comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(KinksRun, "_save", ask)
    with pytest.raises(Stopped, match="stopped after 1 loads; resume with --resume"):
        kinks(shared_path / "out")
    monkeypatch.setattr(KinksRun, "_save", save)
    meet()
    if comm.rank == 0:
        with pytest.raises(InputError, match=r"--resume: --largest 2 differs from the run in .*, which had 1"):
            kinks(shared_path / "out", MPI.COMM_SELF, resume=True, largest=2)
        whole = kinks(shared_path / "whole", MPI.COMM_SELF)
        resumed = kinks(shared_path / "out", MPI.COMM_SELF, resume=True)
        assert [level["K_over_KG"] for level in resumed["levels"]] == [1.1, 1.15]
        for one, other in zip(resumed["levels"], whole["levels"], strict=True):
            assert one["straight"] == pytest.approx(other["straight"], abs=1e-7)
            assert one["events"][0]["forward"] == pytest.approx(other["events"][0]["forward"], abs=1e-7)
        monkeypatch.setattr("qc.commands.kinks.kink_level", lambda *a: pytest.fail("looked again"))
        assert kinks(shared_path / "out", MPI.COMM_SELF, resume=True)["levels"] == resumed["levels"]
    meet()


def test_files(tmp_path):
    found = run_kinks(front_case(), tmp_path / "out", [1.1], 2)
    made = {p.name for p in (tmp_path / "out").iterdir()}
    assert made >= {"kinks.json", "kinks.csv", "kinks.png", "report.html", "run.log"}
    (level,) = json.loads((tmp_path / "out" / "kinks.json").read_text())["levels"]
    one, two = level["events"]
    assert [event["advance"] for event in (one, two)] == [[0, 1, 0], [0, 1, 1]]
    assert (one["before"], two["before"]) == (0.0, pytest.approx(one["after"]))
    assert one["forward"] == pytest.approx(one["saddle"])
    assert two["backward"] == pytest.approx(two["saddle"] - two["after"])
    assert level["nucleation"] == max(one["saddle"], two["saddle"])
    assert level["nucleation"] < 3 * level["straight"]
    assert max(event["residual"] for event in (one, two)) < 1e-7
    assert max(event["factorisations"] for event in (one, two)) <= 20
    assert all(6.0 < event["frequency"] < 10.0 for event in (one, two))  # THz: silicon's phonons end at 15.5
    with open(tmp_path / "out" / "kinks.csv") as file:
        assert [float(row["forward"]) for row in csv.DictReader(file)] == [one["forward"], two["forward"]]
    said = "\n".join(summary(found))
    assert "K = 1.1 K_G: barriers there / back" in said
    assert "not the ratio of the determinants of the whole model" in said
    assert "the whole front of 11.5 A at once" in said


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    case = tmp_path / "case.toml"
    case.write_text(
        'crystal = { structure = "diamond", element = "Si" }\npotential = { file = "holland-marder" }\n[model]\nmethod = "atomistic"\n'
        "core_radius = 9.0\nblend_width = 3.0\ndomain_radius = 13.0\nfront_periods = 3\n"
        "[crack]\nplane = [1, 1, 1]\nfront = [1, -1, 0]\n[load]\nK_start = 1.1\n"
    )
    for more, said in (
        (["--largest", "3"], "--largest 3 is not allowed with model.front_periods = 3: expected 1 to 2"),
        (["--largest", "1", "--set", "model.front_periods=1"], "model.front_periods = 1 has no room for kinks"),
        (["--largest", "1", "--levels", "1.0,x"], "--levels 1.0,x: 'x' is not allowed, expected numbers from 0.2 to 4"),
        (["--largest", "1", "--set", "load.K_start=auto"], "load.K_start = 'auto' is not allowed for qc kinks without --levels"),
    ):
        monkeypatch.setattr("sys.argv", ["qc", "kinks", str(case), "-o", str(tmp_path / "out"), *more])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists()
