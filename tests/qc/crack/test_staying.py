"""A tip that stays while load and field change, and what is as before where it does not."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.staying import recentred, stay
from tests.qc.brittle import brittle_sheet

START = 1.02
"""Level at which a crack tip of the sheet stands; it snaps at some 1.05."""
BEYOND = 1.10


@pytest.fixture
def ladder():
    system = brittle_sheet()
    made = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=START, K_stop=1.5, K_step=0.03, K_tolerance=None))
    made.step(START, "load")
    return made


def state_of(ladder):
    return ladder.q.array.copy(), ladder.system.centre, len(ladder.state.steps), len(ladder.state.events)


def is_as_before(ladder, state):
    q, centre, steps, events = state_of(ladder)
    same = np.allclose(q, state[0], rtol=0, atol=1e-12) and (centre, steps, events) == state[1:]
    return ladder.system.model.comm.allreduce(same, op=MPI.LAND)


@pytest.mark.mpi
def test_a_tip_stays_under_a_load_next_to_its_own(ladder):
    place = ladder.state.steps[-1].tip_position
    record = stay(ladder, START + 0.005)
    assert record.K_over_KG == pytest.approx(START + 0.005)
    assert record.tip_position == pytest.approx(place)
    assert ladder.state.steps[-1] is record


@pytest.mark.mpi
def test_a_tip_that_snaps_is_put_back(ladder):
    before = state_of(ladder)
    assert stay(ladder, BEYOND) is None
    assert is_as_before(ladder, before)
    assert ladder.system.model.coupling.residual(ladder.q) < 1e-6  # under the load that it had


def test_a_field_that_follows_its_tip_asks_for_less_load(ladder):
    """The centre is where it was told to be, the tip where it was."""
    place = ladder.state.steps[-1].tip_position
    record = recentred(ladder, 0.5, -0.03)
    assert ladder.system.centre == pytest.approx((0.5, 0.0))
    assert record.tip_position == pytest.approx(place)
    assert record.K_over_KG <= START


def test_the_centre_is_that_of_the_crystal_not_of_the_model(ladder):
    ladder.state.offset = 1.0
    recentred(ladder, 1.25, -0.03)
    assert ladder.system.centre == pytest.approx((0.25, 0.0))


def test_a_field_under_which_the_tip_never_stays_is_put_back(ladder, monkeypatch):
    monkeypatch.setattr("qc.crack.staying.RELIEFS", (BEYOND - START, 1.0))
    before = state_of(ladder)
    assert recentred(ladder, -0.25, 1.0) is None
    assert is_as_before(ladder, before)
