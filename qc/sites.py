"""Atoms and finite-element nodes of the model: who is free, who follows the mesh, who is prescribed; the rows of P."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import basix
import numpy as np
from dolfinx import fem, la
from mpi4py import MPI

from atomistics import Crystal
from fem.domain import ON_PLANE, DomainMesh
from fem.interpolation import barycentric, basis_values, cell_vertices, owned_points
from fem.lattice_zone import MeshLattice, lattice_points

from .layout import Layout, Rows

Field = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Nodes:
    """Finite-element side of the unknowns on this rank.

    Attributes
    ----------
    space : dolfinx.fem.FunctionSpace
    weight : (n_cells,) ndarray
        Mean blending weight of each local cell.
    beta : (n_blocks,) ndarray
        Blending weight at each local block of the space (mean of the ends for an edge).
    on_slit : (n_blocks,) bool ndarray
        Blocks on the faces of a slit in the resolved zone, where no atom sits.
    rows : Rows
        Value of each local block of the space from the full vector (empty where nothing is carried).
    own : (n,) int32 ndarray
        Owned blocks with a place of their own in the full vector: first the free, then the prescribed ones.
    key : (n, 2) int64 ndarray
        Input vertices at the two ends (equal for a vertex): the name of ``own`` on any number of ranks.
    X : (n, 3) ndarray
        Positions of ``own``, A.
    """

    space: fem.FunctionSpace
    weight: np.ndarray
    beta: np.ndarray
    on_slit: np.ndarray
    rows: Rows
    own: np.ndarray
    key: np.ndarray
    X: np.ndarray


@dataclass(frozen=True)
class Prolongation:
    """Atoms, nodes and the numbering that joins them.

    ``X``, ``key`` and ``is_atom`` describe this rank's blocks of the full vector in order: position (n, 3) in A, name
    (n, 4) and kind.
    """

    layout: Layout
    atoms: Atoms
    nodes: Nodes
    X: np.ndarray
    key: np.ndarray
    is_atom: np.ndarray


def prolongation(
    comm: MPI.Comm,
    crystal: Crystal,
    lattice: MeshLattice,
    domain: DomainMesh,
    components: int,
    order: int,
    beta: Field,
    wanted: Field,
    radius: float,
    front_periods: int = 1,
    removed: Field | None = None,
    extent: float = np.inf,
) -> Prolongation:
    """Build P. Collective.

    An atom follows the mesh if every node that it would be interpolated from carries continuum energy; otherwise it
    is free. So an atom on a vertex or an edge is treated alike whichever cell it is found in, no node is left
    without energy (no floating mechanism), and on a matching mesh the rows of handshake atoms are rows of the identity.

    Parameters
    ----------
    beta : callable
        Blending function of positions (n, gdim), taken at the mesh vertices; sites interpolate it (P1), so that the
        energy patch test is exact on any mesh.
    wanted : callable
        Which lattice points (n, gdim) are needed as atoms.
    radius : float
        Nodes and free atoms at or beyond it are prescribed, A.
    removed : callable, optional
        Which sites (n, 3) are vacant.
    extent : float
        No wanted point is further from the origin, A.
    """
    space = fem.functionspace(domain.mesh, ("Lagrange", order, (components,)))
    vertex_beta = _vertex_beta(domain, lattice, beta)
    weight = vertex_beta[cell_vertices(domain.mesh)].mean(1)
    carried = _carried(space, weight)
    ends = _end_vertices(space, domain)
    tied = (ends[:, 0] != ends[:, 1]) & (ends >= domain.resolved_from).all(1)
    far = _prescribed(space, ends, domain, radius)
    found = _locate(comm, crystal, lattice, domain, wanted, radius, front_periods, removed, extent)

    inside = found.cells >= 0
    weights = np.zeros((len(inside), lattice.gdim + 1))
    weights[inside] = barycentric(domain.mesh, found.cells[inside], found.points[inside])
    values, dofs = _interpolation(space, found.cells, weights)
    slaved = (carried[dofs] | (values == 0.0)).all(1) & inside
    clamped = ~slaved & (np.linalg.norm(found.X[:, : lattice.gdim], axis=1) >= radius * (1 - 1e-9))
    free = ~slaved & ~clamped
    n_owned = space.dofmap.index_map.size_local
    mine = carried & ~tied & (np.arange(len(carried)) < n_owned)
    own_free, own_far = np.flatnonzero(mine & ~far), np.flatnonzero(mine & far)
    layout = Layout(comm, components, int(free.sum()) + len(own_free), int(clamped.sum()) + len(own_far))

    node_number = np.full(len(carried), -1.0)
    node_number[own_free] = layout.first_full + free.sum() + np.arange(len(own_free))
    node_number[own_far] = layout.first_full + layout.n_free + clamped.sum() + np.arange(len(own_far))
    node_rows = _node_rows(space, _from_owner(space, node_number), tied, carried)
    atom_number = np.zeros(len(free), dtype=np.int64)
    atom_number[free] = layout.first_full + np.arange(free.sum())
    atom_number[clamped] = layout.first_full + layout.n_free + np.arange(clamped.sum())
    rows = _atom_rows(node_rows, dofs, values, slaved, atom_number)

    site_beta = beta(found.X[:, : lattice.gdim])
    site_beta[inside] = (weights[inside] * vertex_beta[cell_vertices(domain.mesh)[found.cells[inside]]]).sum(1)
    atoms = Atoms(found.key, found.X, found.species, np.clip(site_beta, 0.0, 1.0), free, rows)
    own = np.concatenate([own_free, own_far])
    input_key = np.column_stack([ends[own], np.full((len(own), 2), -1)])
    X_node = _node_positions(space, lattice.gdim)[own]
    blocks = [np.flatnonzero(free), np.flatnonzero(clamped)]
    nodes = Nodes(
        space,
        weight,
        _block_beta(space, domain, vertex_beta),
        (ends < domain.n_slit).all(1),
        node_rows,
        own,
        ends[own],
        X_node,
    )
    split = len(own_free)
    return Prolongation(
        layout,
        atoms,
        nodes,
        X=np.concatenate([atoms.X[blocks[0]], X_node[:split], atoms.X[blocks[1]], X_node[split:]]),
        key=np.concatenate([atoms.key[blocks[0]], input_key[:split], atoms.key[blocks[1]], input_key[split:]]),
        is_atom=np.repeat([True, False, True, False], [len(blocks[0]), split, len(blocks[1]), len(own_far)]),
    )


@dataclass(frozen=True)
class _Found:
    key: np.ndarray
    X: np.ndarray
    species: np.ndarray
    cells: np.ndarray
    points: np.ndarray


def _locate(
    comm: MPI.Comm,
    crystal: Crystal,
    lattice: MeshLattice,
    domain: DomainMesh,
    wanted: Field,
    radius: float,
    front_periods: int,
    removed: Field | None,
    extent: float,
) -> _Found:
    """Atoms of this rank: every lattice point goes to the rank of its cell and brings its period and basis along."""
    gdim = lattice.gdim
    furthest = domain.mesh.comm.allreduce(float(np.abs(domain.mesh.geometry.x).max(initial=0.0)), op=MPI.MAX)
    reach = np.full(gdim, min(furthest, extent))
    index = lattice_points(comm, lattice, wanted, -reach, reach)
    candidates = lattice.vertices(index)
    points, cells, lost = owned_points(domain.mesh, candidates, 1e-6 * crystal.nearest_neighbour_distance)
    # DOLFINx hands out the nearest cell, too, for points outside the mesh but inside the box of a cell
    stray = barycentric(domain.mesh, cells, points).min(1, initial=0.0) < -1e-6
    gone = np.concatenate([candidates[lost], points[stray]])
    outside = int(comm.allreduce(np.count_nonzero(np.linalg.norm(gone, axis=1) < 0.98 * radius)))
    if outside:
        raise ValueError(f"{outside} atoms lie outside the mesh: the core and its handshake must fit into the mesh")
    here = lost & (np.linalg.norm(candidates, axis=1) >= radius)  # beyond the mesh everything is prescribed
    points = np.concatenate([points, candidates[here]])
    cells = np.concatenate([cells, np.full(int(here.sum()), -1, dtype=np.int32)])
    index = np.rint((points - lattice.origin[:gdim]) @ np.linalg.inv(lattice.planar)).astype(np.int64)
    periods, n_basis = (front_periods if gdim == 2 else 1), len(crystal.species)
    which = np.repeat(np.arange(len(points)), periods * n_basis)
    k = np.tile(np.repeat(np.arange(periods), n_basis), len(points))
    basis = np.tile(np.arange(n_basis), len(points) * periods)
    index3 = np.column_stack([index, np.zeros(len(index), dtype=np.int64)])[which, :3]
    if gdim == 2:
        index3[:, 2] = k
    X = lattice.sites(index3) + crystal.basis_ai[basis]
    keep = np.ones(len(X), dtype=bool) if removed is None else ~removed(X)
    key = np.column_stack([index3, basis])
    return _Found(key[keep], X[keep], basis[keep].astype(np.int32), cells[which][keep], points[which][keep])


def _interpolation(space: fem.FunctionSpace, cells: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Basis values and local blocks of the cell round each point; points outside the mesh (cell -1) get value 0."""
    inside = cells >= 0
    values = np.zeros((len(cells), space.element.basix_element.dim))
    dofs = np.zeros(values.shape, dtype=np.int32)
    values[inside] = basis_values(space, weights[inside])
    dofs[inside] = np.asarray(space.dofmap.list)[cells[inside]]
    return values, dofs


def _carried(space: fem.FunctionSpace, weight: np.ndarray) -> np.ndarray:
    """Which local blocks of the space touch a cell with continuum energy, on any rank. Collective."""
    flag = la.vector(space.dofmap.index_map, 1)
    cells = np.flatnonzero(weight > 0)
    flag.array[np.unique(np.asarray(space.dofmap.list)[cells])] = 1.0
    flag.scatter_reverse(la.InsertMode.add)
    flag.scatter_forward()
    return flag.array > 0


def _from_owner(space: fem.FunctionSpace, owned: np.ndarray) -> np.ndarray:
    """Copy the owners' integers (exact in double precision) to the ghost blocks. Collective."""
    vector = la.vector(space.dofmap.index_map, 1)
    vector.array[:] = owned
    vector.scatter_forward()
    return np.rint(vector.array).astype(np.int64)


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
