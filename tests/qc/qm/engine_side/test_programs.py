"""Programs behind a socket: ASE's own client computes in a child; silence, death, a name that is taken: one sentence, nothing left."""

import os
import socket
import sys
from pathlib import Path

import ase
import numpy as np
import pytest

from qc.errors import EngineError, InputError
from qc.qm.engine.process import EngineProcess
from qc.qm.engine.spec import EngineSpec
from tests.qc.socket_program import Pairs

SCRIPT = Path(__file__).parents[2] / "socket_program.py"
CHAIN = np.array([[0.0, 0.0, 0.0], [2.2, 0.3, 0.1], [4.3, -0.2, 0.4]])
NAME = f"qc-test-{os.getpid()}"


def program(how="answers", where=f"unix:{NAME}", place="{socket}", command=None, **settings):
    words = command or (sys.executable, str(SCRIPT), how, "{structure}", place)
    spec = EngineSpec(engine="socket", alias="mine", socket=where, command=words, **{"retries": 0, "time_limit": 60.0} | settings)
    return EngineProcess(spec, ["Si", "H", "Si"])


def children():
    """Processes of the test's program that are left."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes()
        except OSError:
            continue
        if os.fsencode(SCRIPT) in words or f"/tmp/{NAME}".encode() in words:
            found.append(words)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield
    assert children() == []
    assert list(tmp_path.iterdir()) == []
    assert list(Path("/tmp").glob(f"ipi_{NAME}*")) == []


def reference(y):
    atoms = ase.Atoms("SiHSi", positions=y, calculator=Pairs())
    return atoms.get_potential_energy(), atoms.get_forces()


@pytest.mark.parametrize(
    ("where", "place"),
    [(f"unix:{NAME}", "{socket}"), pytest.param("localhost:0", "{port}", marks=pytest.mark.slow)],
    ids=["unix", "port"],
)
def test_its_answers_are_the_calculators(where, place):
    with program(where=where, place=place, parameters={"vacuum": 5.0}) as e:
        for y in (CHAIN, CHAIN * 1.02):
            answer, (E, F) = e.compute(y), reference(y)
            assert answer.energy == pytest.approx(E, abs=1e-10)
            assert np.abs(answer.forces - F).max() < 1e-10
            assert abs(F).max() > 0.1
        assert len(children()) == 1  # the program is asked on, not started anew


def test_a_socket_that_nobody_answers():
    with program("silent", time_limit=1.0) as e, pytest.raises(EngineError) as error:
        e.compute(CHAIN)
    assert f"nobody speaks i-PI's protocol on the socket unix:{NAME} within 1 s: silent of" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_program_that_leaves_at_once():
    with program("leaves") as e, pytest.raises(EngineError, match=r"QM engine mine failed .* ended with exit code 1: no licence"):
        e.compute(CHAIN)


@pytest.mark.slow
def test_a_program_that_dies_is_started_again():
    with program("dies", retries=1) as e:
        e.compute(CHAIN)
        answer = e.compute(CHAIN * 1.02)
        assert answer.energy == pytest.approx(reference(CHAIN * 1.02)[0], abs=1e-10)
        assert (e.calls, e.attempts) == (2, 3)


def test_the_death_of_a_program_is_one_sentence():
    with program("dies") as e:
        e.compute(CHAIN)
        with pytest.raises(EngineError, match=r"failed .* at call 2 .*its program ended with exit code 3: last words of the program"):
            e.compute(CHAIN * 1.02)
        assert e.compute(CHAIN * 1.01).energy == pytest.approx(reference(CHAIN * 1.01)[0], abs=1e-10)  # by a new program


@pytest.mark.slow
def test_a_program_that_is_not_there():
    with (
        program(command=("/nowhere/vasp", "{structure}")) as e,
        pytest.raises(InputError, match=r"the engine mine cannot start /nowhere/vasp .*No such file"),
    ):
        e.compute(CHAIN)


@pytest.mark.slow
def test_a_socket_in_use_is_left_alone_and_one_of_a_dead_run_taken_away():
    path, words = f"/tmp/ipi_{NAME}", (sys.executable, str(SCRIPT), "answers", "{structure}", NAME)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen(1)
        with program(command=words) as e, pytest.raises(InputError, match=rf"the socket {path} is in use by another run: put \{{socket"):
            e.compute(CHAIN)
    assert os.path.exists(path)
    with program(command=words) as e:
        assert e.compute(CHAIN).energy == pytest.approx(reference(CHAIN)[0], abs=1e-10)
