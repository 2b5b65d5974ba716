"""The shell scripts of the examples: a SLURM job that resumes itself, patch tests for continuous integration."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.programs import ROOT, environment
from tests.test_packaging import script

EXAMPLES = ROOT / "examples"
bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


@pytest.mark.parametrize("name", ["slurm.sh", "ci/patch_tests.sh"])
def test_scripts_are_well_formed(name):
    shell = shutil.which("bash") or pytest.skip("no bash")
    subprocess.run([shell, "-n", EXAMPLES / name], check=True, timeout=60)


@pytest.fixture
def cluster(tmp_path):
    """A folder with an ``sbatch`` that notes its words, and a path on which ``srun`` is to be put."""
    script(tmp_path / "bin/sbatch", f'echo "$*" >> {tmp_path}/submitted')
    return tmp_path


def submit(cluster: Path, srun: str, *signals: int) -> int:
    """Exit code of the job whose ``srun`` is that script; the batch shell gets the signals while it runs."""
    script(cluster / "bin/srun", f'echo "$*" > {cluster}/words\n{srun}')
    env = os.environ | {"PATH": f"{cluster}/bin{os.pathsep}{os.environ['PATH']}"}
    job = subprocess.Popen(["bash", EXAMPLES / "slurm.sh", "iron.toml", "out"], cwd=cluster, env=env)
    for number in signals:
        deadline = time.monotonic() + 60
        while not (cluster / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        job.send_signal(number)
    return job.wait(timeout=60)


WAITS = "trap 'exit {code}' TERM; touch ready; while :; do sleep 0.05; done"


@bash
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_job_that_is_told_to_stop_submits_itself(cluster, number):
    assert submit(cluster, WAITS.format(code=3), number) == 0
    assert (cluster / "submitted").read_text().split() == [str(EXAMPLES / "slurm.sh"), "iron.toml", "out"]
    assert (cluster / "words").read_text().split() == ["qc", "run", "iron.toml", "-o", "out"]


@bash
@pytest.mark.parametrize(("code", "left"), [(0, 0), (1, 1), (2, 2)])
def test_a_job_that_ends_by_itself_does_not(cluster, code, left):
    (cluster / "out").mkdir()
    assert submit(cluster, f"exit {code}") == left
    assert not (cluster / "submitted").exists()
    assert (cluster / "words").read_text().split()[-1] == "--resume"


@bash
def test_a_run_that_is_done_while_it_is_told_is_not_submitted(cluster):
    assert submit(cluster, WAITS.format(code=0), signal.SIGUSR1) == 0
    assert not (cluster / "submitted").exists()


def test_patch_tests_for_a_potential_write_junit(tmp_path):
    """On one rank; the launcher is a stand-in that fails as a wrong verdict would, and its exit code is the script's."""
    script(tmp_path / "bin/qc", f'exec {sys.executable} -m qc "$@"')
    script(tmp_path / "bin/mpirun", f'echo "$*" > {tmp_path}/launched; exit 1')
    env = environment() | {"PATH": f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"}
    env["PATCH_ARGS"] = "--dimension 2 --method bgfc --deformation identity"
    words = ["sh", EXAMPLES / "ci/patch_tests.sh", "morse", "hexagonal", "reports"]
    run = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    root = ET.parse(tmp_path / "reports/patch_tests.xml").getroot()
    assert int(root.get("tests", 0)) > 1
    assert root.get("failures") == "0"
    assert "-n 2 qc patch-test --potential morse --crystal hexagonal" in (tmp_path / "launched").read_text()
