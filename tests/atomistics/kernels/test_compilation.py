"""Processes that start at once on an empty cache load one after the other; with a full one they do not wait."""

import ast
import os
import subprocess
import sys
from pathlib import Path

from atomistics.kernels import compilation

CHILD = """
import sys, time
from pathlib import Path
from atomistics.kernels.compilation import one_after_another
folder = Path(sys.argv[1])
def load():
    with (folder / "log").open("a") as log:
        log.write("begin\\n"); log.flush(); time.sleep(0.2); log.write("end\\n")
one_after_another(folder, "test", load)
"""


def test_cold_starts_queue(tmp_path):
    children = [subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)]) for _ in range(2)]
    assert [child.wait(timeout=120) for child in children] == [0] * 2
    assert (tmp_path / "test.compiled").exists()
    lines = (tmp_path / "log").read_text().split()
    assert sorted(lines) == ["begin"] * 2 + ["end"] * 2
    assert lines[:2] == ["begin", "end"]


def test_compiling_is_announced_with_its_time_once(tmp_path, caplog):
    for _ in range(2):
        compilation.one_after_another(tmp_path, "test", lambda: None)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"once: about {compilation.IDLE_SECONDS} s" in record.message


def test_folders_that_cannot_be_written_do_not_matter():
    loaded = []
    compilation.one_after_another(Path("/proc/none"), "test", lambda: loaded.append(1))
    assert loaded == [1]


def test_the_folder_is_that_of_numba(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert compilation.cache_folder() == Path(compilation.__file__).parent / "__pycache__"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compilation.cache_folder() == tmp_path


def test_where_nothing_can_be_written_a_folder_of_the_users_own(monkeypatch, tmp_path):
    """Not one that somebody else has made or may write into: what lies in it is run."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compilation, "_can_be_written", lambda folder: False)
    monkeypatch.setattr(compilation.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(compilation.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(compilation.numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    folder = compilation.cache_folder()
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    assert compilation.cache_folder() == folder
    folder.chmod(0o777)
    assert compilation.cache_folder() != folder
    compilation.keep_in(folder)
    assert str(folder) == compilation.numba.config.CACHE_DIR
    assert compilation.cache_folder() == folder  # by now in the environment, for programs started from here


def test_kernels_of_snap_and_of_ace_come_with_the_first_potential():
    """Nobody else waits for them."""
    shown = "print(*('atomistics.kernels.' + kernels in sys.modules for kernels in ('snap', 'ace')))"
    names = ("Cu_mishin1.eam.alloy", "Mo_Chen_PRM2017.snap", "Cu-PBE-core-rep.ace")
    says = "import sys, atomistics; " + "; ".join(f"atomistics.load_potential({name!r}); {shown}" for name in names)
    found = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    assert [line.split() for line in found.stdout.splitlines()] == [["False", "False"], ["True", "False"], ["True", "True"]]


def test_what_was_compiled_before_a_change_is_made_anew(tmp_path):
    """numba would keep old kernels of another file that a cached one calls."""
    sources = [Path(compilation.__file__).with_name(f"{name}.py") for name in (*compilation.MODULES, "intrinsics")]
    latest = max(file.stat().st_mtime for file in sources)
    below = tmp_path / "kernels_0123"
    below.mkdir()
    for name, age in (("pair.f-1.py313.nbi", 5), ("hessian.g-2.py313.1.nbc", 5), ("pair.f-1.py313.1.nbc", -5), ("others.f-1.py313.nbi", 5)):
        (below / name).touch()
        os.utime(below / name, (latest - age, latest - age))
    compilation.one_after_another(tmp_path, "test", lambda: None)
    assert {path.name for path in below.iterdir()} == {"pair.f-1.py313.1.nbc", "others.f-1.py313.nbi"}


def test_kernels_are_compiled_anew_with_all_that_they_call():
    """What a group of kernels takes from other files is in its fingerprint, or those have theirs first."""
    lanes, bonds = {*compilation.MODULES, *compilation.LANES}, {*compilation.MODULES, *compilation.BONDS}
    groups = [(compilation.MODULES, set(compilation.MODULES)), (compilation.LANES, lanes), (compilation.BONDS, bonds)]
    groups += [(group, {*lanes, *group}) for group in (compilation.SNAP, compilation.ACE)]
    groups += [((name,), {*bonds, name}) for name in compilation.OF_BONDS]
    for modules, known in groups:
        for name in modules:
            tree = ast.parse(Path(compilation.__file__).with_name(f"{name}.py").read_text())
            called = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1}
            assert called <= {*known, "intrinsics"}, name
