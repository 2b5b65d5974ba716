"""A run and its files: complete, readable, and resumable on another number of ranks."""

import csv
import os
import shutil
import signal
import subprocess
from pathlib import Path

import ase.io
import numpy as np
import pytest

from qc.case.case import Case
from qc.commands.run import run_case
from qc.errors import InputError, Stopped
from qc.monitor import Iteration, listening
from qc.output.checkpoint import Checkpoints
from qc.pictures.tip import tip_picture
from tests.programs import environment, qc_command
from tests.qc.commands.small import SMALL, STEPS, TOML, case, comm, left_over, read, same_ladder
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")

KEYS = """case method reference dimension front_periods ranks n_atoms n_dofs K_G gamma elastic_constants steps events K_plus
K_plus_bracket K_minus K_minus_bracket n_qm_calls seconds versions"""

STEP_KEYS = "K K_over_KG branch energy energies tip_position newton_iterations converged_reason"


@pytest.mark.mpi
def test_result_of_a_run(whole):
    result = read(whole)
    assert set(KEYS.split()) <= set(result)
    assert (result["case"], result["method"], result["reference"]) == ("small", "bgrac", None)
    assert result["reconstruction"]["residual"] < 1e-10
    assert (result["dimension"], result["front_periods"], result["n_qm_calls"]) == (2, 1, 0)
    assert result["ranks"] == comm.size
    assert result["n_dofs"] > 2 * result["n_free_atoms"] > 0
    assert result["n_atoms"] > result["n_free_atoms"]
    constants = result["elastic_constants"]
    assert constants["C11"] == pytest.approx(3 * constants["C12"])  # pair forces in a triangular lattice
    assert constants["relaxed"] is True
    G = result["K_G"] ** 2 / result["griffith"]["effective_modulus"] * 1e3  # MPa^2 m / GPa, in J/m^2
    assert pytest.approx(2 * result["gamma"]) == G
    low, high = result["K_plus_bracket"]
    assert low < result["K_plus"] < high
    assert high - low == pytest.approx(0.01 * result["K_G"])
    assert result["K_minus"] is None
    assert result["K_minus_bracket"] is None
    assert any(event["kind"] == "advance" for event in result["events"])
    assert {"set-up", "solve", "output", "pictures"} <= set(result["seconds"])
    assert {"atoms", "handshake", "continuum", "halo", "neighbours", "matrix"} <= set(result["seconds"])
    of_ranks = result["seconds_of_ranks"]
    assert set(of_ranks) == set(result["seconds"])
    assert all(0 <= least <= most for least, most in of_ranks.values())
    assert all(of_ranks[name][0] - 0.1 <= t for name, t in result["seconds"].items())
    assert {"python", "dolfinx", "petsc", "numpy"} <= set(result["versions"])


@pytest.mark.mpi
def test_steps_of_a_run(whole):
    result = read(whole)
    steps = result["steps"]
    assert len(steps) == STEPS
    assert all(set(STEP_KEYS.split()) <= set(step) for step in steps)
    assert [s["K_over_KG"] for s in steps] == pytest.approx([1.09, 1.1, 1.11, 1.12, 1.13])
    assert [s["K"] / result["K_G"] for s in steps] == pytest.approx([s["K_over_KG"] for s in steps])
    assert [s["energy"] for s in steps] == pytest.approx([sum(s["energies"].values()) for s in steps])
    assert all(s["residual"] < 1e-6 and s["stable"] and s["branch"] == "load" for s in steps)
    with open(whole / "steps.csv") as file:
        table = list(csv.DictReader(file))
    assert [float(row["energy"]) for row in table] == [s["energy"] for s in steps]


