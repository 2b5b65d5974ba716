"""Commands that are killed, or lose their disk: ``python -m tests.qc.commands.killing`` runs one in a process for each line it reads.

What all commands import is imported once and then forked, as it takes longer than a small run. A moment is an event by which Python
changes files below the folder: one is opened to be written, put in place, linked, removed. Moments are counted, and at one of them
the process is killed, at once or some time after it, or from then on the system refuses all changes.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.programs import ROOT, environment

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}


@dataclass(frozen=True)
class End:
    """Exit code of a command, negative where a signal ended it, and the moments there were."""

    code: int
    moments: int


class Killing:
    """The server, from the side of the tests."""

    def __init__(self) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.qc.commands.killing"]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd=ROOT, text=True
        )

    def run(self, folder: Path, *words: str, moment: int = 0, delay: float = 0.0, refusal: int = 0) -> End:
        """Run a command in a folder, where ``said`` is its output.

        If the moment is not 0, kill it some seconds later, or answer changes with an error of the system from then on.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps([str(folder), words, moment, delay, refusal]) + "\n")
        self._server.stdin.flush()
        return End(*json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


def _serve() -> None:
    import matplotlib.figure

    import qc.cli.app
    import qc.commands.folds
    import qc.commands.propagate
    import qc.commands.qm_sweep
    import qc.commands.run
    import qc.commands.study

    matplotlib.figure.Figure.savefig = lambda figure, path, **how: Path(path).touch()  # type: ignore[method-assign,assignment]
    qc.report.page.page = lambda source: "<!doctype html>"  # type: ignore[attr-defined]
    count = mmap.mmap(-1, 8)
    for line in sys.stdin:
        count[:] = bytes(8)
        child = os.fork()
        if child == 0:
            _run(count, *json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([code, int.from_bytes(count[:])]), flush=True)


def _run(count: mmap.mmap, folder: str, words: list[str], moment: int, delay: float, refusal: int) -> None:
    from qc.cli import main

    def look(event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in CHANGES) and str(args[0]).startswith(folder):
            n = int.from_bytes(count[:]) + 1
            count[:] = n.to_bytes(8)
            if refusal and n >= moment:
                raise OSError(refusal, os.strerror(refusal), str(args[0]))
            if n == moment:
                _die(delay)

    said = os.open(f"{folder}/said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(folder)
    sys.addaudithook(look)
    sys.argv = ["qc", *words]
    code = 1
    try:
        code = main()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _die(delay: float) -> None:
    if delay == 0.0:
        os.kill(os.getpid(), signal.SIGKILL)
    signal.setitimer(signal.ITIMER_REAL, delay)  # whose signal ends a process that does not ask for it


if __name__ == "__main__":
    _serve()
