"""``qc dynamics``: its files, a stop and the way on, and what it refuses."""

import csv
import json
import os
import signal
from functools import partial

import ase.io
import ase.units
import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.cli.app import main
from qc.commands.directory import run_directory
from qc.commands.dynamics import DynamicsRun
from qc.commands.dynamics_report import summary
from qc.commands.terminal import display
from qc.crack.running import RunningCrack
from qc.errors import ConvergenceError, Stopped
from qc.solve.options import SolverOptions
from tests.qc.brittle import PARAMETERS
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")
comm = MPI.COMM_WORLD


def running_case(method="bgrac", **dynamics):
    sizes = {"core_radius": 8.0, "blend_width": 4.0, "domain_radius": 24.0, "face_strip": True, "order": 1}
    return Case.from_dict(
        {
            "version": 2,
            "crystal": {"structure": "hexagonal", "element": "X"},
            "potential": {"file": "morse", "parameters": {"D": 1.0, "r0": 1.0, **PARAMETERS}},
            "model": {"method": method, "dimension": 2} | sizes,
            "load": {"K_start": 1.04, "J_tolerance": 0.15},
            "dynamics": {"K": 1.35, "bonds": 6, "frames": 2, "drift": 1.0} | dynamics,
        },
        name="running",
    )


def run(folder, ranks=comm, resume=False, case=None):
    with run_directory(folder, ranks, resume, "dynamics") as held, display(ranks, "bond") as shown:
        return DynamicsRun(case or running_case(), held, SolverOptions(), shown).execute()


@pytest.mark.mpi
@pytest.mark.parametrize("load", [{}, {"K_rate": 12.0}], ids=["at once", "rising"])
def test_a_run_that_is_stopped_goes_on_with_other_ranks(shared_path, monkeypatch, load):
    """One rank is asked to stop at the third bond: the other bonds come when they come without a break."""
    monkeypatch.setattr("tests.qc.commands.test_dynamics.running_case", partial(running_case, **load))
    keep = DynamicsRun._keep

    def ask(one, record):
        keep(one, record)
        if record.bonds >= 3 and comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(DynamicsRun, "_keep", ask)
    with pytest.raises(Stopped, match=r"stopped after 3 bonds, .* ps; resume with --resume"):
        run(shared_path / "out")
    monkeypatch.setattr(DynamicsRun, "_keep", keep)
    meet()
    if comm.rank == 0:
        broken = json.loads((shared_path / "out/dynamics.json").read_text())
        assert not broken["finished"]
        whole = run(shared_path / "whole", MPI.COMM_SELF)
        monkeypatch.setattr("qc.commands.dynamics.Ladder", lambda *a: pytest.fail("began again"))
        resumed = run(shared_path / "out", MPI.COMM_SELF, resume=True)
        assert len(resumed["motion"]) == len(whole["motion"])
        for name in ("time", "tip_position", "bonds", "offset", "kinetic_energy", "balance", "by_moves"):
            assert [a[name] for a in resumed["motion"]] == pytest.approx([b[name] for b in whole["motion"]], abs=1e-8), name
        frames = [(shared_path / name / "trajectory.extxyz").read_text().count("frame=") for name in ("out", "whole")]
        assert frames == [3, 3]
        further = run(shared_path / "out", MPI.COMM_SELF, resume=True, case=running_case(bonds=8))
        assert further["motion"][: len(whole["motion"])] == resumed["motion"]
        assert further["motion"][-1]["bonds"] == 8
    meet()


def test_files(tmp_path):
    """All atoms: ASE's velocities have the kinetic energy of the table."""
    made = run(tmp_path, MPI.COMM_SELF, case=running_case("atomistic", frames=3))
    assert json.loads((tmp_path / "dynamics.json").read_text())["verdict"] == made["verdict"]
    with open(tmp_path / "motion.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(made["motion"])
    assert (tmp_path / "motion.png").exists()
    assert (tmp_path / "temperature.png").exists()
    page = (tmp_path / "report.html").read_text()
    assert made["verdict"].split(":")[0] in page
    assert all(words in page for words in ("Tip position", "Atoms at the tip", "no wave of the boundary before"))
    frames = ase.io.read(tmp_path / "trajectory.extxyz", index=":")
    assert [f.info["bonds"] for f in frames] == [0, 2, 4, 6]
    last = next(row for row in made["motion"] if row["time"] == frames[-1].info["time"])
    assert frames[-1].get_kinetic_energy() == pytest.approx(last["kinetic_energy"], rel=1e-5)
    assert frames[0].get_kinetic_energy() == 0.0
    text = "\n".join(summary(made))
    assert "6 bonds broken in" in text
    assert f"event: cleavage, seen at {made['events'][0]['time']:.4g} ps" in text
    assert "no wave of the boundary before" in text


def test_moves_that_cool_a_warm_crystal_are_told(tmp_path):
    """The coarse mesh carries no thermal motion of atoms; cold, a move costs little, and nothing is said of it."""
    for temperature, told in ((200.0, True), (0.0, False)):
        made = run(tmp_path / f"{temperature:g}", MPI.COMM_SELF, case=running_case(bonds=4, temperature=temperature))
        assert made["moves"] > 0
        assert any("a warm crystal cools" in note for note in made["notes"]) == told
        assert any("under the pressure of its own thermal motion" in note for note in made["notes"]) == told


def test_a_motion_that_fails_leaves_its_table_and_no_broken_state(tmp_path, monkeypatch):
    advance = RunningCrack.advance

    def fail(crack):
        if len(crack.state.records) == 4:
            raise ConvergenceError("after 33 steps of 0.0002 ps two atoms came too close")
        return advance(crack)

    monkeypatch.setattr(RunningCrack, "advance", fail)
    with pytest.raises(ConvergenceError, match="after 33 steps"):
        run(tmp_path, MPI.COMM_SELF)
    made = json.loads((tmp_path / "dynamics.json").read_text())
    assert len(made["motion"]) == 4
    assert not made["finished"]
    assert not (tmp_path / "checkpoint.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "has no table [dynamics]: qc dynamics needs one, as [dynamics] with K = 1.2"),
        (["--set", "dynamics.K=0"], "dynamics.K = 0 is not allowed: it must be a number > 0"),
        (["--set", "dynamics.bonds=5"], "dynamics.K is missing"),
        (["--set", "dynamics.K=1.2", "--set", "model.face_strip=false"], "model.face_strip = false is not allowed"),
        (["--set", "dynamics.K=1.2", "--set", "model.method='continuum'"], "has no atoms"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch, words, told):
    plain = running_case().plain()
    case = tmp_path / "case.toml"
    lines = ["version = 2", "[crystal]", 'structure = "hexagonal"', 'element = "X"', "[potential]", 'file = "morse"', "[model]"]
    lines += ['method = "bgrac"', "dimension = 2", "face_strip = true", "[load]", f"K_start = {plain['load']['K_start']}"]
    case.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("sys.argv", ["qc", "dynamics", str(case), "-o", str(tmp_path / "out"), *words])
    assert main() == 2
    said = capfd.readouterr().err
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
