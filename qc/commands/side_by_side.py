"""Runs of several cases side by side, each a process of its own with one thread: one that fails leaves the others alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from mpi4py import MPI

from atomistics.potentials.aliases import given_words

from ..errors import visible
from ..qm.engine.aliases import given_engines
from .guard import Interrupt
from .two_ranks import outside

ROOT = Path(__file__).resolve().parents[2]
"""Where the packages are."""
POLL = 0.1
"""Seconds between two looks at the processes."""
BAD_INPUT = 2
LAST = 4000
"""Bytes at the end of what a process says that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A case to run.

    Attributes
    ----------
    case_file, directory : Path
    resume : bool
        Whether there is a state to go on from.
    """

    case_file: Path
    directory: Path
    resume: bool


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How a run ended that has no result.

    Attributes
    ----------
    state : {"refused", "failed"}
    reason : str
        One sentence.
    """

    state: str
    reason: str


class Run:
    """The process of a job.

    Parameters
    ----------
    job : Job
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        aside: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": self._said}
        try:
            self.process = subprocess.Popen(command(job), **aside, env=_environment(), start_new_session=True)
        except OSError:
            self._said.close()
            raise

    def ended(self) -> Failure | None:
        """What became of it once it has ended; None if all went well."""
        code = self.process.wait()
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - LAST))
        lines = [line for line in self._said.read().decode(errors="replace").splitlines() if line.strip()]
        self._said.close()
        if code == 0:
            return None
        told = [line.removeprefix("qc: ") for line in lines if line.startswith("qc: ")]
        last = (told or lines or ["it said nothing"])[-1]
        sentence = visible(last) if told else f"ended with exit code {code}: {visible(last)}"
        return Failure(state="refused" if code == BAD_INPUT else "failed", reason=sentence)

    def stop(self) -> None:
        """Ask it to save its state and end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()


def command(job: Job) -> list[str]:
    """Command line of a job's process; the folder it works in brings no modules."""
    words = ["run", os.fspath(job.case_file), "-o", os.fspath(job.directory), "-q", *(["--resume"] if job.resume else [])]
    words += [word for model in given_words() for word in ("--model", model)]
    words += [word for engine in given_engines() for word in ("--engine", engine)]
    return [sys.executable, "-P", "-m", "qc.cli.follower", *words]


def side_by_side(jobs: Sequence[Job], number: int, ended: Callable[[Job, Failure | None], None]) -> None:
    """Run all jobs, ``number`` of them at a time; ``ended`` is told of each as it ends.

    A signal to this process is passed on: the runs save their states, and when the last one has ended `Stopped` is raised.
    """
    waiting, running = deque(jobs), list[Run]()
    interrupt = Interrupt(MPI.COMM_SELF, lambda: f"with {len(waiting) + len(running)} of {len(jobs)} crack systems to go")
    try:
        while waiting or running:
            while waiting and len(running) < number:
                running.append(Run(waiting.popleft()))
            interrupt.look()
            for run in [one for one in running if one.process.poll() is not None]:
                running.remove(run)
                ended(run.job, run.ended())
            time.sleep(POLL)
    finally:
        for run in running:
            run.stop()
        for run in running:
            run.ended()
        interrupt.restore()


def _environment() -> dict[str, str]:
    """One thread, no marks of an MPI job, and the packages of this process, wherever it was started."""
    path = os.pathsep.join(filter(None, [os.fspath(ROOT), os.environ.get("PYTHONPATH")]))
    return outside() | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
