"""Checkpoints of a run: the newest and the one before, each a document with the size and checksum of every file it rests on."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.collective import on_root

from ..unknowns.prolongation import Prolongation
from .files import replace_text
from .journal import STEPS, read_journal
from .kept import write_displacements, write_unknowns
from .rows import digest, size_of, write_rows
from .sealed import BEFORE, NEWEST, Damage, documents, refusal, seal

STATE = "state-"
"""How the names of files begin that one checkpoint alone rests on."""

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of a directory, readable on any number of ranks. All methods but `rests_on` are collective.

    Parameters
    ----------
    directory : Path
    comm : mpi4py.MPI.Comm

    Attributes
    ----------
    fell_back : bool
        Whether the newest was damaged, and the one before it is gone on from.
    """

    def __init__(self, directory: Path, comm: MPI.Comm) -> None:
        self.directory, self.comm, self.fell_back = directory, comm, False
        self._files: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._last: set[str] = set()

    def read(self) -> dict[str, Any] | None:
        """The content of the newest checkpoint whose files are all as they were written; None where there is none.

        Raises
        ------
        InputError
            There are checkpoints, and none is whole.
        """
        wrong: list[str] = []
        for name, found in on_root(self.comm, lambda: documents(self.directory)):
            try:
                content = self._proved(found)
            except Damage as damage:
                wrong.append(f"{name} {damage}")
                continue
            self._go_on(content, fell_back=bool(wrong))
            if wrong:
                told = "%s in %s: going on from the checkpoint before it, after step %d"
                log.warning(told, wrong[0], self.directory, content["step"])
            return content
        if wrong:
            raise refusal(self.directory, wrong)
        return None

    def _proved(self, content: dict[str, Any] | Damage) -> dict[str, Any]:
        """A checkpoint that is whole, as are the files it rests on, with the lists of its journal; `Damage` if it is not."""
        if isinstance(content, Damage):
            raise content
        for name, told in content["files"].items():
            self._check_file(name, told)
        mark = content.get("journal")
        return content if mark is None else content | on_root(self.comm, lambda: read_journal(self.directory / STEPS, mark))

    def _check_file(self, name: str, told: dict[str, Any]) -> None:
        """`Damage` unless a file is as it was written."""
        path = self.directory / name
        try:
            size = on_root(self.comm, lambda: size_of(path))
            same = size == told.get("bytes") and digest(path, self.comm) == told
        except Damage as damage:
            raise Damage(f"rests on {name}, which {damage}") from None
        if size != told.get("bytes"):
            raise Damage(f"rests on {name}, which has {size} bytes instead of {told.get('bytes')}")
        if not same:
            raise Damage(f"rests on {name}, which is not as it was written: its checksum differs")

    def _go_on(self, content: dict[str, Any], fell_back: bool) -> None:
        self.fell_back, self._number = fell_back, content["number"]
        self._last = {name for name in content["files"] if name.startswith(STATE)}
        self._files = {name: told for name, told in content["files"].items() if name not in self._last}

    def rest_on(self, name: str) -> None:
        """Let all later checkpoints rest on a file of the directory, which is not written again."""
        self._files[name] = digest(self.directory / name, self.comm)

    def leave(self, *names: str) -> None:
        """Let later checkpoints rest on files no longer; those that do keep them."""
        for name in names:
            self._files.pop(name, None)

    def rests_on(self, name: str) -> bool:
        """Whether the checkpoints rest on a file."""
        return name in self._files

    def save(
        self,
        step: int,
        parts: Prolongation,
        state: dict[str, Any],
        *fields: np.ndarray,
        rows: np.ndarray | None = None,
        learnt: Sequence[np.ndarray] = (),
    ) -> None:
        """Write fields (n, components) on this rank's blocks, rows of other numbers, and ``state``; the checkpoint before is kept.

        ``learnt`` are vectors of unknowns, this rank's parts, that make the way on from the state shorter.

        All ranks write their parts of a file; a document that names it is then put in place in one move. Without fields the
        document rests on the files of `rest_on` alone.
        """
        number = self._number + 1
        names = {"displacements": f"{STATE}{number:05d}.npy" if fields else ""}
        if fields:
            write_displacements(self.directory / names["displacements"], parts, *fields)
        if rows is not None and self.comm.allreduce(rows.size):
            names["rows"] = f"{STATE}{number:05d}-rows.npy"
            write_rows(self.directory / names["rows"], self.comm, rows)
        if learnt:
            names["learnt"] = f"{STATE}{number:05d}-learnt.npy"
            write_unknowns(self.directory / names["learnt"], parts, *learnt)
        fresh = {name for name in names.values() if name}
        files = self._files | {name: digest(self.directory / name, self.comm) for name in sorted(fresh)}
        content = state | names | {"step": step, "number": number, "files": files}
        on_root(self.comm, lambda: self._put_in_place(seal(content), fresh))
        self._number, self._last, self.fell_back = number, fresh, False

    def _put_in_place(self, document: str, fresh: set[str]) -> None:
        """On rank 0: the newest becomes the one before, unless it is damaged; states that neither names are removed."""
        newest, before = self.directory / NEWEST, self.directory / BEFORE
        if not self.fell_back:
            before.unlink(missing_ok=True)
        if self._number and not self.fell_back:
            try:
                os.link(newest, before)
            except OSError:  # a file system without links
                shutil.copyfile(newest, before)
        replace_text(newest, document)
        for old in self.directory.glob(f"{STATE}*.npy"):
            if old.name not in fresh | self._last:
                old.unlink()
