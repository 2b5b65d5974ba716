"""What a fresh machine meets: finding a Python, pinned versions, strangers of the same name, tests on several ranks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIND = ROOT / "tools/find_python.sh"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake_python(path: Path, version: str, modules: bool = True) -> Path:
    """A stand-in that answers the questions of find_python.sh."""
    major, minor = version.split(".")[:2]
    cases = [f'*version_info*) echo "{major} {minor}"', f"*ensurepip*) exit {0 if modules else 1}", f'*) echo "{path}"']
    return script(path, 'case "$2" in\n' + ";;\n".join(cases) + ";;\nesac")


@pytest.fixture
def machine(tmp_path):
    """A PATH with nothing but the shell's tools, and a home."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("ls", "sort", "sh", "env"):
        os.symlink(shutil.which(name) or pytest.skip(f"no {name}"), tools / name)
    return tmp_path


def find(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(machine / "bin"), "HOME": str(machine), **environment}
    return subprocess.run([FIND], env=env, capture_output=True, text=True, timeout=60, check=False)


def test_nothing_there_is_one_clear_line(machine):
    run = find(machine)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert "install" in run.stderr


def test_an_old_default_python_and_a_dead_shim_are_passed_over(machine):
    fake_python(machine / "bin/python3", "3.11")
    script(machine / "bin/python3.13", 'echo "pyenv: python3.13: command not found" >&2; exit 127')
    good = fake_python(machine / "bin/python3.12", "3.12")
    assert find(machine).stdout.strip() == str(good)


def test_named_python_comes_first_but_must_be_usable(machine):
    fake_python(machine / "bin/python3.14", "3.14")
    mine = fake_python(machine / "own/python", "3.12")
    assert find(machine, PYTHON=str(mine)).stdout.strip() == str(mine)
    old = fake_python(machine / "old/python", "3.9")
    run = find(machine, PYTHON=str(old))
    assert run.stdout.strip() == str(machine / "bin/python3.14")
    assert str(old) in run.stderr


def test_newest_pyenv_version_is_found_without_pyenv_on_the_path(machine):
    for version in ("3.11.9", "3.12.9", "3.12.10", "3.9.18"):
        fake_python(machine / f".pyenv/versions/{version}/bin/python3", version)
    assert find(machine).stdout.strip().endswith("versions/3.12.10/bin/python3")
    fake_python(machine / "elsewhere/versions/3.13.0/bin/python3", "3.13.0")
    assert find(machine, PYENV_ROOT=str(machine / "elsewhere")).stdout.strip().endswith("3.13.0/bin/python3")


def test_uv_is_asked_last(machine):
    good = fake_python(machine / "uv-pythons/python3.13", "3.13")
    script(machine / "bin/uv", f'case "$1 $2" in\n"python find") [ "$3" = 3.13 ] && echo {good};;\n*) exit 1;;\nesac')
    assert find(machine).stdout.strip() == str(good)


def test_a_python_without_venv_is_named(machine):
    fake_python(machine / "bin/python3", "3.12", modules=False)
    run = find(machine)
    assert run.returncode == 1
    assert "python3-venv" in run.stderr


def test_make_finds_the_launcher_of_an_environment_it_has_just_made(tmp_path):
    """On a fresh machine make reads the Makefile before there is an environment."""
    make = shutil.which("make") or pytest.skip("no make")
    fresh = tmp_path / "env"
    words, env = [make, "-n", "crack", f"VENV={fresh}", "RANKS=2"], {"PATH": os.environ["PATH"]}  # not make test's own settings
    dry = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True)
    command = dry.stdout.strip().splitlines()[-1]
    assert "-m qc run" in command
    script(fresh / "bin/mpirun", 'echo "launched $*"')
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.startswith("launched -n 2 ")
    assert "--resume" not in ran.stdout
    (tmp_path / "results/iron_crack").mkdir(parents=True)
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.rstrip().endswith("-o results/iron_crack --resume"), ran.stdout


def locked() -> dict[str, str]:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def test_lock_holds_names_and_versions_only():
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_lock_covers_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(name for packages in extras.values() for name in packages)]
    names = {re.split(r"[<>=~!\[; ]", requirement)[0] for requirement in wanted}
    assert names <= {name.lower().replace("_", "-") for name in locked()}


