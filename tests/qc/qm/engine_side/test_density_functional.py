"""PySCF as an engine: forces are the slope of the (free) energy, refusals are sentences; nothing of it is loaded into our own process."""

import importlib.util
import sys

import numpy as np
import pytest
from ase.build import molecule

from qc.errors import EngineError, InputError
from qc.qm.engine.process import EngineProcess
from qc.qm.engine.spec import EngineSpec

if importlib.util.find_spec("pyscf") is None:
    pytest.skip("pyscf is not installed: pip install pyscf", allow_module_level=True)

SILANE = molecule("SiH4")
Y = SILANE.positions + 0.05 * np.sin(np.arange(15.0)).reshape(5, 3)
SMALL = {"basis": "sto-3g", "grid": 0}


def silane(**settings):
    given = {"parameters": SMALL, "retries": 0} | settings
    return EngineProcess(EngineSpec(engine="pyscf", **given), SILANE.get_chemical_symbols())


def slope_and_forces(e, h=2e-3):
    direction = np.cos(np.arange(15.0)).reshape(5, 3)
    slope = (e.compute(Y + h * direction).energy - e.compute(Y - h * direction).energy) / (2 * h)
    return slope, -np.sum(e.compute(Y).forces * direction)


def test_forces_are_the_slope_of_the_energy():
    """With electrons so warm that the entropy has a slope of its own."""
    with silane(parameters=SMALL | {"electronic_temperature": 20000.0}, start="last") as e:
        slope, force = slope_and_forces(e)
    assert abs(slope) > 0.5
    assert force == pytest.approx(slope, abs=1e-3)
    assert "pyscf" not in sys.modules


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [{}, {"basis": "gth-dzvp", "pseudo": "gth-pbe"}], ids=["def2-svp", "gth"])
def test_the_bases_of_figures(parameters):
    with silane(parameters=parameters) as e:
        slope, force = slope_and_forces(e)
    assert force == pytest.approx(slope, abs=1e-3)


def test_a_basis_that_there_is_none_is_one_sentence():
    with silane(parameters={"basis": "no-such"}) as e, pytest.raises(InputError, match=r"do not suit PySCF: .*no-such"):
        e.compute(Y)


def test_a_field_that_does_not_converge():
    with silane(parameters=SMALL | {"max_iterations": 1}) as e, pytest.raises(EngineError, match=r"SCF not converged in 1 cycles.*try"):
        e.compute(Y)


def test_no_file_of_the_working_folder_is_run(tmp_path, monkeypatch):
    """PySCF looks for its settings there, and takes what stands in a basis for Python."""
    write = f"__import__('pathlib').Path({str(tmp_path / 'ran')!r}).touch()"
    (tmp_path / ".pyscf_conf.py").write_text(write)
    (tmp_path / "own.nw").write_text(f"H S\n{write.replace(' ', '')} 1.0\nSi S\n{write.replace(' ', '')} 1.0\n")
    monkeypatch.chdir(tmp_path)
    with silane(parameters={"basis": "own.nw"}) as e, pytest.raises(InputError, match=r"do not suit PySCF: Failed to parse"):
        e.compute(Y)
    assert not (tmp_path / "ran").exists()
