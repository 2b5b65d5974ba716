"""The atomistic core as a signed distance, and what is prescribed."""

import numpy as np
import pytest

from qc.unknowns.regions import Core, Regions


def test_a_disc_and_a_ball():
    core = Core(2.0, centre=(1.0, 0.0))
    assert core(np.array([[1.0, 0.0], [1.0, 5.0], [3.0, 0.0]])) == pytest.approx([-2.0, 3.0, 0.0])
    assert core(np.array([[1.0, 0.0, 4.0]])) == pytest.approx([2.0])


def test_everything_and_nothing():
    x = np.zeros((3, 2))
    assert (Core(np.inf)(x) == -np.inf).all()
    assert (Core(-np.inf)(x) == np.inf).all()


def test_strips_along_the_crack_faces():
    """Behind the tip the distance from a strip, ahead that from its end; inside no deeper than the true distance."""
    core = Core(2.0, strip=1.0)
    assert core(np.array([[-10.0, 4.0], [-10.0, 0.5], [-10.0, -1.0]])) == pytest.approx([3.0, -0.5, 0.0])
    assert core(np.array([[5.0, 0.0], [0.0, 3.0]])) == pytest.approx([3.0, 1.0])
    assert core(np.zeros((1, 2))) == pytest.approx([-2.0])


def test_points_at_the_radius_are_prescribed():
    """To rounding: a vertex on the circle may lie a little inside."""
    regions = Regions(beta=lambda x: x[:, 0], wanted=lambda x: x[:, 0] > 0, radius=10.0)
    x = np.array([[10.0 * (1 - 1e-12), 0.0], [0.0, 9.99], [8.0, 8.0]])
    assert regions.prescribed(x).tolist() == [True, False, True]
    assert (regions.extent, regions.front_periods, regions.removed) == (np.inf, 1, None)
