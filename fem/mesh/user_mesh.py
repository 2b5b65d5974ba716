"""Meshes of the user: gmsh's .msh files with triangles (2-D, 2.5-D) or tetrahedra (3-D) of first order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from ..collective import together
from .domain import DomainMesh, distribute, fingerprint
from .far_field import CoarseMesh
from .gmsh_session import gmsh_session
from .interpolation import cell_vertices

Field = Callable[[np.ndarray], np.ndarray]
CELLS = {2: (2, "triangles"), 3: (4, "tetrahedra")}  # gmsh's number of the element type by dimension


def read_mesh(
    comm: MPI.Comm,
    path: Path | str,
    gdim: int,
    radius: float = 0.0,
    faces_beyond: float | None = None,
    density: Field | None = None,
) -> DomainMesh:
    """A mesh from a file, spread over the ranks; its vertices need not be lattice sites. Collective.

    Bad input raises the same ValueError on all ranks. The file is read on rank 0.

    Parameters
    ----------
    path : path
        File of gmsh (.msh, any version), lengths in A.
    gdim : int
        2 (cells are the triangles, in the plane z = 0) or 3 (the tetrahedra).
    radius : float
        The mesh must reach so far that nodes can be prescribed there, A.
    faces_beyond : float, optional
        The mesh carries a crack along negative x: from this distance behind the origin on, its faces must be separate, A.
    density : callable, optional
        Work per volume at points (n, gdim) besides the work 1 of each cell; the partition balances it.
    """

    def read() -> CoarseMesh | None:
        if comm.rank:
            return None
        mesh = _read(Path(path), gdim)
        _check_reach(Path(path), mesh, radius)
        if faces_beyond is not None:
            _check_slit(Path(path), mesh, faces_beyond)
        return mesh

    mesh = together(comm, read)
    points, cells = (
        (np.empty((0, gdim)), np.empty((0, gdim + 1), np.int64)) if mesh is None else (mesh.points, mesh.cells)
    )
    midpoints = points[cells].mean(1)
    work = np.ones(len(cells)) if density is None else 1.0 + volumes(points[cells]) * density(midpoints)
    distributed = distribute(comm, cells, points, midpoints, work)
    n_points = int(comm.bcast(len(points)))  # no vertex is a lattice site
    return DomainMesh(
        mesh=distributed, n_slit=0, resolved_from=n_points, coarse=mesh, fingerprint=comm.bcast(fingerprint(mesh))
    )


def _read(path: Path, gdim: int) -> CoarseMesh:
    if path.suffix != ".msh":
        raise ValueError(f"mesh {path} must be a .msh file of gmsh")
    if not path.is_file():
        raise ValueError(f"mesh {path} does not exist")
    with gmsh_session() as gmsh:
        try:
            gmsh.open(str(path))
        except Exception as error:  # gmsh raises nothing more special
            raise ValueError(f"mesh {path} could not be read by gmsh: {error}") from None
        tags, x, _ = gmsh.model.mesh.getNodes()
        cells = _cells(gmsh.model.mesh, path, gdim)
    lost = _declared_nodes(path) - len(tags)
    if lost > 0:  # of format 2.2 gmsh reads no nodes without elements
        raise ValueError(
            f"mesh {path} has {lost} nodes that belong to none of its {CELLS[gdim][1]}: save the mesh without them"
        )
    return _compact(path, gdim, tags.astype(np.int64), x.reshape(-1, 3), cells)


def _declared_nodes(path: Path) -> int:
    """Number of nodes that the file says it holds; 0 if it does not say."""
    with path.open("rb") as file:
        for line in file:
            if line.strip() == b"$Nodes":
                numbers = next(file, b"").split()  # format 4: blocks, nodes, smallest and largest tag
                count = numbers[1 if len(numbers) == 4 else 0] if numbers else b""
                return int(count) if count.isdigit() else 0
    return 0


def _cells(mesh: Any, path: Path, gdim: int) -> np.ndarray:
    """(n, gdim + 1) node tags of the cells; ValueError for elements that are none."""
    wanted, name = CELLS[gdim]
    for kind in mesh.getElementTypes():
        found, dimension, *_ = mesh.getElementProperties(kind)
        if dimension > gdim:
            raise ValueError(
                f"mesh {path} holds elements of dimension {dimension} ({found}), but the model needs {name}"
            )
        if dimension == gdim and kind != wanted:
            raise ValueError(f"mesh {path} holds elements of type {found}, but only {name} of first order are allowed")
    cells = mesh.getElementsByType(wanted)[1].astype(np.int64).reshape(-1, gdim + 1)
    if not len(cells):
        raise ValueError(f"mesh {path} holds no {name}, which a model of dimension {gdim} needs")
    return cells


def _compact(path: Path, gdim: int, tags: np.ndarray, x: np.ndarray, cells: np.ndarray) -> CoarseMesh:
    """Points and cells numbered from 0; ValueError for nodes without cells, cells without volume, or a mesh off the plane."""
    name = CELLS[gdim][1]
    order = np.argsort(tags)
    tags, x = tags[order], x[order]
    orphans = np.flatnonzero(~np.isin(tags, cells))
    if len(orphans):
        at = ", ".join(f"{c:.6g}" for c in x[orphans[0]])
        raise ValueError(
            f"mesh {path} has {len(orphans)} nodes that belong to none of its {name}, the first at ({at}): save the mesh without them"
        )
    off = float(np.abs(x[:, gdim:]).max(initial=0.0))
    extent = float(np.ptp(x, axis=0).max())
    if off > 1e-9 * extent:
        raise ValueError(f"mesh {path} must lie in the plane z = 0, but has a node at |z| = {off:.3g} A")
    points, cells = np.ascontiguousarray(x[:, :gdim]), np.searchsorted(tags, cells)
    corner = points[cells]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=-1).max(1)
    flat = np.flatnonzero(volumes(corner) < 1e-6 * longest**gdim)
    if len(flat):
        at = ", ".join(f"{c:.6g}" for c in corner[flat[0]].mean(0))
        raise ValueError(f"mesh {path} has {len(flat)} degenerate {name}, the first at ({at})")
    return CoarseMesh(points, cells)


def volumes(corner: np.ndarray) -> np.ndarray:
    """Areas or volumes (n,) of simplices with corners (n, gdim + 1, gdim)."""
    return np.abs(np.linalg.det(corner[:, 1:] - corner[:, :1])) / (2 if corner.shape[1] == 3 else 6)


def _check_reach(path: Path, mesh: CoarseMesh, radius: float) -> None:
    reach = float(np.linalg.norm(mesh.points, axis=1).max())
    if reach < radius * (1 - 1e-9):
        raise ValueError(
            f"mesh {path} is too small: it reaches {reach:.6g} A from the origin, but displacements are to be prescribed at "
            f"{radius:.6g} A"
        )


def _check_slit(path: Path, mesh: CoarseMesh, beyond: float) -> None:
    """No cell across the crack plane, and no node with cells on both sides, further behind the tip than ``beyond``."""
    y = mesh.points[mesh.cells][:, :, 1]
    tiny = 1e-6 * float(np.abs(mesh.points).max())
    above, below = (y > tiny).any(1), (y < -tiny).any(1)
    behind = mesh.points[:, 0] < -beyond
    both = np.intersect1d(mesh.cells[above], mesh.cells[below])
    bridges = both[behind[both]]
    if len(bridges):
        at = ", ".join(f"{c:.6g}" for c in mesh.points[bridges[0]])
        raise ValueError(
            f"mesh {path} joins the two faces of the crack (y = 0, x < {-beyond:.4g} A), first at ({at}): the faces must have nodes "
            "of their own"
        )


def blended_range(domain: DomainMesh, distance: Field, beta: Field) -> tuple[float, float]:
    """Smallest and largest distance from the core in cells where the P1 interpolant of beta is neither 0 nor 1, A. Collective.

    On a mesh of one's own these cells stick out of the handshake on both sides, by up to their size.
    """
    mesh = domain.mesh
    x = mesh.geometry.x[:, : mesh.geometry.dim]
    cells = cell_vertices(mesh)
    values = beta(x)[cells]
    depth = distance(x)[cells[(values.min(1) < 1) & (values.max(1) > 0)]]
    extremes = np.array([v.min(initial=np.inf) for v in (values, depth, -depth)])
    mesh.comm.Allreduce(MPI.IN_PLACE, extremes, op=MPI.MIN)
    least, inner, outer = extremes.tolist()
    if least > 0:
        raise ValueError("the mesh is too coarse for the core: none of its nodes lies inside")
    return inner, -outer


def mesh_dimension(path: Path) -> int:
    """3 if the file holds tetrahedra, else 2; ValueError for a file that is no mesh. Not collective."""
    if path.suffix != ".msh":
        raise ValueError(f"mesh {path} must be a .msh file of gmsh")
    if not path.is_file():
        raise ValueError(f"mesh {path} does not exist")
    with gmsh_session() as gmsh:
        try:
            gmsh.open(str(path))
        except Exception as error:  # gmsh raises nothing more special
            raise ValueError(f"mesh {path} could not be read by gmsh: {error}") from None
        found = [gmsh.model.mesh.getElementProperties(kind)[1] for kind in gmsh.model.mesh.getElementTypes()]
    return 3 if 3 in found else 2


def largest_disc(path: Path, gdim: int) -> tuple[float, float]:
    """Distance of the mesh's boundary from the origin, and the longest edge of the cell there, A. Not collective.

    The boundary's distance is that of its nearest node, so that all of its nodes are at least as far out; 0 if the
    origin lies outside the mesh.
    """
    mesh = _read(path, gdim)
    corner = mesh.points[mesh.cells]
    # barycentric coordinates of the origin in every cell
    share = np.linalg.solve(np.swapaxes(corner[:, 1:] - corner[:, :1], 1, 2), -corner[:, 0, :, None])[..., 0]
    worst = np.minimum(share.min(1), 1.0 - share.sum(1))
    home = int(np.argmax(worst))
    edges = np.linalg.norm(corner[home][:, None] - corner[home][None], axis=-1)
    if worst[home] < -1e-9:
        return 0.0, float(edges.max())
    sides = np.sort(np.concatenate([np.delete(mesh.cells, a, axis=1) for a in range(gdim + 1)]), axis=1)
    sides, count = np.unique(sides, axis=0, return_counts=True)
    outer = np.unique(sides[count == 1])
    return float(np.linalg.norm(mesh.points[outer], axis=1).min()), float(edges.max())
