"""``qc propagate``: its files, and that no kill -9 changes the R-curve."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import ase.io
import pytest
from mpi4py import MPI

from qc.cli.app import main
from tests.programs import environment, qc_command

TOML = """
crystal = { structure = "hexagonal", element = "X" }
potential = { file = "morse", parameters = { alpha = 4.0, cutoff = 1.7, switch_on = 1.1 } }
model = { method = "bgfc", dimension = 2, core_radius = 7.0, blend_width = 3.0, domain_radius = 16.0, face_strip_thickness = 2.2 }
load = { K_start = 1.03, K_stop = 1.4, K_step = 0.04, J_tolerance = 1.0 }
propagation = { bonds = 2, close = 2, drift = 1.0, tolerance = 4e-3 }
"""
FILES = """propagation.json steps.csv steps.csv-metadata.json r_curve.csv r_curve.csv-metadata.json r_curve.png trajectory.extxyz
.trajectory.extxyz.index fields.bp fields fields.pvd model.png run.log report.html checkpoint.json
checkpoint.previous.json far_field.npz steps.jsonl"""


def command(folder, *more, ranks=1):
    return qc_command("propagate", str(folder / "sheet.toml"), "-o", str(folder / "out"), *more, ranks=ranks)


def curve_of(folder):
    with open(folder / "out" / "r_curve.csv") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A propagation that nothing interrupted, on one rank."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "sheet.toml").write_text(TOML)
    done = subprocess.run(command(folder), env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "2 bonds broken, 2 closed again" in done.stdout
    return folder


def test_files_of_a_propagation(whole):
    out = whole / "out"
    assert {p.name for p in out.iterdir() if not p.name.startswith(("state-", "fields-"))} == set(FILES.split())
    result = json.loads((out / "propagation.json").read_text())
    rows = curve_of(whole)
    assert [row["branch"] for row in rows] == ["load"] * 2 + ["unload"] * 2
    assert [float(row["K"]) for row in rows] == [e["K"] for e in result["r_curve"]]
    assert result["finished"]
    assert result["summary"]["K_plus"]["events"] == 2
    assert result["summary"]["K_minus"]["highest"] < result["summary"]["K_plus"]["lowest"]
    assert {e["kind"] for e in result["r_curve"]} == {"advance", "closing"}
    assert len(result["moves"]) == 1
    assert (
        len(ase.io.read(out / "trajectory.extxyz", ":")) == len(rows) + 1
    )  # the first state, and one after each event
    assert (out / "r_curve.png").stat().st_size > 10_000


def left_running(folder):
    """Processes that have the folder on their command line: mpirun, its proxies, the ranks."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if int(path.parent.name) != os.getpid() and str(folder / "out").encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def kill_all(folder, process):
    """kill -9 of everything that was started for the folder."""
    deadline = time.monotonic() + 60
    while (alive := left_running(folder)) and time.monotonic() < deadline:
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.poll()
        time.sleep(0.05)
    process.wait(timeout=60)


def steps_saved(folder):
    path = folder / "out" / "checkpoint.json"
    return json.loads(path.read_text())["content"]["step"] if path.exists() else 0


