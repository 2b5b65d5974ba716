"""What happened between two records: a function of numbers."""

import numpy as np
import pytest

from qc.crack.events import SNAP, Scene, events_between, first_damage, side_left
from qc.crack.ladder_state import LadderState
from qc.crack.records import Event, StepRecord
from qc.crack.tip import TipState

SCENE = Scene(nearest=1.0, put=0.0, period=1.0, core_radius=8.0, refined=False)
REFINED = Scene(nearest=1.0, put=0.0, period=1.0, core_radius=8.0, refined=True)


def step(K, tip=0.0, branch="load", **more):
    """A record of a smooth step, K_G = 1."""
    return StepRecord(K=K, K_over_KG=K, branch=branch, **({"tip_position": tip, "largest_step": 0.01} | more))


def tip(off_plane=0, new_neighbours=0, opened=(True, False)):
    x = np.arange(len(opened), dtype=float)
    return TipState(
        x=x, stretch=np.ones_like(x), open=np.array(opened), off_plane=off_plane, new_neighbours=new_neighbours
    )


def between(before, now, state=None, scene=SCENE, origin=0.0):
    """Kinds of the events from the last of the states to the one now."""
    return [event.kind for event in events_between(before, now, state or tip(), scene, origin)]


def test_nothing_happens_in_a_smooth_step():
    assert between([step(1.0)], step(1.1)) == []
    assert between([step(1.0)], step(1.1, 1e-7)) == []


@pytest.mark.parametrize(
    ("moved", "largest", "kind"),
    [
        (0.4, 0.01, "gradual_advance"),
        (-0.4, 0.01, "gradual_closing"),
        (1.0, 0.01, "advance"),  # a whole period
        (-1.0, 0.01, "closing"),
        (0.4, 0.21, "advance"),  # a jump
        (-0.4, 0.21, "closing"),
    ],
)
def test_a_tip_that_moves(moved, largest, kind):
    """By a jump or a whole period it advances or closes, else gradually; the bracket is that of the loads, lower first."""
    (event,) = events_between([step(1.2)], step(1.1, moved, "unload", largest_step=largest), tip(), SCENE, 0.0)
    assert event.plain() == {
        "kind": kind,
        "branch": "unload",
        "bracket": [1.1, 1.2],
        "distance": moved,
        "jump": largest > 0.2,
    }


def test_a_whole_period_counts_from_the_origin():
    """Not from the last state: what moves gradually has advanced when a period has gone by."""
    assert between([step(1.0, 0.8)], step(1.1, 1.0), origin=0.0) == ["advance"]
    assert between([step(1.0, 0.8)], step(1.1, 1.0), origin=0.1) == ["gradual_advance"]


def test_a_tip_that_comes_back_to_where_it_was_put_has_not_advanced():
    """Under rising load; beyond that place the same jump is an advance."""
    assert between([step(1.0, -2.0)], step(1.1, 0.0, largest_step=0.5), origin=0.0) == ["recovery"]
    assert between([step(1.0, -2.0)], step(1.1, 0.5, largest_step=0.5), origin=0.0) == ["advance"]
    assert between([step(1.0, -0.5)], step(1.1, 0.5), origin=0.0) == ["gradual_advance"]


def test_damage_in_the_first_state_is_an_event():
    """Since the highest load that is known to do none."""
    (event,) = first_damage(step(1.0, off_plane_broken=5, new_neighbours=10), 0.4)
    assert (event.kind, event.bracket, event.bonds, event.new_neighbours) == ("off_plane", [0.4, 1.0], 5, 10)
    assert first_damage(step(1.0, off_plane_broken=0, new_neighbours=0), 0.0) == []
    (event,) = first_damage(step(1.0, slip=0.6), 0.0)
    assert event.kind == "slip_outside"


def test_slip_outside_the_core_is_told_once():
    slipped = TipState(
        x=np.zeros(0), stretch=np.zeros(0), open=np.zeros(0, bool), off_plane=0, new_neighbours=0, slip=0.58
    )
    assert between([step(1.0, slip=0.1)], step(1.1, slip=0.58), slipped) == ["slip_outside"]
    assert between([step(1.0, slip=0.58)], step(1.1, slip=0.58), slipped) == []


def test_what_opens_with_damage_blunts():
    """All damage there is, and no event beside it; a closing tip that leaves a scar does close."""
    (event,) = events_between([step(1.0)], step(1.1, 1.0), tip(2, 3), SCENE, 0.0)
    assert (event.kind, event.off_plane_broken, event.new_neighbours, event.jump) == ("blunting", 2, 3, False)
    last = step(1.0, 1.0, off_plane_broken=1, new_neighbours=0)
    (event,) = events_between([last], step(0.9, 0.0, "unload"), tip(1, 0), SCENE, 1.0)
    assert (event.kind, event.off_plane_broken, event.new_neighbours) == ("closing", 1, 0)


