"""Outlines of the far field: from the surface of the resolved zone to the outer boundary, crack included (plane meshes)."""

from __future__ import annotations

import numpy as np

from .far_field import SizeField, graded_points, ordered_loops

Region = list[np.ndarray]


def _new(points: np.ndarray, tag: int = -1) -> np.ndarray:
    """Outline rows of new points: all of their own (tag -1) or shared, numbered downwards from ``tag``."""
    k = np.full(len(points), -1.0) if tag == -1 else tag - np.arange(len(points), dtype=float)
    return np.column_stack([points, k])


def _known(points: np.ndarray, which: np.ndarray) -> np.ndarray:
    return np.column_stack([points[which], which])


def _arc(radius: float, start: float, end: float, size: SizeField) -> np.ndarray:
    def curve(s: np.ndarray) -> np.ndarray:
        angle = start + s * (end - start)
        return radius * np.column_stack([np.cos(angle), np.sin(angle)])

    return graded_points(curve, size)


def _segment(a: np.ndarray, b: np.ndarray, size: SizeField) -> np.ndarray:
    return graded_points(lambda s: a + s[:, None] * (b - a), size)


def ring(points: np.ndarray, edges: np.ndarray, radius: float, size: SizeField) -> list[Region]:
    """Between a zone in the middle and a circle: no crack reaches the mesh."""
    loops = ordered_loops(edges)
    circle = _arc(radius, 0.0, 2 * np.pi, size)[:-1]
    return [[_new(circle), *(_known(points, loop) for loop in loops)]]


def beside_strips(points: np.ndarray, edges: np.ndarray, radius: float, size: SizeField) -> list[Region]:
    """Between a zone with an arm along negative x that crosses the circle, and the rest of the circle."""
    (loop,) = ordered_loops(edges)
    beyond = np.linalg.norm(points[loop], axis=1) >= radius
    start = int(np.flatnonzero(~beyond & np.roll(beyond, 1))[0])  # first vertex inside, coming from the arm's end
    loop, beyond = np.roll(loop, -start), np.roll(beyond, -start)
    if np.count_nonzero(~beyond & np.roll(beyond, 1)) != 1:
        raise ValueError(
            "the arm of the resolved zone crosses the outer circle more than once: change domain_radius a little"
        )
    stop = int(np.flatnonzero(beyond)[0])
    chain = np.concatenate(
        [loop[-1:], loop[: stop + 1]]
    )  # from the last vertex outside, through all inside, to the next outside
    angle = np.arctan2(points[chain[[0, -1]], 1], points[chain[[0, -1]], 0])
    circle = _arc(radius, angle[1], angle[0], size)[1:-1]
    return [[np.concatenate([_known(points, chain), _new(circle)])]]


def with_slit(
    points: np.ndarray, edges: np.ndarray, mouth: tuple[int, int], radius: float, size: SizeField
) -> list[Region]:
    """Two halves that share the line ahead of the crack and have faces of their own behind it.

    At the ``mouth``, surface points (upper, lower) of equal position, the slit leaves the zone.
    """
    upper, lower = mouth
    (loop,) = ordered_loops(np.vstack([edges, [mouth]]))
    loop = np.roll(loop, -int(np.flatnonzero(loop == upper)[0]))
    if loop[1] == lower:
        loop = np.roll(loop[::-1], 1)
    ahead = int(np.argmin(np.hypot(points[loop, 0] - points[loop, 0].max(), points[loop, 1])))
    halves = [loop[: ahead + 1], loop[ahead:][::-1]]  # both run from the mouth to the point ahead
    line = _segment(points[loop[ahead]], np.array([radius, 0.0]), size)[1:]
    regions = []
    for side, half in zip((1.0, -1.0), halves, strict=True):
        arc = _arc(radius, 0.0, side * np.pi, size)[1:]
        arc[-1, 1] = 0.0
        face = _segment(np.array([-radius, 0.0]), points[half[0]], size)[1:-1]
        regions.append([np.concatenate([_known(points, half), _new(line, -2), _new(arc), _new(face)])])
    return regions
