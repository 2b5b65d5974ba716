"""``qc front``: its files, a stop and the way on, and what it refuses."""

import csv
import json
import os
import signal

import ase.io
import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.cli.app import main
from qc.commands.directory import run_directory
from qc.commands.front import FrontRun, run_front
from qc.commands.front_report import summary
from qc.commands.terminal import display
from qc.errors import InputError, Stopped
from qc.report.scenes import scenes
from qc.report.source import read_source
from qc.solve.options import SolverOptions
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")
comm = MPI.COMM_WORLD
SETS = [(0,), (0, 1)]


def front_case(periods=3, **load):
    sizes = {"core_radius": 9.0, "blend_width": 3.0, "domain_radius": 13.0}
    model = {"method": "atomistic", "front_periods": periods, "face_strip": False} | sizes
    return Case.from_dict(
        {
            "crystal": {"structure": "diamond", "element": "Si"},
            "potential": {"file": "holland-marder"},
            "model": model,
            "crack": {"plane": (1, 1, 1), "front": (1, -1, 0)},
            "load": {"K_start": 1.1} | load,
        },
        name="kinks",
    )


def fronts(folder, ranks=comm, resume=False, sets=SETS):
    """Both fronts, by the ranks given."""
    with run_directory(folder, ranks, resume, "front") as held, display(ranks, "front") as shown:
        return FrontRun(front_case(), held, sets, SolverOptions(), shown).execute()


@pytest.mark.mpi
def test_a_run_that_is_stopped_goes_on_with_other_ranks(shared_path, monkeypatch):
    """One rank is asked to stop after the first front: nothing is relaxed again, the numbers are those of an uninterrupted run."""
    keep = FrontRun._keep

    def ask(run, record, q):
        keep(run, record, q)
        if comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(FrontRun, "_keep", ask)
    with pytest.raises(Stopped, match="stopped after 1 fronts; resume with --resume"):
        fronts(shared_path / "out")
    monkeypatch.setattr(FrontRun, "_keep", keep)
    meet()
    if comm.rank == 0:
        whole = fronts(shared_path / "whole", MPI.COMM_SELF)
        monkeypatch.setattr("qc.commands.front.straight_fronts", lambda *a: pytest.fail("began again"))
        resumed = fronts(shared_path / "out", MPI.COMM_SELF, resume=True)
        same = [(a["energy"], b["energy"]) for a, b in zip(resumed["states"], whole["states"], strict=True)]
        assert [a for a, _ in same] == pytest.approx([b for _, b in same], abs=1e-6)
        monkeypatch.setattr("qc.commands.front.FrontRun._keep", lambda *a: pytest.fail("relaxed again"))
        assert fronts(shared_path / "out", MPI.COMM_SELF, resume=True)["states"] == resumed["states"]
    meet()


def test_files(tmp_path):
    found = run_front(front_case(), tmp_path / "out", SETS)
    made = {p.name for p in (tmp_path / "out").iterdir()}
    assert made >= {"front.json", "front.csv", "front.png", "trajectory.extxyz", "report.html", "run.log"}
    document = json.loads((tmp_path / "out" / "front.json").read_text())
    assert [s["advance"] for s in document["states"]] == [[1, 0, 0], [1, 1, 0]]
    assert document["straight"]["all_periods"] == pytest.approx(3 * document["straight"]["advance"], abs=1e-7)
    one, two = document["states"]
    chord = document["straight"]["all_periods"] / 3
    assert [one["pair_energy"], two["pair_energy"]] == pytest.approx([one["energy"] - chord, two["energy"] - 2 * chord])
    assert one["rice"] == pytest.approx(two["rice"])  # one of three ahead, one of three behind
    with open(tmp_path / "out" / "front.csv") as file:
        assert [row["advanced"] for row in csv.DictReader(file)] == ["1", "2"]
    frames = ase.io.read(tmp_path / "out" / "trajectory.extxyz", ":")
    assert len(frames) == 4
    assert frames[0].info["front"] == pytest.approx([-1.6629] * 3, abs=1e-3)
    assert frames[2].info["front"] == pytest.approx([1.6629, -1.6629, -1.6629], abs=1e-3)
    (atoms,) = scenes(read_source(tmp_path / "out"))
    assert [one["name"] for one in atoms["data"]] == ["1 ahead", "2 ahead"]
    said = "\n".join(summary(found))
    assert "front of 3 periods, 11.52 A" in said
    assert "periods 0, 1 advanced: energy" in said
    assert "a kink alone:" in said
    assert "warning" not in said


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    case = tmp_path / "case.toml"
    case.write_text(
        'crystal = { structure = "diamond", element = "Si" }\npotential = { file = "holland-marder" }\n[model]\nmethod = "bgfc"\n'
        "core_radius = 12.0\nblend_width = 6.0\ndomain_radius = 34.0\nfront_periods = 3\n"
        "[crack]\nplane = [1, 1, 1]\nfront = [1, -1, 0]\n[load]\nK_start = 1.1\n"
    )
    for more, said in (
        (["--pairs", "3"], "--pairs 3: '3' is not allowed, expected whole numbers from 1 to 2"),
        (["--set", "model.front_periods=1"], "model.front_periods = 1 has no room for kinks"),
        (["--set", "load.K_start=auto"], "load.K_start = 'auto' is not allowed for qc front"),
        (["--set", "model.method=bqcf"], "has no energy"),
        (["--set", "model.method=continuum"], "has no atoms"),
    ):
        monkeypatch.setattr("sys.argv", ["qc", "front", str(case), "-o", str(tmp_path / "out"), *more])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists()


def test_another_command_cannot_go_on(tmp_path):
    fronts(tmp_path / "out", MPI.COMM_SELF, sets=[])
    other = run_directory(tmp_path / "out", MPI.COMM_SELF, True, "folds")
    with pytest.raises(InputError, match="is one of qc front, not of qc folds"), other:
        pass
