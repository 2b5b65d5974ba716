"""The directory of a run: made ready, its checkpoint in and out, signals as a flag, what is finished and what is not."""

import contextlib
import signal
from types import SimpleNamespace

import numpy as np
import pytest

from qc.case.case import Case
from qc.commands.directory import results_directory, run_directory
from qc.crack.ladder_state import LadderState
from qc.crack.records import StepRecord
from qc.drive.stepping import Experience
from qc.errors import ConvergenceError, InputError, Stopped
from qc.output.sealed import NEWEST, seal
from tests.qc.commands.small import SMALL, case, comm

STEP = StepRecord(K=0.5, K_over_KG=1.0, branch="load", residual=1e-9)
NOTHING = Experience(levels=[], vectors=[])


def test_scraps_are_cleared_and_nothing_else(tmp_path):
    torn = [".checkpoint.json.4711.tmp", ".state-00009.npy.4711.tmp", ".tip.4711.png"]
    kept = ["cases.json.tmp", "checkpoint.txt", "steps.csv", "tip.png", "far_field.npz", ".trajectory.extxyz.index", "notes.tmp"]
    for name in [*torn, *kept]:
        (tmp_path / name).write_text("x")
    with results_directory(tmp_path, comm):
        assert {p.name for p in tmp_path.iterdir()} == {*kept, "run.log", "run.lock"}


@pytest.mark.mpi
def test_a_saved_ladder_comes_back(shared_path):
    """State, unknowns and seconds; on the same mesh and with the same multipliers, which are not solved for again."""
    with run_directory(shared_path / "out", comm, resume=False) as directory:
        assert directory.saved is None
        specimen = directory.specimen(case())
        system = specimen.system
        directory.keep_multipliers(system)
        q = system.start(system.K_G)
        state = _ladder_state(K_plus_bracket=[0.4, 0.5])
        directory.save(specimen, SimpleNamespace(state=state, q=q, experience=NOTHING), {"qm": None, "more": [1, 2]})
    written = (shared_path / "out" / "reconstruction.npy").stat().st_mtime_ns
    with run_directory(shared_path / "out", comm, resume=True) as directory:
        again = directory.specimen(case()).system
        assert again.model.domain.fingerprint == system.model.domain.fingerprint
        directory.keep_multipliers(again)
        found, unknowns = directory.last_state(again)
        assert directory.saved["more"] == [1, 2]
        assert directory.watch.seconds["set-up"] > 0
    assert (shared_path / "out" / "reconstruction.npy").stat().st_mtime_ns == written
    assert found == state
    assert np.array_equal(unknowns.array_r, q.array_r)


def _ladder_state(**changes):
    return LadderState(steps=[STEP], **changes)


def test_a_checkpoint_of_another_case_or_mesh_is_refused(tmp_path):
    with run_directory(tmp_path, comm, resume=False) as directory:
        specimen = directory.specimen(case())
        q = specimen.system.start(specimen.system.K_G)
        directory.save(specimen, SimpleNamespace(state=_ladder_state(), q=q, experience=NOTHING), {})
    other = Case.from_dict(SMALL | {"model": SMALL["model"] | {"core_radius": 7.0}})
    with run_directory(tmp_path, comm, resume=True) as directory:
        with pytest.raises(InputError, match=r"was made with another case, model.core_radius = 7.0 \(was 8.0\): start in"):
            directory.specimen(other)
        system = directory.specimen(case()).system
        directory.saved["fingerprint"] = "of another mesh"
        with pytest.raises(InputError, match="was made with another mesh: start in a new directory"):
            directory.last_state(system)


@pytest.mark.mpi
@pytest.mark.parametrize("error", [None, Stopped("later"), ConvergenceError("no"), KeyError("defect")])
def test_what_has_been_reached_is_finished_unless_a_defect_ends_the_run(shared_path, error):
    finished, before = [], signal.getsignal(signal.SIGTERM)
    with run_directory(shared_path / "out", comm, resume=False) as directory:
        ends = contextlib.nullcontext() if error is None else pytest.raises(type(error))
        with ends, directory.until_stopped(lambda: finished.append(True), lambda: "") as interrupt:
            interrupt.look()
            assert signal.getsignal(signal.SIGTERM) != before
            if error is not None:
                raise error
    assert signal.getsignal(signal.SIGTERM) == before
    assert finished == ([] if isinstance(error, KeyError) else [True])


@pytest.mark.parametrize("command", ["run", "propagate", "folds", "qm-sweep"])
@pytest.mark.parametrize("other", ["run", "propagate", "folds", "qm-sweep"])
def test_no_command_goes_on_from_what_another_has_left(tmp_path, command, other):
    content = {"step": 1, "number": 1, "displacements": "", "files": {}, "frames": 0, "reconstruction": None, "seconds": {}}
    (tmp_path / NEWEST).write_text(seal(content | {"command": command}))
    said = pytest.raises(InputError, match=f"is one of qc {command}, not of qc {other}: start in a new directory")
    with contextlib.nullcontext() if command == other else said, run_directory(tmp_path, comm, True, other) as directory:
        assert directory.saved["step"] == 1


def test_nothing_is_finished_before_the_first_step(tmp_path):
    with run_directory(tmp_path, comm, resume=False) as directory:
        ladder = SimpleNamespace(state=SimpleNamespace(steps=[]))
        directory.finish(ladder, lambda: pytest.fail("drew"), lambda: pytest.fail("wrote"))
    assert [p.name for p in tmp_path.iterdir()] == ["run.log"]
