"""What secants have learnt is in the checkpoint: a resumed run asks a calculator, or an engine, no more often than one without a break."""

import shutil
import subprocess
from pathlib import Path

import pytest

from atomistics.potentials.aliases import _given, add_alias
from fem.collective import on_root
from qc.case.case import Case
from qc.commands.run import run_case
from qc.output.sealed import BEFORE, NEWEST, seal, unseal
from tests.programs import environment, qc_command
from tests.qc.commands.small import SMALL, comm, read, run, tip_case

pytestmark = pytest.mark.usefixtures("unrendered")

MAKER = """
from atomistics import ForcesOnly, Morse

def stiff(elements=("X",)):
    real = Morse(D=(4.0 / 4.3) ** 2, alpha=4.3)
    return ForcesOnly(real.calculator(), elements, 2 * real.cutoff)
"""
"""As stiff as its twin, the sheet of Morse, and of another anharmonicity."""
TOML = """
crystal = { structure = "hexagonal", element = "X" }
potential = { model = "stiff", twin = "morse" }
model = { dimension = 2, core_radius = 5.0, blend_width = 3.0, domain_radius = 20.0, face_strip = false, order = 1 }
load = { K_start = 1.04, K_stop = 1.046, K_step = 0.002, stop_at = "K_stop", J_tolerance = 1.0 }
"""


@pytest.fixture(scope="module", autouse=True)
def maker(tmp_path_factory):
    file = Path(comm.bcast(str(tmp_path_factory.mktemp("maker")))) / "maker.py"
    on_root(comm, lambda: file.write_text(MAKER))
    add_alias(f"stiff={file}:stiff")
    yield file
    _given.pop("stiff")


def sheet(K_stop=1.046):
    model = {"core_radius": 5.0, "blend_width": 3.0, "domain_radius": 20.0, "face_strip": False, "order": 1, "dimension": 2}
    load = {"K_start": 1.04, "K_stop": K_stop, "K_step": 0.002, "stop_at": "K_stop", "J_tolerance": 1.0}
    return Case.from_dict(SMALL | {"model": model, "load": load, "potential": {"model": "stiff", "twin": "morse"}}, name="sheet")


def calls(folder):
    return [step["calls"] for step in read(folder)["steps"]]


def copied(source, target):
    on_root(comm, lambda: None if target.exists() else shutil.copytree(source, target))
    return target


@pytest.fixture(scope="module")
def runs(maker):
    """One of four states without a break, and two of its first three."""
    run_case(sheet(), maker.parent / "whole")
    for stop in (1.04, 1.044):
        run_case(sheet(stop), maker.parent / "three", resume=stop > 1.04)
    return maker.parent


@pytest.mark.mpi
def test_a_resumed_run_calls_its_calculator_no_more_often(runs, shared_path):
    """Broken after the first state, whose forces are known, and after the third, when there is something to extrapolate from."""
    broken = copied(runs / "three", shared_path / "broken")
    run_case(sheet(), broken, resume=True)
    assert len(calls(broken)) == 4
    assert calls(broken) == calls(runs / "whole")
    stretch = [[step["tip_stretch"] for step in read(folder)["steps"]] for folder in (runs / "whole", broken)]
    assert stretch[1] == pytest.approx(stretch[0], abs=1e-9)


def test_a_checkpoint_with_damaged_secants_is_not_gone_on_from(runs, shared_path, caplog):
    """It rests on them as on the state: the one before it is whole."""
    out = copied(runs / "three", shared_path / "out")
    newest = unseal(out / NEWEST)["learnt"]
    with (out / newest).open("r+b") as file:
        file.seek(-8, 2)
        file.write(b"8 bytes.")
    run_case(sheet(1.044), out, resume=True)
    assert f"rests on {newest}, which is not as it was written" in caplog.text
    assert calls(out) == calls(runs / "three")
    assert unseal(out / BEFORE)["step"] == 2


def test_checkpoints_of_older_code_are_gone_on_from(runs, shared_path):
    """They hold nothing that was learnt: the same state, more calls."""
    old = copied(runs / "three", shared_path / "old")
    content = unseal(old / NEWEST)
    dropped = {content.pop("learnt"), content.pop("rows")}
    del content["experience"]
    content["files"] = {name: told for name, told in content["files"].items() if name not in dropped}
    (old / NEWEST).write_text(seal(content))
    run_case(sheet(), old, resume=True)
    found, expected = (read(folder)["steps"][-1] for folder in (old, runs / "whole"))
    assert found["tip_stretch"] == pytest.approx(expected["tip_stretch"], abs=1e-6)
    assert found["calls"] > expected["calls"]


@pytest.mark.slow
def test_calls_do_not_depend_on_who_goes_on(runs, maker, shared_path):
    """Begun on one rank, resumed on two. Slow: `test_checkpoint.py` reads vectors on any number of ranks that others have written."""
    path = shared_path / "sheet.toml"
    path.write_text(TOML)
    copied(runs / "three", shared_path / "out")
    words = ("run", str(path), "-o", str(shared_path / "out"), "--resume", "--model", f"stiff={maker}:stiff")
    again = subprocess.run(qc_command(*words, ranks=2), env=environment(), capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert calls(shared_path / "out") == calls(runs / "whole")


@pytest.mark.slow
def test_a_resumed_run_calls_its_engine_no_more_often_after_a_move_either(shared_path):
    """But once for the reference crystal each time, as the engine of that name may be another one by now.

    Slow: `test_region.py` and `test_secant.py` see that what a region has learnt is known again, the engine's last answer, too.
    """
    load = {"stop_at": "K_stop", "K_step": 0.1, "K_start": 1.3, "K_stop": 1.61}
    whole = run(tip_case("SW", load), shared_path / "whole")
    spent = [step["qm"]["calls"] for step in whole["steps"]]
    (move,) = whole["qm"]["moves"]
    assert [step["K"] for step in whole["steps"]].index(move["K"]) == 2
    for first, last in ((1.3, 1.4), (1.5, 1.61)):
        out = shared_path / f"from_{first}"
        run(tip_case("SW", load | {"K_stop": first}), out)
        broken = run(tip_case("SW", load | {"K_stop": last}), out, resume=True)
        calls = [step["qm"]["calls"] for step in broken["steps"]]
        assert calls == spent[: len(calls)]
    assert broken["n_qm_calls"] == whole["n_qm_calls"] + 1
