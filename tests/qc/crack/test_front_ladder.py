"""A ladder over a front of several periods: which bonds an advance has, kinks that form or vanish while the tip stays, resumed memory."""

import pytest
from mpi4py import MPI

from qc.crack.events import with_bonds
from qc.crack.front import FrontTracker
from qc.crack.front_states import FrontStates
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.crack.probe import Probe
from qc.crack.records import BondEvent, Event, StepRecord
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from tests.qc.crack.fronts import COLUMN, silicon_front

BOND = BondEvent(name=[0, 0, 1, 0, 0, -1, 1, 1], x=0.0, z=4.8, period=1, opens=True, before=1.2, after=2.0)
LAST, NOW = StepRecord(K=1.0, K_over_KG=1.0, branch="load"), StepRecord(K=1.1, K_over_KG=1.1, branch="load")


def event(kind, **more):
    return Event(kind=kind, branch="load", bracket=[1.0, 1.1], **more)


def test_the_move_of_the_tip_has_its_bonds():
    off, advance = event("off_plane", bonds=1), event("advance", jump=True)
    assert with_bonds([off, advance], [BOND], NOW, LAST) == [off, event("advance", jump=True, front=[BOND])]
    assert with_bonds([off], [], NOW, LAST) == [off]


def test_bonds_without_a_move_of_the_tip_are_kinks():
    assert with_bonds([], [BOND], NOW, LAST) == [event("kinks", jump=False, front=[BOND])]
    assert with_bonds([event("rearrangement")], [BOND], NOW, LAST) == [event("kinks", jump=True, front=[BOND])]


def test_events_come_back_from_a_file():
    kinks = event("kinks", jump=True, front=[BOND])
    assert Event.from_plain(kinks.plain()) == kinks
    assert "front" not in event("advance").plain()


@pytest.mark.mpi
def test_an_advance_names_the_bonds_of_all_periods():
    """Between 1.3 and 1.5 K_G the straight front advances by a column: one bond a period."""
    system = silicon_front(2)
    ladder = Ladder(system, LadderSpec(K_start=1.3, K_stop=1.5, K_step=0.2, J_tolerance=1.0, K_tolerance=None))
    state = ladder.run()
    assert [step.front["heights"] for step in state.steps] == [[0, 0], [0, 0]]
    assert [step.front["a"] for step in state.steps] == [pytest.approx([x * COLUMN] * 2, abs=1e-3) for x in (-0.5, 0.5)]
    (advance,) = state.events
    assert (advance.kind, [(b.period, b.opens) for b in advance.front]) == ("advance", [(0, True), (1, True)])
    assert [b.before for b in advance.front] == pytest.approx([1.22, 1.22], abs=0.02)
    again = LadderState.from_plain(state.rest() | {name: [e.plain() for e in entries] for name, entries in state.lists().items()})
    assert again.open_front == state.open_front
    assert again.events == state.events
    assert again.steps[-1].front == state.steps[-1].front


def test_a_pair_of_kinks_that_closes_is_an_event_of_its_own():
    """Two of three periods ahead, held at 1.1 K_G, fall back on the way down; the tip, where the whole front is open, stays."""
    system = silicon_front(3, MPI.COMM_SELF)
    _, ends = straight_fronts(one_period(system), 1.1)
    states = FrontStates(Replica(one_period(system), system), 1.1, ends[:2])
    record, _ = states.relax((0, 1))
    assert record.kept
    ladder = Ladder(system, LadderSpec(K_start=1.1, K_stop=1.2, K_step=0.3, J_tolerance=1.0, K_tolerance=None))
    ladder.begin()
    states.q.copy(ladder.q)
    ladder.settle(1.1 * system.K_G)
    ladder.step(1.08, "unload")
    assert ladder.state.steps[-1].front["heights"] == [1, 1, 0]
    assert [step for _, step in ladder.state.steps[-1].front["kinks"]] == [-1, 1]
    tip = ladder.state.steps[-1].tip_position
    ladder.step(0.8, "unload")
    assert ladder.state.steps[-1].front["kinks"] == []
    assert ladder.state.steps[-1].tip_position == tip
    (kinks,) = [e for e in ladder.state.events if e.kind == "kinks"]
    assert [(b.period, b.opens) for b in kinks.front] == [(0, False), (1, False)]
    assert kinks.bracket == pytest.approx([0.8 * system.K_G, 1.08 * system.K_G])
    assert not [e for e in ladder.state.events if e.kind in ("closing", "rearrangement")]


def test_memory_of_the_front_follows_a_model_that_moves():
    """What the probe remembers for a checkpoint moves along with the model, by name."""
    system, state = silicon_front(2, MPI.COMM_SELF), LadderState()
    probe, tracker = Probe(system, state), FrontTracker(system)
    q = system.start(system.K_G)
    probe.front(q)
    tracker.remember(state.open_front)
    assert len(set(state.open_front.values())) == 2
    tracker.shift(1)
    probe.shift(float(system.lattice.vectors[0, 0]))
    assert state.open_front == tracker.memory
    before = state.open_front
    state.open_front = {}
    probe.recall()
    probe.shift(0.0)
    assert state.open_front == {} != before
