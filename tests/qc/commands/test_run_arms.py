"""A run that lays an arm on its way: all files are of the model of their state, and a resumed run has the arm."""

import json

import pytest

from qc.case.case import Case
from qc.commands.run import run_case
from qc.output.trajectory import read_frame
from tests.qc.brittle import PARAMETERS
from tests.qc.commands.small import read
from tests.qc.crack.test_arms import rests_at, stuck_once

pytestmark = pytest.mark.usefixtures("unrendered")


def case(K_stop):
    """A ladder in steps of 0.02 from 1.04 K_G in a sheet of short bonds."""
    tables = {
        "crystal": {"structure": "hexagonal", "element": "X"},
        "potential": {"file": "morse", "parameters": PARAMETERS},
        "model": {
            "dimension": 2, "core_radius": 8.0, "blend_width": 4.0, "domain_radius": 28.0, "face_strip_thickness": 2.2, "adapt": "arms",
        },
        "load": {"K_start": 1.04, "K_stop": K_stop, "K_step": 0.02, "stop_at": "K_stop", "J_tolerance": 1.0},
    }  # fmt: skip
    return Case.from_dict(tables, name="arms")


@pytest.mark.mpi
def test_a_resumed_run_has_the_arm(monkeypatch, shared_path):
    """As one that was not stopped; what it rests on are mesh and multipliers of the larger model, under names of their own."""
    rests_at(9.0, monkeypatch)
    whole, parts = shared_path / "whole", shared_path / "parts"
    with stuck_once(monkeypatch, 1.05):
        run_case(case(1.08), whole)
    with stuck_once(monkeypatch, 1.05):
        run_case(case(1.06), parts)
    run_case(case(1.08), parts, resume=True)
    result, expected = read(parts), read(whole)
    assert [step["energy"] for step in result["steps"]] == pytest.approx([step["energy"] for step in expected["steps"]], rel=1e-10)
    assert result["arms_laid"] == expected["arms_laid"]
    (laid,) = result["arms_laid"]
    assert result["arms"] == [{name: laid[name] for name in ("angle", "length", "width")}]
    assert [step.get("stage") for step in result["steps"]] == [None, "arms", None, None]
    saved = json.loads((parts / "checkpoint.json").read_text())
    saved = saved.get("content", saved)
    assert {"far_field-1.npz", "reconstruction-1.npy"} <= set(saved["files"])
    assert not {"far_field.npz", "reconstruction.npy"} & set(saved["files"])
    sizes = [len(read_frame(parts / "trajectory.extxyz", n)["positions"]) for n in range(4)]
    assert sizes[0] < sizes[1] == sizes[2] == sizes[3] == result["n_atoms"]
