"""Blending functions: 0 inside, 1 outside, smooth between."""

import numpy as np
import pytest

from qc.unknowns.blending import STEPS, BlendingFunction


def depth(x):
    return x[:, 0]


@pytest.mark.parametrize("kind", STEPS)
def test_from_0_to_1_over_the_width(kind):
    beta = BlendingFunction(depth, 4.0, kind)
    x = np.linspace(-2, 6, 161)[:, None]
    values = beta(x)
    assert (values[x[:, 0] <= 0] == 0).all()
    assert (values[x[:, 0] >= 4] == 1).all()
    assert (np.diff(values) >= 0).all()
    assert values + values[::-1] == pytest.approx(np.ones(161))  # symmetric about the middle


@pytest.mark.parametrize(("kind", "continuous"), [("linear", 0), ("cubic", 1), ("quintic", 2)])
def test_continuous_derivatives(kind, continuous):
    h = 1e-4
    ends = STEPS[kind](np.array([0.0, h, 2 * h, 3 * h]))
    slopes = [np.diff(ends, n)[0] / h**n for n in (1, 2)]
    assert [abs(slope) < 0.1 for slope in slopes] == [continuous >= 1, continuous >= 2 or kind == "linear"]


def test_a_sharp_interface():
    assert BlendingFunction(depth, 0.0)(np.array([[-1.0], [0.0], [1e-9]])).tolist() == [0.0, 0.0, 1.0]


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="blending 'steep' is not known: choose from linear, cubic, quintic"):
        BlendingFunction(depth, 1.0, "steep")
    for width in (-1.0, np.nan):
        with pytest.raises(ValueError, match="the blending width must be 0 or more"):
            BlendingFunction(depth, width)
