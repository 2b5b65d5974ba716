"""Which vibrations a model has by its own unknowns, and which its continuum must have as free energy."""

from __future__ import annotations

import numpy as np
from dolfinx import fem, la

from fem.mesh.interpolation import cell_vertices
from fem.mesh.lumping import shares
from fem.mesh.proof import volumes

from ..unknowns.layout import BlockScatter, Rows
from .ingredients import Ingredients


def in_motion(shared: Ingredients, motion: str) -> np.ndarray:
    """(n_own,) bool: this rank's blocks that move thermally in a model with this motion; prescribed ones never do."""
    parts, extents = shared.parts, shared.extents
    free = np.arange(parts.layout.n_own) < parts.layout.n_free
    if motion == "core":
        return free & (extents.depth(parts.X[:, : extents.lattice.gdim]) <= extents.blended[1])
    return free & (motion == "all")


def missing_modes(shared: Ingredients, moving: np.ndarray) -> np.ndarray:
    """theta (n_cells,): part of the modes of each local cell that no moving unknown carries, 1 where nothing moves. Collective.

    A node stands for its share of the volume round it, which in the crystal has one mode and direction for each atom. It carries as
    many as moving blocks are behind it. Where the lattice resolves the mesh these are all, and theta is the part of a cell that is at
    rest; in a coarse cell they are few. It is not the weight beta of the continuum: that shares out the potential energy, and atoms of
    the handshake move whatever their weight is.

    Parameters
    ----------
    moving : (n_own,) bool ndarray
        Of this rank's blocks.
    """
    nodes = shared.parts.nodes
    share = _shares(shared)
    dofs = np.asarray(nodes.space.dofmap.list)[: len(share)]
    room = _volumes(nodes.space, dofs, share * _sizes(shared)[:, None])
    carried = _behind(shared, nodes.rows, moving)[dofs]
    if nodes.shifts is not None:
        of_shifts = _behind(shared, nodes.shift_rows, moving).reshape(-1, nodes.shifts.per_vertex).sum(1)
        vertices = np.asarray(nodes.shifts.space.dofmap.list)[: len(share)]
        carried[:, : vertices.shape[1]] += of_shifts[vertices]
    volume = shared.perfect.material.volume / shared.perfect.material.n_basis
    return np.maximum(1.0 - (share * carried * volume / room[dofs]).sum(1), 0.0)  # small quadratic cells have more modes than atoms


def _shares(shared: Ingredients) -> np.ndarray:
    """(n_cells, n_dofs) parts of a cell that belong to its nodes; where the displacement is linear, to its vertices alone."""
    nodes = shared.parts.nodes
    share = np.repeat(shares(nodes.space)[None], len(nodes.weight), axis=0)
    corners = shared.extents.lattice.gdim + 1
    share[nodes.linear] = np.where(np.arange(share.shape[1]) < corners, 1.0 / corners, 0.0)
    return share


def _sizes(shared: Ingredients) -> np.ndarray:
    """(n_cells,) volumes of the local cells, A^3 (2-D: A^2)."""
    mesh = shared.parts.nodes.space.mesh
    x = mesh.geometry.x[cell_vertices(mesh)][: len(shared.parts.nodes.weight), :, : mesh.geometry.dim]
    return np.asarray(volumes(x) * shared.extents.thickness)


def _volumes(space: fem.FunctionSpace, dofs: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """(n_blocks,) sums of the parts (n_cells, n_dofs) of all cells round each local block, on all ranks; 1 where there are none."""
    total = la.vector(space.dofmap.index_map, 1)
    np.add.at(total.array, dofs, parts)
    total.scatter_reverse(la.InsertMode.add)
    total.scatter_forward()
    return np.where(total.array > 0, total.array, 1.0)


def _behind(shared: Ingredients, rows: Rows, moving: np.ndarray) -> np.ndarray:
    """(n,) how many moving blocks each variable follows. Collective."""
    columns, inverse = np.unique(rows.column, return_inverse=True)
    moves = BlockScatter(shared.parts.layout, columns, 1).gather(moving[:, None].astype(float))[:, 0]
    row = np.repeat(np.arange(len(rows)), np.diff(rows.first))
    return np.bincount(row, moves[inverse], minlength=len(rows))
