"""Files that all ranks write and read at their own offsets: rows of numbers, and checksums that do not depend on the ranks."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.collective import on_root, together

from .files import temporary
from .sealed import Damage

BLOCK = 1 << 20
"""Bytes of a file that are hashed in one piece."""


def write_at(comm: MPI.Comm, path: Path, offset: int, data: bytes | np.ndarray) -> None:
    """Write each rank's bytes at its place in a file that is there, and see them on disk. Collective; fails on all ranks or none."""
    file = MPI.File.Open(comm, str(path), MPI.MODE_WRONLY)  # type: ignore[arg-type]
    try:
        together(comm, lambda: file.Write_at(offset, data))
        file.Sync()
    finally:
        file.Close()


def write_rows(path: Path, comm: MPI.Comm, rows: np.ndarray) -> None:
    """Write the rows (n, fields) of all ranks as one array of NumPy's format; the old file stays until the new is whole. Collective."""
    rows = np.ascontiguousarray(rows, dtype="<f8")
    before, total = comm.scan(len(rows)) - len(rows), comm.allreduce(len(rows))  # type: ignore[attr-defined]
    text = io.BytesIO()
    shape = (total, rows.shape[1])
    np.lib.format.write_array_header_1_0(text, {"descr": "<f8", "fortran_order": False, "shape": shape})
    head = text.getvalue()
    fresh = on_root(comm, lambda: temporary(path))
    on_root(comm, lambda: fresh.write_bytes(head))
    write_at(comm, fresh, len(head) + before * rows.shape[1] * rows.itemsize, rows)
    on_root(comm, lambda: os.replace(fresh, path))


def read_rows(path: Path, comm: MPI.Comm) -> np.ndarray:
    """(n, fields) this rank's share of the rows of a file, whatever ranks wrote them. Collective.

    Raises
    ------
    Damage
        The file holds no rows of numbers.
    """

    def part() -> np.ndarray:
        try:
            rows = np.lib.format.open_memmap(path, mode="r")  # objects are refused, not unpickled
        except (OSError, ValueError) as error:
            raise Damage(f"{path.name} holds no rows of numbers ({error})") from None
        if rows.ndim != 2 or rows.dtype != "<f8":
            raise Damage(f"{path.name} holds no rows of numbers")
        return np.array(rows[slice(*_share(len(rows), comm))])

    return together(comm, part)


def size_of(path: Path) -> int:
    """Bytes of a file; `Damage` if there is none."""
    if not path.exists():
        raise Damage("is missing")
    if not path.is_file():
        raise Damage("is no file")
    return path.stat().st_size


def digest(path: Path, comm: MPI.Comm) -> dict[str, Any]:
    """Size and checksum of a file: the SHA-256 of those of its blocks, which the ranks share. Collective.

    Raises
    ------
    Damage
        The file is missing or cannot be read.
    """
    size = on_root(comm, lambda: size_of(path))
    first, last = _share(-(-size // BLOCK), comm)

    def part() -> list[bytes]:
        try:
            with open(path, "rb") as file:
                file.seek(first * BLOCK)
                return [hashlib.sha256(file.read(BLOCK)).digest() for _ in range(first, last)]
        except OSError as error:
            raise Damage(f"cannot be read ({error.strerror})") from None

    parts = comm.gather(together(comm, part)) or []
    blocks = b"".join(block for part in parts for block in part)
    return on_root(comm, lambda: {"bytes": size, "sha256_of_blocks": hashlib.sha256(blocks).hexdigest()})


def _share(n: int, comm: MPI.Comm) -> tuple[int, int]:
    """First and one past the last of n things that fall to this rank."""
    return n * comm.rank // comm.size, n * (comm.rank + 1) // comm.size
