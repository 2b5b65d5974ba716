"""Processes side by side: how many at a time, one that fails, a signal that is passed on, a parent that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qc.cli import follower
from qc.commands import side_by_side as module
from qc.commands.side_by_side import Job, side_by_side
from qc.errors import Stopped

TELLS = "import sys; sys.stderr.write('chatter\\nqc: model.core_radius = 1 A is too small\\n'); sys.exit(2)"
CRASHES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
WAITS = """
import pathlib, signal, sys, time
def stop(number, frame):
    pathlib.Path(sys.argv[1]).write_text('saved')
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1]).write_text('running')
time.sleep(60)
"""


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Makes jobs whose processes run a script of a line instead of `qc run`."""
    made = {}
    monkeypatch.setattr(module, "command", lambda job: [sys.executable, "-c", made[job], str(job.directory)])

    def make(*scripts):
        for number, script in enumerate(scripts):
            job = Job(case_file=Path("none.toml"), directory=tmp_path / f"{number}", resume=False)
            made[job] = script
        return list(made)

    return make


def test_one_that_fails_leaves_the_others_alone(jobs):
    found = {}
    some = jobs("pass", TELLS, CRASHES, "raise ValueError('a defect')", "pass")
    side_by_side(some, 2, lambda job, failure: found.__setitem__(job, failure))
    ends = [found[job] for job in some]
    assert ends[0] is None
    assert ends[4] is None
    assert (ends[1].state, ends[1].reason) == ("refused", "model.core_radius = 1 A is too small")
    assert (ends[2].state, ends[2].reason) == ("failed", "ended with exit code -9: it said nothing")
    assert ends[3].reason == "ended with exit code 1: ValueError: a defect"


def test_no_more_than_asked_for_at_a_time(jobs, tmp_path):
    """Each writes when it began and ended."""
    script = "import pathlib, sys, time; t = time.time(); time.sleep(0.3); pathlib.Path(sys.argv[1]).write_text(f'{t} {time.time()}')"
    some = jobs(*[script] * 4)
    side_by_side(some, 2, lambda job, failure: None)
    times = [tuple(map(float, job.directory.read_text().split())) for job in some]
    assert max(sum(begin <= t < end for begin, end in times) for t, _ in times) <= 2


def test_a_signal_is_passed_on_and_waited_for(jobs):
    def ended(job, failure):
        while not (some[1].directory.exists() and some[1].directory.read_text()):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    some = jobs("pass", WAITS, WAITS)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="with 2 of 3 crack systems to go; resume with --resume"):
        side_by_side(some, 2, ended)
    assert some[1].directory.read_text() == "saved"
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell a process of its parent's end")
def test_a_run_stops_when_its_parent_is_killed(tmp_path):
    """The follower is asked to stop: here it runs a stand-in for `qc` that waits."""
    room = tmp_path / "qc" / "cli"
    room.mkdir(parents=True)
    for folder in (room.parent, room):
        (folder / "__init__.py").touch()
    (room / "app.py").write_text(WAITS)
    (room / "follower.py").write_text(Path(follower.__file__).read_text())
    told = tmp_path / "told"
    words = f"[sys.executable, '-m', 'qc.cli.follower', {str(told)!r}]"
    parent = f"import subprocess, sys, time; subprocess.Popen({words}); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (told.exists() and told.read_text()):
        time.sleep(0.05)
    process.kill()
    process.wait()
    while time.monotonic() < deadline and told.read_text() != "saved":
        time.sleep(0.05)
    assert told.read_text() == "saved"


def test_the_command_names_everything(monkeypatch):
    monkeypatch.setattr(module, "given_words", lambda: ["mine=package.module:make"])
    words = module.command(Job(case_file=Path("a/110_001.toml"), directory=Path("a/110_001"), resume=True))
    assert words[1:4] == ["-P", "-m", "qc.cli.follower"]
    assert words[4:] == ["run", "a/110_001.toml", "-o", "a/110_001", "-q", "--resume", "--model", "mine=package.module:make"]
