"""Cracks in silicon, all atoms in a small clamped disc: the brittle variant cleaves bond by bond, plain Stillinger-Weber blunts."""

import csv
import json
from dataclasses import replace

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands.report import verdict
from qc.commands.run import run_case
from qc.crack.ladder_state import LadderState
from qc.crack.records import Event, StepRecord

STEP = 0.04


def disc(potential, front=(1, -1, 0), radius=15.0, **load):
    """A case of all atoms within 15 A, the near-tip field centred on the middle of a bond."""
    return Case.from_dict(
        {
            "crystal": {"structure": "diamond", "element": "Si"},
            "potential": {"file": potential},
            "model": {"method": "atomistic", "core_radius": radius - 4.0, "blend_width": 3.0, "domain_radius": radius},
            "crack": {"plane": (1, 1, 1), "front": front},
            "load": {"K_start": 1.3, "K_stop": 1.7, "K_step": STEP} | load,
        },
        name="disc",
    )


def run(case, folder, capfd):
    assert run_case(case, folder) == 0
    return json.loads((folder / "result.json").read_text()), capfd.readouterr().out


def test_the_brittle_variant_cleaves_and_closes(shared_path, capfd):
    """First advance by one bond at 1.446 K_G (clamped discs of 15 to 25 A), nothing broken off the plane."""
    result, said = run(disc("holland-marder", unload=True), shared_path / "out", capfd)
    low, high = (K / result["K_G"] for K in result["K_plus_bracket"])
    assert low <= 1.45 <= high
    assert high - low == pytest.approx(STEP)
    assert [e["kind"] for e in result["events"]] == ["advance", "closing"]
    assert [e["distance"] for e in result["events"]] == pytest.approx([3.3258, -3.3258], abs=1e-3)
    assert all(step["off_plane_broken"] == step["new_neighbours"] == 0 for step in result["steps"])
    assert result["K_minus_bracket"][1] < 0.8 * result["K_plus_bracket"][0]
    assert result["verdict"].startswith("cleaved: clean first advance between 1.42")
    assert (result["material"], result["warnings"]) == ("model", [])
    assert result["cut"].startswith("shuffle: gap 0 of 2")
    assert result["elastic_constants"]["relaxed"] is True
    if MPI.COMM_WORLD.rank == 0:
        assert "shuffle: gap 0 of 2" in said
        assert "relaxed constants" in said
        assert "model material: " in said
        assert "cleaved: clean first advance" in said
        assert "warning" not in said


def test_the_other_front(tmp_path, capfd):
    """(111)[11-2]: 1.31 in discs of 15 A, falling to 1.29 - 1.30 with the radius; it closes by a jump of less than 0.5 A."""
    result, _ = run(disc("holland-marder", front=(1, 1, -2), K_start=1.2, unload=True), tmp_path / "out", capfd)
    low, high = (K / result["K_G"] for K in result["K_plus_bracket"])
    assert low <= 1.314 <= high
    assert 0.76 < result["K_minus"] / result["K_G"] < 0.84  # falling to 0.76 - 0.77
    assert [(e["kind"], e["jump"]) for e in result["events"]] == [("advance", True), ("closing", True)]
    assert [e["distance"] for e in result["events"]] == pytest.approx([1.92, -1.92], abs=1e-2)


def test_plain_stillinger_weber_blunts(tmp_path, capfd):
    """Bonds off the plane break first; when the tip opens at last, that is no advance, and there is nothing to close."""
    case = disc("stillinger-weber", K_start=1.2, K_stop=2.6, K_step=0.1, unload=True, stop_at="first_advance")
    result, said = run(case, tmp_path / "out", capfd)
    assert (result["K_plus"], result["K_plus_bracket"], result["K_minus_bracket"]) == (None, None, None)
    kinds = [e["kind"] for e in result["events"]]
    assert kinds[-1] == "blunting"
    assert "off_plane" in kinds[:-1]
    assert not {"advance", "closing"} & set(kinds)
    blunting = result["events"][-1]
    assert blunting["off_plane_broken"] > 0
    assert blunting["new_neighbours"] > 0
    assert 2.0 < blunting["bracket"][0] / result["K_G"] < 2.3  # in the clamped disc 2.2, not clean
    assert all(step["branch"] == "load" for step in result["steps"])  # what has blunted is not unloaded
    assert result["finished"]
    assert result["verdict"].startswith("did not cleave: the tip blunted between")
    (warning,) = result["warnings"]
    assert "known not to cleave" in warning
    for sentence in (result["verdict"], f"warning: {warning}", "real material: "):
        assert sentence in said
    assert "first advance" not in said
    assert warning in (tmp_path / "out" / "run.log").read_text()
    with open(tmp_path / "out" / "steps.csv") as file:
        assert [int(row["new_neighbours"]) for row in csv.DictReader(file)] == [
            s["new_neighbours"] for s in result["steps"]
        ]


def event(kind, **more):
    return Event(kind=kind, branch="load", bracket=[1.4, 1.5], **more)


def step(level, broken=0, joined=0):
    return StepRecord(K=level, K_over_KG=level, branch="load", off_plane_broken=broken, new_neighbours=joined)


def test_verdicts():
    """One sentence for each end of a ladder."""
    steps = [step(1.0), step(1.5)]
    blunt = event("blunting", off_plane_broken=2, new_neighbours=3)
    unjudged = "; the first state was not judged"
    assert verdict(LadderState(steps=steps), 1.0) is None
    assert (
        verdict(LadderState(steps=steps, finished=True), 1.0)
        == f"did not cleave up to 1.500 K_G: no advance of the tip{unjudged}"
    )
    damaged = LadderState(steps=[step(1.5, 1, 2)], events=[event("off_plane")], finished=True)
    sentence = f"did not cleave up to 1.500 K_G: 1 bonds broken off the plane and 2 new neighbours{unjudged}"
    assert verdict(damaged, 1.0) == sentence
    clean = LadderState(steps=steps, events=[event("advance"), blunt], K_plus_bracket=[1.4, 1.5])
    assert verdict(clean, 1.0).startswith(f"cleaved: clean first advance between 1.4000 and 1.5000 K_G{unjudged}")
    rearranged = replace(clean, events=[event("rearrangement"), *clean.events])
    between = "between 1.4000 and 1.5000 K_G"
    assert f"; before it the state jumped once {between}, without a move of the tip" in verdict(rearranged, 1.0)
    later = replace(clean, events=[*clean.events, replace(event("rearrangement"), bracket=[1.5, 1.6])])
    assert verdict(later, 1.0) == verdict(clean, 1.0)
    assert clean.blunting is None  # later ones do not take the first advance back
    sentence = "did not cleave: the tip blunted between 0.7000 and 0.7500 K_G, with 2 bonds broken off the plane and 3 new neighbours"
    assert verdict(LadderState(steps=steps, events=[event("off_plane"), blunt]), 2.0) == sentence + unjudged
