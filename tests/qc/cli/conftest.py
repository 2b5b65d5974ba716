"""A folder with a case, and a stand-in for the commands that run one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.qc.cli.commands import CASE, comm


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Working directory of all ranks, with a case file."""
    folder = Path(comm.bcast(str(tmp_path)))
    monkeypatch.chdir(folder)
    if comm.rank == 0:
        (folder / "iron.toml").write_text(CASE)
    comm.barrier()
    return folder


@pytest.fixture
def fake(monkeypatch, folder):
    """Stand-in for `qc.commands`: notes its arguments, then returns or raises what it is told."""
    made = SimpleNamespace(calls=[], outcome=0, files=())

    def act():
        if isinstance(made.outcome, BaseException):
            raise made.outcome
        return made.outcome

    def run_case(case, directory, resume, petsc_options):
        made.calls.append((case, directory, resume, petsc_options))
        if comm.rank == 0:
            directory.mkdir(parents=True, exist_ok=True)
            for name in made.files:
                (directory / name).write_text("x")
        comm.barrier()
        return act()

    def check_case(case, directory):
        made.calls.append((case, directory))
        return act()

    for name, act_as in (
        ("run", SimpleNamespace(run_case=run_case)),
        ("check", SimpleNamespace(check_case=check_case)),
    ):
        monkeypatch.setitem(sys.modules, f"qc.commands.{name}", act_as)
        monkeypatch.setattr(f"qc.commands.{name}", act_as, raising=False)
    return made
