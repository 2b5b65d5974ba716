"""What a command does besides its work: what it hands on, directories, refusals; the run itself is a stand-in."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
from mpi4py import MPI

from qc.cli import bodies
from qc.errors import InputError
from tests.programs import environment, mpirun, qc_command
from tests.qc.checkpoints import seal_case
from tests.qc.cli.commands import qc, say


@pytest.mark.mpi
def test_run_hands_everything_on(fake):
    result = qc(
        "run", "iron.toml", "-o", "out", "--set", "model.core_radius=30", "--set", "load.mode=II", "--", "-snes_monitor",
        "-ksp_rtol", "1e-9",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    ((case, directory, resume, petsc),) = fake.calls
    assert (case.name, case.model.core_radius, case.load.mode) == ("iron", 30.0, "II")
    assert (directory, resume, petsc) == (Path("out"), False, ["-snes_monitor", "-ksp_rtol", "1e-9"])


def test_the_code_of_the_run_is_passed_on(fake):
    fake.outcome = 7
    assert qc("run", "iron.toml").exit_code == 7


def test_a_refused_case_leaves_no_directory(fake, folder):
    fake.outcome, fake.files = InputError("no"), ("run.log",)
    assert qc("run", "iron.toml", "-o", "out").exit_code == 2
    assert not (folder / "out").exists()
    fake.files = ("run.log", "checkpoint.json")
    assert qc("run", "iron.toml", "-o", "out").exit_code == 2
    assert (folder / "out" / "checkpoint.json").exists()
    fake.files = ()
    (folder / "kept").mkdir()
    assert qc("run", "iron.toml", "-o", "kept", "--resume").exit_code == 2
    assert (folder / "kept").exists()


@pytest.mark.mpi
def test_bad_input_is_one_sentence(fake):
    for words, parts in (
        (("run", "none.toml"), ("none.toml", "no such file")),
        (("run", "iron.toml", "--set", "model.core_radius=40 A"), ("lengths are plain numbers in A",)),
        (("check", "iron.toml", "--set", "model.core_radus=40"), ("did you mean model.core_radius?",)),
        (("run", "iron.toml", "--set", "potential.file=absent.eam"), ('potential.file = "absent.eam"', "no potential")),
        (("check", "iron.toml", "--set", "crystal.element=Xx"), ("crystal.element = 'Xx'",)),
        (("run", "iron.toml", "snes_monitor"), ("'snes_monitor'", "-- -snes_monitor")),
    ):
        result = qc(*words)
        assert result.exit_code == 2
        assert say(result, *parts)
    assert not fake.calls


def test_a_run_is_resumed_with_the_same_model_only(fake, folder):
    assert qc("run", "iron.toml", "-o", "out").exit_code == 0
    settings = fake.calls[0][0].plain()
    seal_case(folder / "out", settings)
    again = ("run", "iron.toml", "-o", "out", "--resume")
    assert qc(*again, "--set", "load.K_stop=3", "--set", "solver.linear=gamg").exit_code == 0
    result = qc(*again, "--set", "model.core_radius=30", "--set", "load.K_step=0.02")
    assert result.exit_code == 2
    assert say(result, "model.core_radius = 30.0 (was 40.0) (and 1 more)", "'out'", "load.K_stop")
    assert len(fake.calls) == 2


def test_check_prints_its_report(fake):
    fake.outcome = {"free atoms": 12345, "memory to expect (GiB)": 0.5, "picture": None, "cleavage plane": [1, 1, 0]}
    fake.outcome["warnings"] = ["it does not cleave on [0 0 1]"]
    result = qc("check", "iron.toml", "-o", "seen", "--set", "model.core_radius=30")
    assert result.exit_code == 0
    ((case, directory),) = fake.calls
    assert (case.model.core_radius, directory) == (30.0, Path("seen"))
    assert "free atoms              12 345" in result.stdout
    assert "cleavage plane          1 1 0" in result.stdout
    assert "picture" not in result.stdout
    assert result.stdout.endswith("\nwarning: it does not cleave on [0 0 1]\n")
    fake.outcome["warnings"] = []
    assert "warning" not in qc("check", "iron.toml").stdout
    assert fake.calls[1][1] is None


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["report", "nowhere"], ["nowhere", "does not exist"]),
        (["report", "."], ["has nothing to report on", "result.json"]),
        (["report", ".", "-o", "nowhere/page.html"], ["nowhere/page.html", "a file in a directory that exists"]),
        (["view", "nowhere"], ["nowhere", "no directory of results"]),
        (["view", ".", "--picture", "view.jpg"], ["view.jpg", "a .png file"]),
    ],
)
def test_results_that_are_not_there_are_refused(folder, words, parts):
    result = qc(*words)
    assert result.exit_code == 2
    assert say(result, *parts)


def test_an_output_folder_that_cannot_be_made(fake, folder):
    for words in (("run", "iron.toml"), ("check", "iron.toml"), ("propagate", "iron.toml"), ("folds", "iron.toml")):
        result = qc(*words, "-o", "iron.toml/out")
        assert result.exit_code == 2
        assert say(result, "-o iron.toml/out: cannot be made", "is a file")
    assert not fake.calls


def test_a_run_goes_where_a_check_has_drawn(fake, folder):
    (folder / "seen").mkdir()
    (folder / "seen" / "model.png").write_text("x")
    assert qc("run", "iron.toml", "-o", "seen").exit_code == 0
    fake.outcome, fake.files = InputError("no"), ("run.log",)
    assert qc("run", "iron.toml", "-o", "seen").exit_code == 2
    assert [path.name for path in (folder / "seen").iterdir()] == ["model.png"]


def test_a_study_whose_members_are_all_refused(folder, monkeypatch):
    rows = [{"name": name, "state": "refused", "reason": f"{name} does not fit"} for name in "ab"]
    monkeypatch.setattr("qc.commands.study.run_study", lambda *a: {"members": rows, "fits": []})
    words = ("study", "iron.toml", "--vary", "model.core_radius=30,40", "-o", "out")
    result = qc(*words)
    assert result.exit_code == 2
    assert say(result, "no member of the study was run, all 2 are refused: a does not fit")
    rows[1] |= {"state": "failed"}
    assert qc(*words).exit_code == 1


LIGHT = {"commands.study_plan"}
"""Modules that load no PETSc."""


def test_what_one_rank_does_alone_loads_no_petsc():
    """It starts on all ranks or not at all: a function within a command, which is rank 0's, imports light modules only."""
    commands = [node for node in ast.parse(Path(bodies.__file__).read_text()).body if isinstance(node, ast.FunctionDef)]
    inner = [node for command in commands for node in ast.walk(command) if isinstance(node, ast.FunctionDef) and node is not command]
    assert {node.name for node in inner} >= {"prepare", "report"}
    assert {found.module for node in inner for found in ast.walk(node) if isinstance(found, ast.ImportFrom)} <= LIGHT


@pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts programs of its own")
def test_a_command_of_rank_0_on_two(tmp_path):
    """In processes of their own, where PETSc has not been started before."""
    if shutil.which(mpirun(2)[0]) is None:
        pytest.skip("no mpirun")
    example = Path(__file__).parents[3] / "examples" / "hexagonal_crack.toml"
    words = ["griffith", str(example), "-o", str(tmp_path / "found.json")]
    done = subprocess.run(qc_command(*words, ranks=2), env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("expected first") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"found.json", "found.png"}