@pytest.mark.mpi
def test_other_files_of_a_run(whole):
    frames = ase.io.read(whole / "trajectory.extxyz", ":")
    result = read(whole)
    assert len(frames) == STEPS
    assert [f.info["K"] for f in frames] == [s["K"] for s in result["steps"]]
    atoms = frames[-1]
    assert len(atoms) == result["n_atoms"]
    weight = atoms.arrays["weight"]
    assert (weight.min(), weight.max()) == (0.0, 1.0)
    inside = np.linalg.norm(atoms.arrays["reference"], axis=1) < result["domain_radius"]
    assert np.isfinite(
        atoms.arrays["site_energy"][inside & (weight > 0)]
    ).all()  # beyond, clamped sites are not counted
    assert np.count_nonzero(atoms.arrays["free"]) == result["n_free_atoms"]
    assert 0.1 < np.abs(atoms.positions - atoms.arrays["reference"]).max() < 3.0
    for name in ("model.png", "tip.png", "ladder.png"):
        assert (whole / name).stat().st_size > 20_000
    assert (whole / "fields.bp" / "md.idx").stat().st_size > 0
    assert (whole / "fields.pvd").read_text().count("<DataSet") == STEPS
    assert np.isfinite(atoms.arrays["virial_stress"][inside & (weight > 0)]).all()
    assert (whole / "run.log").read_text().count(" iterations, force ") == STEPS
    assert left_over(whole) == set()


@pytest.mark.mpi
@pytest.mark.usefixtures("unrendered")
def test_going_on_where_a_run_ended_gives_the_same_ladder(whole, folder):
    """Iteration for iteration: also the prediction of the next step survives in the checkpoint."""
    run_case(case(K_stop=1.11), folder / "halves")
    run_case(case(), folder / "halves", resume=True)
    assert same_ladder(folder / "halves", whole)
    for name in ("newton_iterations", "robust_iterations"):
        assert [s[name] for s in read(folder / "halves")["steps"]] == [s[name] for s in read(whole)["steps"]]


def test_one_rank_is_asked_to_stop(whole, folder, monkeypatch):
    """All stop after the step, with everything saved."""
    save = Checkpoints.save

    def ask(checkpoints, step, *rest, **more):
        save(checkpoints, step, *rest, **more)
        if step == 2 and comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Checkpoints, "save", ask)
    with pytest.raises(Stopped, match="--resume"):
        run_case(case(), folder / "out")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert len(read(folder / "out")["steps"]) == 2
    assert not read(folder / "out")["finished"]
    end = (folder / "out" / "run.log").read_text().splitlines()[-1]
    assert "WARNING" in end
    assert "stopped after K = 1.1000 K_G; resume with --resume" in end
    run_case(case(), folder / "out", resume=True)
    assert same_ladder(folder / "out", whole)


@pytest.mark.mpi
@pytest.mark.usefixtures("unrendered")
def test_a_signal_in_the_middle_of_a_step_ends_the_run_there(whole, folder):
    """All ranks stop between two iterations with the step before on disk, pictures of it included; resumed: the same numbers."""
    heard = []

    def ask(told):
        heard.append(str(told))
        if isinstance(told, Iteration) and (folder / "out" / "checkpoint.json").exists() and comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGUSR1)

    with pytest.raises(Stopped, match=r"stopped after K = 1.0900 K_G"), listening(ask):
        run_case(case(), folder / "out")
    meet()
    assert len(set(comm.allgather(tuple(heard)))) == 1
    log = (folder / "out" / "run.log").read_text()
    assert all(iteration in log for iteration in heard[1:])
    assert "WARNING" in log.splitlines()[-1]
    assert len(read(folder / "out")["steps"]) == 1
    assert (folder / "out" / "tip.png").exists()
    meet()
    run_case(case(), folder / "out", resume=True)
    assert same_ladder(folder / "out", whole)


