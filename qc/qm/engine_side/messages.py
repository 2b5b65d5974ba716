"""Messages on the worker's pipes: pickles of numbers, text, lists and tables, with their length before them.

Arrays go as lists: those of one numpy are not read by another. A number comes out as it went in.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import struct
import sys
from typing import Any, BinaryIO

Message = dict[str, Any]


class RefusedError(Exception):
    """A request that cannot be served however often it is tried."""


def read_message(stream: BinaryIO) -> Message | None:
    """The next message; None at the end of the stream."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    (size,) = struct.unpack("<Q", head)
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None


def write_message(stream: BinaryIO, message: Message) -> None:
    """Send one message."""
    data = pickle.dumps(message, protocol=5)
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def taken_pipes() -> BinaryIO:
    """Where replies go; what libraries print goes to the error stream from now on. The process never outlives the run."""
    die_with_parent()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def die_with_parent() -> None:
    """The kernel ends this process when the one that started it has ended (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG


def refuse_all(sentence: str) -> None:
    """Answer every request by the same sentence until the other side closes the pipe."""
    replies = taken_pipes()
    while read_message(sys.stdin.buffer) is not None:
        write_message(replies, {"ok": False, "refused": True, "message": sentence})
