"""Checkpoints: written on some ranks, read on others; never half of one."""

import json

import numpy as np
import pytest
from mpi4py import MPI

from qc.output import checkpoint
from tests.qc.models import model


@pytest.fixture
def folder(tmp_path_factory):
    return MPI.COMM_WORLD.bcast(tmp_path_factory.mktemp("checkpoint"))


def field(m):
    return np.sin(m.parts.X @ np.array([[0.3, 0.1, 0.2], [0.5, 0.9, 0.4], [0.7, 0.2, 0.1]]))[:, : m.parts.layout.components]


@pytest.mark.mpi(also=2)
@pytest.mark.parametrize("order", [1, 2])
def test_any_number_of_ranks_reads_what_others_wrote(folder, order):
    together, alone = (model("iron", "bgfc", comm, order=order, crack="strips") for comm in (MPI.COMM_WORLD, MPI.COMM_SELF))
    checkpoint.save(folder, 3, together.parts, field(together), {"steps": []})
    state = checkpoint.read_state(folder, MPI.COMM_WORLD)
    assert state["step"] == 3
    for m in (alone, together):  # mid-edge positions round differently on other ranks
        assert np.abs(checkpoint.read_displacements(folder, state, m.parts) - field(m)).max() < 1e-12


def test_a_new_checkpoint_replaces_the_old_one_in_one_move(folder):
    m = model("toy", "bgfc")
    for step in (1, 2):
        checkpoint.save(folder, step, m.parts, step * field(m), {})
    assert [p.name for p in sorted(folder.glob("state-*.petsc"))] == ["state-00002.petsc"]
    state = json.loads((folder / "checkpoint.json").read_text())
    assert np.array_equal(checkpoint.read_displacements(folder, state, m.parts), 2 * field(m))


def test_a_checkpoint_of_another_model_is_refused(folder):
    small, large = model("toy", "bgfc", radius=20.0), model("toy", "bgfc")
    checkpoint.save(folder, 1, small.parts, field(small), {})
    with pytest.raises(ValueError, match="another case or mesh"):
        checkpoint.read_displacements(folder, checkpoint.read_state(folder, MPI.COMM_WORLD), large.parts)


def test_no_checkpoint_is_none(folder):
    assert checkpoint.read_state(folder, MPI.COMM_WORLD) is None
