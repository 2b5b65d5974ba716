"""Runs that several tests look at: made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from mpi4py import MPI

from qc.commands.run import run_case
from tests.qc.commands.small import case

comm = MPI.COMM_WORLD

STUDY = """
[crystal]
structure = "diamond"
element = "Si"
[potential]
file = "holland-marder"
[model]
method = "atomistic"
core_radius = 11.0
blend_width = 3.0
domain_radius = 15.0
[crack]
plane = [1, 1, 1]
front = [1, -1, 0]
[load]
K_start = 1.3
K_stop = 1.6
K_step = 0.05
unload = true
"""


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A run that nothing interrupted."""
    out = Path(comm.bcast(str(tmp_path_factory.mktemp("whole")))) / "out"
    assert run_case(case(), out) == 0
    return out


@pytest.fixture
def folder(tmp_path):
    """A folder of this test, the same on all ranks."""
    return Path(comm.bcast(str(tmp_path)))


@pytest.fixture
def study_case(shared_path):
    path = shared_path / "case.toml"
    if MPI.COMM_WORLD.rank == 0:
        path.write_text(STUDY)
    MPI.COMM_WORLD.Barrier()
    return path
