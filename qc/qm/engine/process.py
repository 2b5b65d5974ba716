"""An engine of quantum mechanics in a process of its own: started, asked, watched, restarted; it can crash without us."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from fem.outside import outside

from ...errors import EngineError, InputError
from .blas import Blas, find_blas
from .spec import Answer, EngineSpec

log = logging.getLogger(__name__)

WORKER = Path(__file__).parents[1] / "engine_side" / "__main__.py"

START_LIMIT = 120.0  # s; loading an engine is not computing
WORKER_ENDS = 0.5  # s; time to end by itself
PROGRAM_ENDS = 5.0  # s; the same for a worker that has to end another program, and take its socket away


class _FailureError(Exception):
    """One attempt has failed."""


WARMER = "; torn bonds have levels of equal energy, try qm.parameters = {electronic_temperature = 1000.0} or more"


class EngineProcess:
    """An engine for one set of atoms. Use it as a context, or `close` it; it never outlives its parent.

    Parameters
    ----------
    spec : EngineSpec
    symbols : sequence of str
        Chemical symbols of the atoms, in the order of all positions that follow.
    spin : int, optional
        Unpaired electrons if not those of the spec (bulk crystals have none).

    Attributes
    ----------
    calls, attempts : int
        Answers given, and requests sent for them.
    seconds : float
        What they took in all.
    blas : str
        Which BLAS the engine uses.
    """

    def __init__(self, spec: EngineSpec, symbols: Sequence[str], spin: int | None = None) -> None:
        self.spec, self.symbols = spec, [str(symbol) for symbol in symbols]
        self._spin = spec.spin if spin is None else spin
        self.calls, self.attempts, self.seconds, self.blas = 0, 0, 0.0, ""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._started()
        except _FailureError as failure:
            raise InputError(f"the QM engine {spec.name} could not be started: {failure}") from None

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def compute(self, positions: np.ndarray, cell: np.ndarray | None = None, stress: bool = False) -> Answer:
        """Energy and forces at positions (n, 3), A; with a ``cell`` the structure is periodic.

        Raises
        ------
        InputError
            The engine refuses the structure or its parameters.
        EngineError
            No attempt succeeded.
        """
        reason, began = "", time.perf_counter()
        for k in range(self.spec.retries + 1):
            request = {
                "positions": np.asarray(positions, dtype=float).tolist(), "stress": stress,
                "cell": None if cell is None else np.asarray(cell, dtype=float).tolist(),
                "symbols": self.symbols, "charge": self.spec.charge, "spin": self._spin,
                "settings": self.spec.attempt(k), "fresh": k > 0 or self.spec.is_fresh,
            }  # fmt: skip
            self.attempts += 1
            try:
                reply = self._ask(request)
            except _FailureError as failure:
                reason = str(failure)
                log.warning("QM engine %s, call %d, attempt %d: %s", self.spec.name, self.calls + 1, k + 1, reason)
                continue
            self.calls += 1
            self.seconds += time.perf_counter() - began
            strained = np.array(reply["stress"]) if stress else None
            return Answer(reply["energy"], np.array(reply["forces"]).reshape(-1, 3), strained, reply["seconds"])
        tried = (
            f"after {self.spec.retries + 1} attempts" if self.spec.retries else "at the only attempt (qm.retries = 0)"
        )
        hint = WARMER if (self.spec.is_xtb or self.spec.engine == "pyscf") and "not converged" in reason else ""
        raise EngineError(
            f"the QM engine {self.spec.name} failed {tried} at call {self.calls + 1} ({len(self.symbols)} atoms): {reason}{hint}"
        )

    def close(self) -> None:
        """End the process; the next call would start a new one."""
        if self._process is not None:
            self._end()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            blas = None if self.spec.python else _blas()
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  what the engine prints: read only if it fails
            self._process = _launch(self.spec, blas, self._log)
            self._end = weakref.finalize(self, _kill, self._process, PROGRAM_ENDS if self.spec.socket else WORKER_ENDS)
            hello = {
                "engine": self.spec.engine, "name": self.spec.name, "parameters": self.spec.keywords(), "symbols": self.symbols,
                "socket": self.spec.socket, "command": list(self.spec.command), "directory": self.spec.directory,
                "time_limit": self.spec.time_limit,
            }  # fmt: skip
            reply = self._exchange(hello, max(self.spec.time_limit, START_LIMIT))
            used = reply["blas"]
            self.blas = (
                blas.name if blas is not None and used == blas.environment["LD_PRELOAD"] else used or "the engine's own"
            )
        return self._process

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._started()
        # a worker that waits for a program keeps the time itself, and says what it has waited for
        return self._exchange(request, self.spec.time_limit + (PROGRAM_ENDS if self.spec.socket else 0.0))

    def _exchange(self, request: dict[str, Any], limit: float) -> dict[str, Any]:
        assert self._process is not None
        try:
            reply = _exchange(self._process, request, limit)
        except TimeoutError:
            self.close()
            raise _FailureError(f"no answer within qm.time_limit = {limit:g} s") from None
        except (EOFError, OSError, pickle.UnpicklingError):
            raise _FailureError(self._obituary()) from None
        except BaseException:  # interrupted: the answer to an old question must not be read later
            self.close()
            raise
        if reply["ok"]:
            return reply
        if reply["refused"]:
            self.close()
            raise InputError(reply["message"])
        raise _FailureError(reply["message"])

    def _obituary(self) -> str:
        """How the process ended, with the last line it printed."""
        assert self._process is not None
        process = self._process
        with contextlib.suppress(subprocess.TimeoutExpired):  # the pipe closes a moment before the process has ended
            process.wait(1.0)
        code = process.poll()
        self.close()
        how = (
            "its pipe" if code is None else f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        )
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f"its process ended {how}" + (f": {lines[-1][:300]}" if lines else "")


@cache
def _blas() -> Blas | None:
    """Looked for once in a run."""
    try:
        return find_blas()
    except ValueError as error:
        raise InputError(str(error)) from None


def _launch(spec: EngineSpec, blas: Blas | None, log_file: IO[bytes]) -> subprocess.Popen[bytes]:
    """The worker, in a session of its own and without the variables of an MPI launcher.

    Another interpreter finds its own modules and libraries: it gets neither our path nor our BLAS.
    """
    environment = outside() | {name: str(spec.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin would take the cores of other ranks
    environment["OMP_STACKSIZE"] = "256M"
    environment |= {} if blas is None else blas.environment
    if spec.python:
        command = [*spec.python, str(WORKER)]
        environment.pop("PYTHONPATH", None)
        environment |= {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
    else:
        command = [sys.executable, "-P", str(WORKER)]
        # engines that use MPI (LAMMPS) find the one installed as a wheel; each runs alone in it
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(
            filter(None, [environment.get("LD_LIBRARY_PATH"), str(Path(sys.prefix) / "lib")])
        )
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log_file, env=environment, start_new_session=True
        )
    except OSError as error:
        raise InputError(f"the interpreter {command[0]} of the QM engine {spec.name} cannot be started: {error.strerror}") from None


def _kill(process: subprocess.Popen[bytes], patience: float) -> None:
    """End the worker and whatever it has started."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError), _broken_pipe_is_an_error():  # closing writes what is left
            assert pipe is not None
            pipe.close()
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that is not busy ends by itself: its pipe is closed
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def _broken_pipe_is_an_error() -> Iterator[None]:
    """No signal beside it: PETSc's handler of SIGPIPE would end the run where a worker is gone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        yield
    finally:
        if signal.SIGPIPE in signal.sigpending() - before:
            signal.sigwait({signal.SIGPIPE})
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exchange(process: subprocess.Popen[bytes], request: dict[str, Any], limit: float) -> dict[str, Any]:
    """The reply to a request; TimeoutError, or EOFError if the process has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    data, deadline = pickle.dumps(request, protocol=5), time.monotonic() + limit
    with _broken_pipe_is_an_error():
        process.stdin.write(struct.pack("<Q", len(data)) + data)
        process.stdin.flush()
    (size,) = struct.unpack("<Q", _read(process.stdout.fileno(), 8, deadline))
    return pickle.loads(_read(process.stdout.fileno(), size, deadline))


def _read(fd: int, size: int, deadline: float) -> bytes:
    """Exactly ``size`` bytes before the deadline."""
    poll, parts, missing = select.poll(), [], size
    poll.register(fd, select.POLLIN | select.POLLHUP)
    while missing:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(1000.0 * left):
            raise TimeoutError
        part = os.read(fd, missing)
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
