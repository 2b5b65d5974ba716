"""Pictures of the tip: one state or two, with energies or without."""

import numpy as np
import pytest

from qc.pictures.drawing import Directions, slip_of_atoms
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


def test_tip_beside_a_dislocation(tmp_path, drawn):
    """Atoms above a row have slipped by a neighbour distance, in front of x = 0: the colour says so, an arrow names the dislocation."""
    X = sheet()
    slipped = (X[:, 1] > 0.2 * A) & (X[:, 0] > 0.0)
    y = X + np.outer(slipped, [A, 0.0, 0.0])
    slip = slip_of_atoms(y, X, 1.2 * A, 0.5 * A, None)
    at_the_plane = np.abs(X[:, 1]) < A
    assert slip[slipped & at_the_plane].max() == pytest.approx(A)
    assert slip[~at_the_plane & (X[:, 0] < -2 * A)].max() == 0.0
    excess = np.zeros(len(X))
    panel = {"positions": y, "reference": X, "excess": excess, "K_over_KG": 1.0, "label": "here", "slip": slip}
    arrow = ([0.0, 0.0], [12.0 * A, 3.0 * A], "1/2[1 1 1] on (1 -1 0)")
    tip_picture(tmp_path / "tip.png", [panel, panel | {"arrows": [arrow]}], nn=A)
    seen(tmp_path / "tip.png")
    figure = drawn[0]
    assert "slip (Å)" in [axis.get_ylabel() or axis.get_xlabel() for axis in figure.axes]
    assert arrow[2] in [text.get_text() for axis in figure.axes for text in axis.texts]
    assert max(figure.axes[0].get_xlim()) > 12.0 * A


def test_tip_without_energies_or_crack(tmp_path):
    X = sheet()
    panel = {"positions": X, "reference": X, "excess": np.full(len(X), np.nan), "K_over_KG": 0.0, "label": "perfect"}
    tip_picture(tmp_path / "tip.png", [panel], nn=A, period=A)
    seen(tmp_path / "tip.png")
    with pytest.raises(ValueError, match="one or two panels, got 0"):
        tip_picture(tmp_path / "none.png", [], nn=A)
