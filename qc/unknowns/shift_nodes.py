"""Where the inner shifts of a multilattice are unknowns: the vertices that atoms follow, and those of the cells round them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dolfinx import fem

from fem.mesh.blocks import named_on_any_rank
from fem.mesh.interpolation import cell_vertices

from .layout import Rows
from .numbering import Kind
from .regions import Regions
from .space import SpaceBlocks


@dataclass(frozen=True, kw_only=True)
class ShiftNodes:
    """Nodal shifts pi_m = p_m - p_0, m = 1 ... n_basis - 1, of this rank.

    Attributes
    ----------
    space : dolfinx.fem.FunctionSpace
        Linear space whose blocks number the local vertices.
    per_vertex : int
        n_basis - 1.
    nodal : (n_cells,) bool ndarray
        Cells whose shifts are interpolated from their vertices; elsewhere they are relaxed point by point.
    free, far : (n,) int ndarray
        Owned vertices with shifts to solve for, and with prescribed ones.
    beta : (n_vertices,) ndarray
        Blending weight at each local vertex.
    on_slit : (n_vertices,) bool ndarray
    vertex_number : (n_vertices,) int64 ndarray
        Input number of each vertex.
    """

    space: fem.FunctionSpace
    per_vertex: int
    nodal: np.ndarray
    free: np.ndarray
    far: np.ndarray
    beta: np.ndarray
    on_slit: np.ndarray
    vertex_number: np.ndarray

    def kind(self) -> Kind:
        """Vertices of this rank whose shifts have places of their own in the full vector."""
        return Kind(n=len(self.beta), free=self.free, far=self.far, per=self.per_vertex)

    def rows(self, number: np.ndarray) -> Rows:
        """Rows of all local shift blocks, vertex by vertex; empty where there is none.

        ``number`` (n_vertices,): full number of the first shift block of each vertex, -1 where there is none.
        """
        column = (number[:, None] + np.arange(self.per_vertex)).reshape(-1, 1)
        return Rows.from_padded(column, np.repeat(number >= 0, self.per_vertex)[:, None].astype(float))

    def atom_columns(
        self, number: np.ndarray, cells: np.ndarray, weights: np.ndarray, factor: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Columns and values (n, (gdim + 1) per_vertex) of the shifts in the rows of slaved atoms.

        ``number`` as in `rows`; ``factor`` (n, per_vertex): the atom's row of p = N pi.
        """
        vertices = np.asarray(self.space.dofmap.list)[cells]
        column = number[vertices][:, :, None] + np.arange(self.per_vertex)
        value = weights[:, :, None] * factor[:, None]
        size = vertices.shape[1] * self.per_vertex  # a pure continuum has no atoms
        return column.reshape(len(cells), size), value.reshape(len(cells), size)


def shift_nodes(
    blocks: SpaceBlocks, cells: np.ndarray, weights: np.ndarray, regions: Regions, n_basis: int, condense: bool = True
) -> ShiftNodes:
    """Vertices that carry shifts: those that atoms follow and all others of the cells round them. Collective.

    So every vertex that an atom follows has the whole patch of its cells round it, as in an infinite continuum, and no
    shift is without energy.

    Parameters
    ----------
    blocks : SpaceBlocks
        Of the displacement.
    cells, weights : (n,), (n, gdim + 1) ndarray
        Cell and barycentric coordinates of the atoms of this rank that follow the mesh.
    condense : bool
        Relax shifts point by point in all other cells; otherwise every vertex of the continuum carries some.
    """
    mesh, gdim = blocks.space.mesh, blocks.space.mesh.geometry.dim
    linear = fem.functionspace(mesh, ("Lagrange", 1, (blocks.space.dofmap.index_map_bs,)))
    dofmap = np.asarray(linear.dofmap.list)
    vertices = dofmap[cells]
    followed = named_on_any_rank(linear, vertices[weights > 0.0])
    local = dofmap[: len(cell_vertices(mesh))]
    nodal = (blocks.weight > 0) & (followed[local].any(1) | (not condense))
    carrying = np.flatnonzero(named_on_any_rank(linear, local[nodal].ravel()))
    n, nodes = len(followed), np.asarray(mesh.geometry.dofmaps[0])
    geometry = np.zeros(n, dtype=np.int64)
    geometry[dofmap[:, : gdim + 1]] = nodes
    number = np.asarray(mesh.geometry.input_global_indices, dtype=np.int64)[geometry]
    own = carrying[carrying < linear.dofmap.index_map.size_local]
    far = regions.prescribed(mesh.geometry.x[geometry[own], :gdim])
    return ShiftNodes(
        space=linear,
        per_vertex=n_basis - 1,
        nodal=nodal,
        free=own[~far],
        far=own[far],
        beta=blocks.vertex_beta[geometry],
        on_slit=number < blocks.domain.n_slit,
        vertex_number=number,
    )
