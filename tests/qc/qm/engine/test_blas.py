"""The BLAS of the engine's process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import scipy

from qc.qm.engine import blas

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
