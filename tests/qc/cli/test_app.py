"""The command line: arguments, directories, exit codes; the run itself is a stand-in."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mpi4py import MPI
from typer.testing import CliRunner

from qc.cli import app as cli
from qc.cli import ending
from qc.errors import ConvergenceError, InputError, Stopped
from tests.programs import environment, mpirun

CASE = """
[crystal]
structure = "bcc"
element = "Fe"
[potential]
file = "lennard-jones"
elements = ["Fe"]
[model]
core_radius = 40
domain_radius = 400
[crack]
plane = [1, 1, 0]
front = [0, 0, 1]
"""
comm = MPI.COMM_WORLD
alone = pytest.mark.skipif(comm.size > 1, reason="starts ranks of its own")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Working directory of all ranks, with a case file."""
    folder = Path(comm.bcast(str(tmp_path)))
    monkeypatch.chdir(folder)
    if comm.rank == 0:
        (folder / "iron.toml").write_text(CASE)
    comm.barrier()
    return folder


@pytest.fixture
def fake(monkeypatch, folder):
    """Stand-in for `qc.commands`: notes its arguments, then returns or raises what it is told."""
    made = SimpleNamespace(calls=[], outcome=0, files=())

    def act():
        if isinstance(made.outcome, BaseException):
            raise made.outcome
        return made.outcome

    def run_case(case, directory, resume, petsc_options):
        made.calls.append((case, directory, resume, petsc_options))
        if comm.rank == 0:
            directory.mkdir(parents=True, exist_ok=True)
            for name in made.files:
                (directory / name).write_text("x")
        comm.barrier()
        return act()

    def check_case(case, directory):
        made.calls.append((case, directory))
        return act()

    for name, act_as in (("run", SimpleNamespace(run_case=run_case)), ("check", SimpleNamespace(check_case=check_case))):
        monkeypatch.setitem(sys.modules, f"qc.commands.{name}", act_as)
        monkeypatch.setattr(f"qc.commands.{name}", act_as, raising=False)
    return made


def qc(*words):
    """Result of a command, and its stderr as rank 0 tells it."""
    result = CliRunner().invoke(cli.app, [str(w) for w in words])
    comm.barrier()
    return result


def told(result):
    """The one sentence on stderr, on rank 0 only."""
    if comm.rank:
        assert result.stderr == ""
        return None
    assert result.stderr.startswith("qc: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def say(result, *parts):
    sentence = told(result)
    assert sentence is None or all(part in sentence for part in parts), sentence
    return True


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


def test_the_directory_left_out(fake, folder):
    assert qc("run", "iron.toml").exit_code == 0
    assert fake.calls[0][1] == Path("results/iron")
    assert qc("run", "iron.toml", "--resume").exit_code == 0
    assert fake.calls[1][1:3] == (Path("results/iron"), True)


@pytest.mark.mpi
def test_an_existing_directory_is_refused(fake, folder):
    if comm.rank == 0:
        (folder / "out").mkdir()
    comm.barrier()
    result = qc("run", "iron.toml", "-o", "out")
    assert result.exit_code == 2
    assert say(result, "out", "exists", "--resume")
    assert not fake.calls
    assert qc("run", "iron.toml", "-o", "out", "--resume").exit_code == 0


@pytest.mark.mpi
def test_a_new_directory_is_new_for_all_ranks(fake, folder):
    """Rank 0 makes the directory while others have not looked yet: nobody but rank 0 looks."""
    for k in range(5):
        assert qc("run", "iron.toml", "-o", f"out{k}").exit_code == 0


def test_nothing_to_resume_is_refused(fake):
    result = qc("run", "iron.toml", "-o", "out", "--resume")
    assert result.exit_code == 2
    assert say(result, "out", "--resume", "-o DIR")
    assert not fake.calls


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (ConvergenceError("no stable state at K = 1.02 K_G"), 1),
        (InputError("crystal.element = 'Xx'\n  is not in the file"), 2),
        (Stopped("stopped after K = 0.95 K_G; resume with --resume"), 3),
    ],
)
def test_exit_codes(fake, outcome, code):
    fake.outcome = outcome
    result = qc("run", "iron.toml")
    assert result.exit_code == code
    assert say(result, " ".join(str(outcome).split()))


def test_the_code_of_the_run_is_passed_on(fake):
    fake.outcome = 7
    assert qc("run", "iron.toml").exit_code == 7


def test_the_traceback_of_a_refusal_is_in_the_log(fake, caplog):
    fake.outcome = InputError("does not fit")
    with caplog.at_level(logging.INFO, "qc"):
        qc("run", "iron.toml")
    assert "Traceback" in caplog.text
    assert "run_case" in caplog.text


def test_a_defect_shows_its_traceback(fake):
    fake.outcome = ValueError("shapes differ")  # not for the user to mend
    result = qc("run", "iron.toml")
    assert result.exit_code == 1
    assert result.exception is fake.outcome


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
        (("run", "iron.toml", "--set", "potential.file=absent.eam"), ("potential.file = 'absent.eam'", "no potential")),
        (("check", "iron.toml", "--set", "crystal.element=Xx"), ("crystal.element = 'Xx'",)),
        (("run", "iron.toml", "snes_monitor"), ("'snes_monitor'", "-- -snes_monitor")),
    ):
        result = qc(*words)
        assert result.exit_code == 2
        assert say(result, *parts)
    assert not fake.calls


