"""How a command ends: exit codes, one sentence, and no rank left waiting."""

import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from mpi4py import MPI

from qc.cli import ending
from qc.errors import ConvergenceError, InputError, Stopped
from tests.programs import environment, mpirun
from tests.qc.cli.commands import comm, qc, say

alone = pytest.mark.skipif(comm.size > 1, reason="starts ranks of its own")


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


def test_a_defect_shows_its_traceback(fake):
    fake.outcome = ValueError("shapes differ")  # not for the user to mend
    result = qc("run", "iron.toml")
    assert result.exit_code == 1
    assert result.exception is fake.outcome


class Ranks:
    """Stand-in for a communicator of two ranks."""

    size, rank = 2, 1

    def __init__(self, arrive):
        self.arrive, self.aborted = arrive, []

    def Dup(self):
        return self

    def bcast(self, value):
        return value

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
        (KeyError("defect"), True, [], ""),
        (KeyError("defect"), False, [1], "rank 1 alone: Traceback"),
        (SystemExit(5), False, [1], "rank 1 alone: SystemExit(5) in"),
        (MemoryError("Unable to allocate 7 TiB"), False, [1], "rank 1 alone: out of memory (unable to allocate 7 TiB)"),
        (OSError(28, "No space left on device", "out/x"), False, [1], "rank 1 alone: No space left on device: out/x\n"),
        (FileNotFoundError(2, "No such file or directory", "x"), False, [1], "rank 1 alone: Traceback"),
    ],
)
def test_no_rank_is_left_waiting(monkeypatch, capsys, error, arrive, aborted, shown):
    ranks = Ranks(arrive)
    monkeypatch.setattr(MPI, "COMM_WORLD", ranks)
    monkeypatch.setattr(ending, "PATIENCE", 0.05)

    def fail(world):
        raise error

    assert ending.exit_code(fail) in (1, 2)
    assert ranks.aborted == aborted
    stderr = capsys.readouterr().err
    assert stderr.startswith(shown)
    assert bool(stderr) == bool(shown)


@alone
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raise InputError('bad value')", "rank 1 alone: bad value"),
        ("raise SystemExit(0)", "rank 1 alone: SystemExit(0) in"),
        ("os.kill(os.getpid(), 9)", "qc: one of the ranks ended without a word"),
        ("os._exit(0)", "qc: one of the ranks ended without a word"),
    ],
)
def test_one_failing_rank_ends_the_others(fault, said):
    """Rank 1 fails alone while rank 0 waits in a collective call: over within seconds, with one sentence."""
    if shutil.which(mpirun(2)[0]) is None:
        pytest.skip("no mpirun")
    program = (
        "import os\nimport qc.cli.ending as e\nfrom qc.errors import InputError\ne.PATIENCE = 0.5\n"
        f"def f(comm):\n    if comm.rank == 1:\n        {fault}\n    comm.barrier()\n    return 0\n"
        "raise SystemExit(e.exit_code(f))"
    )
    done = subprocess.run(
        [*mpirun(2), sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )
    # Whether a rank that ends with 0 before MPI does is a failure the launcher decides, and under load not always alike.
    assert done.returncode != 0 or fault == "os._exit(0)"
    assert done.stderr.count(said) == 1
    assert sum("alone:" in line or "without a word" in line for line in done.stderr.splitlines()) == 1


@alone
def test_a_signal_to_a_command_without_steps_is_no_abort_of_petsc():
    """As of ``qc qm-budget``, which has nothing to finish: one sentence and the exit code of a stop, not PETSc's page of advice."""
    program = (
        "import signal, time\nimport qc.cli.ending as e\n"
        "def f(comm):\n    from petsc4py import PETSc\n    PETSc.Vec().createSeq(1)\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "raise SystemExit(e.exit_code(f))"
    )
    command = [sys.executable, "-c", program]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    assert running.stdout.readline() == "ready\n"
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=60)[1].strip()
    assert said == "qc: SIGTERM: ended at once, there was nothing to finish"
    assert running.returncode == 3


def test_what_a_command_takes_of_mpi_is_given_back(monkeypatch):
    """MPI has some 2,000 communicators, and a process may give as many commands, whether they end well or not."""
    freed, ranks = [], Ranks(arrive=True)
    ranks.Dup = lambda: SimpleNamespace(Free=lambda: freed.append(True), Ibarrier=ranks.Ibarrier)
    monkeypatch.setattr(MPI, "COMM_WORLD", ranks)

    def fail(world):
        raise InputError("wrong")

    assert [ending.exit_code(command) for command in (lambda world: 0, fail)] == [0, 2]
    assert freed == [True, True]
