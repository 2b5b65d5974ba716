"""The plane far mesh: its grading, the loops of the zone's surface, and what gmsh makes between outlines."""

import numpy as np
import pytest

from fem.mesh.far_field import graded_points, grading, mesh_between, ordered_loops


@pytest.mark.parametrize(("order", "power", "factor"), [(1, 1.5, 1.0), (2, 4 / 3, 2.0)])
def test_grading(order, power, factor):
    """A power of the distance, at least the neighbour distance, at most a share of the distance; ``growth`` from below."""
    size = grading(1.0, 10.0, order, 0.5)
    r = np.array([5.0, 20.0, 80.0])
    assert size(r[:2]) == pytest.approx([factor, factor * 2.0**power])
    assert size(np.array([1e4])) == pytest.approx([5e3])
    assert (grading(1.0, 10.0, order, 0.5, growth=0.4)(r) >= size(r)).all()
    assert grading(1.0, 10.0, 1, 0.5, growth=0.4)(np.array([20.0])) == pytest.approx([5.0])
    assert grading(1.0, 10.0, order, 0.001)(r) == pytest.approx(np.ones(3))


def test_loops_in_order():
    edges = np.array([[0, 1], [2, 1], [5, 7], [0, 2], [7, 6], [6, 5]])
    loops = ordered_loops(edges)
    assert sorted(sorted(loop.tolist()) for loop in loops) == [[0, 1, 2], [5, 6, 7]]
    given = {frozenset(edge) for edge in edges.tolist()}
    assert {frozenset(e) for loop in loops for e in zip(loop.tolist(), np.roll(loop, 1).tolist(), strict=True)} == given
    with pytest.raises(ValueError, match="touches itself at 1 vertices"):
        ordered_loops(np.array([[0, 1], [1, 2], [2, 0], [0, 3], [3, 4], [4, 0]]))


def test_points_are_about_a_mesh_size_apart():
    def size(x):
        return 0.5 + 0.1 * x[:, 0]

    points = graded_points(lambda s: np.column_stack([20 * s, 0 * s]), size)
    assert points[[0, -1], 0] == pytest.approx([0.0, 20.0])
    step, middle = np.diff(points[:, 0]), 0.5 * (points[1:] + points[:-1])
    assert step == pytest.approx(size(middle), rel=0.1)


def test_a_square_with_a_hole():
    """Edges of the outlines stay as they are, points of the zone keep their names, areas add up."""
    inner = np.array([[1, 1], [2, 1], [2, 2], [1, 2]], float)
    outer = np.array([[0, 0], [3, 0], [3, 3], [0, 3]], float)
    regions = [[np.column_stack([outer, -np.ones(4)]), np.column_stack([inner, np.arange(4)])]]
    coarse = mesh_between(regions, lambda x: np.full(len(x), 1.0))
    x = np.concatenate([coarse.points, inner[::-1]])[coarse.cells]  # -1 - k counts from the end
    areas = 0.5 * np.linalg.det(x[:, 1:] - x[:, :1])
    assert np.abs(areas).sum() == pytest.approx(8.0)
    assert coarse.cells.min() == -4
    sides = np.sort(np.concatenate([np.delete(coarse.cells, a, axis=1) for a in range(3)]), axis=1)
    sides, count = np.unique(sides, axis=0, return_counts=True)
    hole = sides[(count == 1) & (sides < 0).all(1)]
    assert hole.tolist() == [[-4, -3], [-4, -1], [-3, -2], [-2, -1]]


def test_regions_share_the_points_they_name_alike():
    """Two squares side by side: k <= -2 is one point for both."""
    left = np.array([[0, 0, -1], [1, 0, -2], [1, 1, -3], [0, 1, -1]], float)
    right = np.array([[1, 0, -2], [2, 0, -1], [2, 1, -1], [1, 1, -3]], float)
    coarse = mesh_between([[left], [right]], lambda x: np.full(len(x), 2.0))
    assert np.count_nonzero(coarse.points[:, 0] == 1.0) == 2
    assert len(np.unique(coarse.points.round(9), axis=0)) == len(coarse.points)
