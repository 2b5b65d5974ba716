"""The map of ghost forces: one panel a method, in the plane and as a slice."""

import numpy as np
import pytest

from qc.patch.map import Panel, force_picture
from qc.patch.model import ForceMap
from tests.qc.pictures.sheet import A, covers_nothing, seen, sheet


@pytest.mark.parametrize(("solid", "number"), [(False, 5), (True, 4), (False, 1), (True, 2)])
def test_panels(tmp_path, solid, number, drawn):
    """Five panels take a second row; the rest of it stays empty. One leaves room for title and legend."""
    X = sheet()
    force = 1e-3 * np.exp(-np.hypot(*X[:, :2].T) / 5)
    force[::3] = 0.0
    forces = ForceMap(X=X, force=force, is_atom=np.hypot(*X[:, :2].T) < 8)
    points, triangles = np.array([[0.0, 0], [20, 0], [0, 20]]), np.array([[0, 1, 2]])
    panels = [
        Panel(name=f"m{k}", forces=forces, points=points, triangles=triangles, core=6.0, width=4.0 * (k > 0))
        for k in range(number)
    ]
    force_picture(
        tmp_path / "map.png", panels, nn=A, tolerance=1e-6, title="a crystal under a strain " * 3, solid=solid
    )
    seen(tmp_path / "map.png")
    assert "end of the core" in covers_nothing(*drawn, scale_bars=1)
