"""A run and its files: complete, readable, and resumable after a kill on another number of ranks."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.io
import pytest
from mpi4py import MPI

from qc import checkpoint
from qc.case import Case
from qc.errors import InputError
from qc.run import run_case

SMALL = {
    "crystal": {"structure": "hexagonal", "element": "X"},
    "potential": {"file": "morse"},
    "model": {
        "dimension": 2, "core_radius": 9.0, "blend_width": 5.0, "domain_radius": 26.0, "face_strip_thickness": 3.0,
    },
    "load": {"K_start": 1.0, "K_stop": 1.06, "K_step": 0.01, "stop_at": "K_stop"},
}  # fmt: skip
TOML = """
crystal = { structure = "hexagonal", element = "X" }
potential = { file = "morse" }
model = { dimension = 2, core_radius = 9.0, blend_width = 5.0, domain_radius = 26.0, face_strip_thickness = 3.0 }
load = { K_start = 1.0, K_stop = 1.06, K_step = 0.01, stop_at = "K_stop" }
"""
KEYS = """case method reference dimension front_periods ranks n_atoms n_dofs K_G gamma elastic_constants steps events K_plus
K_plus_bracket K_minus K_minus_bracket n_qm_calls seconds versions"""
STEP_KEYS = "K K_over_KG branch energy energies tip_position newton_iterations converged_reason"


def case(**load):
    return Case.from_dict(SMALL | {"load": SMALL["load"] | load}, name="small")


def folder(tmp_path_factory):
    return MPI.COMM_WORLD.bcast(tmp_path_factory.mktemp("run")) / "out"


@pytest.mark.mpi
def test_files_of_a_run(tmp_path_factory):
    out = folder(tmp_path_factory)
    assert run_case(case(), out) == 0
    result = json.loads((out / "result.json").read_text())
    assert set(KEYS.split()) <= set(result)
    assert result["ranks"] == MPI.COMM_WORLD.size
    assert len(result["steps"]) == 7
    assert all(set(STEP_KEYS.split()) <= set(step) for step in result["steps"])
    assert result["steps"][0]["K"] == pytest.approx(result["K_G"])
    assert result["elastic_constants"]["relaxed"] is True
    frames = ase.io.read(out / "trajectory.extxyz", ":")
    assert len(frames) == 7
    assert {"reference", "weight", "site_energy"} <= set(frames[-1].arrays) or "weight" in frames[-1].arrays
    assert len((out / "steps.csv").read_text().splitlines()) == 8
    for name in ("model.png", "tip.png", "ladder.png", "fields.bp", "run.log", "checkpoint.json", "far_field.npz"):
        assert (out / name).exists(), name
    assert not list(out.glob("*.tmp"))


@pytest.mark.mpi
def test_going_on_where_a_run_ended_gives_the_same_ladder(tmp_path_factory):
    whole, halves = folder(tmp_path_factory), folder(tmp_path_factory)
    run_case(case(), whole)
    run_case(case(K_stop=1.02), halves)
    run_case(case(), halves, resume=True)
    energies = [[s["energy"] for s in json.loads((d / "result.json").read_text())["steps"]] for d in (whole, halves)]
    assert len(energies[1]) == 7
    assert energies[1] == pytest.approx(energies[0], rel=1e-10)


def command(path: Path, ranks: int, *more: str) -> list[str]:
    launcher = Path(sys.executable).parent / "mpirun"
    run = [sys.executable, "-m", "qc", "run", str(path), "-o", str(path.parent / "out"), *more]
    return run if ranks == 1 else [str(launcher if launcher.exists() else "mpirun"), "-n", str(ranks), *run]


ENVIRONMENT = os.environ | {"UCX_TLS": "self,sm,tcp", "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_goes_on_with_other_ranks(tmp_path, blow):
    """Killed, or asked to stop, after its second step on one rank; resumed on two."""
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    process = subprocess.Popen(command(path, 1), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    steps = tmp_path / "out" / "steps.csv"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if steps.exists() and len(steps.read_text().splitlines()) > 2:
            process.send_signal(blow)
            break
        time.sleep(0.02)
    code = process.wait(timeout=120)
    assert code == (3 if blow == signal.SIGTERM else -signal.SIGKILL)
    done = checkpoint.read_state(tmp_path / "out", MPI.COMM_SELF)
    assert 2 <= len(done["steps"]) < 7
    again = subprocess.run(command(path, 2, "--resume"), env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    run_case(case(), tmp_path / "whole")
    ended, whole = (json.loads((tmp_path / d / "result.json").read_text()) for d in ("out", "whole"))
    assert ended["ranks"] == 2
    assert [s["energy"] for s in ended["steps"]] == pytest.approx([s["energy"] for s in whole["steps"]], rel=1e-10)
    assert len(ase.io.read(tmp_path / "out" / "trajectory.extxyz", ":")) == 7


def test_a_state_of_another_mesh_is_refused(tmp_path):
    run_case(case(K_stop=1.01), tmp_path / "out")
    other = Case.from_dict(SMALL | {"model": SMALL["model"] | {"core_radius": 7.0}}, name="small")
    (tmp_path / "out" / "far_field.npz").unlink()
    with pytest.raises(InputError, match=r"another mesh|another case"):
        run_case(other, tmp_path / "out", resume=True)
