"""Far field in 3-D: tetrahedra between the surface of the lattice-resolved zone and an outer sphere (gmsh, rank 0 only)."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .far_field import CoarseMesh
from .gmsh_session import SizeField, gmsh_session

ZONE = 1000  # gmsh tag of the surface, above those of the sphere's patches
AXES = [(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)]


def mesh_shell(points: np.ndarray, facets: np.ndarray, radius: float, size: SizeField) -> CoarseMesh:
    """Tetrahedra between a closed triangulated surface, kept as it is, and a sphere round the origin.

    Parameters
    ----------
    points : (n, 3) ndarray
        Points of the zone's surface, A.
    facets : (m, 3) int ndarray
        Its triangles, in either orientation.
    radius : float
        Radius of the sphere, A; the new points on it lie on it to rounding.
    size : callable
        Mesh size at points (n, 3), A.
    """
    check_surface(points, facets, radius, size)
    with gmsh_session(size) as gmsh:
        gmsh.option.setNumber("Mesh.Renumber", 0)  # points of the surface keep the tags they are given
        _add_zone(gmsh.model, points, facets)
        _add_shell(gmsh.model.geo, radius)
        gmsh.model.geo.synchronize()
        gmsh.model.mesh.generate(3)
        coarse = _collect(gmsh.model.mesh, len(points), radius)
    return checked(coarse, points, facets)


def check_surface(points: np.ndarray, facets: np.ndarray, radius: float, size: SizeField) -> None:
    """ValueError unless the surface is closed, touches itself nowhere, and leaves room for cells below the sphere."""
    reach, farthest = float(np.linalg.norm(points, axis=1).max()), np.array([[radius, 0.0, 0.0]])
    room = 0.5 * float(size(farthest)[0])
    if reach + room > radius:
        raise ValueError(
            f"the lattice-resolved zone reaches {reach:.1f} A, so the domain radius must be more than {reach + room:.1f} A, "
            f"got {radius:.1f} A"
        )
    pairs = np.sort(np.concatenate([facets[:, [0, 1]], facets[:, [1, 2]], facets[:, [2, 0]]]), axis=1)
    bad = np.count_nonzero(np.unique(pairs, axis=0, return_counts=True)[1] != 2) + _pinched_vertices(facets)
    if bad:
        raise ValueError(
            f"the surface of the lattice-resolved zone touches itself at {bad} edges or vertices: change core_radius a little"
        )


def _pinched_vertices(facets: np.ndarray) -> int:
    """Number of vertices whose triangles form more than one fan."""
    star: dict[int, dict[int, list[int]]] = {}
    for triangle in facets.tolist():
        for k in range(3):
            a, b = triangle[k - 2], triangle[k - 1]
            link = star.setdefault(triangle[k], {})
            link.setdefault(a, []).append(b)
            link.setdefault(b, []).append(a)
    pinched = 0
    for link in star.values():
        reached: set[int] = set()
        front = [next(iter(link))]
        while front:
            here = front.pop()
            if here not in reached:
                reached.add(here)
                front += link[here]
        pinched += len(reached) < len(link)
    return pinched


def _add_zone(model: Any, points: np.ndarray, facets: np.ndarray) -> None:
    model.addDiscreteEntity(2, ZONE)
    tags = 1 + np.arange(len(points))
    model.mesh.addNodes(2, ZONE, tags, points.ravel())
    model.mesh.addElementsByType(ZONE, 2, [], (1 + facets).ravel())


def _add_shell(geo: Any, radius: float) -> None:
    """The sphere as eight patches, and the volume between it and the zone."""
    centre = geo.addPoint(0.0, 0.0, 0.0)
    pole = {axis: geo.addPoint(*(radius * np.array(axis, float))) for axis in AXES}
    pairs = [(a, b) for a, b in itertools.combinations(AXES, 2) if np.dot(a, b) == 0]
    arc = {(a, b): geo.addCircleArc(pole[a], centre, pole[b]) for a, b in pairs}
    patches = []
    for x, y, z in itertools.product((-1, 1), repeat=3):
        a, b, c = (x, 0, 0), (0, y, 0), (0, 0, z)
        loop = geo.addCurveLoop([arc[a, b], arc[b, c], -arc[a, c]])
        patches.append(geo.addSurfaceFilling([loop], sphereCenterTag=centre))
    geo.addVolume([geo.addSurfaceLoop(patches), geo.addSurfaceLoop([ZONE])])


def _collect(mesh: Any, n_surface: int, radius: float) -> CoarseMesh:
    nodes, xyz, _ = mesh.getNodes()
    where = dict(zip(nodes.tolist(), range(len(nodes)), strict=True))
    tetrahedra = mesh.getElementsByType(4)[1].astype(np.int64)
    used = np.unique(tetrahedra)
    used = used[used > n_surface]
    number = np.zeros(int(nodes.max()) + 1, dtype=np.int64)
    number[1 : n_surface + 1] = -1 - np.arange(n_surface)
    number[used] = np.arange(len(used))
    points = xyz.reshape(-1, 3)[[where[n] for n in used.tolist()]].copy()
    on_sphere = np.isin(used, mesh.getElementsByType(2)[1])
    points[on_sphere] *= radius / np.linalg.norm(points[on_sphere], axis=1, keepdims=True)
    return CoarseMesh(points, number[tetrahedra].reshape(-1, 4))


def checked(coarse: CoarseMesh, points: np.ndarray, facets: np.ndarray) -> CoarseMesh:
    """The mesh with cells of positive volume, if it keeps the facets and adds none between their points; ValueError otherwise."""
    x = np.concatenate([coarse.points, points[::-1]])[coarse.cells]  # -1 - k counts from the end
    cells = coarse.cells.copy()
    inverted = np.linalg.det(x[:, 1:] - x[:, :1]) < 0
    cells[inverted, :2] = cells[inverted, 1::-1]
    sides = np.sort(np.concatenate([np.delete(cells, a, axis=1) for a in range(4)]), axis=1)
    sides, count = np.unique(sides, axis=0, return_counts=True)
    on_zone = sides[(count == 1) & (sides < 0).any(1)]  # what is free and touches the zone is a facet of it
    kept = np.unique(np.sort(-1 - facets, axis=1), axis=0)
    if count.max(initial=0) > 2 or not np.array_equal(on_zone, kept):
        raise ValueError(
            "gmsh could not keep the surface of the lattice-resolved zone: change core_radius or domain_radius a little"
        )
    return CoarseMesh(coarse.points, cells)
