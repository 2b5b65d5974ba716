"""A state carried to another model of the same crack, or to another place of it: less the near-tip field, by names and by elements."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ..unknowns.lookup import lookup
from ..unknowns.transfer import CarriedState, on_atoms, on_mesh, share_of_shifts
from .system import CrackSystem


def carry(source: CrackSystem, q: PETSc.Vec, target: CrackSystem, K: float) -> PETSc.Vec:
    """The unknowns of the target in the state q of the source under load K (MPa m^1/2), which both have then. Collective.

    Exact where both have atoms or vertices of the lattice; relax it.
    """
    source.load(K)
    state = less_the_field(source, q, K)
    target.recentre(source.centre)
    u = target.imposed_displacement(K) + carried(source, state, target)
    target.load(K)
    found = target.model.parts.layout.create_unknowns()
    found.array[:] = u[: target.model.parts.layout.n_free].ravel()
    return found


def less_the_field(system: CrackSystem, q: PETSc.Vec, K: float) -> CarriedState:
    """The state less the near-tip field at load K."""
    coupling, n = system.model.coupling, len(system.model.parts.atoms)
    u = coupling.variables(q)["atoms"][:n]
    return CarriedState(
        blocks=coupling.displacement(q) - system.imposed_displacement(K), atoms=u - system.imposed_on_atoms(K)
    )


def carried(source: CrackSystem, state: CarriedState, target: CrackSystem, n: int = 0) -> np.ndarray:
    """(n_own, components) v(X + L) at the blocks of the target's full vector, L of n lattice vectors; zero beyond the source. Collective.

    By name for atoms and vertices on lattice sites (exact), interpolated on the coarse mesh.
    """
    model, parts, known = source.model, target.model.parts, source.model.parts
    comm, lattice, m = model.comm, source.lattice, parts.layout.components
    blocks = np.flatnonzero(~parts.is_atom)
    atoms = np.flatnonzero(parts.is_atom)
    v = np.full((parts.layout.n_own, m), np.nan)
    v[atoms] = lookup(comm, known.atoms.key, state.atoms, _names_at(source, parts.key[atoms], n))
    rest = atoms[np.isnan(v[atoms]).any(1)]  # no atom there: it stands on the mesh
    index = parts.key[rest, :2] + np.array([n, 0])
    points = np.concatenate([parts.X[blocks, :2] + [n * lattice.vectors[0, 0], 0.0], lattice.vertices(index)])
    field, inner = on_mesh(state, known, model.domain.mesh, points, 1e-6 * model.crystal.nearest_neighbour_distance)
    column, column_inner = on_atoms(state, known, lattice, model.material.n_basis, points)
    field = np.where(np.isnan(field), column, field)
    inner = np.where(np.isnan(inner), column_inner, inner)
    member = np.maximum(-2 - parts.key[blocks, 2], 0)  # of a shift block: which of the shifts it is
    own = np.arange(len(blocks))
    if inner.shape[1]:
        pick = inner.reshape(len(points), inner.shape[1] // m, m)  # there may be no point on this rank
        shift = pick[own, member]
        v[blocks] = np.where(parts.is_shift[blocks][:, None], shift, field[: len(blocks)])
        v[rest] = field[len(blocks) :] + share_of_shifts(pick[len(blocks) :], parts.key[rest, 3])
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