@pytest.mark.parametrize("words", [["run"], ["run", "iron.toml", "--nonsense"], ["walk"]])
def test_wrong_usage_is_bad_input(fake, words):
    assert qc(*words).exit_code == 2


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run", "iron.toml", "--nonsense"], ["--nonsense", "see qc run --help"]),
        (["run"], ["CASE.toml", "see qc run --help"]),
        (["walk"], ["walk", "see qc --help"]),
    ],
)
def test_the_entry_point_refuses_in_one_sentence(monkeypatch, capsys, words, parts):
    monkeypatch.setattr(sys, "argv", ["qc", *words])
    assert cli.main() == 2
    stderr = capsys.readouterr().err
    assert stderr.count("\n") == (comm.rank == 0)
    assert comm.rank or all(part in stderr for part in ["qc: ", *parts]), stderr


@pytest.mark.mpi
def test_the_entry_point_shows_help_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["qc", "--help"])
    assert cli.main() == 0
    assert ("Exit codes: 0 done" in capsys.readouterr().out) == (comm.rank == 0)


@pytest.mark.mpi
@pytest.mark.parametrize(("outcome", "code"), [(0, 0), (ConvergenceError("no"), 1), (Stopped("later"), 3)])
def test_the_entry_point_gives_the_exit_code(fake, monkeypatch, outcome, code):
    fake.outcome = outcome
    monkeypatch.setattr(sys, "argv", ["qc", "run", "iron.toml"])
    assert cli.main() == code


def test_a_run_is_resumed_with_the_same_model_only(fake, folder):
    assert qc("run", "iron.toml", "-o", "out").exit_code == 0
    settings = fake.calls[0][0].plain()
    (folder / "out" / "checkpoint.json").write_text(json.dumps({"case": settings}))
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


def test_info(monkeypatch, tmp_path):
    monkeypatch.setenv("QC_POTENTIALS", str(tmp_path / "absent"))
    result = qc("info")
    assert result.exit_code == 0
    for part in ("python", "numpy", "petsc", "mumps", f"{tmp_path}/absent  (does not exist)", "lennard-jones"):
        assert part in result.stdout


def test_the_schema_is_shown_with_its_brackets(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = qc("info", "--schema")
    assert result.exit_code == 0
    for part in ("model.face_strip_thickness", "required", "first_advance", '["Fe"]', "[h, k]"):
        assert part in result.stdout


class Ranks:
    """Stand-in for a communicator of two ranks."""

    size, rank = 2, 1

    def __init__(self, arrive):
        self.arrive, self.aborted = arrive, []

    def Dup(self):
        return self

    def Ibarrier(self):
        return SimpleNamespace(Test=lambda: self.arrive)

    def Abort(self, code):
        self.aborted.append(code)


@pytest.mark.parametrize(
    ("error", "arrive", "aborted", "shown"),
    [
        (InputError("wrong"), True, [], ""),  # rank 0 tells it
        (InputError("wrong"), False, [2], "rank 1 alone: wrong\n"),
        (ConvergenceError("no"), False, [1], "rank 1 alone: no\n"),
        (KeyError("defect"), True, [1], "Traceback"),
        (KeyboardInterrupt(), True, [130], "interrupted"),
    ],
)
def test_no_rank_is_left_waiting(monkeypatch, capsys, error, arrive, aborted, shown):
    ranks = Ranks(arrive)
    monkeypatch.setattr(MPI, "COMM_WORLD", ranks)
    monkeypatch.setattr(ending, "PATIENCE", 0.05)

    def fail(world):
        raise error

    assert ending.exit_code(fail) in (1, 2, 130)
    assert ranks.aborted == aborted
    stderr = capsys.readouterr().err
    assert stderr.startswith(shown)
    assert bool(stderr) == bool(shown)


@alone
def test_one_failing_rank_ends_the_others():
    """Rank 1 fails alone while rank 0 waits in a collective call: over within seconds, with rank 1's sentence."""
    if shutil.which(mpirun(2)[0]) is None:
        pytest.skip("no mpirun")
    program = (
        "import qc.cli.ending as e\nfrom qc.errors import InputError\ne.PATIENCE = 0.5\n"
        "def f(comm):\n    if comm.rank == 1:\n        raise InputError('bad value')\n    comm.barrier()\n    return 0\n"
        "raise SystemExit(e.exit_code(f))"
    )
    done = subprocess.run(
        [*mpirun(2), sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )
    assert done.returncode != 0
    assert "rank 1 alone: bad value" in done.stderr


@alone
def test_as_a_program(folder):
    def python(*words):
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, timeout=60, cwd=folder, env=environment()
        )

    shown = python("-m", "qc", "--version")
    assert (shown.returncode, shown.stdout[:3]) == (0, "qc ")
    refused = python("-m", "qc", "run", "iron.toml", "--set", "crystal.a=-1")
    assert refused.returncode == 2
    assert refused.stderr == "qc: --set: crystal.a = -1 is not allowed: it must be a plain number > 0 in A\n"
    light = python(
        "-c", "import sys, qc.cli; print([m for m in ('numba', 'dolfinx', 'numpy', 'pydantic') if m in sys.modules])"
    )
    assert light.stdout == "[]\n"
