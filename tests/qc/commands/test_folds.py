"""``qc folds``: its files, and what it refuses."""

import json
import os
import shutil
import signal

import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.directory import run_directory
from qc.commands.folds import FoldsRun, run_folds
from qc.commands.terminal import display
from qc.crack.folds import FoldSpec
from qc.drive.continuation import PathOptions
from qc.errors import InputError, Stopped
from tests.qc.crack.test_silicon_crack import disc
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")
comm = MPI.COMM_WORLD


def one_fold(folder, ranks=comm, resume=False, **options):
    """Folds of the disc, by the ranks given."""
    with run_directory(folder, ranks, resume, "folds") as held, display(ranks, "point") as shown:
        case = disc("holland-marder", K_start=1.2)
        return FoldsRun(case, held, FoldSpec(start=1.2, folds=1), PathOptions(**options), shown).execute()


@pytest.mark.mpi(min_size=2)
def test_a_path_that_is_stopped_goes_on_with_other_ranks(shared_path, monkeypatch):
    """One rank of all is asked to stop on the way forward, then one alone on the way back: the numbers of an uninterrupted path.

    Begun on one rank and resumed on it: test_kill_loop.py.
    """
    found, stops = FoldsRun._found, [8, 14]

    def ask(run, points):
        found(run, points)
        if run._done() == stops[0] and run.directory.comm.rank == run.directory.comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(FoldsRun, "_found", ask)
    with pytest.raises(Stopped, match="stopped after 8 points of the path; resume with --resume"):
        one_fold(shared_path / "out")
    meet()
    if comm.rank == 0:
        del stops[0]
        with pytest.raises(Stopped, match="stopped after 14 points of the path; resume with --resume"):
            one_fold(shared_path / "out", MPI.COMM_SELF, resume=True)
        with pytest.raises(InputError, match=r"--resume: --step 0.05 differs from the run in .*, which had 0.1: give the same, or"):
            one_fold(shared_path / "out", MPI.COMM_SELF, resume=True, step=0.05)
        monkeypatch.setattr("qc.commands.folds.FoldsRun._found", found)
        whole = one_fold(shared_path / "whole", MPI.COMM_SELF)
        monkeypatch.setattr("qc.commands.folds.begin", lambda *a: pytest.fail("began again"))
        resumed = one_fold(shared_path / "out", MPI.COMM_SELF, resume=True)
        same_path(resumed, whole)
    meet()


def same_path(document, other):
    """Folds to 1e-10; barriers and equal loads as exactly as they are sought."""
    assert document["n_points"] == other["n_points"]
    assert document["start"] == other["start"]
    for one, two in zip(document["folds"], other["folds"], strict=True):
        assert (one["K"], one["energy"]) == pytest.approx((two["K"], two["energy"]), rel=1e-10)
        assert (one["name"], one["negative_eigenvalues"]) == (two["name"], two["negative_eigenvalues"])
    equal = ([barrier["K_equal"] for barrier in found["barriers"]] for found in (document, other))
    assert next(equal) == pytest.approx(next(equal), rel=1e-7)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A path to its first fold, and gone on with to the next two."""
    out = tmp_path_factory.mktemp("followed") / "out"
    one_fold(out)
    return out, run_folds(disc("holland-marder", K_start=1.2), out, FoldSpec(start=1.2, folds=2), PathOptions(), resume=True)


def test_a_finished_path_is_followed_further(followed, tmp_path, monkeypatch):
    """Another fold goes on where one ended; as many as there are, no point is looked for again."""
    out, two = shutil.copytree(followed[0], tmp_path / "out"), followed[1]
    monkeypatch.setattr("qc.commands.folds.begin", lambda *a: pytest.fail("began again"))
    monkeypatch.setattr(FoldsRun, "_found", lambda *a: pytest.fail("went on"))
    again = run_folds(disc("holland-marder", K_start=1.2), out, FoldSpec(start=1.2, folds=2), PathOptions(), resume=True)
    assert [f["name"] for f in two["folds"]] == ["K_minus", "K_plus", "K_minus"]
    assert again["folds"] == two["folds"]
    assert [f["name"] for f in one_fold(out, resume=True)["folds"]] == ["K_minus", "K_plus"]


def test_command(followed):
    """Files, folds and barriers; on several ranks: `tests.qc.drive.test_continuation`."""
    out, _ = followed
    found = json.loads((out / "folds.json").read_text())
    assert found["K_plus"] / found["K_G"] == pytest.approx(1.45172, rel=2e-5)
    assert found["K_minus"] / found["K_G"] == pytest.approx(0.63651, rel=2e-5)
    assert [f["name"] for f in found["folds"]] == ["K_minus", "K_plus", "K_minus"]
    made = {p.name for p in out.iterdir()}
    assert made >= {"folds.json", "curve.csv", "snake.png", "barriers.png"}
    assert len((out / "curve.csv").read_text().splitlines()) == found["n_points"] + 1


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    case = tmp_path / "case.toml"
    case.write_text(
        '[crystal]\nstructure = "hexagonal"\nelement = "X"\n[potential]\nfile = "morse"\n[model]\nmethod = "bqcf"\ncore_radius = 12.0\n'
        "dimension = 2\nblend_width = 6.0\ndomain_radius = 34.0\n[load]\nJ_tolerance = 1.0\nK_start = 1.0\nK_stop = 1.1\nK_step = 0.1\n"
    )
    for more, said in (
        ([], "has no energy"),
        (["--step", "3"], "--step 3"),
        (["--set", "model.method=continuum"], "has no atoms"),
    ):
        monkeypatch.setattr("sys.argv", ["qc", "folds", str(case), "-o", str(tmp_path / "out"), *more])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert "Traceback" not in error
