"""Proof of a user's mesh: its cells fill the inside of one closed outline, each point once (rank 0 only; docs/meshes.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from .far_field import CoarseMesh
from .msh_file import CELLS

FLAT = 1e-6
"""A cell is degenerate with less volume than this, in powers of its longest edge."""
STEP = 1e-3
"""How far outside a facet of the boundary there must be nothing, in lengths of the facet."""
FACES = {2: "edge", 3: "face"}


@dataclass(frozen=True)
class Cut:
    """The slit of a crack along negative x: a part of the line y = 0 on which both faces have nodes of their own.

    Attributes
    ----------
    least, most : float
        x between which the slit ends, A: behind ``least`` the mesh must be open, ahead of ``most`` it must be whole.
    """

    least: float
    most: float


def volumes(corner: np.ndarray) -> np.ndarray:
    """Areas or volumes (n,) of simplices with corners (n, gdim + 1, gdim)."""
    return np.abs(np.linalg.det(corner[:, 1:] - corner[:, :1])) / (2 if corner.shape[1] == 3 else 6)


def prove(path: Path, mesh: CoarseMesh, cut: Cut | None = None) -> np.ndarray:
    """(n, gdim) vertices of the outer boundary's facets, those of the slit left out; ValueError for a mesh that is unsound.

    Proved is: no cell is degenerate, no facet has more than two cells, cells beside each other lie on either side of their
    facet, all are joined by facets, there is one boundary, it does not touch itself, and nothing lies outside of it. So
    the cells cover the inside of the boundary once, and their volumes add up to what it encloses.
    """
    corner = mesh.points[mesh.cells]
    _check_flat(path, corner)
    facets, cells = _facets(mesh.cells)
    inner = _pairs(path, mesh, facets)
    _check_folds(path, mesh, facets[inner], cells[inner])
    _check_parts(path, mesh, cells[inner])
    outer = np.setdiff1d(np.arange(len(facets)), inner)
    _check_boundary(path, mesh, facets[outer])
    on_cut = _on_cut(mesh, facets[outer], cut)
    _check_outside(path, mesh, facets[outer][~on_cut], cells[outer][~on_cut], cut)
    if cut is not None:
        _check_open(path, mesh, cut)
    return facets[outer][~on_cut]


def largest_disc(mesh: CoarseMesh, boundary: np.ndarray) -> tuple[float, float]:
    """Distance of the boundary's nearest node from the origin, and the longest edge of the cell there, A.

    Nodes count and not edges: an edge is prescribed where both its ends are. The distance is 0 if no cell holds the origin.
    """
    corner = mesh.points[mesh.cells]
    share = _shares(corner, np.zeros(corner.shape[2])).min(1)
    home = corner[np.argmax(share)]
    size = float(np.linalg.norm(home[:, None] - home[None], axis=-1).max())
    return float(np.linalg.norm(mesh.points[np.unique(boundary)], axis=1).min()) if share.max() > -1e-9 else 0.0, size


def _facets(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Facets (m, gdim) of all cells, equal ones beside each other with vertices in rising order, and the cell of each."""
    n = cells.shape[1]
    facets = np.sort(np.concatenate([np.delete(cells, a, axis=1) for a in range(n)]), axis=1)
    order = np.lexsort(facets.T)
    return facets[order], np.tile(np.arange(len(cells)), n)[order]


def _pairs(path: Path, mesh: CoarseMesh, facets: np.ndarray) -> np.ndarray:
    """Rows of the facets that two cells share, one after the other; ValueError for facets of more cells."""
    same = np.concatenate([[False], (facets[1:] == facets[:-1]).all(1), [False]])
    third = np.flatnonzero(same[1:-1] & same[2:])
    what = FACES[facets.shape[1]]
    _refuse(path, mesh, facets[third], f"{what}s with more than two cells: every {what} may have two")
    second = np.flatnonzero(same)
    return np.column_stack([second - 1, second]).ravel()


def _check_flat(path: Path, corner: np.ndarray) -> None:
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=-1).max(1)
    flat = np.flatnonzero(volumes(corner) <= FLAT * longest ** corner.shape[2])
    if len(flat):
        raise ValueError(
            f"mesh {path} has {len(flat)} degenerate {CELLS[corner.shape[2]][1]}, the first at {_at(corner[flat[0]])}"
        )


def _check_folds(path: Path, mesh: CoarseMesh, facets: np.ndarray, cells: np.ndarray) -> None:
    """Two cells of a facet lie on either side of it: an inverted one covers its neighbours."""
    side = _side(mesh, facets, cells).reshape(-1, 2)
    folded = facets[::2][side[:, 0] * side[:, 1] > 0]
    what = FACES[facets.shape[1]]
    _refuse(path, mesh, folded, f"{what}s with both their cells on one side: a cell is inverted and covers others")


