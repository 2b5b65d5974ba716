"""What is shown in space: faces of a solid that can be seen, states before and after the first advance."""

import numpy as np

from qc.report.scenes import _frames, _range, _surface
from qc.report.source import read_source
from tests.qc.report.results import results


def test_faces_inside_a_solid_are_left_out():
    """Two tetrahedra on one face have six others, each with the value of its own."""
    triangles, values = _surface(np.array([[0, 1, 2, 3], [0, 1, 2, 4]]), np.array([1.0, 2.0]))
    assert len(triangles) == 6
    assert {0, 1, 2} not in [set(face) for face in triangles.tolist()]
    assert all((3 in face) == (value == 1.0) for face, value in zip(triangles.tolist(), values, strict=True))


def test_states_round_the_first_advance(tmp_path):
    chosen = _frames(read_source(results(tmp_path / "out")))
    assert [(number, tip) for number, _, tip in chosen] == [(0, -1.0), (1, 1.0)]
    assert chosen[1][1] == "after it, 1.1 K_G"


def test_colours_of_nothing():
    assert _range(np.array([np.nan])) == (0.0, 1.0)
