"""Settings and state of a propagation: what is refused, and what a checkpoint gives back."""

import json
from dataclasses import asdict

import pytest

from qc.crack.moving import ModelMove
from qc.crack.propagation_state import PropagationSpec, PropagationState
from qc.errors import InputError
from tests.qc.crack.test_r_curve import POINT

FROM = {"bonds": 1, "K_start": 1.02, "K_stop": 1.5, "dK": 0.03}
MOVE = ModelMove(
    event=2,
    lattice_vectors=1,
    K=0.5,
    energy_before=-1.0,
    face_sites=2,
    faces=1.5,
    energy_moved=0.5,
    residual_moved=0.1,
    energy_after=0.4,
    residual_after=1e-9,
    largest_step=0.01,
    window=1.4,
)


@pytest.mark.parametrize(
    "wrong", [{"bonds": 0}, {"close": -1}, {"K_start": 2.0}, {"K_start": 0.0}, {"dK": 0.0}, {"tolerance": 0.0}]
)
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(InputError, match="must"):
        PropagationSpec(**(FROM | wrong))


def test_the_ladder_refines_every_bracket_and_does_not_stop_at_an_advance():
    ladder = PropagationSpec(**FROM, tolerance=2e-3).ladder
    assert (ladder.K_start, ladder.K_stop, ladder.K_step, ladder.K_tolerance) == (1.02, 1.5, 0.03, 2e-3)
    assert (ladder.stop_at, ladder.unload) == ("K_stop", False)


def test_a_checkpoint_gives_the_state_back():
    state = PropagationState(curve=[POINT], moves=[MOVE], pending=["back"], centre=1.5, lead=0.25, begin=0.5)
    assert PropagationState.from_plain(json.loads(json.dumps(asdict(state)))) == state


def test_a_checkpoint_of_the_older_code_is_read():
    """It has no keys for what is not known yet: an event before its stage *back*, a move without energies."""
    state = asdict(PropagationState(curve=[POINT], moves=[MOVE]))
    for key in ("energy_after", "J_after", "dE_da", "two_gamma_minus_J"):
        del state["curve"][0][key]
    del state["moves"][0]["window"]
    read = PropagationState.from_plain(state)
    assert read.curve == [POINT]
    assert read.moves[0].window is None