def _side(mesh: CoarseMesh, facets: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """(m,) sign of the side of its facet on which each cell lies."""
    corner, x = mesh.points[mesh.cells[cells]], mesh.points[facets]
    edges = np.concatenate([x[:, 1:] - x[:, :1], corner.mean(1)[:, None] - x[:, :1]], axis=1)
    return np.sign(np.linalg.det(edges))


def _check_parts(path: Path, mesh: CoarseMesh, pairs: np.ndarray) -> None:
    """All cells hang together by facets."""
    n = len(mesh.cells)
    graph = coo_array((np.ones(len(pairs) // 2), (pairs[::2], pairs[1::2])), shape=(n, n))
    count, part = connected_components(graph, directed=False)
    if count > 1:
        what, other = FACES[mesh.points.shape[1]], mesh.cells[np.flatnonzero(part != part[0])[0]]
        raise ValueError(
            f"mesh {path} falls into {count} parts that share no {what}, one of them at {_at(mesh.points[other])}: all cells must "
            "hang together (merge doubled nodes)"
        )


def _check_boundary(path: Path, mesh: CoarseMesh, facets: np.ndarray) -> None:
    """The boundary is one closed line (surface) that does not touch itself."""
    d = facets.shape[1]
    ridges = np.concatenate([np.delete(facets, a, axis=1) for a in range(d)])
    ridge, number, count = np.unique(ridges, axis=0, return_inverse=True, return_counts=True)
    _refuse(path, mesh, ridge[count != 2], f"{'nodes' if d == 2 else 'edges'} where its boundary touches itself")
    owner = np.tile(np.arange(len(facets)), d)
    incidence = coo_array((np.ones(len(owner)), (owner, number.ravel())), shape=(len(facets), len(ridge)))
    parts, part = connected_components(incidence @ incidence.T, directed=False)
    if parts > 1:
        reach = [float(np.linalg.norm(mesh.points[facets[part == k]], axis=-1).max()) for k in range(parts)]
        hole = facets[part == int(np.argmin(reach))]
        raise ValueError(
            f"mesh {path} has {parts} boundaries, one of them round {_at(mesh.points[np.unique(hole)])}: a mesh must have no holes "
            "and no doubled nodes inside, and a slit must run out to its outer boundary"
        )


def _on_cut(mesh: CoarseMesh, facets: np.ndarray, cut: Cut | None) -> np.ndarray:
    """(m,) which facets of the boundary are faces of the slit."""
    if cut is None:
        return np.zeros(len(facets), dtype=bool)
    x = mesh.points[facets]
    tiny = 1e-6 * float(np.abs(mesh.points).max())
    return (np.abs(x[..., 1]) <= tiny).all(1) & (x[..., 0] <= cut.most + tiny).all(1)


def _check_outside(path: Path, mesh: CoarseMesh, facets: np.ndarray, cells: np.ndarray, cut: Cut | None) -> None:
    """Beyond the boundary there is no cell: none overlaps others, and no seam has its nodes twice."""
    x = mesh.points[facets]
    normal = np.linalg.svd(x[:, 1:] - x[:, :1])[2][:, -1]
    inwards = np.einsum("mi,mi->m", normal, mesh.points[mesh.cells[cells]].mean(1) - x[:, 0])
    size = np.linalg.norm(x[:, 1] - x[:, 0], axis=1)
    outside = x.mean(1) - (STEP * size * np.sign(inwards))[:, None] * normal
    may = "" if cut is None else f" (only those of the slit may be, y = 0 and x < {cut.most:.4g} A)"
    what = f"{FACES[facets.shape[1]]}s of its boundary with cells on both sides"
    found = facets[_covered(mesh, outside)]
    _refuse(path, mesh, found, f"{what}: cells overlap, or the nodes of a seam are doubled{may}")


def _covered(mesh: CoarseMesh, x: np.ndarray) -> np.ndarray:
    """(m,) which points (m, gdim) lie in a cell; cells are sought by classes of their size."""
    corner = mesh.points[mesh.cells]
    centre = corner.mean(1)
    radius = np.linalg.norm(corner - centre[:, None], axis=-1).max(1)
    classes = np.ceil(np.log2(radius))
    found, tree = np.zeros(len(x), dtype=bool), cKDTree(x)
    for k in np.unique(classes):
        cells = np.flatnonzero(classes == k)
        near = tree.query_ball_point(centre[cells], 2.0**k)
        count = np.array([len(n) for n in near])
        points = np.concatenate([np.asarray(n, dtype=int) for n in near])
        inside = _shares(corner[np.repeat(cells, count)], x[points]).min(1) > 1e-9
        found[points[inside]] = True
    return found


def _shares(corner: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(m, gdim + 1) barycentric coordinates of points in simplices (m, gdim + 1, gdim)."""
    edges = np.swapaxes(corner[:, 1:] - corner[:, :1], 1, 2)
    share = np.linalg.solve(edges, (x - corner[:, 0])[..., None])[..., 0]
    return np.column_stack([1.0 - share.sum(1), share])


def _check_open(path: Path, mesh: CoarseMesh, cut: Cut) -> None:
    """No cell across the crack plane, and no node with cells on both sides, behind the place where the slit may end."""
    y = mesh.points[mesh.cells][:, :, 1]
    tiny = 1e-6 * float(np.abs(mesh.points).max())
    above, below = (y > tiny).any(1), (y < -tiny).any(1)
    behind = mesh.points[:, 0] < cut.least
    both = np.intersect1d(mesh.cells[above], mesh.cells[below])
    bridges = both[behind[both]]
    if len(bridges):
        raise ValueError(
            f"mesh {path} joins the two faces of the crack (y = 0, x < {cut.least:.4g} A), first at {_at(mesh.points[bridges[:1]])}: "
            "the faces must have nodes of their own"
        )


def _refuse(path: Path, mesh: CoarseMesh, bad: np.ndarray, what: str) -> None:
    """ValueError that counts what is bad and names the place of the first, given by the vertices of each."""
    if len(bad):
        raise ValueError(f"mesh {path} has {len(bad)} {what}; the first at {_at(mesh.points[bad[0]])}")


def _at(x: np.ndarray) -> str:
    """The middle of points (n, gdim), as text."""
    return f"({', '.join(f'{c:.6g}' for c in x.mean(0))})"