def python(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT]))}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("form", ["{}/__init__.py", "{}.py"])
@pytest.mark.parametrize("name", ["atomistics", "fem"])
def test_a_stranger_is_named(tmp_path, name, form):
    file = tmp_path / form.format(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    run = python("import qc", tmp_path)
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: another '{name}'")
    assert str(tmp_path) in last


def test_a_foreign_qc_is_named_by_the_command(tmp_path):
    (tmp_path / "qc.py").write_text("")
    run = python("import qc_fracture; raise SystemExit(qc_fracture.main())", tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("another 'qc'")
    assert len(run.stderr.splitlines()) == 1


def test_ours_import_without_complaint():
    run = python("import qc_fracture, qc; assert qc_fracture.stranger() is None")
    assert run.returncode == 0, run.stderr


def test_the_command_does_not_load_the_solver_stack_for_help():
    code = "import sys, qc.cli; print([m for m in ('dolfinx', 'numba', 'petsc4py', 'matplotlib', 'scipy') if m in sys.modules])"
    assert python(code).stdout.strip() == "[]"


def on_ranks(tmp_path: Path, test: str, ranks: int = 2) -> subprocess.CompletedProcess[str]:
    if os.environ.get("PMI_SIZE") or os.environ.get("OMPI_COMM_WORLD_SIZE"):
        pytest.skip("already under mpirun")
    beside = Path(sys.executable).parent / "mpirun"
    mpirun = str(beside) if beside.exists() else shutil.which("mpirun") or pytest.skip("no mpirun")
    (tmp_path / "test_it.py").write_text("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\n" + test)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [mpirun, "-n", str(ranks), sys.executable, str(ROOT / "tools/mpi_pytest.py"), "-q", "test_it.py"]
    env = {**os.environ, "MPI_PYTEST_GRACE": "2", "MPI_PYTEST_STUCK": "6"}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_ranks_agree_that_a_test_has_failed(tmp_path):
    run = on_ranks(tmp_path, "def test_a():\n    assert comm.rank != 1, 'not I'\n\ndef test_b():\n    comm.barrier()\n")
    assert run.returncode == 1
    assert "1 failed, 1 passed" in run.stdout
    assert "[rank 1 of 2]" in run.stdout
    assert "not I" in run.stdout


def test_a_failing_rank_ends_those_that_wait_for_it(tmp_path):
    run = on_ranks(tmp_path, "def test_a():\n    assert comm.rank != 1, 'not I'\n    comm.barrier()\n")
    assert run.returncode != 0
    assert "not I" in run.stderr


def test_ranks_that_wait_for_each_other_say_where(tmp_path):
    run = on_ranks(tmp_path, "def test_a():\n    comm.recv(source=1 - comm.rank)\n")
    assert run.returncode != 0
    assert "Timeout" in run.stderr
    assert "in test_a" in run.stderr


def test_ranks_that_pass_pass(tmp_path):
    run = on_ranks(tmp_path, "def test_a():\n    assert comm.allreduce(1) == comm.size\n")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_an_exception_while_a_model_is_dropped_ends_the_script():
    """Meshes whose communicators carry mpi4py's locks left the script hanging at its next collective."""
    lines = ("from tests.qc.models import model", "from mpi4py import MPI", "try:", "    (model('toy', 'bgfc'), 1 / 0)")
    text = "\n".join((*lines, "except ZeroDivisionError:", "    print(MPI.COMM_WORLD.allreduce(1))"))
    run = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stdout.split()) == (0, ["1"]), run.stderr
    assert "SystemError" not in run.stderr


def test_a_script_above_a_clone_named_qc_finds_the_package(tmp_path):
    """An editable install puts the folder of the clone on the path, where a package comes before a folder that has no __init__.py."""
    clone = tmp_path / "qc"
    clone.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "qc_fracture.py"):
        shutil.copy(ROOT / name, clone)
    for name in ("qc", "fem", "atomistics", "patch_tests", "examples"):
        (clone / name).symlink_to(ROOT / name)
    build = "import sys; from hatchling.build import build_editable; print(build_editable(sys.argv[1]))"
    run = subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=clone, capture_output=True, text=True, timeout=120, check=True)
    with zipfile.ZipFile(tmp_path / run.stdout.split()[-1]) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
        assert [Path(name).suffix for name in names] == [".pth"]  # no finder, and no copies that grow old
        added = wheel.read(names[0]).decode().strip()
    assert Path(added) == clone
    (tmp_path / "script.py").write_text(f"import sys; sys.path.append({added!r}); import qc; print(qc.Case.__name__)")
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run([sys.executable, tmp_path / "script.py"], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout.strip() == "Case", run.stderr


def test_the_wheel_is_complete(tmp_path):
    """Types, examples with their schema, nothing of tests, tools or benchmarks."""
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    run = subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    with zipfile.ZipFile(tmp_path / run.stdout.split()[-1]) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert {f"{package}/py.typed" for package in ("qc", "fem", "atomistics", "patch_tests")} <= set(names)
    assert {f"qc/_examples/{name}" for name in ("iron_crack.toml", "case.schema.json", "slurm.sh", "ci/patch_tests.sh")} <= set(names)
    assert {name.split("/")[0] for name in names} == {"qc", "fem", "atomistics", "patch_tests", "qc_fracture.py"}


def test_the_project_names_no_address():
    assert "urls" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_patch_tests_import_without_pytest():
    """Alone, and before anything else has loaded an MPI; pytest is asked for by what makes tests."""
    hide = "import sys; sys.modules.update(dict.fromkeys(['pytest', '_pytest']))"
    make = "patch_tests.conformance_test('force patch test', 'hexagonal')"
    run = python(f"{hide}; import patch_tests; print(len(patch_tests.CLAIMS) > 3); {make}")
    assert run.stdout.strip() == "True", run.stderr
    assert "pip install pytest" in run.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("hidden", "says"),
    [(("dolfinx_solver", "mpi4py"), "extra solver"), (("qc.cli.app",), "Traceback")],
)
def test_a_missing_library_is_told_in_a_sentence_and_a_defect_of_ours_is_not_hidden(hidden, says):
    run = python(f"import sys, qc_fracture; sys.modules.update(dict.fromkeys({hidden})); raise SystemExit(qc_fracture.main())")
    assert says in run.stderr
    assert (run.returncode, len(run.stderr.splitlines()) == 1) == ((2, True) if says != "Traceback" else (1, False))
