"""The lock of a directory of results: one run at a time writes there. A file with host, process and time, made only if it is not there.

Locks of the operating system (``fcntl``) do not hold on every file system of a cluster.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import InputError

log = logging.getLogger(__name__)

NAME = "run.lock"
SETTLES = 1.0
"""Seconds after which a lock that cannot be read is nobody's: who makes one writes it at once."""
ENDS = 12.0
"""Seconds that a rank may outlive its launcher, which answers a signal with an end of its own."""
DIES = 2.0
"""Seconds in which a process that has been killed is gone."""
TRIES = 10


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who writes to a directory.

    Attributes
    ----------
    host : str
    pid : int
    started : str
        When the process began, as the system counts: another process of the same number has another; empty where it does not tell.
    since : str
        When the lock was made, for the user.
    """

    host: str
    pid: int
    started: str
    since: str

    @classmethod
    def me(cls) -> Holder:
        """This process."""
        since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
        return cls(host=socket.gethostname(), pid=os.getpid(), started=_started(os.getpid()) or "", since=since)

    @property
    def is_gone(self) -> bool:
        """Whether it is known that the process has ended: that of another host is not seen from here."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):  # somebody else's, or no number of a process
            pass
        return _started(self.pid) not in (None, self.started)

    @property
    def writes(self) -> bool:
        """Whether the process may still write; one that is dying, or whose launcher has ended, is given the time for it."""
        here = self.host == socket.gethostname()
        deadline = time.monotonic() + (0.0 if not here else ENDS if _parent(self.pid) == 1 else DIES)
        while not self.is_gone:
            if time.monotonic() >= deadline:
                return True
            time.sleep(0.1)
        return False

    def sentence(self, directory: Path) -> str:
        """Why nobody else may write there."""
        held = f"{directory} is in use by a run on host {self.host}, process {self.pid}, since {self.since}"
        if self.host == socket.gethostname():
            return f"{held}: wait for its end, or take another directory with -o"
        return f"{held}; whether it still runs is not seen from host {socket.gethostname()}: if not, remove {directory / NAME}"


def _parent(pid: int) -> int | None:
    """Number of a process' parent, 1 where that has ended; None where the system does not tell."""
    fields = _status(pid)
    return int(fields[1]) if fields else None


def _started(pid: int) -> str | None:
    """When a process began, "gone" of one that has ended and is not yet waited for; None where the system does not tell."""
    fields = _status(pid)
    return None if not fields else "gone" if fields[0] in "ZX" else fields[19]


def _status(pid: int) -> list[str]:
    """What Linux tells of a process behind its name: state, parent, ...; nothing elsewhere."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return []


@contextmanager
def locked(directory: Path) -> Iterator[str | None]:
    """Hold the lock of a directory while the block runs. On one rank.

    Yields
    ------
    str or None
        A sentence if the lock of a run that was killed has been taken over.

    Raises
    ------
    InputError
        Another run holds it, or no lock can be made.
    """
    path = directory / NAME
    told, mine = _take(path)
    try:
        yield told
    finally:
        if _read(path) == mine:
            path.unlink(missing_ok=True)


def refuse_if_held(directory: Path) -> None:
    """Refuse a directory that another run writes to."""
    holder = _read(directory / NAME)
    if holder is not None and holder.writes:
        raise InputError(holder.sentence(directory))


def _take(path: Path) -> tuple[str | None, Holder]:
    told, mine = None, Holder.me()
    for _ in range(TRIES):
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            told = _clear(path)
            continue
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}): expected is a place of your own") from None
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(asdict(mine)) + "\n")
        except OSError as error:
            path.unlink(missing_ok=True)
            raise InputError(f"{path} cannot be written ({error.strerror})") from None
        return told, mine
    raise InputError(f"{path} is made again and again by other runs: take another directory with -o")


def _clear(path: Path) -> str:
    """Remove a lock whose holder is gone; the sentence about it."""
    if not path.is_file():
        if os.path.lexists(path):
            raise InputError(f"{path} is no lock of a run: remove it")
        return ""
    holder = _read(path)
    if holder is None:
        time.sleep(SETTLES)
        holder = _read(path)
    if holder is not None and holder.writes:
        raise InputError(holder.sentence(path.parent))
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        os.rename(path, aside)
    except FileNotFoundError:  # another run was faster
        return ""
    if _read(aside) != holder:  # ... and this is its lock
        os.rename(aside, path)
        return ""
    aside.unlink()
    whose = "that cannot be read" if holder is None else f"of process {holder.pid}, which ended without removing it,"
    return f"{path}: the lock {whose} is taken over"


def _read(path: Path) -> Holder | None:
    """Who holds a lock; None if it is not there or tells nothing."""
    try:
        holder = Holder(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    if holder is None or not isinstance(holder.pid, int) or holder.pid <= 0:
        return None
    words = (holder.host, holder.started, holder.since)
    return holder if all(isinstance(word, str) and word.isprintable() and len(word) < 256 for word in words) else None
