"""The words of the command line: misspelt ones, help, exit codes of the entry point; nothing heavy is loaded for them."""

import logging
import subprocess
import sys

import pytest
import typer

from qc.cli import app as cli
from qc.commands.verbosity import chosen
from qc.errors import ConvergenceError, Stopped
from tests.programs import environment
from tests.qc.cli.commands import comm, qc

alone = pytest.mark.skipif(comm.size > 1, reason="starts ranks of its own")


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


def test_every_command_takes_the_words_of_verbosity():
    for name, command in typer.main.get_command(cli.app).commands.items():
        options = {word for parameter in command.params for word in parameter.opts}
        assert {"-v", "-q", "--log-level"} <= options, name


@pytest.mark.parametrize(
    ("words", "screen", "log"),
    [([], 0, "INFO"), (["-v"], 1, "INFO"), (["-q", "--log-level", "debug"], -1, "DEBUG")],
)
def test_how_much_is_said_holds_for_one_command(fake, monkeypatch, words, screen, log):
    during = []
    monkeypatch.setattr(
        sys.modules["qc.commands.run"], "run_case", lambda *a: during.append((chosen.screen, chosen.log)) or 0
    )
    assert qc("run", "iron.toml", *words).exit_code == 0
    assert during == [(screen, getattr(logging, log))]
    assert (chosen.screen, chosen.log) == (0, logging.INFO)


@alone
@pytest.mark.parametrize("width", [90, 160])
def test_help_is_as_wide_as_the_terminal(width):
    shown = subprocess.run(
        [sys.executable, "-m", "qc", "--help"],
        capture_output=True, text=True, timeout=60, env=environment() | {"COLUMNS": str(width)},
    )  # fmt: skip
    assert ("unstable branches, barriers against the load." in shown.stdout) == (width > 100)
    assert max(map(len, shown.stdout.splitlines())) <= width


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
    assert refused.stderr == "qc: --set: crystal.a = -1 is not allowed: it must be a plain number from 0.1 to 1000 in A\n"
    light = python(
        "-c", "import sys, qc.cli; print([m for m in ('numba', 'dolfinx', 'numpy', 'pydantic') if m in sys.modules])"
    )
    assert light.stdout == "[]\n"
