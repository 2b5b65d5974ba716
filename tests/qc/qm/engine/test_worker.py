"""The program in the engine's process: its answers are the calculator's, and what it refuses."""

import ase
import numpy as np
import pytest

from qc.errors import InputError
from qc.qm.engine.process import EngineError, EngineProcess
from qc.qm.engine.spec import EngineSpec
from tests.qc.qm.engine.test_process import DIMER, engine
from tests.qc.site_engines import SW


def test_an_answer_is_the_calculators():
    with EngineProcess(EngineSpec(engine="ase:tests.qc.site_engines.SW"), ["Si", "Si"]) as e:
        answer = e.compute(DIMER)
        assert e.calls == 1
        assert e.seconds > 0
    atoms = ase.Atoms("Si2", positions=DIMER, calculator=SW())
    assert answer.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-14)
    assert np.abs(answer.forces - atoms.get_forces()).max() < 1e-14
    assert abs(answer.forces).max() > 0.1


def test_charges_that_do_not_converge_are_told_what_helps():
    pytest.importorskip("tblite")
    spec = EngineSpec(engine="gfn1-xtb", parameters={"max_iterations": 2}, retries=0)
    with (
        EngineProcess(spec, ["Si", "Si"]) as e,
        pytest.raises(EngineError, match=r"SCF not converged.*electronic_temperature = 1000"),
    ):
        e.compute(DIMER)


def test_an_element_that_the_engine_lacks_is_refused():
    with pytest.raises(InputError, match="no parameters for H"):
        EngineProcess(EngineSpec(engine="ase:tests.qc.site_engines.SW"), ["Si", "H"])


def test_wrong_parameters_are_refused():
    with engine("Strict", parameters={"colour": "red"}) as e, pytest.raises(InputError, match=r"qm\.parameters"):
        e.compute(DIMER)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("subprocess.getoutput", "subprocess is a module of Python itself"),
        ("os.system", "os is a module of Python itself"),
        ("numpy.save", r"must be a class derived from ase\.calculators\.calculator\.Calculator"),
        ("ase.io.read", "must be a class derived from"),
        ("ase.Atoms", "must be a class derived from"),
        ("tests.qc.qm_engines.np", "must be a class derived from"),
    ],
)
def test_what_is_no_calculator_is_not_called(name, sentence, tmp_path):
    canary = tmp_path / "canary"
    spec = EngineSpec(engine=f"ase:{name}", parameters={"cmd": f"touch {canary}", "file": str(canary), "arr": [1]})
    with pytest.raises(InputError, match=sentence):
        EngineProcess(spec, ["Si", "Si"])
    assert not canary.exists()
