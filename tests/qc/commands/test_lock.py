"""The lock of a directory: a second run is refused, that of a killed one is taken over, that of another host is not."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from qc.commands import lock
from qc.commands.checks import check_directory
from qc.commands.directory import results_directory
from qc.commands.lock import NAME, Holder, locked
from qc.errors import InputError
from tests.qc.commands.small import comm


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(lock, "DIES", 0.1)


def put(directory, **changes):
    """The lock of somebody: this process, if nothing else is said."""
    me = Holder.me()
    (directory / NAME).write_text(json.dumps({name: getattr(me, name) for name in vars(me)} | changes))


def test_a_second_run_is_refused(tmp_path):
    with locked(tmp_path) as told:
        assert told is None
        sentence = rf"in use by a run on host {socket.gethostname()}, process {os.getpid()}, since 20"
        with pytest.raises(InputError, match=sentence), locked(tmp_path):
            pytest.fail("two runs at once")
        with pytest.raises(InputError, match=sentence):
            check_directory(tmp_path, resume=True)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_every_end_gives_the_lock_back(tmp_path, error):
    with pytest.raises(error), locked(tmp_path):
        raise error
    assert not (tmp_path / NAME).exists()


def test_the_lock_of_a_killed_run_is_taken_over(tmp_path):
    """Killed, and not yet waited for, or long gone; its number may be another process's now."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    put(tmp_path, pid=sleeper.pid, started=lock._started(sleeper.pid))
    with pytest.raises(InputError, match=f"process {sleeper.pid}"), locked(tmp_path):
        pytest.fail("it lives")
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    for _ in range(2):
        with locked(tmp_path) as told:
            assert told == f"{tmp_path / NAME}: the lock of process {sleeper.pid}, which ended without removing it, is taken over"
        sleeper.wait()
        put(tmp_path, pid=sleeper.pid, started="1")
    put(tmp_path, started="1")
    with locked(tmp_path) as told:
        assert f"process {os.getpid()}" in told


def test_the_lock_of_another_host_is_not_taken_over(tmp_path):
    put(tmp_path, host="node17", pid=1)
    with pytest.raises(InputError, match=rf"host node17, process 1, .* if not, remove {tmp_path / NAME}"), locked(tmp_path):
        pytest.fail("it may live")
    assert (tmp_path / NAME).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "\udcff", '{"host": "\\u001b[2J", "pid": 1, "started": "", "since": ""}'])
def test_a_lock_that_tells_nothing_is_taken_over(tmp_path, monkeypatch, text):
    monkeypatch.setattr(lock, "SETTLES", 0.0)
    (tmp_path / NAME).write_bytes(text.encode(errors="surrogateescape"))
    with locked(tmp_path) as told:
        assert "the lock that cannot be read is taken over" in told
    assert not (tmp_path / NAME).exists()


def test_what_is_no_lock_is_told(tmp_path):
    for make in (Path.mkdir, lambda path: path.symlink_to(path)):
        make(tmp_path / NAME)
        with pytest.raises(InputError, match="is no lock of a run"), locked(tmp_path):
            pytest.fail("a folder, or nothing")
        assert [path.name for path in tmp_path.iterdir()] == [NAME]
        if (tmp_path / NAME).is_dir():
            (tmp_path / NAME).rmdir()


def test_another_run_is_faster_in_taking_over(tmp_path, monkeypatch):
    """Between looking at a stale lock and removing it, another run has done so: its lock stays."""
    put(tmp_path, started="1")
    rename = os.rename

    def late(old, new):
        put(tmp_path, host="node17")
        monkeypatch.setattr(os, "rename", rename)
        rename(old, new)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(InputError, match="host node17"), locked(tmp_path):
        pytest.fail("two runs at once")
    assert json.loads((tmp_path / NAME).read_text())["host"] == "node17"


@pytest.mark.mpi
def test_all_ranks_are_refused_and_told(shared_path):
    """A takeover is in run.log; a second run leaves the first one's lock."""
    if comm.rank == 0:
        put(shared_path, started="1")
    comm.barrier()
    with results_directory(shared_path, comm):
        comm.barrier()
        with pytest.raises(InputError, match="in use by a run"), results_directory(shared_path, comm):
            pytest.fail("two runs at once")
        assert (shared_path / NAME).exists()
        comm.barrier()
    assert "is taken over" in (shared_path / "run.log").read_text()
    comm.barrier()
    assert not (shared_path / NAME).exists()


def test_a_rank_that_outlives_its_launcher_is_waited_for(tmp_path, monkeypatch):
    """The launcher has ended at a signal, and a rank is about to; one that does not end is in use."""
    begun = subprocess.run(
        [sys.executable, "-c", "import subprocess as s; print(s.Popen(['sleep', '2'], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"],
        capture_output=True,
        text=True,
        check=True,
    )
    put(tmp_path, pid=int(begun.stdout), started=lock._started(int(begun.stdout)) or "")
    if lock._parent(int(begun.stdout)) != 1:
        pytest.skip("orphans here have another parent")
    monkeypatch.setattr(lock, "ENDS", 0.2)
    with pytest.raises(InputError, match="is in use by a run"):
        lock.refuse_if_held(tmp_path)
    monkeypatch.setattr(lock, "ENDS", 30.0)
    lock.refuse_if_held(tmp_path)
