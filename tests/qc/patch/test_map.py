"""The map of ghost forces: one panel a method, in the plane and as a slice."""

import numpy as np
import pytest

from qc.patch.map import Panel, force_picture
from qc.patch.model import ForceMap
from tests.qc.pictures.sheet import A, seen, sheet


@pytest.mark.parametrize(("solid", "number"), [(False, 5), (True, 4)])
def test_panels(tmp_path, solid, number):
    """Five panels take a second row; the rest of it stays empty."""
    X = sheet()
    force = 1e-3 * np.exp(-np.hypot(*X[:, :2].T) / 5)
    force[::3] = 0.0
    forces = ForceMap(X=X, force=force, is_atom=np.hypot(*X[:, :2].T) < 8)
    points, triangles = np.array([[0.0, 0], [20, 0], [0, 20]]), np.array([[0, 1, 2]])
    panels = [
        Panel(name=f"m{k}", forces=forces, points=points, triangles=triangles, core=6.0, width=4.0 * (k > 0))
        for k in range(number)
    ]
    force_picture(tmp_path / "map.png", panels, nn=A, tolerance=1e-6, title="a crystal", solid=solid)
    seen(tmp_path / "map.png")
