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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of nobody's yet, and a library to be copied into it, unchanged."""
    folder, library = tmp_path / "cache", tmp_path / "libscipy_openblas.so"
    library.write_bytes(b"of numpy's makers")
    monkeypatch.setattr(blas, "_caches", lambda: [folder])
    monkeypatch.setattr(blas, "strip_prefix", lambda data: data)
    return folder, library


@linux
def test_a_copy_is_made_once_in_a_folder_of_ones_own(cache):
    folder, library = cache
    (copy,) = blas._without_prefix(library)
    assert copy.read_bytes() == library.read_bytes()
    assert folder.stat().st_mode & 0o777 == 0o700
    made = copy.stat().st_ino
    assert blas._without_prefix(library) == [copy]
    assert copy.stat().st_ino == made
    folder.chmod(0o755)  # as an older version left it
    assert blas._without_prefix(library) == [copy]
    assert folder.stat().st_mode & 0o777 == 0o700


@linux
@pytest.mark.parametrize("way", ["of mode 777", "behind a link", "in a folder of everybody's", "of somebody else's"])
def test_a_folder_that_others_may_change_is_done_without(way, cache, monkeypatch, tmp_path):
    folder, library = cache
    (copy,) = blas._without_prefix(library)
    copy.write_bytes(b"evil")
    if way == "of mode 777":
        folder.chmod(0o777)
    elif way == "behind a link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    elif way == "in a folder of everybody's":
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        monkeypatch.setattr(blas, "_caches", lambda: [tmp_path / "open" / "cache"])
    else:
        monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert blas._without_prefix(library) == []


@linux
def test_a_copy_that_is_a_link_or_open_to_others_is_made_anew(cache, tmp_path):
    _, library = cache
    (copy,) = blas._without_prefix(library)
    evil = tmp_path / "evil.so"
    evil.write_bytes(b"evil")
    copy.unlink()
    copy.symlink_to(evil)
    assert blas._without_prefix(library)[0].read_bytes() == library.read_bytes()
    assert not copy.is_symlink()
    copy.write_bytes(b"evil")
    copy.chmod(0o666)
    assert blas._without_prefix(library)[0].read_bytes() == library.read_bytes()
    assert evil.read_bytes() == b"evil"
