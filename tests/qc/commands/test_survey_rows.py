"""Rows of a survey from stored results: what came first, what is known of its error, why nothing closed."""

import pytest

from qc.case.orientation import Orientation
from qc.commands.side_by_side import Failure
from qc.commands.survey_rows import COLUMNS, crystal_entries, system_row
from qc.commands.survey_subject import Member

MEMBER = Member(name="110_001", orientation=Orientation(plane=(1, 1, 0), front=(0, 0, 1)), data={}, case=None)
SYSTEM = {"plane": "(1 -1 0)", "burgers": "1/2[1 1 1]", "theta": 90.0, "K_Ie": 1.5, "K_Ie_step": None, "possible": True}
FAULT = {"family": "{1 1 0}", "gamma_us": 0.8, "gamma_us_unrelaxed": 0.9, "gamma_sf": None, "gamma_sf_unrelaxed": None}
CUT = {"cut": "gap 0 of 1, 2 A wide", "chosen": True, "faces_alike": True, "gamma": 1.65, "gamma_unrelaxed": 1.7}
THEORY = {
    "plane": "(1 1 0)",
    "lattice_constant": 2.85,
    "axial_ratio": None,
    "elastic_constants": {"C11": 243.0},
    "elastic_constants_clamped": {"C11": 243.0},
    "cuts": [CUT],
    "K_G": 1.0,
    "emission": {"predicted": "cleavage", "faults": [FAULT], "systems": [SYSTEM | {"possible": False, "K_Ie": 0.5}, SYSTEM]},
    "seconds": 1.0,
    "cpu_seconds": 0.5,
}
EVENT = {"kind": "cleavage", "sentence": "cleavage", "bracket": [1.3, 1.4]}
RESULT = {
    "K_G": 1.0,
    "first_event": EVENT,
    "events": [{"kind": "advance", "bracket": [1.3, 1.4]}],
    "start": {"no_start": None},
    "steps": [{"branch": "load", "K_over_KG": 1.0}],
    "K_plus_bracket": [1.3, 1.4],
    "K_minus_bracket": [0.7, 0.8],
    "K_plus_error": {
        "sentence": "K+ = ...",
        "here": {"value": 1.35, "low": -0.1, "high": 0.1},
        "far": {"value": 1.33, "low": -0.02, "high": 0.03},
    },
    "verdict": "cleaved",
    "seconds": {"solve": 10.0, "set-up": 2.0},
    "cpu_seconds": 11.0,
    "n_atoms": 100,
    "n_dofs": 300,
}


def row(**changes):
    return system_row("Fe", MEMBER, THEORY, RESULT | changes, None)


def test_a_crack_that_cleaves_and_closes():
    found = row()
    assert set(COLUMNS) <= set(found)
    assert (found["system"], found["state"], found["first_event"], found["expected"]) == ("(1 1 0)[0 0 1]", "done", "cleavage", "cleavage")
    assert (found["K_G"], found["gamma"], found["K_Ie"], found["K_Ie_system"]) == (1.0, 1.65, 1.5, "(1 -1 0)1/2[1 1 1]")
    assert (found["K_low"], found["K_high_over_KG"]) == (1.3, 1.4)
    assert [found[f"K_far_{end}over_KG"] for end in ("", "low_", "high_")] == pytest.approx([1.33, 1.31, 1.36])
    assert (found["K_closing_low"], found["closing"]) == (0.7, "closed")
    assert (found["wall_seconds"], found["cpu_seconds"]) == (13.0, 11.5)
    assert found["picture"] == "Fe/110_001/tip.png"


def test_a_domain_that_cannot_be_larger_leaves_the_error_of_this_one():
    error = {name: part for name, part in RESULT["K_plus_error"].items() if name != "far"}
    assert row(K_plus_error=error)["K_far_low_over_KG"] == pytest.approx(1.25)


def test_a_dislocation_has_a_bracket_and_no_more():
    emitted = EVENT | {"kind": "emission", "sentence": "1/2[1 1 1] on (1 -1 0)"}
    found = row(first_event=emitted, K_plus_bracket=None, K_minus_bracket=None, K_plus_error=None)
    assert (found["first_event"], found["first_event_words"]) == ("emission", "1/2[1 1 1] on (1 -1 0)")
    assert found["K_far_over_KG"] is None
    assert "no advance" in found["error"]
    assert found["closing"] == "no advance to take back"
    assert "error_budget" in row(K_plus_error=None)["error"]


def test_slip_that_leaves_the_core_is_told_with_its_loads():
    slipped = {"kind": "slip_outside", "bracket": [1.4, 1.5], "sentence": "slip"}
    found = row(first_event=None, K_plus_bracket=None, K_plus_error=None, events=[slipped])
    assert (found["first_event"], found["first_event_words"], found["K_high"]) == ("slip leaves the core", "slip", 1.5)
    assert found["error"] is None
    lost = row(first_event=None, K_plus_bracket=None, K_plus_error=None, events=[slipped], start={"no_start": "no K+: none"})
    assert (lost["first_event"], lost["K_high"]) == ("no first state", None)


def test_no_event_and_no_start():
    nothing = {"first_event": None, "events": [], "K_plus_bracket": None, "K_minus_bracket": None, "K_plus_error": None}
    assert (row(**nothing)["first_event"], row(**nothing)["K_low"]) == ("none", None)
    assert row(**nothing, start={"no_start": "no K+: none"})["first_event"] == "no first state"


def test_why_a_crack_stays_open():
    down = [*RESULT["steps"], {"branch": "unload", "K_over_KG": 0.6}]
    assert row(K_minus_bracket=None, steps=down)["closing"] == "still open at 0.6000 K_G, the lowest load"
    assert row(K_minus_bracket=None)["closing"] == "not unloaded"


def test_what_failed_and_what_is_missing():
    failed = system_row("Fe", MEMBER, THEORY, None, Failure(state="failed", reason="no stable state"))
    assert (failed["state"], failed["reason"], failed["K_G"], failed["first_event"]) == ("failed", "no stable state", 1.0, None)
    missing = system_row("Fe", MEMBER, None, None, None)
    assert (missing["state"], missing["K_G"], missing["picture"]) == ("missing", None, None)
    uncovered = THEORY | {"emission": THEORY["emission"] | {"systems": [], "predicted": None}}
    assert system_row("Fe", MEMBER, uncovered, None, None)["expected"] == "nothing is covered"


def test_each_surface_and_fault_once():
    other = THEORY | {"plane": "(1 0 0)"}
    found = crystal_entries([THEORY, THEORY, other])
    assert [one["plane"] for one in found["surfaces"]] == ["(1 1 0)", "(1 0 0)"]
    assert [one["family"] for one in found["faults"]] == ["{1 1 0}"]
    assert crystal_entries([])["lattice_constant"] is None
