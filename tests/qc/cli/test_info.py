"""``qc info``: versions, folders, keys of a case."""

import subprocess
import sys

import pytest
from mpi4py import MPI

from tests.programs import environment
from tests.qc.cli.commands import qc


def test_info(monkeypatch, tmp_path):
    monkeypatch.setenv("QC_POTENTIALS", str(tmp_path / "absent"))
    result = qc("info")
    assert result.exit_code == 0
    for part in ("python", "numpy", "petsc", "mumps", f"{tmp_path}/absent  (does not exist)", "lennard-jones"):
        assert part in result.stdout


@pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts a program of its own")
def test_nothing_is_compiled_for_it(tmp_path):
    code = "import sys; sys.argv = ['qc', 'info']; from qc.cli import main; sys.exit(main() or KERNELS in sys.modules)"
    code = code.replace("KERNELS", "'atomistics.kernels'")
    empty = environment() | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=empty, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "lennard-jones" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_shown_with_its_brackets(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = qc("info", "--schema")
    assert result.exit_code == 0
    for part in ("model.face_strip_thickness", "required", "first_advance", '["Fe"]', "[h, k]"):
        assert part in result.stdout
