"""The engine's process: answers, crashes, hangs, refusals, and the BLAS it is given."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from qc.errors import ConvergenceError, InputError
from qc.qm.engine.process import EngineError, EngineProcess
from qc.qm.engine.spec import EngineSpec

ROOT = Path(__file__).resolve().parents[4]
DIMER = np.array([[0.0, 0.0, 0.0], [2.2, 0.3, 0.1]])


def engine(name, **settings):
    return EngineProcess(EngineSpec(engine=f"ase:tests.qc.qm_engines.{name}", **settings), ["Si", "Si"])


def test_a_crash_is_one_sentence_with_the_engines_last_words():
    with engine("Crash", retries=1) as e, pytest.raises(EngineError, match=r"2 attempts at call 1 \(2 atoms\).*SIGABRT: last words"):
        e.compute(DIMER)
    assert e.attempts == 2
    assert issubclass(EngineError, ConvergenceError)


def test_a_hanging_engine_is_ended():
    e = engine("Hang", retries=0, time_limit=0.5)
    pid = e._process.pid
    with pytest.raises(EngineError, match=r"no answer within qm.time_limit = 0.5 s"):
        e.compute(DIMER)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_no_convergence_is_told_in_the_engines_words():
    with engine("Stubborn", retries=0) as e, pytest.raises(EngineError, match="SCF did not converge in 250 iterations"):
        e.compute(DIMER)


def test_a_second_attempt_may_succeed(tmp_path):
    with engine("SecondTry", parameters={"memory": str(tmp_path / "tried")}, retries=1) as e:
        assert e.compute(DIMER).energy < -1.0
        assert (e.calls, e.attempts) == (1, 2)


@pytest.mark.parametrize(
    ("package", "name", "parameters"),
    [
        ("tblite", "gfn1-xtb", {"accuracy": 0.001}),
        ("tblite", "gfn2-xtb", {"accuracy": 0.001}),
        ("gpaw", "gpaw", {"basis": "szp(dzp)", "h": 0.25}),
        ("chgnet", "ase:chgnet.model.CHGNetCalculator", {}),
    ],
)
def test_forces_are_the_slope_of_the_energy(package, name, parameters):
    """Disilane, bent; quantum mechanics and a machine-learned potential where they are installed."""
    pytest.importorskip(package)
    disilane = molecule("Si2H6")
    y = disilane.positions + 0.05 * np.sin(np.arange(24.0)).reshape(8, 3)
    vacuum = {"vacuum": 5.0} if package != "tblite" else {}
    with EngineProcess(EngineSpec(engine=name, parameters=parameters | vacuum), disilane.get_chemical_symbols()) as e:
        direction, h = np.cos(np.arange(24.0)).reshape(8, 3), 1e-3
        slope = (e.compute(y + h * direction).energy - e.compute(y - h * direction).energy) / (2 * h)
        forces = e.compute(y).forces
    assert abs(forces).max() > 0.1
    assert -np.sum(forces * direction) == pytest.approx(slope, abs=5e-4 if package == "tblite" else 0.05)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ase:nowhere.at.All", "the engine ase:nowhere.at.All is not installed"),
        ("ase:tests.qc.qm_engines.Nothing", "has no Nothing"),
    ],
)
def test_an_engine_that_is_not_there_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        EngineProcess(EngineSpec(engine=name), ["Si"])


def test_the_engine_dies_with_its_parent():
    code = (
        "import sys, numpy as np\nfrom qc.qm.engine.process import EngineProcess\nfrom qc.qm.engine.spec import EngineSpec\n"
        "e = EngineProcess(EngineSpec(engine='ase:tests.qc.qm_engines.Hang'), ['Si'])\nprint(e._process.pid, flush=True)\n"
        "e.compute(np.zeros((1, 3)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the worker outlived its parent")
