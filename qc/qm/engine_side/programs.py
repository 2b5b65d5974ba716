"""Programs that speak i-PI's protocol through a socket: VASP, CP2K, Quantum ESPRESSO, FHI-aims, DFTB+.

V. Kapil et al., Comput. Phys. Commun. 236 (2019) 214. ASE's SocketIOCalculator talks; what is here starts the program, watches it
and ends it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from typing import Any

from ase import Atoms
from ase.calculators import socketio

from .messages import Message, RefusedError, die_with_parent

GRACE = 2.0
"""Seconds that a program has to end by itself when its socket is closed."""


class Program(socketio.SocketIOCalculator):  # type: ignore[misc]
    """A program behind a socket, started at the first structure with that structure.

    Parameters
    ----------
    hello : dict
        ``socket`` ("unix:NAME" or "HOST:PORT"), ``command`` (list of words), ``directory``, ``time_limit`` in s, ``name``.
        In the words ``{structure}`` is a file of the first structure (extended xyz, A), ``{socket}`` a name of the socket that no
        other run has, ``{host}`` and ``{port}`` what they say; port 0 is any that is free.
    """

    def __init__(self, hello: Message) -> None:
        self._hello, self._folder, self.has_ended = hello, "", False
        self._started: Running | None = None
        kind, _, name = hello["socket"].rpartition(":")
        if kind == "unix":
            own = any("{socket}" in word for word in hello["command"])
            place: dict[str, Any] = {"unixsocket": f"{name}-{os.getpid()}" if own else name}
            _remove_stale(f"/tmp/ipi_{place['unixsocket']}")
        else:
            place = {"port": int(name) or _free_port()}
        limit = hello["time_limit"]
        super().__init__(timeout=limit, launch_client=self._launch, **place)

    def _launch(self, atoms: Atoms, properties: Any = None, port: int | None = None, unixsocket: str | None = None) -> Running:
        """The program, in the alias's directory or in one of its own."""
        self._folder = tempfile.mkdtemp(prefix="qc-engine-")
        structure = os.path.join(self._folder, "structure.xyz")
        atoms.write(structure, format="extxyz")
        words = {"{structure}": structure, "{socket}": unixsocket, "{port}": port, "{host}": self._hello["socket"].rpartition(":")[0]}
        command = [_filled(word, words) for word in self._hello["command"]]
        where = os.path.expanduser(self._hello["directory"]) or self._folder
        self._started = Running(command, where, self._hello)
        return self._started

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        """As ASE does it; what goes wrong is told of the program."""
        try:
            super().calculate(*args, **kwargs)
        except (OSError, AssertionError) as error:  # closed, silent, or out of step with the protocol
            connected = self.server is not None and self.server.protocol is not None
            ended = "" if self._started is None else self._started.obituary(connected, isinstance(error, socket.timeout))
            words = " ".join(str(error).split()) or type(error).__name__
            self.close()
            raise RuntimeError(ended or f"its program does not speak i-PI's protocol as expected: {words}") from error

    def close(self) -> None:
        """End the program and take its socket away; for the next structure another `Program` is made."""
        self.has_ended = True
        with contextlib.suppress(OSError):
            super().close()
        if self._started is not None:
            self._started.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Running:
    """A program that was started: what ASE asks of a process, with an end to all waiting."""

    def __init__(self, command: list[str], where: str, hello: Message) -> None:
        self._hello, self._until = hello, time.monotonic() + hello["time_limit"]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  what the program prints: read only if it fails
        try:
            self._process = subprocess.Popen(
                command, cwd=where, stdin=subprocess.DEVNULL, stdout=self._said, stderr=subprocess.STDOUT, preexec_fn=die_with_parent
            )
        except OSError as error:
            raise RefusedError(f"the engine {hello['name']} cannot start {' '.join(command)[:200]} ({error})") from error

    def poll(self) -> int | None:
        """Its exit code; None while it runs. Asked each second until it has connected: TimeoutError if that takes too long."""
        if self._process.poll() is None and time.monotonic() > self._until:
            raise socket.timeout  # Python 3.9 has no other name for it
        return self._process.poll()

    def wait(self) -> int:
        """Its exit code, which it is made to have soon."""
        try:
            return self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._process.wait()

    def obituary(self, connected: bool, late: bool) -> str:
        """How it ended, or that it has not answered, with the last line it printed; empty if it runs and is not late."""
        if not late:
            with contextlib.suppress(subprocess.TimeoutExpired):  # a socket closes a moment before its process has ended
                self._process.wait(GRACE)
        code, limit = self._process.poll(), f"within {self._hello['time_limit']:g} s"
        if code is not None:
            how = f"its program ended with exit code {code}"
        elif late:
            how = f"its program gave no answer {limit}"
            how = how if connected else f"nobody speaks i-PI's protocol on the socket {self._hello['socket']} {limit}"
        else:
            return ""
        self._said.seek(0)
        lines = [line for line in self._said.read().decode(errors="replace").splitlines() if line.strip()]
        return how + (f": {lines[-1][:300]}" if lines else "")


def _filled(word: str, words: dict[str, Any]) -> str:
    for name, value in words.items():
        word = word.replace(name, str(value))
    return word


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _remove_stale(path: str) -> None:
    """Take away the socket of a run that was killed; RefusedError for one that is in use."""
    if not os.path.exists(path):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError as error:
            raise RefusedError(f"the socket {path} cannot be used: {error}") from error
        else:
            raise RefusedError(f"the socket {path} is in use by another run: put {{socket}} into the command, and each has its own")
