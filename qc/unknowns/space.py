"""The finite-element space before its blocks are numbered: names, positions, blending weights, who is tied and prescribed."""

from __future__ import annotations

from dataclasses import dataclass

import basix
import numpy as np
from dolfinx import fem

from fem.mesh.blocks import named_on_any_rank
from fem.mesh.domain import ON_PLANE, DomainMesh
from fem.mesh.interpolation import cell_vertices
from fem.mesh.lattice_zone import MeshLattice

from .layout import Rows
from .numbering import Kind
from .regions import Field, Regions


@dataclass(frozen=True, kw_only=True)
class SpaceBlocks:
    """What is known of the local blocks of a finite-element space before any of them has a number.

    Attributes
    ----------
    space : dolfinx.fem.FunctionSpace
    domain : DomainMesh
    vertex_beta : (n_vertices,) ndarray
        Blending weight at the geometry nodes of the mesh.
    weight : (n_cells,) ndarray
        Mean blending weight of each local cell.
    carried : (n_blocks,) bool ndarray
        Blocks of cells with continuum energy, on any rank.
    ends : (n_blocks, 2) int64 ndarray
        See `end_vertices`.
    tied : (n_blocks,) bool ndarray
        Edges of the resolved zone: their displacement is the mean of that of their ends (P1 there).
    far : (n_blocks,) bool ndarray
        Blocks that are prescribed if they are carried.
    """

    space: fem.FunctionSpace
    domain: DomainMesh
    vertex_beta: np.ndarray
    weight: np.ndarray
    carried: np.ndarray
    ends: np.ndarray
    tied: np.ndarray
    far: np.ndarray

    @classmethod
    def of(cls, domain: DomainMesh, lattice: MeshLattice, regions: Regions, order: int, components: int) -> SpaceBlocks:
        """Those of the Lagrange space of this order on the mesh. Collective."""
        space = fem.functionspace(domain.mesh, ("Lagrange", order, (components,)))
        beta = vertex_beta(domain, lattice, regions.beta)
        weight = beta[cell_vertices(domain.mesh)].mean(1)
        ends = end_vertices(space, domain)
        return cls(
            space=space,
            domain=domain,
            vertex_beta=beta,
            weight=weight,
            carried=named_on_any_rank(space, np.asarray(space.dofmap.list)[np.flatnonzero(weight > 0)]),
            ends=ends,
            tied=(ends[:, 0] != ends[:, 1]) & (ends >= domain.resolved_from).all(1),
            far=_prescribed(ends, domain, regions),
        )

    def kind(self) -> Kind:
        """Owned blocks with a place of their own in the full vector: carried and not tied."""
        owned = np.arange(len(self.carried)) < self.space.dofmap.index_map.size_local
        mine = self.carried & ~self.tied & owned
        return Kind(n=len(mine), free=np.flatnonzero(mine & ~self.far), far=np.flatnonzero(mine & self.far))

    def rows(self, number: np.ndarray) -> Rows:
        """Rows of all local blocks: their own number (n_blocks,), or the mean of the two ends where they are tied."""
        column = np.column_stack([number, number])
        value = np.zeros((len(number), 2))
        value[self.carried & ~self.tied, 0] = 1.0
        dofmap = np.asarray(self.space.dofmap.list)
        for block, a, b in _edges(self.space):
            edge, ends = dofmap[:, block], dofmap[:, [a, b]]
            here = self.tied[edge] & self.carried[edge]
            column[edge[here]] = number[ends[here]]
            value[edge[here]] = 0.5
        return Rows.from_padded(column, value)

    def on_slit(self) -> np.ndarray:
        """(n_blocks,) bool: vertices on the faces of a slit in the resolved zone, and edges that end there."""
        return (self.ends < self.domain.n_slit).any(1)

    def linear(self) -> np.ndarray:
        """(n_cells,) bool: cells all of whose edges are tied; without edges (P1) every cell."""
        gdim = self.domain.mesh.geometry.dim
        return self.tied[np.asarray(self.space.dofmap.list)[:, gdim + 1 :]].all(1)

    def beta(self) -> np.ndarray:
        """(n_blocks,) blending weights, for an edge the mean of its ends'."""
        dofmap, x = np.asarray(self.space.dofmap.list), np.asarray(self.domain.mesh.geometry.dofmaps[0])
        beta = np.zeros(_local_blocks(self.space))
        for a in range(self.domain.mesh.geometry.dim + 1):
            beta[dofmap[:, a]] = self.vertex_beta[x[:, a]]
        for edge, a, b in _edges(self.space):
            beta[dofmap[:, edge]] = 0.5 * (self.vertex_beta[x[:, a]] + self.vertex_beta[x[:, b]])
        return beta


def node_positions(space: fem.FunctionSpace) -> np.ndarray:
    """(n_blocks, 3) positions, A; on a slit in y = 0 the sign of the zero tells the face (as near-tip fields read it)."""
    x = space.tabulate_dof_coordinates().copy()
    if space.mesh.geometry.dim == 2:
        dofmap = np.asarray(space.dofmap.list)
        side = np.zeros(len(x))
        side[dofmap] = x[dofmap, 1].mean(1, keepdims=True)
        on_plane = np.abs(x[:, 1]) < ON_PLANE
        x[on_plane, 1] = np.copysign(0.0, side[on_plane])
    return x


def end_vertices(space: fem.FunctionSpace, domain: DomainMesh) -> np.ndarray:
    """(n_blocks, 2) input numbers of the vertices at the ends of each local block's vertex or edge, in rising order."""
    geometry = domain.mesh.geometry
    dofmap = np.asarray(space.dofmap.list)
    number = np.asarray(geometry.input_global_indices)[np.asarray(geometry.dofmaps[0])]
    ends = np.full((_local_blocks(space), 2), -1, dtype=np.int64)
    for a in range(geometry.dim + 1):
        ends[dofmap[:, a]] = number[:, [a]]
    for edge, a, b in _edges(space):
        ends[dofmap[:, edge]] = np.sort(number[:, [a, b]], axis=1)
    return ends


def vertex_beta(domain: DomainMesh, lattice: MeshLattice, beta: Field) -> np.ndarray:
    """beta at the mesh vertices; a slit node takes the mean of the two rows beside it, which keeps the energy patch test exact."""
    x = domain.mesh.geometry.x[:, : lattice.gdim]
    values = beta(x)
    slit = np.asarray(domain.mesh.geometry.input_global_indices) < domain.n_slit
    half = 0.5 * lattice.planar[1]
    values[slit] = 0.5 * (beta(x[slit] + half) + beta(x[slit] - half))
    return values


def _prescribed(ends: np.ndarray, domain: DomainMesh, regions: Regions) -> np.ndarray:
    """(n_blocks,) bool: vertices at or beyond the radius, and edges between two of them."""
    geometry = domain.mesh.geometry
    far = regions.prescribed(geometry.x[:, : geometry.dim])
    return np.isin(ends, np.asarray(geometry.input_global_indices)[far]).all(1)


def _edges(space: fem.FunctionSpace) -> list[tuple[int, int, int]]:
    """(block, end, end) of every cell edge that carries a block (order 2), numbered within the cell."""
    element = space.element.basix_element
    corner = basix.topology(element.cell_type)[1]
    return [(dofs[0], *ends) for dofs, ends in zip(element.entity_dofs[1], corner, strict=True) if dofs]


def _local_blocks(space: fem.FunctionSpace) -> int:
    return int(space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts)
