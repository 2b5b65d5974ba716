"""The engine's side by other interpreters: the grammar of Python 3.9, none of our packages, and a sentence where ASE is missing."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import ase
import numpy as np
import pytest
from ase.calculators.lj import LennardJones

from qc.errors import InputError
from qc.qm.engine.process import WORKER, EngineProcess
from qc.qm.engine.spec import EngineSpec
from tests.qc.qm.engine.test_process import DIMER

FILES = sorted(WORKER.parent.glob("*.py"))
ENGINE = "ase:ase.calculators.lj.LennardJones"
LJ = {"sigma": 2.1, "epsilon": 0.7, "rc": 6.0}


def pythons():
    """Other interpreters on this machine, that of ``$QC_TEST_PYTHON`` (words) first."""
    named = os.environ.get("QC_TEST_PYTHON")
    found = [shutil.which(name) for name in ("/usr/bin/python3", *(f"python3.{k}" for k in range(9, 15)))]
    return ([tuple(named.split())] if named else []) + [(path,) for path in found if path]


def runs(python, code):
    return subprocess.run([*python, "-c", code], capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_engines_side_is_python_3_9_and_imports_none_of_ours(file):
    tree = ast.parse(file.read_text(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
    assert {name.split(".")[0] for name in names} & {"qc", "fem", "atomistics"} == set()
    assert all(node.level < 2 for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))


def test_the_system_s_python_compiles_them():
    python = next((python for python in pythons() if runs(python, "import sys; sys.exit(sys.version_info < (3, 9))")), None)
    if python is None:
        pytest.skip("no other Python of at least 3.9 on this machine")
    code = "import sys\nfor name in sys.argv[1:]: compile(open(name).read(), name, 'exec')"
    subprocess.run([*python, "-c", code, *map(str, FILES)], check=True, timeout=60)


def check(python, **settings):
    atoms = ase.Atoms("Si2", positions=DIMER, calculator=LennardJones(**LJ))
    with EngineProcess(EngineSpec(engine=ENGINE, parameters=LJ, python=python, **settings), ["Si", "Si"]) as e:
        answer = e.compute(DIMER)
    assert answer.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
    assert np.abs(answer.forces - atoms.get_forces()).max() < 1e-12
    assert abs(answer.forces).max() > 0.1


def test_our_own_python_by_name():
    check((sys.executable,))


def test_another_python_with_ase():
    python = next((python for python in pythons() if runs(python, "import ase, numpy")), None)
    if python is None:
        pytest.skip("no other Python with ASE on this machine; QC_TEST_PYTHON names one")
    check(python)


def test_an_interpreter_without_ase_is_one_sentence():
    with pytest.raises(InputError, match=r"the interpreter .*python.* cannot run an engine \(No module named .*it needs ASE 3.22") as error:
        EngineProcess(EngineSpec(engine=ENGINE, python=(sys.executable, "-I", "-S"), alias="mine"), ["Si"])
    assert "\n" not in str(error.value)


def test_what_is_python_s_own_is_no_engine():
    """By either way of knowing: the list that Python has since 3.10, and where the modules lie."""
    code = f"""
import sys
sys.path.insert(0, {str(WORKER.parents[1])!r})
from engine_side.modules import is_of_python
names = ("subprocess", "os", "json", "sys", "math"), ("ase", "numpy", "nowhere")
for version in (sys.version_info, (3, 9)):
    sys.version_info = version
    assert all(map(is_of_python, names[0])) and not any(map(is_of_python, names[1])), version
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parent)