@pytest.mark.mpi
def test_a_full_disk_on_rank_0_ends_all_ranks(folder, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qc.commands.run.write_json", full)
    with pytest.raises(OSError, match="No space"):
        run_case(case(), folder / "out")


def test_what_a_kill_left_undone_is_made_up_for(whole, tmp_path, monkeypatch):
    """Killed after the checkpoint of the last step, before tables and pictures: resuming makes them, and clears the scraps."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    for name in ("steps.csv", "result.json", "tip.png", "ladder.png", "model.png"):
        (out / name).unlink()
    scraps = [".checkpoint.json.4711.tmp", ".state-00009.npy.4711.tmp", ".tip.4711.png", ".far_field.npz.4711.tmp"]
    for name in scraps:
        (out / name).write_text("torn")
    seen = {}
    draw = tip_picture
    monkeypatch.setattr(
        "qc.output.pictures.tip_picture", lambda *args, **more: (seen.update(panels=args[1]), draw(*args, **more))
    )
    assert run_case(case(), out, resume=True) == 0
    assert same_ladder(out, whole)
    assert (out / "steps.csv").read_text() == (whole / "steps.csv").read_text()
    assert all((out / name).exists() for name in ("tip.png", "ladder.png", "model.png"))
    low, high = read(whole)["K_plus_bracket"]
    K_G = read(whole)["K_G"]
    assert [panel["K_over_KG"] * K_G for panel in seen["panels"]] == pytest.approx([low, high])
    assert left_over(out) == set()
    assert sorted(p.name for p in out.glob("state-*")) == sorted(p.name for p in whole.glob("state-*"))


def test_a_state_of_another_mesh_is_refused(whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    other = Case.from_dict(SMALL | {"model": SMALL["model"] | {"core_radius": 7.0}}, name="small")
    with pytest.raises(InputError, match=r"another mesh|another case"):
        run_case(other, out, resume=True)


def command(path: Path, ranks: int, *more: str) -> list[str]:
    return qc_command("run", str(path), "-o", str(path.parent / "out"), *more, ranks=ranks)


@pytest.mark.slow
def test_a_run_goes_on_with_other_ranks(whole, tmp_path):
    """Begun on one rank, resumed on two. What a kill leaves behind is in test_kill_loop.py.

    Slow, as test_checkpoint.py reads on any number of ranks what others wrote, and test_folds.py and test_qm_sweep.py go on with others.
    """
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    assert run_case(case(K_stop=1.11), tmp_path / "out") == 0
    again = subprocess.run(command(path, 2, "--resume"), env=environment(), capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert same_ladder(tmp_path / "out", whole)
    assert read(tmp_path / "out")["ranks"] == 2
    assert len(ase.io.read(tmp_path / "out" / "trajectory.extxyz", ":")) == STEPS
    assert left_over(tmp_path / "out") == set()


BRITTLE = {
    "version": 2,
    "crystal": {"structure": "hexagonal", "element": "X"},
    "potential": {"file": "morse", "parameters": {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}},
    "model": {"method": "bgfc", "dimension": 2, "core_radius": 7.0, "blend_width": 3.0, "domain_radius": 16.0},
    "load": {"K_start": 1.07, "K_stop": 1.4, "K_step": 0.03, "K_tolerance": 1e-2},
}


def test_the_error_of_k_plus_is_measured_once(tmp_path, monkeypatch, capfd):
    """It is in the result and on the screen, part by part; a resumed run does not measure it again."""
    wanted = Case.from_dict(BRITTLE, name="brittle")
    assert run_case(wanted, tmp_path / "out") == 0
    error, said = read(tmp_path / "out")["K_plus_error"], capfd.readouterr().out
    assert error["sentence"] in said
    assert {"step", "seam", "mesh", "boundary"} < set(error)
    assert error["boundary"]["radius"] == 64.0
    low, high = read(tmp_path / "out")["K_plus_bracket_over_KG"]
    assert error["step"]["high"] == pytest.approx(0.5 * (high - low))
    assert error["sentence"] in (tmp_path / "out" / "report.html").read_text()
    monkeypatch.setattr("qc.commands.run.k_plus_error", lambda *a: pytest.fail("measured again"))
    assert run_case(wanted, tmp_path / "out", resume=True) == 0
    assert read(tmp_path / "out")["K_plus_error"] == error


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder where nobody can make a file")
def test_a_home_and_caches_that_cannot_be_written(whole, tmp_path):
    """Not even by root: the same ladder, without a traceback."""
    (tmp_path / "small.toml").write_text(TOML)
    nowhere = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc/cache", "MPLCONFIGDIR": "/proc/matplotlib"}
    words = command(tmp_path / "small.toml", 1)
    done = subprocess.run(words, env=environment() | nowhere, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert same_ladder(tmp_path / "out", whole)