def survive(folder, whole, kills, seed):
    """Start, kill at a random moment, resume on other ranks, again and again; then the R-curve must be that of ``whole``."""
    (folder / "sheet.toml").write_text(TOML)
    dice, done, killed, ranks = random.Random(seed), 0, 0, 0
    while killed < kills:
        ranks = dice.choice([n for n in (1, 2, 3) if n != ranks])
        resume = ["--resume"] if (folder / "out").is_dir() else []
        process = subprocess.Popen(
            command(folder, *resume, ranks=ranks),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        patience = time.monotonic() + 60
        if dice.random() < 0.8:  # otherwise while it is being set up
            while steps_saved(folder) <= done and process.poll() is None and time.monotonic() < patience:
                time.sleep(0.02)
        time.sleep(dice.uniform(0.0, 0.6))
        if process.poll() is None:
            kill_all(folder, process)
            killed += 1
            assert steps_saved(folder) >= done  # nothing is lost but the step in flight
            done = steps_saved(folder)
        else:  # it was done before all kills: once more from the beginning
            assert process.returncode == 0
            same_curve(folder, whole)
            shutil.rmtree(folder / "out")
            done = 0
    last = subprocess.run(command(folder, "--resume"), env=environment(), capture_output=True, text=True, timeout=600)
    assert last.returncode == 0, last.stderr
    same_curve(folder, whole)
    assert {p.name for p in (folder / "out").iterdir() if not p.name.startswith(("state-", "fields-"))} == set(
        FILES.split()
    )


def same_curve(folder, whole):
    """Loads, tip positions and energies of all events to 1e-8."""
    rows, expected = curve_of(folder), curve_of(whole)
    assert len(rows) == len(expected)
    for row, other in zip(rows, expected, strict=True):
        for key in ("K", "K_low", "K_high", "a", "a_after"):
            assert float(row[key]) == pytest.approx(float(other[key]), rel=1e-8, abs=1e-8)
        assert (row["branch"], row["bonds"]) == (other["branch"], other["bonds"])
    curves = (json.loads((f / "out" / "propagation.json").read_text())["r_curve"] for f in (folder, whole))
    for e, other in zip(*curves, strict=True):
        for key in ("energy_before", "energy_after"):
            assert e[key] == pytest.approx(other[key], rel=1e-8)
        assert e["dE_da"] == pytest.approx(other["dE_da"], abs=1e-5)


@pytest.mark.slow
def test_kill_minus_nine_twenty_times_over(whole, tmp_path):
    """On one rank, twice in `make test`: `tests.qc.commands.test_kill_loop`."""
    survive(tmp_path, whole, 20, seed=2)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("propagation.bonds=0", "propagation.bonds = 0"),
        ("propagation.field=moving", '"tip" or "held"'),
        ("model.face_strip=false", "face_strip"),
        ("propagation.speed=1", "speed"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, monkeypatch, capfd, key, sentence):
    (tmp_path / "sheet.toml").write_text(TOML.replace(", face_strip_thickness = 2.2", ""))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["qc", "propagate", "sheet.toml", "-o", "out", "--set", key])
    assert main() == 2
    *shown, told = capfd.readouterr().err.splitlines()
    assert told.startswith("qc: ")
    assert sentence in told
    assert all(line.startswith(("log: ", "[0:")) for line in shown)
    assert not (tmp_path / "out").exists()


def test_a_resumed_propagation_has_the_same_model(whole, monkeypatch, capfd):
    """More bonds are allowed, another field is not; nor to go on from it with ``qc run``'s checkpoint."""
    assert MPI.COMM_WORLD.size == 1
    monkeypatch.setattr("sys.argv", [*command(whole, "--resume", "--set", "propagation.field=held")[2:]])
    assert main() == 2
    assert "propagation.field" in capfd.readouterr().err


def test_a_damaged_newest_checkpoint_costs_one_state(whole, tmp_path, monkeypatch, capfd):
    """The one before is gone on from with a warning, records beyond it are cut off, and the R-curve is the same."""
    assert MPI.COMM_WORLD.size == 1
    shutil.copytree(whole, tmp_path / "copy")
    out = tmp_path / "copy" / "out"
    newest = max(out.glob("state-*.npy"))
    newest.write_bytes(newest.read_bytes()[:-8])
    before = json.loads((out / "checkpoint.previous.json").read_text())["content"]
    monkeypatch.setattr("sys.argv", [*command(tmp_path / "copy", "--resume")[2:]])
    assert main() == 0
    told = " ".join(capfd.readouterr().err.split())
    assert f"rests on {newest.name}, which has {newest.stat().st_size - 8} bytes instead of" in told
    assert f"going on from the checkpoint before it, after step {before['step']}" in told
    same_curve(tmp_path / "copy", whole)
    frames = ase.io.read(out / "trajectory.extxyz", ":")
    assert [atoms.info["frame"] for atoms in frames] == list(range(len(curve_of(whole)) + 1))
