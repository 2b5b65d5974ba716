"""Pictures of the tip: one state or two, with energies or without."""

import numpy as np
import pytest

from qc.pictures.drawing import Directions
from qc.pictures.tip import tip_picture
from tests.qc.pictures.sheet import A, covers_nothing, opened, seen, sheet


@pytest.mark.parametrize("count", [1, 2])
def test_tip(tmp_path, count, drawn):
    X = sheet()
    excess = np.where(np.abs(X[:, 1]) < A, 0.5, 0.0)
    excess[:5] = np.nan
    panels = [
        {"positions": opened(X, tip), "reference": X, "excess": excess, "K_over_KG": 1.0, "label": "here"}
        for tip in (0.0, A)[:count]
    ]
    tip_picture(tmp_path / "tip.png", panels, nn=A, directions=Directions(x="[1 0 0]", z="[0 0 1]"))
    seen(tmp_path / "tip.png")
    words = covers_nothing(*drawn, scale_bars=count)
    assert words[:2] == ["atom at z = 0.00 Å (behind)", "atom at z = 1.00 Å (in front)"]
    assert words[-2:] == ["torn bond, 3.0 to 5.2 Å long", "towards the viewer: z  ∥ [0 0 1]"]
    assert drawn[0].axes[0].get_xlabel() == "x (Å)  ∥ [1 0 0]"


def test_tip_without_energies_or_crack(tmp_path):
    X = sheet()
    panel = {"positions": X, "reference": X, "excess": np.full(len(X), np.nan), "K_over_KG": 0.0, "label": "perfect"}
    tip_picture(tmp_path / "tip.png", [panel], nn=A, period=A)
    seen(tmp_path / "tip.png")
    with pytest.raises(ValueError, match="one or two panels, got 0"):
        tip_picture(tmp_path / "none.png", [], nn=A)
