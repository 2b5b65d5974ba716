"""A model that follows its crack: the state moves by whole lattice vectors through the mesh, atoms and matrix stay as they are.

Everything of the model is periodic along the crack where it is lattice-resolved, so that moving it by L = n c1 is a matter
of names: the atom that was (i + n, j) is (i, j) now. What is carried over is the state minus the near-tip field,

    u_new(X) = K u_tip(X + L - c) + v(X + L),    v(X) = u_old(X) - K u_tip(X - c),

v by name for atoms and vertices on lattice sites (exact), interpolated on the coarse mesh, where it is small, and zero
beyond the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from dolfinx import fem
from petsc4py import PETSc

from fem.interpolation import barycentric, basis_values, owned_points

from .crack import CrackSystem
from .errors import InputError
from .layout import BlockScatter, Rows
from .names import lookup

NAME = 1e5
"""Points are named by their coordinates in units of 1/NAME A when their values are sent back."""


def check_movable(system: CrackSystem) -> None:
    """Refuse models whose parts are not periodic along the crack."""
    spec = system.spec
    if spec.method == "continuum":
        raise InputError("model.method = 'continuum' has no atoms, so no tip to follow: propagation needs a method with atoms")
    if spec.face_strip == 0 and spec.method != "atomistic":
        raise InputError(
            "model.face_strip = false is not allowed for propagation: a slit ends at a fixed place of the mesh, so that the model "
            "cannot follow the tip; it must be true"
        )


def furthest_move(system: CrackSystem) -> int:
    """Lattice vectors that the model can move at once: no coarse node may land in the core."""
    if system.spec.method == "atomistic":
        return 1_000_000
    return max(1, int((system.model.spec.width + system.potential.cutoff) / system.lattice.vectors[0, 0]))


def move(system: CrackSystem, q: PETSc.Vec, K: float, n: int) -> None:
    """Move the model by n lattice vectors along the crack, unknowns in place; the load K stays where it is in the crystal. Collective.

    Afterwards the state is that of before, seen from a model further on, except near the outer boundary: relax it.
    """
    system.load(K)
    state = _State.of(system, q, K)
    dx = n * float(system.lattice.vectors[0, 0])
    cx, cy = system.centre
    system.recentre((cx - dx, cy))
    u = system.near_tip_displacement(K) + _moved(system, state, n)
    system.load(K)
    q.array[:] = u[: system.model.parts.layout.n_free].ravel()


@dataclass(frozen=True)
class _State:
    """The state minus the near-tip field, on this rank.

    Attributes
    ----------
    blocks : (n_own, components) ndarray
        At the blocks of the full vector.
    atoms : (n_atoms, components) ndarray
    """

    blocks: np.ndarray
    atoms: np.ndarray

    @classmethod
    def of(cls, system: CrackSystem, q: PETSc.Vec, K: float) -> _State:
        coupling, n = system.model.coupling, len(system.model.parts.atoms)
        u = coupling.variables(q)["atoms"][:n]
        return cls(coupling.displacement(q) - system.near_tip_displacement(K), u - system.near_tip_of_atoms(K))


def _moved(system: CrackSystem, state: _State, n: int) -> np.ndarray:
    """(n_own, components) v(X + L) at the blocks of the full vector."""
    model, parts = system.model, system.model.parts
    comm, lattice, m = model.comm, system.lattice, parts.layout.components
    blocks = np.flatnonzero(~parts.is_atom)
    atoms = np.flatnonzero(parts.is_atom)
    v = np.full_like(state.blocks, np.nan)
    v[atoms] = lookup(comm, parts.atoms.key, state.atoms, _names_at(system, parts.key[atoms], n))
    rest = atoms[np.isnan(v[atoms]).any(1)]  # no atom there: it stands on the mesh
    index = parts.key[rest, :2] + np.array([n, 0])
    points = np.concatenate([parts.X[blocks, :2] + [n * lattice.vectors[0, 0], 0.0], lattice.vertices(index)])
    field, inner = _on_mesh(system, state, points)
    column, column_inner = _on_atoms(system, state, points)
    field = np.where(np.isnan(field), column, field)
    inner = np.where(np.isnan(inner), column_inner, inner)
    member = np.maximum(-2 - parts.key[blocks, 2], 0)  # of a shift block: which of the shifts it is
    own = np.arange(len(blocks))
    if inner.shape[1]:
        pick = inner.reshape(len(points), -1, m)
        shift = pick[own, member]
        v[blocks] = np.where(parts.is_shift[blocks][:, None], shift, field[: len(blocks)])
        v[rest] = field[len(blocks) :] + _share_of_shifts(pick[len(blocks) :], parts.key[rest, 3])
    else:
        v[blocks], v[rest] = field[: len(blocks)], field[len(blocks) :]
    return np.where(np.isnan(v), 0.0, v)


def _names_at(system: CrackSystem, key: np.ndarray, n: int) -> np.ndarray:
    """Names of the atoms n lattice vectors further on; c1 may lead into another period along the front."""
    lattice, periods = system.lattice, system.model.spec.front_periods
    cells = key[:, :3] * np.array([1, 1, 1 if lattice.gdim == 2 else 0])
    z = lattice.sites(cells)[:, 2] + n * lattice.vectors[0, 2] - lattice.origin[2]
    name = key.copy()
    name[:, 0] += n
    name[:, 2] = np.floor(z / lattice.period + 1e-9).astype(np.int64) % periods
    return name


def _share_of_shifts(pi: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """p_b of atoms from the shifts pi_m = p_m - p_0 (n, n_basis - 1, components), sum over b p_b = 0; unknown ones are 0."""
    pi = np.nan_to_num(pi)
    p0 = -pi.sum(1) / (pi.shape[1] + 1)
    p = np.concatenate([p0[:, None], pi + p0[:, None]], axis=1)
    return np.asarray(p[np.arange(len(p)), basis])


def _on_mesh(system: CrackSystem, state: _State, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """v and its inner shifts at points (n, 2) where finite elements carry them, nan elsewhere. Collective."""
    model, nodes = system.model, system.model.parts.nodes
    mesh, m = model.domain.mesh, model.parts.layout.components
    found, cells, _ = owned_points(mesh, points, 1e-6 * system.crystal.nearest_neighbour_distance)
    weights = barycentric(mesh, cells, found) if len(found) else np.empty((0, 3))
    inside = weights.min(1, initial=0.0) > -1e-6
    u = _interpolated(system, state, nodes.rows, nodes.space, 1, cells, basis_values(nodes.space, weights))
    inner = np.empty((len(found), 0))
    if nodes.shifts is not None:
        inner = _interpolated(system, state, nodes.shift_rows, nodes.shifts.space, nodes.shifts.per_vertex, cells, weights)
    values = np.column_stack([u, inner])
    values[~inside] = np.nan
    answer = lookup(model.comm, _point_names(found), values, _point_names(points))
    return answer[:, :m], answer[:, m:]


def _interpolated(
    system: CrackSystem, state: _State, rows: Rows, space: fem.FunctionSpace, per: int, cells: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """(n, per components) sums of basis values times blocks; nan where a block is not carried. Collective.

    ``rows``: of the local blocks, ``per`` of them for each block of the space.
    """
    layout = system.model.parts.layout
    columns, inverse = np.unique(rows.column, return_inverse=True)
    blocks = BlockScatter(layout, columns, layout.components).gather(state.blocks)
    A = sp.csr_matrix((rows.value, inverse, rows.first), shape=(len(rows), len(columns)))
    local = A @ blocks
    local[np.diff(rows.first) == 0] = np.nan
    local = local.reshape(-1, per * layout.components)
    dofs = np.asarray(space.dofmap.list)[cells].reshape(len(cells), values.shape[1])
    part = np.where(values[:, :, None] == 0.0, 0.0, values[:, :, None] * local[dofs])  # 0 times what is not carried is 0
    return np.asarray(part.sum(1))


def _on_atoms(system: CrackSystem, state: _State, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """v at lattice vertices from the atoms of their cells, and the atoms' inner shifts; nan where there are none. Collective."""
    model, lattice = system.model, system.lattice
    atoms, m, n_basis = model.parts.atoms, model.parts.layout.components, model.material.n_basis
    cells, which = np.unique(atoms.key[:, :2], axis=0, return_inverse=True)  # all atoms of a cell are on one rank
    sums = np.zeros((len(cells), n_basis, m))
    count = np.zeros((len(cells), n_basis))
    np.add.at(sums, (which, atoms.key[:, 3]), state.atoms)
    np.add.at(count, (which, atoms.key[:, 3]), 1.0)
    with np.errstate(invalid="ignore"):
        mean = sums / count[:, :, None]
    values = np.concatenate([mean.mean(1, keepdims=True), mean[:, 1:] - mean[:, :1]], axis=1).reshape(len(cells), n_basis * m)
    position = (points - lattice.origin[:2]) @ np.linalg.inv(lattice.planar)
    index = np.rint(position).astype(np.int64)
    answer = lookup(model.comm, cells, values, index)
    answer[np.abs(position - index).max(1, initial=0.0) > 1e-6] = np.nan
    return answer[:, :m], answer[:, m:]


def _point_names(points: np.ndarray) -> np.ndarray:
    return np.rint(points * NAME).astype(np.int64)
