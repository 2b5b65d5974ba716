"""Checkpoints of motion: a run in two parts is the run in one, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.drive.dynamics import Dynamics
from qc.drive.motion import DynamicsSpec
from qc.drive.stadium import StadiumSpec
from qc.errors import InputError
from qc.output.checkpoint import Checkpoints
from qc.output.motion import load_motion, save_motion
from tests.qc.drive.moving import bump, tiny_on

SPEC = DynamicsSpec(stadium=StadiumSpec(width=3.0), temperature=80.0, seed=5)


@pytest.mark.mpi
def test_a_run_goes_on_bit_for_bit(shared_path):
    comm = MPI.COMM_WORLD
    m = tiny_on(comm)
    d = Dynamics(m, bump(m, 0.05), SPEC)
    d.step(30)
    save_motion(Checkpoints(shared_path, comm), d)
    d.step(50)
    again = tiny_on(comm, reconstruction=m.reconstruction)  # as a directory has it: parallel factors never come out alike to the last bit
    other = load_motion(Checkpoints(shared_path, comm), again, SPEC)
    assert other is not None
    assert other.steps == 30
    other.step(50)
    assert np.array_equal(other.q.array, d.q.array)
    assert np.array_equal(other.velocity, d.velocity)
    assert other.ledger() == d.ledger()


def test_another_run_or_none_is_told(tmp_path):
    m = tiny_on(MPI.COMM_SELF)
    checkpoints = Checkpoints(tmp_path, MPI.COMM_SELF)
    assert load_motion(checkpoints, m, SPEC) is None
    save_motion(checkpoints, Dynamics(m, bump(m), SPEC))
    with pytest.raises(InputError, match=r"seed = 6 does not go on from the checkpoint in .*, which has 5"):
        load_motion(checkpoints, m, replace(SPEC, seed=6))
    (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(InputError, match="no whole checkpoint"):
        load_motion(Checkpoints(tmp_path, MPI.COMM_SELF), m, SPEC)
