"""Pictures of a crack and its ladder: what is shown, and what is too large to be drawn."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder_state import LadderState
from qc.crack.records import Event, StepRecord
from qc.dislocation.naming import Naming, Slip
from qc.output import pictures
from qc.output.states import ordered_atoms
from qc.output.trajectory import append_frame
from qc.pictures.tip import VIEW
from tests.qc.coupling.test_scaling import Told
from tests.qc.models import hexagonal_crack

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_no_picture_of_what_cannot_be_drawn(shared_path, monkeypatch):
    """Then nothing is brought to rank 0."""
    system = hexagonal_crack("bgfc", Told(comm))
    path = shared_path / "model.png"
    Told.entries = 0
    monkeypatch.setattr(pictures, "MOST_DRAWN", 1000)
    pictures.draw_model(path, system, "")
    assert not path.exists()
    assert Told.entries == 0
    monkeypatch.setattr(pictures, "MOST_DRAWN", 100_000)
    pictures.draw_model(path, system, "")
    assert path.exists() or comm.rank


def step(level, K_G, branch="load"):
    return StepRecord(K=level * K_G, K_over_KG=level, branch=branch, tip_position=0.0, tip_stretch=1.1)


SLIP = Slip(
    plane="(0 1)", burgers="[1 0]", b=[0.0, 1.0, 0.0], length=1.0, theta=90.0, phi=0.0, at=[0.0, 9.0], distance=9.0, bonds=9, residual=0.0
)


def trajectory_of(system, path, count):
    """Frames of a crack under load, one a step."""
    for n in range(count):
        q = system.start(system.K_G)
        frame = ordered_atoms(system, q)
        symbols = [system.crystal.species[s] for s in frame.pop("species")]
        append_frame(path, n, symbols=symbols, **frame)
    return path


def test_the_tip_is_shown_before_and_after_it_first_moved(tmp_path):
    """Or as it is; frames that an earlier run has lost are left out; the energy is that beyond the bulk's."""
    system = hexagonal_crack("atomistic", MPI.COMM_SELF, domain_radius=30.0, core_radius=30.0, face_strip=0.0)
    path = trajectory_of(system, tmp_path / "t.extxyz", 3)
    steps = [step(level, system.K_G) for level in (1.0, 1.1, 1.2)]
    still = LadderState(steps=steps)
    (panel,) = pictures.tip_panels(system, still, path)
    assert (panel["K_over_KG"], panel["label"]) == (1.2, "before the first advance")
    assert np.nanmedian(panel["excess"]) == pytest.approx(0.0, abs=0.05)
    height = 2 * VIEW * system.crystal.nearest_neighbour_distance
    assert np.abs(panel["reference"][:, 1]).max() <= height < system.spec.domain_radius
    advanced = LadderState(steps=steps, K_plus_bracket=[steps[0].K, steps[1].K])
    before, after = pictures.tip_panels(system, advanced, path)
    assert [(p["K_over_KG"], p["label"]) for p in (before, after)] == [
        (1.0, "before the first advance"),
        (1.1, "after it"),
    ]
    blunted = Event(kind="blunting", branch="load", bracket=[steps[1].K, steps[2].K])
    before, _ = pictures.tip_panels(system, LadderState(steps=steps, events=[blunted]), path)
    assert (before["K_over_KG"], before["label"]) == (1.1, "before the tip blunted")
    left = replace(blunted, named=Naming(kind="emission", slips=[SLIP]))
    before, after = pictures.tip_panels(system, LadderState(steps=steps, events=[left]), path)
    ((start, end, words),) = after["arrows"]
    assert (before["label"], end, words) == ("before the first dislocation", [0.0, 9.0], "[1 0] on (0 1)")
    assert start == pytest.approx([0.0, 0.0], abs=1e-12)
    assert after["slip"].shape == after["excess"].shape
    assert pictures.tip_panels(system, still, tmp_path / "lost.extxyz") == []
    pictures.draw_tip(tmp_path / "tip.png", system, advanced, path)
    pictures.draw_tip(tmp_path / "none.png", system, still, tmp_path / "lost.extxyz")
    pictures.draw_ladder(tmp_path / "ladder.png", system, still)
    assert (tmp_path / "tip.png").stat().st_size > 10_000
    assert (tmp_path / "ladder.png").stat().st_size > 5_000
    assert not (tmp_path / "none.png").exists()


def test_a_picture_that_fails_is_a_warning(tmp_path, caplog):
    def fail(path):
        raise ValueError("no font")

    pictures.drawn(fail, tmp_path / "tip.png")
    assert "tip.png is missing, it could not be drawn (ValueError: no font)" in caplog.text
