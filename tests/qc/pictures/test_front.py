"""The picture of fronts from above: bonds, open and closed, and the staircase of each front."""

import numpy as np
import pytest

from qc.pictures.front import MOST, front_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def panel(heights):
    """A square of bonds of which the columns left of the heights are open."""
    x, z = (v.ravel() for v in np.meshgrid(3.0 * np.arange(-8, 9), 4.0 * np.arange(len(heights))))
    front = 3.0 * np.asarray(heights) - 1.5
    opened = x < front[np.rint(z / 4.0).astype(int)]
    edges = (4.0 * np.arange(len(heights))[:, None] + [-2.0, 2.0]).ravel()
    bonds = {"x": x, "z": z, "stretch": np.where(opened, 2.0, 1.2), "open": opened}
    return bonds | {"line": (np.repeat(front, 2), edges), "length": 4.0 * len(heights), "label": f"{sum(heights)} ahead"}


def test_fronts_side_by_side(tmp_path, drawn):
    front_picture(tmp_path / "front.png", [panel([0, 0, 0, 0]), panel([0, 1, 1, 0])])
    seen(tmp_path / "front.png")
    assert covers_nothing(*drawn, scale_bars=2) == ["closed bond", "open bond", "front"]
    line = drawn[0].axes[1].lines[0]
    assert np.asarray(line.get_xdata()).tolist() == [-1.5, -1.5, 1.5, 1.5, 1.5, 1.5, -1.5, -1.5]


def test_of_many_fronts_some_are_shown(tmp_path, drawn):
    front_picture(tmp_path / "front.png", [panel([0] * (8 - n) + [1] * n) for n in range(9)])
    titles = [axis.get_title(loc="left") for axis in drawn[0].axes[:MOST]]
    assert (titles[0], titles[-1]) == ("(a)  0 ahead", "(f)  8 ahead")


def test_nothing_to_show():
    with pytest.raises(ValueError, match="one panel or more, got none"):
        front_picture("front.png", [])
