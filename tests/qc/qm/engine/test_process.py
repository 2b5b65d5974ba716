"""The engine's process: answers, crashes, hangs, refusals, and the BLAS it is given."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import scipy
from ase.build import molecule

from qc.errors import ConvergenceError, InputError
from qc.qm.engine import blas
from qc.qm.engine.process import EngineError, EngineProcess
from qc.qm.engine.spec import EngineSpec, installed

ROOT = Path(__file__).resolve().parents[4]
DIMER = np.array([[0.0, 0.0, 0.0], [2.2, 0.3, 0.1]])


def engine(name, **settings):
    return EngineProcess(EngineSpec(engine=f"ase:tests.qc.qm_engines.{name}", **settings), ["Si", "Si"])


def test_an_answer_is_the_calculators():
    from tests.qc.qm_engines import SW

    with engine("SW") as e:
        answer = e.compute(DIMER)
        assert e.calls == 1
        assert e.seconds > 0
    import ase

    atoms = ase.Atoms("Si2", positions=DIMER, calculator=SW())
    assert answer.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-14)
    assert np.abs(answer.forces - atoms.get_forces()).max() < 1e-14
    assert abs(answer.forces).max() > 0.1


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


def test_retries_change_mixing_then_accuracy_but_only_of_xtb():
    xtb, other = EngineSpec(engine="gfn1-xtb", parameters={"accuracy": 0.5}), EngineSpec(engine="gpaw")
    assert [xtb.attempt(k) for k in (0, 1)] == [{}, {}]
    assert "mixer_damping" in xtb.attempt(2)
    assert xtb.attempt(3)["accuracy"] == 5.0
    assert other.attempt(3) == {}


def test_charges_that_do_not_converge_are_told_what_helps():
    pytest.importorskip("tblite")
    spec = EngineSpec(engine="gfn1-xtb", parameters={"max_iterations": 2}, retries=0)
    with EngineProcess(spec, ["Si", "Si"]) as e, pytest.raises(EngineError, match=r"SCF not converged.*electronic_temperature = 1000"):
        e.compute(DIMER)


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


def test_installed_tells_without_importing():
    assert installed("ase:tests.qc.qm_engines.SW")
    assert not installed("ase:nowhere.Class")


@pytest.mark.parametrize("name", ["dftb", "ase:Class", "ase:", "gfn0-xtb"])
def test_names_of_engines(name):
    with pytest.raises(ValueError, match="is not known"):
        EngineSpec(engine=name)


def test_an_element_that_the_engine_lacks_is_refused():
    with pytest.raises(InputError, match="no parameters for H"):
        EngineProcess(EngineSpec(engine="ase:tests.qc.qm_engines.SW"), ["Si", "H"])


def test_wrong_parameters_are_refused():
    with engine("Strict", parameters={"colour": "red"}) as e, pytest.raises(InputError, match=r"qm\.parameters"):
        e.compute(DIMER)


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


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="preloading is for Linux")


@linux
def test_scipys_own_blas_serves_without_its_prefix(tmp_path):
    """The wheel of scipy exports scipy_dgemm_: as it is, nothing is found; the copy passes the probe."""
    found = sorted((Path(scipy.__file__).parent.parent / "scipy.libs").glob("libscipy_openblas-*.so"))
    if not found:
        pytest.skip("scipy brings no OpenBLAS of its own here")
    probe = [sys.executable, "-I", "-S", "-c", blas.PROBE]
    plain = tmp_path / "libopenblas.so"
    plain.write_bytes(blas.strip_prefix(found[0].read_bytes()))
    codes = []
    for library in (found[0], plain):
        env = os.environ | {"LD_PRELOAD": str(library), "LD_LIBRARY_PATH": str(found[0].parent)}
        codes.append(subprocess.run(probe, env=env, capture_output=True, check=False).returncode)
    assert codes[0] != 0
    assert codes[1] == 0


@linux
def test_a_blas_is_found_and_a_wrong_one_named(monkeypatch, tmp_path):
    monkeypatch.delenv("QC_BLAS", raising=False)
    assert blas.find_blas() is not None
    monkeypatch.setenv("QC_BLAS", "none")
    assert blas.find_blas() is None
    wrong = tmp_path / "libblas.so"
    wrong.write_text("no library")
    monkeypatch.setenv("QC_BLAS", str(wrong))
    with pytest.raises(ValueError, match=r"libblas.so is not usable"):
        blas.find_blas()


def test_only_elf_files_are_changed():
    with pytest.raises(ValueError, match="ELF"):
        blas.strip_prefix(b"MZ" + bytes(200))
