"""What a command on a case is told: where its results go, and whether they may."""

from pathlib import Path

import pytest
from mpi4py import MPI

from qc.cli.request import Request, check_file, on_root, remove_traces
from qc.errors import InputError
from tests.qc.cli.commands import comm, qc, say


def test_the_directory_left_out(fake, folder):
    assert qc("run", "iron.toml").exit_code == 0
    assert fake.calls[0][1] == Path("results/iron")
    assert qc("run", "iron.toml", "--resume").exit_code == 0
    assert fake.calls[1][1:3] == (Path("results/iron"), True)


@pytest.mark.mpi
def test_an_existing_directory_is_refused(fake, folder):
    if comm.rank == 0:
        (folder / "out").mkdir()
        (folder / "out" / "run.log").write_text("x")
    comm.barrier()
    result = qc("run", "iron.toml", "-o", "out")
    assert result.exit_code == 2
    assert say(result, "out", "exists", "--resume")
    assert not fake.calls
    assert qc("run", "iron.toml", "-o", "out", "--resume").exit_code == 0


@pytest.mark.mpi
def test_a_new_directory_is_new_for_all_ranks(fake, folder):
    """Rank 0 makes the directory while others have not looked yet: nobody but rank 0 looks."""
    for k in range(5):
        assert qc("run", "iron.toml", "-o", f"out{k}").exit_code == 0


def test_nothing_to_resume_is_refused(fake):
    result = qc("run", "iron.toml", "-o", "out", "--resume")
    assert result.exit_code == 2
    assert say(result, "out", "--resume", "-o DIR")
    assert not fake.calls


def request(**words):
    return Request(**{"path": Path("iron.toml"), "output": None, "overrides": []} | words)


def test_the_name_of_the_directory_tells_the_command(folder):
    assert [request().prepared(ending)[1].name for ending in ("", "_folds")] == ["iron", "iron_folds"]
    case, directory = request(output=Path("out"), overrides=["model.core_radius=30"]).prepared("_folds")
    assert (case.model.core_radius, directory) == (30.0, Path("out"))


def test_only_traces_are_removed(tmp_path):
    new, started = tmp_path / "new", tmp_path / "started"
    for path, names in ((new, ("run.log", "far_field.npz")), (started, ("run.log", "checkpoint.json"))):
        path.mkdir()
        for name in names:
            (path / name).write_text("x")
        remove_traces(path)
    remove_traces(tmp_path / "absent")
    assert not new.exists()
    assert {p.name for p in started.iterdir()} == {"run.log", "checkpoint.json"}


def test_a_file_needs_a_directory(tmp_path):
    check_file("-o", None)
    check_file("-o", tmp_path / "report.json")
    for path in (tmp_path, tmp_path / "absent" / "report.json"):
        with pytest.raises(InputError, match=r"-o .* is not allowed: it must be a file in a directory that exists"):
            check_file("-o", path)


@pytest.mark.mpi
def test_rank_0_decides_for_all():
    assert on_root(MPI.COMM_WORLD, lambda: comm.rank) == 0
    with pytest.raises(InputError, match="no"):
        on_root(MPI.COMM_WORLD, _refuse)


def _refuse():
    raise InputError("no" if comm.rank == 0 else "not asked")
