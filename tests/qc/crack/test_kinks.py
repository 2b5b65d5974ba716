"""Bond after bond: states and saddles of a front at one load, and why a row of them ends."""

import pytest
from mpi4py import MPI

from qc.crack.front_states import FrontStates
from qc.crack.kinks import KinkLevel, growth, kink_level
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from qc.drive.bond_drive import BondDrive
from tests.qc.crack.fronts import silicon_front


@pytest.fixture(scope="module")
def replica():
    many = silicon_front(3, MPI.COMM_SELF)
    return Replica(one_period(many), many)


def test_a_front_grows_from_its_middle():
    assert growth(8) == [3, 4, 2, 5, 1, 6, 0, 7]
    assert sorted(growth(5)) == list(range(5))


def test_states_between_the_saddles_are_those_that_are_put_together(replica):
    """At 1.1 K_G: the energies of the states on the way are those of fronts relaxed from replicated states."""
    level = kink_level(replica, 1.1, 2)
    fronts, ends = straight_fronts(replica.one, 1.1)
    states = FrontStates(replica, 1.1, ends[:2])
    for event, periods in zip(level.events, ((1,), (1, 2)), strict=True):
        record, _ = states.relax(periods)
        assert event.after == pytest.approx(record.energy, abs=1e-7)
        assert event.advance == record.advance
        assert min(event.forward, event.backward) > 0.05
    assert level.ended is None
    assert level.advance == pytest.approx((states.energies[1] - states.energies[0]) / 3, abs=1e-8)
    assert level.nucleation < 3 * level.straight
    assert level.G / (2 * replica.many.griffith.gamma) == pytest.approx(1.1**2, rel=1e-6)
    assert level.curvature == pytest.approx(fronts[2].energy - 2 * fronts[1].energy + fronts[0].energy, abs=1e-8)
    assert KinkLevel.from_plain(level.plain()) == level


def test_why_it_ends(replica):
    """Below, no state with a single bond broken exists; above, the kinks run once there are two."""
    low = kink_level(replica, 0.9, 2)
    assert (low.events, low.nucleation) == ([], None)
    assert low.ended == "no state with 1 periods ahead follows: the force that opens its bond does not fall to zero"
    high = kink_level(replica, 1.25, 2)
    assert high.ended == f"beyond the saddle with {high.events[-1].ahead} periods ahead the kinks run"
    assert high.events[-1].advance == [1, 1, 1]


def test_saddles_are_followed_from_load_to_load(replica, monkeypatch):
    """The same to 1e-9 eV as by driving each bond, with half the factorisations; what lies elsewhere is driven all the same."""
    alone, known = kink_level(replica, 1.12, 1), {}
    kink_level(replica, 1.1, 1, None, known)
    wrong = {name: -3.0 * vector for name, vector in known.items()}
    with monkeypatch.context() as patched:
        patched.setattr(BondDrive, "saddle", lambda *a: pytest.fail("driven"))
        followed = kink_level(replica, 1.12, 1, None, known)
    for again in (followed, kink_level(replica, 1.12, 1, None, wrong)):
        assert again.straight == pytest.approx(alone.straight, abs=1e-9)
        for one, other in zip(again.events, alone.events, strict=True):
            assert (one.forward, one.backward) == pytest.approx((other.forward, other.backward), abs=1e-9)
            assert one.opening == pytest.approx(other.opening, abs=1e-6)
    assert sum(event.factorisations for event in followed.events) < 0.7 * sum(event.factorisations for event in alone.events)
