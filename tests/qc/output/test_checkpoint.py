"""Checkpoints: written on some ranks, read on others; never half of one, and the one before is kept."""

import json

import numpy as np
import pytest
from mpi4py import MPI

from qc.errors import InputError
from qc.output.checkpoint import Checkpoints
from qc.output.kept import read_fields, read_numbers, read_unknowns, write_unknowns
from qc.output.sealed import BEFORE, NEWEST
from tests.qc.models import model

comm = MPI.COMM_WORLD


def field(m):
    return np.sin(m.parts.X @ np.array([[0.3, 0.1, 0.2], [0.5, 0.9, 0.4], [0.7, 0.2, 0.1]]))[:, : m.parts.layout.components]


@pytest.mark.mpi(also=2)
@pytest.mark.parametrize("order", [1, 2])
def test_any_number_of_ranks_reads_what_others_wrote(shared_path, order):
    together, alone = (model("iron", "bgfc", c, order=order, crack="strips") for c in (comm, MPI.COMM_SELF))
    Checkpoints(shared_path, comm).save(3, together.parts, {"steps": []}, field(together))
    for reader, m in ((comm, together), (MPI.COMM_SELF, alone)):  # mid-edge positions round differently on other ranks
        state = Checkpoints(shared_path, reader).read()
        assert state["step"] == 3
        assert np.abs(read_fields(shared_path / state["displacements"], m.parts, 1)[0] - field(m)).max() < 1e-12


def three(directory):
    """Checkpoints of three steps, displacements times the step."""
    m = model("toy", "bgfc")
    checkpoints = Checkpoints(directory, comm)
    for step in (1, 2, 3):
        checkpoints.save(step, m.parts, {}, step * field(m))
    return m


@pytest.mark.mpi
def test_the_newest_and_the_one_before_are_kept(shared_path):
    m = three(shared_path)
    assert {p.name for p in shared_path.iterdir()} == {NEWEST, BEFORE, "state-00002.npy", "state-00003.npy"}
    state = Checkpoints(shared_path, comm).read()
    assert np.array_equal(read_fields(shared_path / state["displacements"], m.parts, 1)[0], 3 * field(m))


@pytest.mark.mpi
def test_a_damaged_newest_is_gone_on_from_the_one_before(shared_path, caplog):
    """In a sentence; the damaged one never takes the place of the whole one, and numbers go on from there."""
    m = three(shared_path)
    if comm.rank == 0:
        (shared_path / NEWEST).write_text("{")
    comm.barrier()
    checkpoints = Checkpoints(shared_path, comm)
    state = checkpoints.read()
    assert checkpoints.fell_back
    assert np.array_equal(read_fields(shared_path / state["displacements"], m.parts, 1)[0], 2 * field(m))
    assert "checkpoint.json is no JSON: torn, or edited in" in caplog.text
    assert "going on from the checkpoint before it, after step 2" in caplog.text
    checkpoints.save(3, m.parts, {}, 30 * field(m))
    assert json.loads((shared_path / BEFORE).read_text())["content"]["step"] == 2
    state = Checkpoints(shared_path, comm).read()
    assert np.array_equal(read_fields(shared_path / state["displacements"], m.parts, 1)[0], 30 * field(m))
    assert Checkpoints(shared_path, comm).read()["files"].keys() == {"state-00003.npy"}


def test_files_written_once_are_looked_at_too(tmp_path):
    m = model("toy", "bgfc")
    (tmp_path / "mesh").write_bytes(bytes(3_000_000))
    checkpoints = Checkpoints(tmp_path, comm)
    checkpoints.rest_on("mesh")
    for step in (1, 2):
        checkpoints.save(step, m.parts, {}, field(m))
    assert Checkpoints(tmp_path, comm).read()["step"] == 2
    (tmp_path / "mesh").write_bytes(bytes(2_999_999) + b"x")
    with pytest.raises(InputError, match=r"no whole checkpoint .* rests on mesh, which is not as it was written") as error:
        Checkpoints(tmp_path, comm).read()
    assert "checkpoint.previous.json rests on mesh" in str(error.value)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    small, large = model("toy", "bgfc", radius=20.0), model("toy", "bgfc")
    Checkpoints(tmp_path, comm).save(1, small.parts, {}, field(small))
    with pytest.raises(InputError, match="another case or mesh"):
        read_fields(tmp_path / "state-00001.npy", large.parts, 1)[0]


def test_no_checkpoint_is_none(tmp_path):
    assert Checkpoints(tmp_path, comm).read() is None


@pytest.mark.mpi
def test_several_fields_other_numbers_or_neither(shared_path):
    """Each checkpoint has its own; none is left behind when neither of the last two rests on it."""
    m = model("toy", "bgfc")
    checkpoints = Checkpoints(shared_path, comm)
    rows = np.arange(12.0).reshape(4, 3) if comm.rank == 0 else np.empty((0, 0))
    checkpoints.save(1, m.parts, {}, field(m), 2 * field(m), rows=rows)
    state = Checkpoints(shared_path, comm).read()
    assert np.array_equal(read_fields(shared_path / state["displacements"], m.parts, 2), [field(m), 2 * field(m)])
    assert np.array_equal(read_numbers(shared_path / state["rows"], comm), rows)
    with pytest.raises(InputError, match="holds no displacements"):
        read_fields(shared_path / state["displacements"], m.parts, 1)[0]
    q = np.sin(np.arange(2.0 * m.parts.layout.n_free * m.parts.layout.components)).reshape(2, -1)
    checkpoints.save(1, m.parts, {}, field(m), learnt=list(q))
    state = Checkpoints(shared_path, comm).read()
    assert state["learnt"] in state["files"]
    assert np.array_equal(read_unknowns(shared_path / state["learnt"], m.parts, 2), q)
    write_unknowns(shared_path / "point.npy", m.parts, *q)
    checkpoints.rest_on("point.npy")
    for step in (2, 3):
        checkpoints.save(step, m.parts, {}, rows=np.empty((0, 0)))
    again = Checkpoints(shared_path, comm)
    assert again.read()["files"].keys() == {"point.npy"}
    assert again.rests_on("point.npy")
    assert np.array_equal(read_unknowns(shared_path / "point.npy", m.parts, 2), q)
    assert {p.name for p in shared_path.iterdir()} == {NEWEST, BEFORE, "point.npy"}
