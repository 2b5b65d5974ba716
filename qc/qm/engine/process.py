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
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from fem.outside import outside

from ...errors import EngineError, InputError
from .blas import Blas, find_blas
from .spec import Answer, EngineSpec

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("worker.py")

START_LIMIT = 120.0  # s; loading an engine is not computing


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
        self.spec, self.symbols = spec, list(symbols)
        self._spin = spec.spin if spin is None else spin
        self.calls, self.attempts, self.seconds, self.blas = 0, 0, 0.0, ""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._started()
        except _FailureError as failure:
            raise InputError(f"the QM engine {spec.engine} could not be started: {failure}") from None

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
                "positions": np.ascontiguousarray(positions, dtype=float), "cell": cell, "stress": stress,
                "symbols": self.symbols, "charge": self.spec.charge, "spin": self._spin,
                "settings": self.spec.attempt(k), "fresh": k > 0 or self.spec.start == "fresh",
            }  # fmt: skip
            self.attempts += 1
            try:
                reply = self._ask(request)
            except _FailureError as failure:
                reason = str(failure)
                log.warning("QM engine %s, call %d, attempt %d: %s", self.spec.engine, self.calls + 1, k + 1, reason)
                continue
            self.calls += 1
            self.seconds += time.perf_counter() - began
            return Answer(reply["energy"], reply["forces"], reply.get("stress"), reply["seconds"])
        tried = (
            f"after {self.spec.retries + 1} attempts" if self.spec.retries else "at the only attempt (qm.retries = 0)"
        )
        hint = WARMER if self.spec.is_xtb and "not converged" in reason else ""
        raise EngineError(
            f"the QM engine {self.spec.engine} failed {tried} at call {self.calls + 1} ({len(self.symbols)} atoms): {reason}{hint}"
        )

    def close(self) -> None:
        """End the process; the next call would start a new one."""
        if self._process is not None:
            self._end()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            blas = _blas()
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  what the engine prints: read only if it fails
            self._process = _launch(self.spec, blas, self._log)
            self._end = weakref.finalize(self, _kill, self._process)
            hello = {"engine": self.spec.engine, "parameters": self.spec.keywords(), "symbols": self.symbols}
            reply = self._exchange(hello, max(self.spec.time_limit, START_LIMIT))
            used = reply["blas"]
            self.blas = (
                blas.name if blas is not None and used == blas.environment["LD_PRELOAD"] else used or "the engine's own"
            )
        return self._process

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._started()
        return self._exchange(request, self.spec.time_limit)

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
    """The worker, in a session of its own and without the variables of an MPI launcher."""
    environment = outside() | {name: str(spec.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin would take the cores of other ranks
    environment["OMP_STACKSIZE"] = "256M"
    environment |= {} if blas is None else blas.environment
    # engines that use MPI (LAMMPS) find the one installed as a wheel; each runs alone in it
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(
        filter(None, [environment.get("LD_LIBRARY_PATH"), str(Path(sys.prefix) / "lib")])
    )
    command = [sys.executable, "-P", str(WORKER)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log_file, env=environment, start_new_session=True
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and whatever it has started."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            assert pipe is not None
            pipe.close()
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that is not busy ends by itself: its pipe is closed
            process.wait(0.5)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _exchange(process: subprocess.Popen[bytes], request: dict[str, Any], limit: float) -> dict[str, Any]:
    """The reply to a request; TimeoutError, or EOFError if the process has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    data, deadline = pickle.dumps(request, protocol=5), time.monotonic() + limit
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
