"""Sites of the lattice: the cells that they lie in, which of them follow the mesh, and the atoms that they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.domain import DomainMesh
from fem.mesh.interpolation import barycentric, basis_values, cell_vertices, owned_points
from fem.mesh.lattice_zone import MeshLattice, lattice_points

from .layout import Rows
from .numbering import Kind
from .regions import Field, Regions


@dataclass(frozen=True, kw_only=True)
class Atoms:
    """The atoms this rank owns.

    Attributes
    ----------
    key : (n, 4) int64 ndarray
        Cell index (i, j, k) and sublattice: the name of an atom on any number of ranks.
    X : (n, 3) ndarray
        Reference positions, A.
    species : (n,) int32 ndarray
        Index into ``crystal.species``.
    beta : (n,) ndarray
        Blending weight at the site; its energy counts with 1 - beta.
    free : (n,) bool ndarray
        Whether the atom has unknowns of its own (otherwise it follows the mesh or is prescribed).
    rows : Rows
        Displacement of each atom from the full vector: the rows of P.
    """

    key: np.ndarray
    X: np.ndarray
    species: np.ndarray
    beta: np.ndarray
    free: np.ndarray
    rows: Rows

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Occupied sites of this rank, each with the cell of the mesh that its lattice point lies in.

    Attributes
    ----------
    key : (n, 4) int64 ndarray
        Cell index (i, j, k) and sublattice.
    X : (n, 3) ndarray
        Reference positions, A.
    species : (n,) int32 ndarray
        Index into ``crystal.species``.
    points : (n, gdim) ndarray
        Lattice point that the site belongs to: the centroid of the atoms of its cell of the crystal, A.
    cells : (n,) int32 ndarray
        Cell of the mesh round that point, -1 outside the mesh.
    """

    key: np.ndarray
    X: np.ndarray
    species: np.ndarray
    points: np.ndarray
    cells: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the lattice points of sites lie in their cells, and who follows the mesh there.

    Attributes
    ----------
    inside : (n,) bool ndarray
        Sites within the mesh.
    weights : (n, gdim + 1) ndarray
        Barycentric coordinates, 0 outside the mesh.
    values : (n, n_dofs) ndarray
        Values of the basis functions of the space, 0 outside the mesh.
    dofs : (n, n_dofs) int32 ndarray
        Local blocks that these belong to.
    slaved, clamped : (n,) bool ndarray
        Sites that follow the mesh, and those of the others that are prescribed; the rest is free.
    """

    inside: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    dofs: np.ndarray
    slaved: np.ndarray
    clamped: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """(n,) bool: sites with unknowns of their own."""
        return ~self.slaved & ~self.clamped

    def kind(self) -> Kind:
        """Sites with a place of their own in the full vector."""
        return Kind(n=len(self.slaved), free=np.flatnonzero(self.free), far=np.flatnonzero(self.clamped))


def locate(comm: MPI.Comm, crystal: Crystal, lattice: MeshLattice, domain: DomainMesh, regions: Regions) -> Sites:
    """Sites of this rank: every lattice point goes to the rank of its cell and brings its period and basis along. Collective."""
    points, cells = _lattice_points_in_cells(comm, crystal, lattice, domain, regions)
    index = np.rint((points - lattice.origin[: lattice.gdim]) @ np.linalg.inv(lattice.planar)).astype(np.int64)
    periods, n_basis = (regions.front_periods if lattice.gdim == 2 else 1), len(crystal.species)
    which = np.repeat(np.arange(len(points)), periods * n_basis)
    k = np.tile(np.repeat(np.arange(periods), n_basis), len(points))
    basis = np.tile(np.arange(n_basis), len(points) * periods)
    index3 = np.column_stack([index, np.zeros(len(index), dtype=np.int64)])[which, :3]
    if lattice.gdim == 2:
        index3[:, 2] = k
    X = lattice.sites(index3) + crystal.cell_offsets[basis]
    keep = np.ones(len(X), dtype=bool) if regions.removed is None else ~regions.removed(X)
    return Sites(
        key=np.column_stack([index3, basis])[keep],
        X=X[keep],
        species=basis[keep].astype(np.int32),
        points=points[which][keep],
        cells=cells[which][keep],
    )


def _lattice_points_in_cells(
    comm: MPI.Comm, crystal: Crystal, lattice: MeshLattice, domain: DomainMesh, regions: Regions
) -> tuple[np.ndarray, np.ndarray]:
    """Wanted lattice points (n, gdim) of this rank and the cells round them (n,), -1 for those beyond the mesh."""
    furthest = comm.allreduce(float(np.abs(domain.mesh.geometry.x).max(initial=0.0)), op=MPI.MAX)
    reach = np.full(lattice.gdim, min(furthest, regions.extent))
    candidates = lattice.vertices(lattice_points(comm, lattice, regions.wanted, -reach, reach))
    points, cells, lost = owned_points(domain.mesh, candidates, 1e-6 * crystal.nearest_neighbour_distance)
    # DOLFINx hands out the nearest cell, too, for points outside the mesh but inside the box of a cell
    stray = barycentric(domain.mesh, cells, points).min(1, initial=0.0) < -1e-6
    gone = np.concatenate([candidates[lost], points[stray]])
    outside = int(comm.allreduce(np.count_nonzero(np.linalg.norm(gone, axis=1) < 0.98 * regions.radius)))
    if outside:
        raise ValueError(f"{outside} atoms lie outside the mesh: the core and its handshake must fit into the mesh")
    here = lost & (np.linalg.norm(candidates, axis=1) >= regions.radius)  # beyond the mesh everything is prescribed
    return (
        np.concatenate([points, candidates[here]]),
        np.concatenate([cells, np.full(int(here.sum()), -1, dtype=np.int32)]),
    )


def place(sites: Sites, space: fem.FunctionSpace, carried: np.ndarray, regions: Regions) -> Places:
    """Who follows the mesh: sites all of whose nodes carry continuum energy, ``carried`` (n_blocks,) bool.

    So a site on a vertex or an edge is treated alike whichever cell it is found in.
    """
    inside = sites.cells >= 0
    weights = np.zeros((len(inside), space.mesh.geometry.dim + 1))
    weights[inside] = barycentric(space.mesh, sites.cells[inside], sites.points[inside])
    values = np.zeros((len(inside), space.element.basix_element.dim))
    dofs = np.zeros(values.shape, dtype=np.int32)
    values[inside] = basis_values(space, weights[inside])
    dofs[inside] = np.asarray(space.dofmap.list)[sites.cells[inside]]
    slaved = (carried[dofs] | (values == 0.0)).all(1) & inside
    clamped = ~slaved & regions.prescribed(sites.points)
    return Places(inside=inside, weights=weights, values=values, dofs=dofs, slaved=slaved, clamped=clamped)


def site_beta(sites: Sites, places: Places, domain: DomainMesh, vertex_beta: np.ndarray, beta: Field) -> np.ndarray:
    """(n,) blending weights, interpolated from those at the vertices (P1); outside the mesh the function itself."""
    values, inside = beta(sites.points), places.inside
    corners = cell_vertices(domain.mesh)[sites.cells[inside]]
    values[inside] = (places.weights[inside] * vertex_beta[corners]).sum(1)
    return np.clip(values, 0.0, 1.0)


def atom_rows(places: Places, nodes: Rows, number: np.ndarray) -> Rows:
    """Rows of P: one's own block ``number`` (n,), or the basis values times the rows of the nodes."""
    if not len(nodes):  # no cells on this rank: nobody follows a mesh
        return Rows.from_padded(number[:, None], np.ones((len(number), 1)))
    width = np.diff(nodes.first)
    most = int(width.max(initial=1))
    padded_column = np.zeros((len(nodes), most), dtype=np.int64)
    padded_value = np.zeros((len(nodes), most))
    slot = np.arange(most) < width[:, None]
    padded_column[slot], padded_value[slot] = nodes.column, nodes.value
    size, own = places.dofs.shape[1] * most, ~places.slaved
    column = padded_column[places.dofs].reshape(len(number), size)
    value = (places.values[:, :, None] * padded_value[places.dofs]).reshape(len(number), size)
    value[own] = 0.0
    column[own, 0], value[own, 0] = number[own], 1.0
    return Rows.from_padded(column, value)
