"""Where points lie in the mesh, and the values of the basis functions there: the rows of the prolongation."""

from __future__ import annotations

import numpy as np
from dolfinx import fem, geometry
from dolfinx import mesh as dmesh

SNAP = (
    1e-8  # barycentric coordinates closer to 0 than this are rounding: a site on a vertex depends on this vertex only
)


def owned_points(mesh: dmesh.Mesh, points: np.ndarray, padding: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each point to one rank that has a cell round it. Collective.

    Parameters
    ----------
    points : (n, gdim) ndarray
        This rank's points, A; any rank may bring any point.
    padding : float
        Points this far outside a cell still count as found, A.

    Returns
    -------
    points : (m, gdim) ndarray
        Points that this rank has got.
    cells : (m,) int32 ndarray
        A local cell round each.
    lost : (n,) bool ndarray
        Which of the points brought lie outside the mesh.
    """
    gdim = mesh.geometry.dim
    flat = np.zeros((len(points), 3))
    flat[:, :gdim] = points
    found = geometry.determine_point_ownership(mesh, flat, padding)
    return (
        np.asarray(found.dest_points).reshape(-1, 3)[:, :gdim].copy(),
        np.asarray(found.dest_cells).astype(np.int32),
        np.asarray(found.src_owner) < 0,
    )


def cell_vertices(mesh: dmesh.Mesh) -> np.ndarray:
    """(n_cells, gdim + 1) geometry nodes of this rank's cells."""
    n = mesh.topology.index_map(mesh.topology.dim).size_local
    return np.asarray(mesh.geometry.dofmaps[0])[:n]


def barycentric(mesh: dmesh.Mesh, cells: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, gdim + 1) barycentric coordinates of points in affine simplices, snapped to vertices, edges and faces."""
    gdim = mesh.geometry.dim
    x = mesh.geometry.x[cell_vertices(mesh)[cells]][:, :, :gdim]
    edges = np.swapaxes(x[:, 1:] - x[:, :1], 1, 2)
    inner = np.linalg.solve(edges, (points - x[:, 0])[:, :, None])[:, :, 0] if len(points) else np.empty((0, gdim))
    weights = np.column_stack([1.0 - inner.sum(1), inner])
    weights[np.abs(weights) < SNAP] = 0.0
    return weights / weights.sum(1, keepdims=True)


def basis_values(space: fem.FunctionSpace, weights: np.ndarray) -> np.ndarray:
    """(n, n_dofs) scalar basis functions at barycentric coordinates (n, gdim + 1), zero where they round to zero."""
    element = space.element.basix_element
    table = element.tabulate(0, np.ascontiguousarray(weights[:, 1:]))[0]
    values = table[:, :, 0].copy()
    values[np.abs(values) < SNAP] = 0.0
    return values
