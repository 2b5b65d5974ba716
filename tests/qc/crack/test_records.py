"""Records as they are in files: the same keys, old files included."""

import pytest

from qc.crack.records import Event, StepRecord
from qc.dislocation.naming import Naming, Slip

ALWAYS = """K K_over_KG branch energy energies tip_position tip_stretch off_plane_broken new_neighbours newton_iterations
robust_iterations converged_reason residual stable largest_step J J_over_G J_spread"""
# keys of every step in result.json, in this order


def record(**more):
    return StepRecord(**({"K": 0.8, "K_over_KG": 1.0, "branch": "load", "residual": 1e-8} | more))


def test_keys_of_a_step():
    """What is None is there; what nobody has set is not."""
    assert list(record().plain()) == ALWAYS.split()
    assert record().plain()["energy"] is None
    set_later = {"tip_left": "forward", "rejected": 0, "qm": {"calls": 3}, "calls": 4, "stage": "back", "seconds": 1.5}
    assert list(record(**set_later).plain()) == [*ALWAYS.split(), *set_later]


@pytest.mark.parametrize(("side", "written"), [("", None), ("forward", "forward"), ("backward", "backward")])
def test_a_tip_inside_the_core_is_null_in_files(side, written):
    """And comes back as it was; a file without the key is a step whose tip nobody has compared."""
    plain = record(tip_left=side).plain()
    assert plain["tip_left"] == written
    assert StepRecord.from_plain(plain).tip_left == side
    assert StepRecord.from_plain(record().plain()).tip_left is None


def test_a_step_there_and_back():
    there = record(energies={"atoms": 1.0}, energy=1.0, tip_position=2.5, rejected=2, qm={"calls": 1}, seconds=0.5)
    assert StepRecord.from_plain(there.plain()) == there
    assert there.tip == 2.5


def test_a_step_of_older_or_newer_code():
    """It may lack what is newer than load and branch, and have what is unknown here."""
    old = StepRecord.from_plain({"K": 0.8, "K_over_KG": 1.0, "branch": "unload", "residual": 1e-8, "colour": "red"})
    assert old == StepRecord(K=0.8, K_over_KG=1.0, branch="unload", residual=1e-8)
    assert (old.new_neighbours, old.J, old.tip_left, old.rejected) == (None, None, None, None)


SLIP = Slip(
    plane="(1 -1 0)", burgers="1/2[1 1 1]", b=[0.0, 2.5, 0.0], length=2.5, theta=90.0, phi=0.0, at=[0.0, 38.0], distance=38.0,
    bonds=60, residual=0.05,
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ({"kind": "rearrangement"}, "kind branch bracket"),
        ({"kind": "advance", "distance": 0.5, "jump": False}, "kind branch bracket distance jump"),
        (
            {"kind": "blunting", "distance": 0.5, "jump": True, "off_plane_broken": 0, "new_neighbours": 1},
            "kind branch bracket distance jump off_plane_broken new_neighbours",
        ),
        ({"kind": "off_plane", "bonds": 0, "new_neighbours": 2}, "kind branch bracket bonds new_neighbours"),
        ({"kind": "rearrangement", "named": Naming(kind="emission", slips=[SLIP], opened=1)}, "kind branch bracket named"),
        ({"kind": "tip_left_core", "sentence": "gone"}, "kind branch bracket sentence"),
        (
            {"kind": "not_converged", "K": 0.9, "K_over_KG": 1.1, "reason": "NO_DESCENT", "sentence": "none"},
            "kind branch K K_over_KG reason bracket sentence",
        ),
    ],
)
def test_keys_of_an_event(more, keys):
    """Those of its kind, in the order of the files; and the event back from them."""
    event = Event(branch="load", bracket=[0.8, 0.9], **more)
    assert list(event.plain()) == keys.split()
    assert Event.from_plain(event.plain() | {"colour": "red"}) == event
