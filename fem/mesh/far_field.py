"""Coarse mesh between the lattice-resolved zone and the outer boundary (gmsh, rank 0 only)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .gmsh_session import SizeField, gmsh_session


@dataclass(frozen=True)
class CoarseMesh:
    """Points and simplices of the coarse part.

    Attributes
    ----------
    points : (n, gdim) ndarray
        New points, A (the points of the zone's surface are not repeated).
    cells : (m, gdim + 1) int64 ndarray
        Vertex numbers; ``-1 - k`` means point k of the zone's surface, as it was passed in.
    """

    points: np.ndarray
    cells: np.ndarray


def grading(
    nn: float, resolved_radius: float, order: int, coarsest: float, growth: float = 0.0
) -> Callable[[np.ndarray], np.ndarray]:
    """h(r): mesh size at distance r from the centre of the resolved zone, A; never above ``coarsest`` r.

    P1: nn (r/R_m)^1.5, P2: 2 nn (r/R_m)^(4/3): the least error for a number of nodes where strains decay like r^-2. With
    ``growth`` not below nn + growth (r - R_m): for resolved zones so large that little strain is left outside.
    """
    power, factor = (1.5, 1.0) if order == 1 else (4.0 / 3.0, 2.0)

    def size(r: np.ndarray) -> np.ndarray:
        ratio = np.maximum(r / resolved_radius, 1.0)
        wanted = np.maximum(factor * nn * ratio**power, nn + growth * (r - resolved_radius))
        return np.minimum(wanted, np.maximum(coarsest * r, nn))

    return size


def ordered_loops(edges: np.ndarray) -> list[np.ndarray]:
    """Closed loops of vertex numbers from undirected edges (n, 2), each vertex with exactly two edges."""
    link: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        link.setdefault(a, []).append(b)
        link.setdefault(b, []).append(a)
    bad = [v for v, others in link.items() if len(others) != 2]
    if bad:
        raise ValueError(
            f"the surface of the lattice-resolved zone touches itself at {len(bad)} vertices: use a larger core_radius or blend_width"
        )
    loops = []
    while link:
        start = next(iter(link))
        loop, previous, here = [start], None, start
        while True:
            a, b = link.pop(here)
            step = a if a != previous else b
            if step == start and previous is not None and len(loop) > 2:
                break
            previous, here = here, step
            loop.append(here)
        loops.append(np.array(loop))
    return loops


def graded_points(curve: Callable[[np.ndarray], np.ndarray], size: SizeField) -> np.ndarray:
    """(n, 2) points along ``curve(s)``, s in [0, 1], both ends included, about one mesh size apart."""
    s = np.linspace(0.0, 1.0, 4001)
    points = curve(s)
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    count = np.concatenate([[0.0], np.cumsum(step / size(0.5 * (points[1:] + points[:-1])))])
    n = max(1, round(count[-1]))
    return curve(np.interp(np.linspace(0.0, count[-1], n + 1), count, s))


def mesh_between(outlines: Sequence[Sequence[np.ndarray]], size: SizeField) -> CoarseMesh:
    """Triangulate plane regions between given outlines, whose edges are never subdivided.

    Parameters
    ----------
    outlines : sequence of regions, each a sequence of closed loops, each an (n, 3) array
        Rows are (x, y, k): k >= 0 names point k of the zone's surface, k = -1 a point of its own, k <= -2 a new point
        shared by all rows with the same k. The first loop of a region is the outer one.
    size : callable
        Mesh size at points (n, 2), A.
    """
    with gmsh_session(size, 2) as gmsh:
        gmsh.option.setNumber("Mesh.Algorithm", 6)
        surface = _add_outlines(gmsh.model.geo, outlines)
        gmsh.model.geo.synchronize()
        gmsh.model.mesh.generate(2)
        return _collect(gmsh.model.mesh, surface)


def _add_outlines(geo: Any, outlines: Sequence[Sequence[np.ndarray]]) -> dict[int, int]:
    """Add points, lines and plane surfaces; returns gmsh point -> point of the zone's surface."""
    points: dict[int, int] = {}
    lines: dict[tuple[int, int], int] = {}

    def point(x: float, y: float, k: float) -> int:
        if k == -1:
            return geo.addPoint(x, y, 0.0)
        if k not in points:
            points[int(k)] = geo.addPoint(x, y, 0.0)
        return points[int(k)]

    def line(a: int, b: int) -> int:
        if (b, a) in lines:
            return -lines[b, a]
        if (a, b) not in lines:
            lines[a, b] = geo.addLine(a, b)
            geo.mesh.setTransfiniteCurve(lines[a, b], 2)
        return lines[a, b]

    for region in outlines:
        loops = []
        for loop in region:
            tags = [point(*row) for row in loop]
            loops.append(geo.addCurveLoop([line(a, b) for a, b in zip(tags, tags[1:] + tags[:1], strict=True)]))
        geo.addPlaneSurface(loops)
    return {tag: k for k, tag in points.items() if k >= 0}


def _collect(mesh: Any, surface: dict[int, int]) -> CoarseMesh:
    known = {int(mesh.getNodes(0, tag)[0][0]): k for tag, k in surface.items()}
    nodes, xyz, _ = mesh.getNodes()
    new = np.array([int(n) not in known for n in nodes])
    number = {n: -1 - k for n, k in known.items()} | {int(n): i for i, n in enumerate(nodes[new])}
    triangles = mesh.getElementsByType(2)[1]
    cells = np.array([number[int(n)] for n in triangles], dtype=np.int64).reshape(-1, 3)
    return CoarseMesh(xyz.reshape(-1, 3)[new, :2], cells)
