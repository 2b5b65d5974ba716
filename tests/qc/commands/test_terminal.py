"""What a command shows: a bar on a terminal, a line a step elsewhere, on rank 0; lines as they are."""

import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from mpi4py import MPI
from rich.console import Console
from typer.main import get_command

from qc.cli.app import app
from qc.commands import terminal
from qc.commands.terminal import display, tell
from qc.commands.verbosity import chosen
from qc.monitor import tell as tell_iteration
from tests.programs import environment


def test_lines_are_printed_as_they_are(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    lines = ["plane [1 -1 0], front [bold]", "a line that is longer than the terminal is wide"]
    tell(lines)
    assert capsys.readouterr().out.splitlines() == lines


AT_ONCE = {"report", "view", "example", "info", "selftest"}
"""Commands that are done in seconds, or say a line a result themselves."""


def test_every_command_that_takes_long_shows_where_it_is():
    """A new one does so, too, or is put among those that need not."""
    names = set(get_command(app).commands)
    assert names > AT_ONCE
    for name in names - AT_ONCE:
        text = Path(terminal.__file__).with_name(f"{name.removesuffix('-test').replace('-', '_')}.py").read_text()
        assert "with display(" in text or "with opened(" in text, name


def shown(monkeypatch, comm=MPI.COMM_SELF, **console):
    """What a display of two steps of six writes."""
    monkeypatch.setattr(terminal, "SCREEN", Console(file=StringIO(), width=200, **console))
    with display(comm, "bond", "out/run.log") as screen:
        screen.phase("building the model")
        screen.begin(6, done=1)
        tell_iteration(MPI.COMM_SELF, "Newton", 1, 1.5e-3)
        screen.step(2, "K = 1.2000 K_G, and much more", "K = 1.2000 K_G")
        screen.step(6, "K = 1.3000 K_G")
    return terminal.SCREEN.file.getvalue()


def test_a_line_a_step_where_there_is_no_terminal(monkeypatch):
    log, building, first, last = shown(monkeypatch).splitlines()
    assert log == "log: out/run.log"
    assert building == "[0:00:00] building the model"
    assert first.startswith("[0:00:00] bond 2/6  K = 1.2000 K_G, and much more; all by ")
    assert last == "[0:00:00] bond 6/6  K = 1.3000 K_G"


@pytest.mark.parametrize(("level", "often"), [(-1, 0), (0, 0), (1, 1)])
def test_iterations_of_a_long_step_are_lines_and_all_if_they_are_asked_for(monkeypatch, level, often):
    monkeypatch.setattr(chosen, "screen", level)
    assert shown(monkeypatch).count("Newton 1, force 1.5e-03 eV/A") == often
    monkeypatch.setattr(terminal, "EVERY", 0.0)
    assert shown(monkeypatch).count("Newton 1, force 1.5e-03 eV/A") == (level >= 0)


def test_the_bar_says_where_it_is(monkeypatch):
    text = shown(monkeypatch, force_terminal=True)
    assert "log: out/run.log" in text
    assert "6/6" in text
    assert "K = 1.3000 K_G" in text
    assert "[0:00:00]" not in text


class Rank1:
    """Stand-in for the communicator of another rank."""

    rank = 1


@pytest.mark.parametrize("more", [{}, {"force_terminal": True}])
def test_other_ranks_show_nothing(monkeypatch, more):
    assert shown(monkeypatch, Rank1(), **more) == ""


PROGRAM = """
from mpi4py import MPI
from qc.commands.terminal import display
with display(MPI.COMM_SELF, "step") as screen:
    screen.begin(3)
    screen.step(1, "a line", "a bar")
"""


@pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts programs of its own")
def test_a_real_terminal_has_the_bar_and_a_pipe_the_lines():
    command = [sys.executable, "-c", PROGRAM]
    piped = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=100, check=True).stderr
    assert "step 1/3  a line" in piped
    ours, theirs = pty.openpty()
    subprocess.run(command, stderr=theirs, env=environment() | {"TERM": "xterm"}, timeout=100, check=True)
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    assert "a bar" in text
    assert "1/3" in text
    assert "a line" not in text
