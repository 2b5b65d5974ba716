"""Velocity of a front at a load and a temperature: the walk, its error, the formula beside it, the window."""

from dataclasses import replace

import numpy as np
import pytest

from qc.crack.front_law import law_at
from qc.crack.front_velocity import A_PER_S, ahead_barriers, front_velocity, walked
from qc.drive.kmc import FrontWalk, growth
from qc.drive.ledger import KB
from tests.qc.crack.levels import PERIODS, STEP, level


def law(K=1.1):
    return law_at(level(K), STEP, PERIODS)


def test_a_short_front_walks_as_the_formula_says():
    """Far shorter than a kink's path: within 20 % and three errors; a long front has the formula's velocity."""
    found = front_velocity(law(1.12), 450.0, STEP, 24, 100_000, 0)
    assert found.path > 4 * 24
    assert found.walk == pytest.approx(found.formula, rel=0.2, abs=3 * found.walk_error)
    assert found.source == "formula"
    assert found.velocity == pytest.approx(STEP * A_PER_S * growth(law(1.12).on(24), 450.0).speed)


def test_a_long_front_has_the_velocity_of_its_walk():
    found = front_velocity(law(1.2), 1200.0, STEP, 128, 20_000, 0)
    assert found.path < 32
    assert (found.source, found.velocity) == ("walk", found.walk)
    assert 0 < found.walk_error < 0.1 * found.walk
    assert found.window == "outside"


def test_a_front_that_heals_is_one_that_advances_turned_round():
    back = front_velocity(replace(law(), drive=0.3), 400.0, STEP, 32, 1000, 0)
    on = front_velocity(replace(law(), drive=-0.3), 400.0, STEP, 32, 1000, 0)
    assert (back.velocity, back.formula) == (-on.velocity, -on.formula)
    assert front_velocity(replace(law(), drive=0.0), 400.0, STEP, 32, 1000, 0).velocity == 0.0


def test_no_drift_at_equal_energies():
    """The law of the table at the load where neither side wants to move: mean over walks within three of its errors."""
    balanced = replace(law(1.0), drive=0.0).on(24)
    ends = np.array([FrontWalk(balanced, 24, seed).run(2500.0, 5000)[1] for seed in range(30)])
    assert ends.std() > 0.3
    assert abs(ends.mean()) < 3 * ends.std() / np.sqrt(len(ends))


def test_a_walk_that_has_seen_too_little_is_not_believed():
    columns, error = walked(FrontWalk(law(1.03).on(32), 32), 300.0, 1000)
    assert columns is None
    assert np.isfinite(error)


def test_the_window():
    one = law(1.1)
    least = min(ahead_barriers(one.on(64)))
    for factor, window in ((6.0, "holds"), (4.0, "edge"), (2.0, "outside")):
        assert front_velocity(one, least / (factor * KB), STEP, 64, 1000, 0).window == window
