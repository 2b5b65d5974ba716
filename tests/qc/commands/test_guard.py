"""Signals to a program that cannot hear them: answered at once, ended in time; and to one that can: a flag."""

import os
import signal
import subprocess
import sys
import time
from inspect import signature

import pytest
from mpi4py import MPI

from qc.commands.guard import Interrupt, guarded
from qc.commands.watchdog import ASKING, BETWEEN, PATIENCE, TWICE
from qc.errors import Stopped
from tests.programs import environment, mpirun

comm = MPI.COMM_WORLD
alone = pytest.mark.skipif(comm.size > 1, reason="starts programs of its own")

BUSY = """
import ctypes, signal, sys
signal.alarm(120)  # not for ever, should a test fail
from mpi4py import MPI
from qc.commands.guard import Interrupt, guarded
rank = MPI.COMM_WORLD.rank
with guarded(sys.argv[1] == "speaks" and rank == 0, patience=float(sys.argv[2])):
    if sys.argv[3] == "finishes":
        Interrupt(MPI.COMM_SELF, lambda: "")
    print("ready\\n", end="", flush=True)  # in one write, which no other rank comes between
    lock, C = ctypes.create_string_buffer(256), ctypes.PyDLL(None)  # keeps the interpreter, as PETSc does
    C.pthread_mutex_lock(lock)
    C.pthread_mutex_lock(lock)
"""


class Busy:
    """A program that is in C code for ever."""

    def __init__(self, *words, ranks=1):
        command = [*(mpirun(ranks) if ranks > 1 else []), sys.executable, "-c", BUSY, *words]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(ranks):
            assert self.process.stdout.readline() == "ready\n"

    def send(self, number):
        self.process.send_signal(number)

    def heard(self):
        """The next line on its standard error that is not empty."""
        return next(line for line in self.process.stderr if line.strip())

    def end(self):
        """Exit code, and what it says besides."""
        rest = self.process.communicate(timeout=60)[1]
        return self.process.returncode, rest.strip()


@alone
@pytest.mark.parametrize("number", ASKING)
def test_a_second_signal_ends_what_is_being_finished(number):
    busy = Busy("speaks", "1000", "finishes")
    busy.send(number)
    name = signal.Signals(number).name
    assert busy.heard() == f"qc: {name}: finishing this Newton step, then saving; again to stop now\n"
    time.sleep(TWICE + 0.1)
    busy.send(number)
    code, said = busy.end()
    assert code == 3
    assert said.startswith(f"qc: {name} again: ended at once")


@alone
def test_all_ranks_end_and_one_speaks():
    """The launcher passes the signal on to three ranks: one answer and one last word; its exit code is its own affair."""
    busy = Busy("speaks", "1000", "finishes", ranks=3)
    busy.send(signal.SIGUSR1)
    assert "finishing this Newton step" in busy.heard()
    time.sleep(TWICE + 0.1)
    busy.send(signal.SIGUSR1)
    code, said = busy.end()
    assert code != 0
    assert "finishing" not in said
    assert said.count("ended at once") == 1


def test_a_command_ends_within_ten_seconds_of_the_first_signal():
    """Clusters give 30 s before they kill: patience with what cannot be interrupted, and the time to exit."""
    assert PATIENCE + BETWEEN <= 10.0
    assert signature(guarded).parameters["patience"].default == PATIENCE


@alone
def test_patience_has_an_end():
    """The launcher passes on what the batch system has sent already: that is no second signal."""
    busy = Busy("speaks", "1.5", "finishes")
    busy.send(signal.SIGTERM)
    assert "finishing this Newton step" in busy.heard()
    busy.send(signal.SIGTERM)
    code, said = busy.end()
    assert code == 3
    assert said.startswith("qc: not finished 1.5 s after the signal: ended;")


@alone
@pytest.mark.parametrize(("word", "said"), [("speaks", "qc: SIGTERM: ended at once"), ("is silent", "")])
def test_what_has_nothing_to_finish_ends_at_once(word, said):
    busy = Busy(word, "1000", "has nothing to finish")
    busy.send(signal.SIGTERM)
    code, heard = busy.end()
    assert code == 3
    assert heard.startswith(said)
    assert bool(heard) == bool(said)


@pytest.mark.mpi
@pytest.mark.parametrize("number", ASKING)
def test_a_signal_to_one_rank_is_a_flag_on_all(number):
    before = signal.getsignal(number)
    interrupt = Interrupt(comm, lambda: "after K = 1 K_G")
    try:
        interrupt.look()
        if comm.rank == comm.size - 1:
            os.kill(os.getpid(), number)
            assert signal.getsignal(number) == signal.SIG_DFL  # without a watchdog the next one ends the process
        with pytest.raises(Stopped, match="stopped after K = 1 K_G; resume with --resume"):
            interrupt.look()
    finally:
        interrupt.restore()
    assert signal.getsignal(number) == before
