"""Nodes of the mesh: positions, blending, rows."""

from __future__ import annotations

import basix
import numpy as np
from dolfinx import fem

from fem.mesh.domain import ON_PLANE, DomainMesh
from fem.mesh.interpolation import basis_values
from fem.mesh.lattice_zone import MeshLattice

from .layout import Rows
from .sites import Field


def _interpolation(space: fem.FunctionSpace, cells: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basis values and local blocks of the cell round each point; points outside the mesh (cell -1) get value 0."""
    inside = cells >= 0
    values = np.zeros((len(cells), space.element.basix_element.dim))
    dofs = np.zeros(values.shape, dtype=np.int32)
    values[inside] = basis_values(space, weights[inside])
    dofs[inside] = np.asarray(space.dofmap.list)[cells[inside]]
    return values, dofs


def _edges(space: fem.FunctionSpace) -> list[tuple[int, int, int]]:
    """(block, end, end) of every cell edge that carries a block (order 2), numbered within the cell."""
    element = space.element.basix_element
    corner = basix.topology(element.cell_type)[1]
    return [(dofs[0], *ends) for dofs, ends in zip(element.entity_dofs[1], corner, strict=True) if dofs]


def _end_vertices(space: fem.FunctionSpace, domain: DomainMesh) -> np.ndarray:
    """(n_blocks, 2) input numbers of the vertices at the ends of each local block's vertex or edge, in rising order."""
    geometry = domain.mesh.geometry
    dofmap = np.asarray(space.dofmap.list)
    number = np.asarray(geometry.input_global_indices)[np.asarray(geometry.dofmaps[0])]
    ends = np.full((space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts, 2), -1, dtype=np.int64)
    for a in range(geometry.dim + 1):
        ends[dofmap[:, a]] = number[:, [a]]
    for edge, a, b in _edges(space):
        ends[dofmap[:, edge]] = np.sort(number[:, [a, b]], axis=1)
    return ends


def _node_positions(space: fem.FunctionSpace, gdim: int) -> np.ndarray:
    """(n_blocks, 3) positions, A; on a slit in y = 0 the sign of the zero tells the face (as near-tip fields read it)."""
    x = space.tabulate_dof_coordinates().copy()
    if gdim == 2:
        dofmap = np.asarray(space.dofmap.list)
        side = np.zeros(len(x))
        side[dofmap] = x[dofmap, 1].mean(1, keepdims=True)
        on_plane = np.abs(x[:, 1]) < ON_PLANE
        x[on_plane, 1] = np.copysign(0.0, side[on_plane])
    return x


def _vertex_beta(domain: DomainMesh, lattice: MeshLattice, beta: Field) -> np.ndarray:
    """beta at the mesh vertices; a slit node takes the mean of the two rows beside it, which keeps the energy patch test exact."""
    x = domain.mesh.geometry.x[:, : lattice.gdim]
    values = beta(x)
    slit = np.asarray(domain.mesh.geometry.input_global_indices) < domain.n_slit
    half = 0.5 * lattice.planar[1]
    values[slit] = 0.5 * (beta(x[slit] + half) + beta(x[slit] - half))
    return values


def _block_beta(space: fem.FunctionSpace, domain: DomainMesh, vertex_beta: np.ndarray) -> np.ndarray:
    dofmap, x = np.asarray(space.dofmap.list), np.asarray(domain.mesh.geometry.dofmaps[0])
    beta = np.zeros(space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts)
    for a in range(domain.mesh.geometry.dim + 1):
        beta[dofmap[:, a]] = vertex_beta[x[:, a]]
    for edge, a, b in _edges(space):
        beta[dofmap[:, edge]] = 0.5 * (vertex_beta[x[:, a]] + vertex_beta[x[:, b]])
    return beta


def _prescribed(space: fem.FunctionSpace, ends: np.ndarray, domain: DomainMesh, radius: float) -> np.ndarray:
    """Which local blocks are prescribed: vertices at or beyond the radius, and edges between two of them."""
    gdim = domain.mesh.geometry.dim
    far = np.linalg.norm(domain.mesh.geometry.x[:, :gdim], axis=1) >= radius * (1 - 1e-9)
    numbers = np.asarray(domain.mesh.geometry.input_global_indices)[far]
    return np.isin(ends, numbers).all(1)


def _node_rows(space: fem.FunctionSpace, number: np.ndarray, tied: np.ndarray, carried: np.ndarray) -> Rows:
    """Rows of all local blocks: themselves, or the mean of the two ends for edges of the resolved zone (P1 there)."""
    column = np.column_stack([number, number])
    value = np.zeros((len(number), 2))
    value[carried & ~tied, 0] = 1.0
    dofmap = np.asarray(space.dofmap.list)
    for block, a, b in _edges(space):
        edge, ends = dofmap[:, block], dofmap[:, [a, b]]
        here = tied[edge] & carried[edge]
        column[edge[here]] = number[ends[here]]
        value[edge[here]] = 0.5
    return Rows.from_padded(column, value)


def _atom_rows(nodes: Rows, dofs: np.ndarray, values: np.ndarray, slaved: np.ndarray, number: np.ndarray) -> Rows:
    """Rows of P: one's own block, or the basis values times the rows of the nodes."""
    width = np.diff(nodes.first)
    most = int(width.max(initial=1))
    padded_column = np.zeros((len(nodes), most), dtype=np.int64)
    padded_value = np.zeros((len(nodes), most))
    slot = np.arange(most) < width[:, None]
    padded_column[slot], padded_value[slot] = nodes.column, nodes.value
    if not len(nodes):
        return Rows.from_padded(number[:, None], np.ones((len(number), 1)))
    column = padded_column[dofs].reshape(len(dofs), dofs.shape[1] * most)
    value = (values[:, :, None] * padded_value[dofs]).reshape(len(dofs), dofs.shape[1] * most)
    value[~slaved] = 0.0
    column[~slaved, 0], value[~slaved, 0] = number[~slaved], 1.0
    return Rows.from_padded(column, value)
