"""Propagation over many bonds: the same load for every bond, the model following the tip, energies that balance."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.propagation import Propagation
from qc.crack.propagation_state import PropagationSpec
from qc.crack.tip import TipState, TipTracker
from qc.errors import ConvergenceError, InputError
from tests.qc.brittle import brittle_sheet
from tests.qc.crack.test_moving import system_of
from tests.ranks import together_and_alone

TOLERANCE = 2e-3
FROM = {"J_tolerance": 1.0, "K_start": 1.02, "K_stop": 1.5, "dK": 0.03, "tolerance": TOLERANCE}


def driven(system, **changes):
    propagation = Propagation(system, PropagationSpec(**(FROM | changes)))
    propagation.run()
    return propagation


def loads(propagation, branch="load"):
    return np.array([e.K_over_KG for e in propagation.curve if e.branch == branch])


@pytest.fixture(scope="module")
def followed():
    """Four bonds broken and three closed, the model moving with every second one."""
    return driven(brittle_sheet(), bonds=4, close=3, drift=1.0)


def test_every_bond_breaks_at_the_same_load_and_closes_at_the_same(followed):
    plus, minus = loads(followed), loads(followed, "unload")
    assert (len(plus), len(minus)) == (4, 3)
    assert np.ptp(plus) <= TOLERANCE * plus.mean()
    assert np.ptp(minus) <= TOLERANCE * minus.mean()
    assert minus.max() < 0.95 * plus.min()
    for e in followed.curve:
        assert 0 < e.K_high - e.K_low <= TOLERANCE * e.K_high * (1 + 1e-9)
        assert e.jump
        assert e.a_after - e.a == pytest.approx(0.5 if e.branch == "load" else -0.5)
    assert [e.a for e in followed.curve[1:4]] == pytest.approx([e.a_after for e in followed.curve[:3]])


def test_the_model_follows_and_its_books_balance(followed):
    """Moves of one lattice vector; faces left behind at gamma each; the account is continuous; residuals are under the tolerance."""
    moves, ladder = followed.state.moves, followed.ladder.state
    assert [m.lattice_vectors for m in moves] == [1, 1, -1]
    for m in moves:
        assert m.faces == pytest.approx(m.face_sites * followed.system.griffith.gamma / 16.02176634, rel=1e-12)
        assert m.residual_after < 1e-6 < m.residual_moved
        assert m.energy_after == pytest.approx(m.energy_moved, abs=0.01)  # what relaxes is little
        assert m.window == pytest.approx(m.energy_after - m.energy_before)
    assert ladder.offset == pytest.approx(1.0)
    assert ladder.carried["faces"] == pytest.approx(sum(m.faces for m in moves))
    assert ladder.carried["window"] == pytest.approx(-sum(m.window for m in moves))
    for a, b in zip(ladder.steps, ladder.steps[1:], strict=False):
        if b.stage == "follow":
            assert b.energy == pytest.approx(a.energy, rel=1e-9)
            assert sum(b.energies.values()) == pytest.approx(b.energy)
    assert [s.stage for s in ladder.steps[:1]] == ["climb"]


class Closes:
    """A QM region that pulls the first bond together again as soon as it is there."""

    guide, calls = None, 0

    def __init__(self):
        self.asked = []

    def follow_tip(self, ladder):
        steps = ladder.state.steps
        self.asked.append(steps[-1].tip)
        if len(self.asked) == 2:
            steps[-1] = replace(steps[-1], tip_position=self.asked[0])
        return steps[-1]

    def measure(self, q):
        return {"calls": 0}


def test_a_tip_that_a_qm_region_takes_back_ends_the_propagation():
    """It is no event; who goes on later has the region at the tip first."""
    region = Closes()
    propagation = Propagation(brittle_sheet(), PropagationSpec(**(FROM | {"bonds": 1})), qm=region)
    state = propagation.run()
    assert "the tip goes back to" in state.ended
    assert propagation.curve == []
    assert region.asked[1] > region.asked[0]
    state.finished, state.ended = False, None
    assert propagation.advance().stage == "region"
    assert state.pending == []


def test_energy_falls_by_what_is_released_less_two_faces(followed):
    """dE/da over a bond at fixed boundary against 2 gamma - J, to half a per cent of J; closing gives energy up, too."""
    for e in followed.curve:
        assert e.dE_da == pytest.approx(e.two_gamma_minus_J, abs=0.005 * e.J_before)
        assert np.sign(e.dE_da) == (-1 if e.branch == "load" else 1)


@pytest.mark.slow
def test_a_core_that_need_not_move_gives_the_same_loads(followed):
    """Slow, as test_moving.py compares a state before and after a move, and the loads above are equal over a move."""
    still = driven(brittle_sheet(core_radius=11.0, domain_radius=25.0), bonds=3, drift=6.0)
    moving = driven(brittle_sheet(domain_radius=25.0), bonds=3, drift=0.6)
    assert still.state.moves == []
    assert len(moving.state.moves) == 1
    assert loads(still) == pytest.approx(loads(moving), rel=TOLERANCE)


def test_a_held_field_asks_for_more_with_every_bond():
    held = driven(brittle_sheet(), bonds=3, field="held", drift=1.0)
    K = loads(held)
    assert (np.diff(K) > 2 * TOLERANCE).all()
    assert {e.centre for e in held.curve} == {0.0}
    assert len(held.state.moves) == 1
    assert held.system.centre[0] == pytest.approx(-held.ladder.state.offset)


def test_a_held_field_that_falls_behind_ends_the_propagation(monkeypatch):
    monkeypatch.setattr("qc.crack.propagation.FARTHEST", 0.02)
    left = driven(brittle_sheet(), bonds=3, field="held", tolerance=1e-2)
    assert len(left.curve) == 1
    assert "away from the centre of the held field" in left.state.ended


@pytest.mark.mpi
def test_propagation_does_not_depend_on_the_ranks():
    """Three bonds with a move between: loads, tip and moves of all ranks together and of one alone."""

    def found(comm):
        done = driven(brittle_sheet(comm), bonds=3, drift=1.0, tolerance=2e-2)
        return loads(done), done.state.moves, [s.stage for s in done.ladder.state.steps]

    many, alone = together_and_alone(found)
    assert many[0] == pytest.approx(alone[0], rel=1e-12)
    assert len(many[1]) == len(alone[1]) == 1
    for key in ("energy_before", "energy_moved", "energy_after"):
        assert getattr(many[1][0], key) == pytest.approx(getattr(alone[1][0], key), rel=1e-9)
    assert many[2] == alone[2]


def test_the_end_of_the_load_is_said():
    short = driven(brittle_sheet(), bonds=2, K_stop=1.04)
    assert short.state.finished
    assert "no further advance up to K_stop = 1.04 K_G" in short.state.ended
    assert short.curve == []


@pytest.mark.mpi
def test_a_crack_that_runs_through_the_core_is_named_and_the_last_state_kept(monkeypatch):
    """A jump beyond the reach of the tracker: one sentence on all ranks, the state before it restored."""
    propagation = Propagation(brittle_sheet(), PropagationSpec(**(FROM | {"bonds": 3, "K_start": 1.03})))
    propagation.advance()
    measure = TipTracker.measure

    def all_open(self, z):
        tip = measure(self, z)
        return (
            TipState(x=tip.x, stretch=tip.stretch, open=np.ones_like(tip.open), off_plane=0, new_neighbours=0)
            if tip.position > -1.0
            else tip
        )

    monkeypatch.setattr(TipTracker, "measure", all_open)
    with pytest.raises(ConvergenceError, match="leaves the core forward in one event") as error:
        propagation.run()
    assert len(set(MPI.COMM_WORLD.allgather(str(error.value)))) == 1
    assert not propagation.ladder.state.steps[-1].tip_left
    assert propagation.ladder.system.model.coupling.residual(propagation.ladder.q) < 1e-6


def test_a_first_load_that_heals_the_crack_is_left_for_a_higher_one():
    """The propagation starts from a crack that is where it was put, or says that there is none."""
    propagation = driven(brittle_sheet(), bonds=1, K_start=0.9)
    assert propagation.ladder.state.trials[0].found == "healed"
    assert propagation.ladder.state.start.tip_position > -1.0
    assert len(propagation.curve) == 1
    nowhere = driven(brittle_sheet(), bonds=1, K_start=0.7, K_stop=0.7)
    assert nowhere.state.ended.startswith("no K+")
    assert nowhere.curve == []


def test_a_crack_that_the_model_cannot_follow_is_refused():
    with pytest.raises(InputError, match="face_strip = false"):
        Propagation(system_of("sheet", face_strip=0.0), PropagationSpec(bonds=1, K_start=1.0, K_stop=2.0))
