"""The atomistic core as a signed distance, and what is prescribed."""

import numpy as np
import pytest

from qc.unknowns.regions import Arm, Core, Regions


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


def test_an_arm_reaches_out_of_the_disc():
    """The distance is that of the nearer of disc, strip and arm, whose end is round; turned with the crystal it is the same."""
    arm = Arm(angle=-90.0, length=10.0, width=2.0)
    core = Core(4.0, centre=(1.0, 0.0), arms=(arm,))
    x = np.array([[1.0, -12.0], [3.0, -8.0], [1.0, -11.0], [1.0, -8.0], [1.0, 6.0], [1.0, -3.9]])
    assert core(x) == pytest.approx([1.0, 1.0, 0.0, -1.0, 2.0, -1.0])
    assert core(np.column_stack([x, np.zeros(6)])) == pytest.approx(core(x))
    assert (core.reach, Core(4.0).reach, Core(-np.inf, arms=(arm,)).reach) == (11.0, 4.0, -np.inf)
    turn = np.radians(30.0)
    Q = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = Core(4.0, arms=(Arm(angle=-60.0, length=10.0, width=2.0),))
    assert turned((x - [1.0, 0.0]) @ Q.T) == pytest.approx(core(x))
    assert Core(2.0, strip=1.0, arms=(arm,))(np.array([[-10.0, 0.5], [0.0, -9.0]])) == pytest.approx([-0.5, -1.0])
    assert (Core(np.inf, arms=(arm,))(x) == -np.inf).all()
