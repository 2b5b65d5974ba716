"""Meshes of the user: gmsh's .msh files with triangles (2-D, 2.5-D) or tetrahedra (3-D) of first order, proved before they are used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from mpi4py import MPI

from ..collective import together
from .domain import DomainMesh, distribute, fingerprint
from .far_field import CoarseMesh
from .interpolation import cell_vertices
from .msh_file import read_msh
from .proof import Cut, largest_disc, prove, volumes

Field = Callable[[np.ndarray], np.ndarray]
LEAST, LARGEST = 4.0, 30.0
"""A mesh in A reaches further, and its cells at the origin are smaller, in neighbour distances."""
COARSEST = 100.0
"""Cells at the origin of a crack are smaller, in neighbour distances; a core asks for more, in words of its own."""
UNITS = {"nm": 1e1, "um": 1e4, "mm": 1e7, "m": 1e10}
"""Lengths that a mesh may have been made in by mistake, A."""


def read_mesh(
    comm: MPI.Comm,
    path: Path | str,
    gdim: int,
    radius: float = 0.0,
    cut: Cut | None = None,
    density: Field | None = None,
    spacing: float = 1.0,
) -> DomainMesh:
    """A mesh from a file, spread over the ranks; its vertices need not be lattice sites. Collective.

    The file is read and proved (`fem.mesh.proof`) on rank 0; a mesh that fails raises the same ValueError on all ranks.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    path : path
        File of gmsh (.msh, any version), lengths in A.
    gdim : int
        2 (cells are the triangles, in the plane z = 0) or 3 (the tetrahedra).
    radius : float
        Nodes are prescribed there: no node of the outer boundary may lie nearer to the origin, A.
    cut : Cut, optional
        The mesh carries a crack along negative x, whose faces must have nodes of their own.
    density : callable, optional
        Work per volume at points (n, gdim) besides the work 1 of each cell; the partition balances it.
    spacing : float
        Nearest-neighbour distance, which tells a mesh in other units from one that is too small, A.
    """

    def read() -> CoarseMesh | None:
        if comm.rank:
            return None
        mesh = read_msh(Path(path), gdim)
        boundary = prove(Path(path), mesh, cut)
        _check_reach(Path(path), mesh, boundary, radius, spacing, cut)
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


def _check_reach(
    path: Path, mesh: CoarseMesh, boundary: np.ndarray, radius: float, spacing: float, cut: Cut | None
) -> None:
    """The outer boundary lies beyond the radius all round the origin, where cells are not out of all proportion to the lattice."""
    fits, size = largest_disc(mesh, boundary)
    if fits > 0 and size > COARSEST * spacing:
        raise ValueError(
            f"mesh {path} cannot be in A: its cells at the origin are {size:.4g} A long, but neighbours are {spacing:.4g} A apart, and at "
            f"most {COARSEST:g} of that is allowed"
        )
    if radius <= 0 or fits >= radius * (1 - 1e-9):
        return
    if fits == 0.0:
        raise ValueError(f"mesh {path} does not hold the origin, where the crack tip is to be: move it there")
    but = "" if cut is None else ", but for the slit on y = 0,"
    x = mesh.points[np.unique(boundary)]
    at = ", ".join(f"{c:.6g}" for c in x[np.argmin(np.linalg.norm(x, axis=1))])
    raise ValueError(
        f"mesh {path} is too small: its boundary{but} comes as near as {fits:.6g} A to the origin, at ({at}), but displacements are to be "
        f"prescribed at domain_radius = {radius:.6g} A; " + _what_would_do(mesh, fits, radius, spacing)
    )


def _what_would_do(mesh: CoarseMesh, fits: float, radius: float, spacing: float) -> str:
    """The radius that fits, or the unit that the mesh seems to be in: its cells are finer than the lattice."""
    edge = mesh.points[mesh.cells[:, 0]] - mesh.points[mesh.cells[:, 1]]
    fine = float(np.median(np.linalg.norm(edge, axis=1))) < spacing
    unit = next((unit for unit, length in UNITS.items() if fits * length >= 0.99 * radius), None)
    if fine and unit is not None:
        return f"its lengths seem to be in {unit}, and must be in A"
    return f"domain_radius = {np.floor(fits * 100) / 100:g} A would fit"


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


def disc_in_mesh(path: Path, gdim: int, spacing: float) -> tuple[float, float]:
    """Distance of the mesh's boundary from the origin, and the longest edge of the cell there, A. Not collective.

    Mesh and size against the neighbour distance ``spacing`` (A) are proved: ValueError if they cannot be right.
    """
    mesh = read_msh(path, gdim)
    boundary = prove(path, mesh)
    radius, size = largest_disc(mesh, boundary)
    if radius == 0.0:
        raise ValueError(f"mesh {path} does not hold the origin, round which the model is built: move it there")
    if radius < LEAST * spacing or size > LARGEST * spacing:
        raise ValueError(
            f"mesh {path} cannot be in A: it reaches {radius:.4g} A from the origin and its cells there are {size:.4g} A long, but "
            f"neighbours are {spacing:.4g} A apart"
        )
    return radius, size
