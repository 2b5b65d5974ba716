"""Picture of a ladder: drawn whole, and with little to show."""

import numpy as np
import pytest

from qc.pictures.ladder import ladder_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def step(k, branch, tip, stretch=1.1):
    return {"K": 0.8 * k, "K_over_KG": k, "branch": branch, "tip_position": tip, "tip_stretch": stretch}


@pytest.mark.parametrize("steps", [[], [step(0.9, "load", None, None)], [step(0.9, "load", float("nan"), 1.0)]])
def test_ladder_with_little_to_show(tmp_path, steps):
    ladder_picture(tmp_path / "ladder.png", steps, [], None, None, 0.8)
    seen(tmp_path / "ladder.png")


def test_ladder_with_everything(tmp_path, drawn):
    up = [step(k, "load", -1.0 if k < 1.3 else 1.0) for k in np.arange(0.9, 1.4, 0.05)]
    down = [step(k, "unload", 1.0 if k > 0.8 else -1.0) for k in np.arange(1.3, 0.7, -0.05)]
    events = [
        {"kind": "advance", "branch": "load", "bracket": [0.8 * 1.25, 0.8 * 1.3]},
        {"kind": "off_plane", "branch": "load", "bracket": [0.8 * 0.95, 0.8 * 1.0], "bonds": 2},
        {"kind": "not_converged", "K": 1.2, "K_over_KG": 1.5, "reason": "x"},
    ]
    path = tmp_path / "ladder.png"
    ladder_picture(path, up + down, events, [1.0, 1.04], [0.6, 0.64], 0.8)
    seen(path)
    assert "loading" in covers_nothing(*drawn)
