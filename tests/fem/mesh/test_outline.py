"""Outlines of the far field, with and without a crack."""

import numpy as np
import pytest

from fem.mesh import outline


def size(x):
    return 0.2 * np.linalg.norm(x, axis=1)


def polygon(points):
    n = len(points)
    return np.column_stack([np.arange(n), (np.arange(n) + 1) % n])


def area(loop):
    x, y = loop[:, 0], loop[:, 1]
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def test_ring():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    zone = 2.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    ((circle, hole),) = outline.ring(zone, polygon(zone), 10.0, size)
    assert np.linalg.norm(circle[:, :2], axis=1) == pytest.approx(np.full(len(circle), 10.0))
    assert (circle[:, 2] == -1).all()
    assert sorted(hole[:, 2].tolist()) == list(range(12))
    assert hole[:, :2] == pytest.approx(zone[hole[:, 2].astype(int)])
    steps = np.linalg.norm(circle[:, :2] - np.roll(circle[:, :2], 1, axis=0), axis=1)
    assert steps == pytest.approx(np.full(len(circle), 2.0), rel=0.1)


def test_beside_strips():
    """A zone whose arm crosses the circle: its edge from where it comes in to where it goes out, closed by the circle."""
    zone = np.array([[-12, -1], [-9, -1], [-2, -1], [2, -1], [2, 1], [-2, 1], [-9, 1], [-12, 1]], float)
    ((loop,),) = outline.beside_strips(zone, polygon(zone), 10.0, size)
    known = loop[loop[:, 2] >= 0]
    assert set(known[:, 2].astype(int)) == set(range(8))
    new = loop[loop[:, 2] < 0, :2]
    assert np.linalg.norm(new, axis=1) == pytest.approx(np.full(len(new), 10.0))
    assert area(loop) == pytest.approx(np.pi * 100 - area(zone), rel=0.1)
    twice = np.array([[-12, -1], [-9, -1], [2, -1], [12, -1], [12, 1], [2, 1], [-9, 1], [-12, 1]], float)
    with pytest.raises(ValueError, match="crosses the outer circle more than once"):
        outline.beside_strips(twice, polygon(twice), 10.0, size)


def test_with_slit():
    """Two halves share the line ahead of the crack, point by point; behind it each has a face of its own."""
    zone = np.array([[-2, 0], [-2, -2], [2, -2], [2.5, 0], [2, 2], [-2, 2], [-2, 0]], float)
    edges = np.column_stack([np.arange(6), np.arange(1, 7)])
    (upper,), (lower,) = outline.with_slit(zone, edges, (6, 0), 10.0, size)
    shared = [half[half[:, 2] <= -2] for half in (upper, lower)]
    assert np.array_equal(*shared)
    assert not shared[0][:, 1].any()
    assert shared[0][-1, :2] == pytest.approx([10.0, 0.0])
    assert upper[:, 1].min() == lower[:, 1].max() == 0.0
    for half in (upper, lower):
        face = half[(half[:, 2] == -1) & (half[:, 1] == 0.0)]
        assert (face[:, 0] < -2.0).all()
        assert len(face) > 2
    assert {6, 3} <= set(upper[:, 2].astype(int))
    assert {0, 3} <= set(lower[:, 2].astype(int))
