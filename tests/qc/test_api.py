"""Public names of `qc`: there, and loaded only when asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import qc

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", qc.__all__)
def test_public_names_are_found(name):
    value = getattr(qc, name)
    assert value.__name__ == name
    assert value.__module__.startswith("qc.")
    assert name in dir(qc)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'qc' has no attribute 'CrackSystm'"):
        _ = qc.CrackSystm


def test_importing_qc_loads_none_of_its_modules():
    code = "import qc, sys; print([m for m in sys.modules if m.startswith('qc.')], 'petsc4py' in sys.modules)"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "[] False\n", run.stderr
