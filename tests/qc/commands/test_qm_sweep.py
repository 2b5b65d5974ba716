"""``qc qm-sweep``: the same loads with and without the QM tip."""

import os
import signal

import pytest
from mpi4py import MPI

from qc.commands.directory import run_directory
from qc.commands.qm_sweep import SweepRun, run_sweep
from qc.commands.terminal import display
from qc.errors import InputError, Stopped
from qc.solve.options import SolverOptions
from tests.qc.commands.small import tip_case
from tests.ranks import meet

comm = MPI.COMM_WORLD
TOLERANCE = 1e-10


def sweep(folder, ranks=comm, resume=False):
    """Two loads with another engine than the potential's, by the ranks given."""
    with run_directory(folder, ranks, resume, "qm-sweep") as held, display(ranks, "load") as shown:
        swept = tip_case("SW", {"K_start": 1.0, "K_stop": 1.05, "K_step": 0.05}, {"front_periods": 3})
        return SweepRun(swept, held, SolverOptions(), shown).execute()


@pytest.mark.mpi(min_size=2)
def test_a_sweep_that_is_stopped_goes_on_with_other_ranks(shared_path, monkeypatch):
    """One rank of all is asked to stop after the first load: the numbers of an uninterrupted sweep, nothing begun again.

    Begun on one rank and resumed on it: test_kill_loop.py.
    """
    save = SweepRun._save

    def ask(run):
        save(run)
        if run.records and comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(SweepRun, "_save", ask)
    with pytest.raises(Stopped, match=r"stopped after K = 1.0000 K_G; resume with --resume"):
        sweep(shared_path / "out")
    monkeypatch.setattr(SweepRun, "_save", save)
    meet()
    if comm.rank == 0:
        whole = sweep(shared_path / "whole", MPI.COMM_SELF)
        monkeypatch.setattr("qc.commands.qm_sweep.Ladder", lambda *a: pytest.fail("began again"))
        resumed = sweep(shared_path / "out", MPI.COMM_SELF, resume=True)
        assert [r["K_over_KG"] for r in resumed["loads"]] == [r["K_over_KG"] for r in whole["loads"]]
        assert resumed["start"] == whole["start"]
        for one, other in zip(resumed["loads"], whole["loads"], strict=True):
            for name in ("x", "z", "potential", "qm", "opening_force"):
                assert [b[name] for b in one["bonds"]] == pytest.approx([b[name] for b in other["bonds"]], abs=TOLERANCE)
        assert resumed["qm"]["calls"] > resumed["loads"][1]["qm"]["calls"]
    meet()


@pytest.mark.parametrize("engine", ["Stiff", "SW"])
def test_sweep_with_and_without_the_qm_tip(shared_path, engine):
    """The own potential pulls at no bond and changes none; another one moves the tip bond the way it pulls."""
    swept = tip_case(engine, {"K_start": 1.0, "K_stop": 1.1, "K_step": 0.1})
    found = run_sweep(swept, SolverOptions(), shared_path)
    assert [record["K_over_KG"] for record in found["loads"]] == pytest.approx([1.0, 1.1])
    for record in found["loads"]:
        tip = [bond for bond in record["bonds"] if abs(bond["x"]) < 0.1]
        assert tip
        for bond in tip:
            moved = bond["qm"] - bond["potential"]
            if engine == "Stiff":
                assert abs(moved) < 1e-5
                assert abs(bond["opening_force"]) < 1e-9
            else:
                assert moved * bond["opening_force"] > 1e-4
    assert len((shared_path / "sweep.csv").read_text().splitlines()) == 1 + sum(len(r["bonds"]) for r in found["loads"])
    assert (shared_path / "sweep.png").exists()
    assert (shared_path / "qm.png").stat().st_size > 20_000
    assert found["qm"]["calls"] >= sum(record["qm"]["calls"] for record in found["loads"])


def test_sweep_needs_an_energy(tmp_path):
    mixed = tip_case("Stiff", mode="force", radius=3.0, buffer=1.8)
    with pytest.raises(InputError, match=r"qm.mode = .energy."):
        run_sweep(mixed, SolverOptions(), tmp_path)
