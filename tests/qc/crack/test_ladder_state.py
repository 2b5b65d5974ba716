"""The state of a ladder: to files and back, to an earlier mark and back, brackets of the first moves."""

import json
import re
from dataclasses import fields

import numpy as np
import pytest

from qc.case.case import Case
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.crack.records import Event, StepRecord
from qc.crack.start import Trial
from qc.errors import InputError


def step(level, branch="load", tip=0.0):
    return StepRecord(K=0.8 * level, K_over_KG=level, branch=branch, tip_position=tip, residual=1e-8)


def event(kind, low, branch="load"):
    return Event(kind=kind, branch=branch, bracket=[low, low + 0.1])


def test_a_state_there_and_back_through_json():
    """With names of its own beside it, as in a checkpoint; keys are those of the fields."""
    state = LadderState(
        steps=[step(1.0), step(1.1)], events=[event("advance", 0.8)], K_plus_bracket=[0.8, 0.9], snap=1.2
    )
    state.open_bonds, state.carried = {"0.500": True}, {"faces": 1.0}
    state.trials = [Trial(K_over_KG=1.0, found="in place", tip_position=0.0)]
    assert list(state.plain()) == [field.name for field in fields(LadderState)]
    saved = json.loads(json.dumps(state.plain() | {"fingerprint": "x", "seconds": {}, "qm": None}))
    assert LadderState.from_plain(saved) == state


def test_a_checkpoint_of_older_code():
    """Without the fields that are newer than it, in the state as in its records."""
    old = {
        "steps": [{"K": 0.8, "K_over_KG": 1.0, "branch": "load", "energy": 1.0, "tip_position": 0.5}],
        "events": [{"kind": "advance", "branch": "load", "bracket": [0.8, 0.9]}],
        "branch": "load",
        "K_plus_bracket": [0.8, 0.9],
        "K_minus_bracket": None,
        "open_bonds": {"0.500": True},
        "finished": True,
    }
    state = LadderState.from_plain(old)
    assert (state.snap, state.rejected, state.offset, state.carried, state.origin) == (None, 0, 0.0, {}, None)
    assert (state.steps[0].energy, state.steps[0].new_neighbours) == (1.0, None)
    assert state.events == [event("advance", 0.8)]
    assert state.level == 1.0


def test_back_to_a_mark():
    """Everything is as it was, also what has been added and changed in between."""
    state = LadderState(steps=[step(1.0)], open_bonds={"0.500": True})
    mark, then = state.mark(), state.plain() | {"open_bonds": {"0.500": True}}
    state.steps.append(step(1.1))
    state.add(event("advance", 0.8))
    state.open_bonds["0.500"], state.branch, state.snap, state.carried = False, "unload", 1.1, {"faces": 1.0}
    state.go_back(mark)
    assert state.plain() == then


def test_the_first_clean_moves_give_the_brackets():
    """An advance under rising load, a closing under falling load; what comes later, blunts or is gradual changes nothing."""
    state = LadderState()
    for kind, low, branch in (
        ("gradual_advance", 0.1, "load"),
        ("blunting", 0.2, "load"),
        ("closing", 0.3, "load"),
        ("advance", 0.4, "load"),
        ("advance", 0.5, "load"),
        ("advance", 0.6, "unload"),
        ("closing", 0.7, "unload"),
        ("closing", 0.8, "unload"),
    ):
        state.add(event(kind, low, branch))
    assert (state.K_plus_bracket, state.K_minus_bracket) == ([0.4, 0.5], [0.7, 0.7 + 0.1])
    assert len(state.events) == 8


def test_blunting_comes_before_any_clean_advance():
    blunt, clean = event("blunting", 0.8), event("advance", 0.8)
    assert LadderState().blunting is None
    assert LadderState(events=[event("off_plane", 0.7), blunt, clean]).blunting is blunt
    assert LadderState(events=[clean, blunt]).blunting is None


def test_where_an_advance_counts_from():
    """Where the tip was put, wherever the first state has it; where unloading began; or where a propagation says."""
    state = LadderState(steps=[step(1.0, tip=0.5), step(1.1, tip=1.5)])
    assert (state.began("load", 0.2), state.began("unload", 0.2)) == (0.2, 1.5)
    state.origin = 7.0
    assert state.began("load", 0.2) == 7.0


def test_what_a_ladder_started_from():
    """The last trial, if it was trusted."""
    poor, good = Trial(K_over_KG=0.9, found="healed"), Trial(K_over_KG=1.0, found="in place", tip_position=0.0)
    assert LadderState().start is None
    assert LadderState(trials=[poor]).start is None
    assert LadderState(trials=[poor, good]).start == good


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"K_step": 0}, "load.K_step = 0 is not allowed: it must be a number > 0, at most 1000"),
        (
            {"K_start": 2.0, "K_stop": 1.0},
            "load.K_start = 2 is not allowed: it must not be larger than load.K_stop = 1",
        ),
        ({"K_start": "1.0"}, 'load.K_start = "1.0" is not allowed: it must be a number > 0, at most 1000, or "auto"'),
        ({"stop_at": "frist"}, 'load.stop_at = "frist" is not allowed: it must be "first_event", "first_advance" or "K_stop"'),
        ({"K_tolerance": 1.0}, "load.K_tolerance = 1.0 is not allowed"),
    ],
)
def test_settings_are_checked_as_those_of_a_case_file(wrong, says):
    """With the same sentences; numpy's numbers pass."""
    with pytest.raises(InputError, match=re.escape(says)) as of_api:
        LadderSpec(**wrong)
    data = {"crystal": {"structure": "hexagonal", "element": "X"}, "potential": {"file": "morse"}, "load": wrong}
    data["model"] = {"dimension": 2, "core_radius": 5.0, "domain_radius": 20.0}
    with pytest.raises(InputError) as of_case:
        Case.from_dict(data)
    assert str(of_case.value) == str(of_api.value)
    assert LadderSpec(K_start=np.float64(1.0), K_stop=np.int64(2)).wanted == 1.0
    assert LadderSpec().wanted is None
