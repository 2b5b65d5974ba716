"""Real interpreters behind odd paths, and an environment that make keeps, refuses or makes anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
"""The interpreter that our own environment was made with."""


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def real_python(path: Path, first: str = "") -> Path:
    """The real interpreter under another path; `first` is Python that it runs before everything else."""
    if not BASE.exists():
        pytest.skip(f"no {BASE}")
    return script(path, f'shift\ncode=$1; shift\nexec "{BASE}" -c "{first}\n$code" "$@"')


@pytest.fixture
def machine(tmp_path):
    """A PATH with nothing but the shell's tools."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("ls", "sort", "sh", "env"):
        os.symlink(shutil.which(name) or pytest.skip(f"no {name}"), tools / name)
    return tmp_path


def find(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(machine / "bin"), "HOME": str(machine), **environment}
    command = [ROOT / "tools/find_python.sh"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_real_interpreter_is_found(machine):
    real_python(machine / "bin/python3")
    assert find(machine).stdout.strip() == str(BASE)


@pytest.mark.parametrize(
    "first",
    [
        "import sysconfig as s; s.get_config_var = lambda name, get=s.get_config_var: name == 'Py_GIL_DISABLED' or get(name)",
        "import sys; sys.version_info = (3, 14, 0, 'beta', 1)",
        "import sys; sys.implementation.name = 'pypy'",
        "import sys; sys.version_info = (3, 15, 0, 'final', 0)",
    ],
    ids=["free-threaded", "beta", "pypy", "too new"],
)
def test_interpreters_without_wheels_are_passed_over(machine, first):
    real_python(machine / "bin/python3", first)
    run = find(machine)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1


def test_pyenv_folders_are_tried_one_after_the_other(machine):
    """A folder that PYENV_ROOT names, one with a blank in it, may hold nothing of use."""
    real_python(machine / ".pyenv/versions/3.12.9/bin/python3")
    elsewhere = machine / "with blank"
    script(elsewhere / "versions/3.13.1/bin/python3", "exit 127")
    assert find(machine, PYENV_ROOT=str(elsewhere)).stdout.strip() == str(BASE)
    real_python(elsewhere / "versions/3.13.0/bin/python3")
    shutil.rmtree(machine / ".pyenv")
    assert find(machine, PYENV_ROOT=str(elsewhere)).stdout.strip() == str(BASE)


def test_pyenv_says_where_its_versions_are(machine):
    real_python(machine / "opt/versions/3.12.9/bin/python3")
    script(machine / "bin/pyenv", f'test "$1" = root && echo "{machine}/opt"')
    assert find(machine).stdout.strip() == str(BASE)


@pytest.fixture
def clone(tmp_path):
    """What make needs of a clone, with a Python whose environments only record what is done to them."""
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    for name in ("Makefile", "tools/find_python.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    # -c CODE: a check, passes; -m venv [--clear] DIR: makes one; -m pip: recorded
    inside = 'case "$2" in pip) echo "$*" >> "$(dirname "$0")/../calls";; esac'
    script(tmp_path / "inside", inside)
    script(
        tmp_path / "python",
        f"""if [ "$1" = -m ]; then
    for last; do :; done
    test "$3" = --clear && rm -rf "$last"
    mkdir -p "$last/bin"; cp "{tmp_path}/inside" "$last/bin/python3"; touch "$last/pyvenv.cfg"
    echo "VIRTUAL_ENV=$PWD/$last" > "$last/bin/activate"
    echo made >> made
elif [ "$1" = -c ]; then
    case "$2" in *version_info*) echo "3 13";; *executable*) echo "{tmp_path}/python";; esac
fi""",
    )
    return folder


def make(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}  # not the settings of a make that runs the tests
    command = [shutil.which("make") or pytest.skip("no make"), f"PYTHON={clone.parent}/python", *words]
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, timeout=60, check=False)


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def later(path: Path, than: Path) -> None:
    """As if edited after the last installation."""
    stamp = than.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(stamp, stamp))


def test_an_environment_is_made_once_and_a_changed_lock_installs_again(clone):
    assert make(clone, "venv").returncode == 0
    calls = (clone / ".venv/calls").read_text().splitlines()
    assert len(calls) == 2
    assert calls[0].endswith("-r requirements.lock")
    assert calls[1].endswith("--no-deps --no-build-isolation -e .")
    make(clone, "venv")
    assert lines(clone / ".venv/calls") == 2
    later(clone / "requirements.lock", than=clone / ".venv/.installed")
    make(clone, "venv")
    assert (lines(clone / ".venv/calls"), lines(clone / "made")) == (4, 1)


def no_interpreter(clone: Path) -> None:
    (clone / ".venv/bin/python3").unlink()


def no_pip(clone: Path) -> None:
    script(clone / ".venv/bin/python3", "exit 1")


def half_removed(clone: Path) -> None:
    (clone / ".venv/pyvenv.cfg").unlink()
    (clone / ".venv/bin/python3").unlink()


def of_another_folder(clone: Path) -> None:
    (clone / ".venv/bin/activate").write_text("VIRTUAL_ENV=/somewhere/else/.venv")


@pytest.mark.parametrize("breakage", [no_interpreter, no_pip, half_removed, of_another_folder])
def test_a_broken_environment_is_made_anew(clone, breakage):
    make(clone, "venv")
    breakage(clone)
    run = make(clone, "venv")
    assert run.returncode == 0, run.stderr
    assert lines(clone / "made") == 2
    assert lines(clone / ".venv/calls") == 2
    assert make(clone, "venv").stdout.count("Installing") == 0


def test_a_folder_of_something_else_is_left_alone(clone):
    (clone / "mine").mkdir()
    (clone / "mine/.precious").write_text("mine")
    run = make(clone, "venv", "VENV=mine")
    assert run.returncode != 0
    assert "VENV=mine is neither empty nor" in run.stderr
    assert make(clone, "clean", "VENV=mine").returncode == 0
    assert (clone / "mine/.precious").read_text() == "mine"


@pytest.mark.parametrize("word", ["VENV=", "USE_CURRENT_ENV=1"])
def test_the_active_environment_is_used_as_it_is(clone, word):
    run = make(clone, "-n", "test", word)
    assert run.returncode == 0, run.stderr
    assert "pip install" not in run.stdout
    assert f'PYTHONPATH="{clone}' in run.stdout
    assert make(clone, "venv", word).returncode == 0
    assert not (clone / ".venv").exists()


def test_clean_keeps_results(clone):
    make(clone, "venv")
    (clone / "results").mkdir()
    (clone / "tools/__pycache__").mkdir()
    assert make(clone, "clean").returncode == 0
    assert (clone / "results").exists()
    assert not (clone / ".venv").exists()
    assert not (clone / "tools/__pycache__").exists()
