"""The mesh of the whole model: resolved zone by formula, far field by gmsh, one weighted partition."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import basix.ufl
import numpy as np
from dolfinx import mesh as dmesh
from dolfinx.graph import adjacencylist
from mpi4py import MPI

from ..collective import together
from . import outline
from .far_field import CoarseMesh, grading, mesh_between
from .far_field_3d import mesh_shell
from .lattice_zone import Distance, MeshLattice, ZonePart, build_zone, surface_facets
from .partition import recursive_bisection
from .slit import Slit, open_slit, outer_edges

Crack = Literal["none", "strips", "slit"]
CELL = {2: "triangle", 3: "tetrahedron"}
CRACK_COARSEST = {1: 0.15, 2: 0.3}
"""Largest mesh size over the distance from the tip of a crack, by the order of the displacement. Field and weight function of K
fall off like powers of r, so that cells in proportion to r share its error out evenly. At these, linear elements take 0.2 per
cent from K and quadratic ones less than 0.01."""
ON_PLANE = 1e-9
"""Vertices so close to y = 0 lie on it (2-D), A."""


@dataclass(frozen=True, kw_only=True)
class DomainShape:
    """What the mesh builder must know of the model.

    Attributes
    ----------
    lattice : MeshLattice
        Vertices of the resolved zone.
    distance : callable
        Distance (n, gdim) -> (n,) from the atomistic region (0 inside), A.
    resolved : float
        The mesh is lattice-resolved where ``distance <= resolved``, A.
    radius : float
        Outer radius; nodes at or beyond it are prescribed, A.
    overhang : float
        The resolved zone reaches this far beyond ``radius`` (clamped sites need their neighbours), A.
    nn : float
        Nearest-neighbour distance, A.
    core : float
        Radius of the resolved zone round the tip, from which the far mesh is graded, A.
    order : int
        Polynomial order of the displacement outside the resolved zone; it sets the grading.
    crack : {"none", "strips", "slit"}
        How the crack along negative x meets the mesh.
    extent : float
        A bound on the distance of the resolved zone's points from the origin, if one is known, A.
    growth : float
        By how much the mesh size grows at least with the distance from the resolved zone, A/A.
    scale : float
        Factor on the mesh size; nowhere does it go below the nearest-neighbour distance.
    uneven : bool
        The resolved zone reaches beyond ``core`` in places: from all of its surface the mesh size grows slowly.
    """

    lattice: MeshLattice
    distance: Distance
    resolved: float
    radius: float
    overhang: float
    nn: float
    core: float
    order: int = 1
    crack: Crack = "none"
    extent: float = np.inf
    growth: float = 0.0
    scale: float = 1.0
    uneven: bool = False

    @property
    def reach(self) -> float:
        """No point of the resolved zone is further from the origin, A."""
        return min(self.radius + self.overhang, self.extent)

    def in_zone(self, x: np.ndarray) -> np.ndarray:
        """Whether points (n, gdim) belong to the resolved zone."""
        r = np.linalg.norm(x, axis=1)
        return (self.distance(x) <= self.resolved) & (r <= self.radius + self.overhang)

    def size(self, x: np.ndarray) -> np.ndarray:
        """Mesh size of the far field at points (n, gdim), A."""
        coarsest = 0.5 if self.crack == "none" else CRACK_COARSEST[self.order]
        h = grading(self.nn, self.core, self.order, coarsest, self.growth)(np.linalg.norm(x, axis=1))
        if self.crack == "strips" or self.uneven:
            h = np.minimum(h, self.nn + 0.25 * np.maximum(self.distance(x) - self.resolved, 0.0))
        return np.maximum(self.scale * h, self.nn)


@dataclass(frozen=True, kw_only=True)
class DomainMesh:
    """A distributed mesh and what is known of it from its making.

    Attributes
    ----------
    mesh : dolfinx.mesh.Mesh
    n_slit : int
        Input vertices below this number are slit nodes of the resolved zone, half-way between two rows of sites.
    resolved_from : int
        Input vertices from this number on are lattice sites (P1 between them, whatever the order outside).
    coarse : CoarseMesh or None
        The part made by gmsh or read from a file (rank 0 only), kept with checkpoints.
    fingerprint : str
        Hash of the coarse part: a checkpoint fits only the mesh it was made with.
    """

    mesh: dmesh.Mesh
    n_slit: int
    resolved_from: int
    coarse: CoarseMesh | None
    fingerprint: str


def build_domain(
    comm: MPI.Comm, shape: DomainShape, work: Callable[[np.ndarray], np.ndarray], coarse: CoarseMesh | None = None
) -> DomainMesh:
    """Mesh of the model; collective.

    Parameters
    ----------
    shape : DomainShape
    work : callable
        Work of the cells with midpoints (n, gdim), any unit; the partition balances it.
    coarse : CoarseMesh, optional
        A far field read back from a checkpoint (rank 0), used instead of a call of gmsh.
    """
    lattice = shape.lattice
    reach = shape.reach * np.ones(lattice.gdim)
    zone = build_zone(comm, lattice, shape.in_zone, -reach, reach)
    slit = None
    if shape.crack == "slit":
        zone, slit = open_slit(comm, lattice, zone)
    numbers, surface, coarse = _far_field(comm, shape, zone, slit, coarse)
    special = slit.nodes if slit else np.empty((0, lattice.gdim))
    n_special, n_coarse = len(special), comm.bcast(None if coarse is None else len(coarse.points))
    first = n_special + n_coarse  # input number of the first lattice site

    def final(cells: np.ndarray) -> np.ndarray:
        return np.where(cells < 0, -1 - cells, first + cells)

    cells, x = [final(zone.cells)], [lattice.vertices(zone.index[: zone.own])]
    midpoints = [zone.midpoints(lattice, special)]
    if coarse is not None:
        on_surface = coarse.cells < 0
        outer = np.where(on_surface, 0, n_special + coarse.cells)
        outer[on_surface] = final(numbers)[-1 - coarse.cells[on_surface]]
        corners = np.concatenate([coarse.points, surface[::-1]])[coarse.cells]  # -1 - k counts from the end
        midpoints.append(corners.mean(1))
        cells, x = [*cells, outer], [special, coarse.points, *x]
    middle = np.concatenate(midpoints)
    mesh = distribute(comm, np.concatenate(cells), np.concatenate(x), middle, work(middle))
    return DomainMesh(
        mesh=mesh, n_slit=n_special, resolved_from=first, coarse=coarse, fingerprint=comm.bcast(fingerprint(coarse))
    )


def fingerprint(coarse: CoarseMesh | None) -> str:
    digest = hashlib.sha256()
    if coarse is not None:
        digest.update(np.ascontiguousarray(coarse.points).tobytes() + np.ascontiguousarray(coarse.cells).tobytes())
    return digest.hexdigest()[:16]


def _far_field(
    comm: MPI.Comm, shape: DomainShape, zone: ZonePart, slit: Slit | None, coarse: CoarseMesh | None
) -> tuple[np.ndarray, np.ndarray, CoarseMesh | None]:
    """Surface points of the zone (vertex numbers, positions) and the coarse mesh, on rank 0; its failure is raised on all ranks."""
    facets, points = surface_facets(comm, shape.lattice, zone, slit.nodes if slit else None)
    numbers, surface = np.empty(0, dtype=np.int64), np.empty((0, shape.lattice.gdim))
    if comm.rank == 0:
        if slit is not None:
            keep = outer_edges(slit, facets, points)
            facets, points = facets[keep], points[keep]
        numbers, where, edges = np.unique(facets, return_index=True, return_inverse=True)
        surface = points.reshape(-1, shape.lattice.gdim)[where]
    made = together(
        comm,
        lambda: (
            coarse or _mesh_outside(shape, surface, edges.reshape(facets.shape), numbers, slit)
            if comm.rank == 0
            else None
        ),
    )
    return numbers, surface, made


def _mesh_outside(
    shape: DomainShape, surface: np.ndarray, edges: np.ndarray, numbers: np.ndarray, slit: Slit | None
) -> CoarseMesh:
    r, gdim = np.linalg.norm(surface, axis=1), shape.lattice.gdim
    if r.min() >= shape.radius:  # the zone fills the domain
        return CoarseMesh(np.empty((0, gdim)), np.empty((0, gdim + 1), dtype=np.int64))
    if shape.crack != "strips" and r.max() >= shape.radius:
        raise ValueError(
            f"the mesh that the lattice resolves reaches {r.max():.4g} A, across the outer radius {shape.radius:g} A: take a larger radius"
        )
    if gdim == 3:
        return mesh_shell(surface, edges, shape.radius, shape.size)
    if shape.crack == "strips":
        regions = outline.beside_strips(surface, edges, shape.radius, shape.size)
    elif slit is not None:
        mouth = (int(np.flatnonzero(numbers == -2)[0]), int(np.flatnonzero(numbers == -1)[0]))
        regions = outline.with_slit(surface, edges, mouth, shape.radius, shape.size)
    else:
        regions = outline.ring(surface, edges, shape.radius, shape.size)
    return mesh_between(regions, shape.size)


def distribute(
    comm: MPI.Comm, cells: np.ndarray, x: np.ndarray, midpoints: np.ndarray, weights: np.ndarray
) -> dmesh.Mesh:
    """DOLFINx mesh from each rank's share of cells (with midpoints and work) and of vertices. Collective."""
    gdim = x.shape[1]
    if gdim == 2:  # gmsh's y = 1e-12 on the crack plane: exactly 0 there, as blocks of the unknowns have it
        x = np.where((np.abs(x) < ON_PLANE) & np.array([False, True]), 0.0, x)
    element = basix.ufl.element("Lagrange", CELL[gdim], 1, shape=(gdim,))

    # DOLFINx' own communicators carry no lower-case collective: mpi4py attaches a lock to them which, freed while an
    # exception is on its way (4.1.2), is never opened again, and the script hangs instead of telling what went wrong.
    def partitioner(_: MPI.Comm, parts: int, types: object, topology: object) -> object:
        target = recursive_bisection(comm, midpoints, weights, parts)
        return adjacencylist(target, np.arange(len(target) + 1, dtype=np.int32))._cpp_object

    return dmesh.create_mesh(comm, cells, element, np.ascontiguousarray(x), partitioner)