def test_damage_off_the_plane_is_told_since_the_last_state():
    (event,) = events_between([step(1.0, off_plane_broken=1)], step(1.1, largest_step=0.5), tip(3, 2), SCENE, 0.0)
    assert event.plain() == {
        "kind": "off_plane",
        "branch": "load",
        "bracket": [1.0, 1.1],
        "jump": True,
        "bonds": 2,
        "new_neighbours": 2,
    }
    scarred = step(1.0, off_plane_broken=3, new_neighbours=2)
    assert between([scarred], step(1.1), tip(3, 2)) == []
    assert between([step(1.0, 1.0)], step(0.9, 0.0, "unload"), tip(1, 0), origin=1.0) == ["closing", "off_plane"]


@pytest.mark.parametrize(
    ("kind", "branch", "jump", "stops"),
    [
        ("advance", "load", True, ["first_event", "first_advance"]),
        ("blunting", "load", False, ["first_event", "first_advance"]),
        ("off_plane", "load", True, ["first_event"]),
        ("off_plane", "load", False, []),  # a bond at the tip grows longer and counts from some load on
        ("off_plane", "unload", True, []),
        ("gradual_advance", "load", False, []),
    ],
)
def test_events_at_which_the_rising_load_ends(kind, branch, jump, stops):
    event = Event(kind=kind, branch=branch, bracket=[1.0, 1.1], jump=jump)
    for stop_at in ("first_event", "first_advance", "K_stop"):
        assert LadderState(events=[event]).over(stop_at) == (stop_at in stops)


def test_a_jump_that_moves_no_tip_is_a_rearrangement():
    assert between([step(1.0)], step(1.1, largest_step=0.5)) == ["rearrangement"]


def test_without_a_tip_before_nothing_has_moved():
    """No bond was open, or none is: only damage can be told."""
    nowhere = float("nan")
    assert between([step(1.0, nowhere)], step(1.1, 1.0, largest_step=0.5)) == []
    assert between([step(1.0, None)], step(1.1, 1.0, largest_step=0.5)) == []
    assert between([step(1.0, 1.0)], step(1.1, nowhere), tip(1, 0)) == ["off_plane"]


@pytest.mark.parametrize(
    ("longer", "robust", "scene", "kind"),
    [
        (1.1, 1, SCENE, "advance"),
        (0.9, 1, SCENE, "gradual_advance"),
        (1.1, 0, SCENE, "gradual_advance"),  # a state that Newton's method has found alone
        (1.1, 0, REFINED, "advance"),
    ],
)
def test_a_short_jump_is_told_by_the_steps_before(longer, robust, scene, kind):
    """Against the smoothest of them, per change of load."""
    before = [step(1.0), step(1.1, largest_step=0.02), step(1.2, largest_step=0.01), step(1.25, largest_step=0.01)]
    now = step(1.26, 0.5, largest_step=longer * SNAP * 0.1 * 0.01, robust_iterations=robust)
    assert between(before, now, scene=scene) == [kind]
    assert between(before[-1:], now, scene=scene) == ["gradual_advance"]  # one state says nothing of how it came about


def test_a_tip_that_leaves_the_core_is_told_once():
    now = step(1.5, largest_step=0.5, tip_left="forward")
    jump, event = events_between([step(1.0, tip_left="")], now, tip(), SCENE, 0.0)
    assert (jump.kind, event.kind) == ("rearrangement", "tip_left_core")
    assert "left the core forward at K = 1.5000 K_G" in event.sentence
    assert "within model.core_radius = 8 A is closed any more" in event.sentence
    (event,) = events_between([step(1.0)], step(0.9, tip_left="backward"), tip(), SCENE, 0.0)
    assert "within model.core_radius = 8 A is open any more" in event.sentence
    assert between([step(1.4, tip_left="forward")], step(1.5, tip_left="forward")) == []


@pytest.mark.parametrize(
    ("opened", "before", "side"),
    [
        ((True, False), 0.0, ""),
        ((True, True), 0.0, "forward"),
        ((True, True), None, "forward"),
        ((False, False), 0.0, "backward"),
        ((False, False), float("nan"), ""),  # there was no tip that could have gone
        ((False, False), None, ""),
        ((), 0.0, ""),
    ],
)
def test_the_side_on_which_a_tip_leaves(opened, before, side):
    assert side_left(tip(opened=opened), before) == side
