"""Where a ladder goes next: unloading ends where the model can no longer carry the crack."""

import logging

import pytest

from qc.crack.course import Course
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.crack.records import StepRecord
from qc.crack.spec import LOWEST_UNLOADED
from qc.crack.start import Place, Trial


def way_down(least: float) -> list[float]:
    """Levels of a ladder of steps of 0.1 that begins at 1, advances at 1.2, and is unloaded; the tip never closes."""
    spec = LadderSpec(K_start=1.0, K_stop=2.0, K_step=0.1, unload=True, K_tolerance=None)
    state = LadderState(trials=[Trial(K_over_KG=1.0, found="in place")], K_plus_bracket=[1.1, 1.2])
    state.steps = [StepRecord(K=level, K_over_KG=level, branch="load") for level in (1.0, 1.1, 1.2)]
    state.branch, levels = "unload", []
    course = Course(spec, state, Place(tip=0.0, period=1.0, J_tolerance=0.05, least=least))
    while (following := course.next()) is not None:
        levels.append(following[0])
        state.steps.append(StepRecord(K=following[0], K_over_KG=following[0], branch=following[1]))
    return levels


def test_unloading_ends_where_the_faces_would_attract_each_other(caplog):
    """A core that is large enough at the first load may be too small far below it, where nobody had looked: the end is said."""
    with caplog.at_level(logging.WARNING, "qc.crack.course"):
        assert way_down(0.75) == pytest.approx([1.1, 1.0, 0.9, 0.8])
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("unloading ends above 0.7500 K_G")
    caplog.clear()
    with caplog.at_level(logging.WARNING, "qc.crack.course"):
        assert min(way_down(0.0)) == pytest.approx(LOWEST_UNLOADED)
    assert caplog.records == []
