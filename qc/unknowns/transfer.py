"""A state carried over to other points: by elements where there are nodes, by cells of the lattice where there are atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from dolfinx import fem, mesh

from fem.mesh.interpolation import barycentric, basis_values, owned_points
from fem.mesh.lattice_zone import MeshLattice

from .layout import BlockScatter, Layout, Rows
from .lookup import lookup
from .prolongation import Prolongation

NAME = 1e5
"""Points are named by their coordinates in units of 1/NAME A when their values are sent back."""


@dataclass(frozen=True, kw_only=True)
class CarriedState:
    """Displacements to be carried over, on this rank, A.

    Attributes
    ----------
    blocks : (n_own, components) ndarray
        At the blocks of the full vector.
    atoms : (n_atoms, components) ndarray
    """

    blocks: np.ndarray
    atoms: np.ndarray


def on_mesh(
    state: CarriedState, parts: Prolongation, cells_of: mesh.Mesh, points: np.ndarray, near: float
) -> tuple[np.ndarray, np.ndarray]:
    """The state and its inner shifts at points (n, 2) where finite elements carry them, nan elsewhere. Collective.

    A point within ``near`` (A) of a cell lies in it.
    """
    nodes, m = parts.nodes, parts.layout.components
    found, cells, _ = owned_points(cells_of, points, near)
    weights = barycentric(cells_of, cells, found) if len(found) else np.empty((0, 3))
    inside = weights.min(1, initial=0.0) > -1e-6
    u = _interpolated(state, parts.layout, nodes.rows, nodes.space, 1, cells, basis_values(nodes.space, weights))
    inner = np.empty((len(found), 0))
    if nodes.shifts is not None:
        shifts = nodes.shifts
        inner = _interpolated(state, parts.layout, nodes.shift_rows, shifts.space, shifts.per_vertex, cells, weights)
    values = np.column_stack([u, inner])
    values[~inside] = np.nan
    answer = lookup(parts.layout.comm, _point_names(found), values, _point_names(points))
    return answer[:, :m], answer[:, m:]


def on_atoms(
    state: CarriedState, parts: Prolongation, lattice: MeshLattice, n_basis: int, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The state at lattice vertices from the atoms of their cells, and these atoms' inner shifts; nan where there are none. Collective."""
    atoms, m = parts.atoms, parts.layout.components
    cells, which = np.unique(atoms.key[:, :2], axis=0, return_inverse=True)  # all atoms of a cell are on one rank
    sums = np.zeros((len(cells), n_basis, m))
    count = np.zeros((len(cells), n_basis))
    np.add.at(sums, (which, atoms.key[:, 3]), state.atoms)
    np.add.at(count, (which, atoms.key[:, 3]), 1.0)
    with np.errstate(invalid="ignore"):
        mean = sums / count[:, :, None]
    values = np.concatenate([mean.mean(1, keepdims=True), mean[:, 1:] - mean[:, :1]], axis=1).reshape(
        len(cells), n_basis * m
    )
    position = (points - lattice.origin[:2]) @ np.linalg.inv(lattice.planar)
    index = np.rint(position).astype(np.int64)
    answer = lookup(parts.layout.comm, cells, values, index)
    answer[np.abs(position - index).max(1, initial=0.0) > 1e-6] = np.nan
    return answer[:, :m], answer[:, m:]


def share_of_shifts(pi: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """p_b of atoms from the shifts pi_m = p_m - p_0 (n, n_basis - 1, components), sum over b p_b = 0; unknown ones are 0."""
    pi = np.nan_to_num(pi)
    p0 = -pi.sum(1) / (pi.shape[1] + 1)
    p = np.concatenate([p0[:, None], pi + p0[:, None]], axis=1)
    return np.asarray(p[np.arange(len(p)), basis])


def _interpolated(
    state: CarriedState,
    layout: Layout,
    rows: Rows,
    space: fem.FunctionSpace,
    per: int,
    cells: np.ndarray,
    values: np.ndarray,
) -> np.ndarray:
    """(n, per components) sums of basis values times blocks; nan where a block is not carried. Collective.

    Each block of the space has ``per`` of the ``rows`` of the local blocks.
    """
    columns, inverse = np.unique(rows.column, return_inverse=True)
    blocks = BlockScatter(layout, columns, layout.components).gather(state.blocks)
    A = sp.csr_matrix((rows.value, inverse, rows.first), shape=(len(rows), len(columns)))
    local = A @ blocks
    local[np.diff(rows.first) == 0] = np.nan
    local = local.reshape(-1, per * layout.components)
    dofs = np.asarray(space.dofmap.list)[cells].reshape(len(cells), values.shape[1])
    part = np.where(
        values[:, :, None] == 0.0, 0.0, values[:, :, None] * local[dofs]
    )  # 0 times what is not carried is 0
    return np.asarray(part.sum(1))


def _point_names(points: np.ndarray) -> np.ndarray:
    return np.rint(points * NAME).astype(np.int64)
