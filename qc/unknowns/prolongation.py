"""Atoms and finite-element nodes of the model: who is free, who follows the mesh, who is prescribed; the rows of P."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.blocks import from_owner, named_on_any_rank
from fem.mesh.domain import DomainMesh
from fem.mesh.interpolation import barycentric, cell_vertices
from fem.mesh.lattice_zone import MeshLattice
from fem.shifts import independent

from .layout import Layout, Rows
from .nodes import (
    _atom_rows,
    _block_beta,
    _end_vertices,
    _interpolation,
    _node_positions,
    _node_rows,
    _prescribed,
    _vertex_beta,
)
from .shift_nodes import ShiftNodes, shift_nodes
from .sites import Field, _locate


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
    linear : (n_cells,) bool ndarray
        Cells whose displacement is linear, whatever the order of the space.
    rows : Rows
        Value of each local block of the space from the full vector (empty where nothing is carried).
    own : (n,) int32 ndarray
        Owned blocks with a place of their own in the full vector: first the free, then the prescribed ones.
    key : (n, 2) int64 ndarray
        Input vertices at the two ends (equal for a vertex): the name of ``own`` on any number of ranks.
    X : (n, 3) ndarray
        Positions of ``own``, A.
    shifts : ShiftNodes or None
        Inner shifts of a multilattice.
    shift_rows : Rows
        Value of each local shift from the full vector.
    """

    space: fem.FunctionSpace
    weight: np.ndarray
    beta: np.ndarray
    on_slit: np.ndarray
    linear: np.ndarray
    rows: Rows
    own: np.ndarray
    key: np.ndarray
    X: np.ndarray
    shifts: ShiftNodes | None
    shift_rows: Rows


@dataclass(frozen=True, kw_only=True)
class Prolongation:
    """Atoms, nodes and the numbering that joins them.

    The other attributes describe this rank's blocks of the full vector in order.

    Attributes
    ----------
    X : (n, 3) ndarray
        Reference position of the atom, node or, for inner shifts, vertex, A.
    key : (n, 4) int64 ndarray
        Name.
    is_atom : (n,) bool ndarray
    arm : (n, 3) ndarray
        ``H @ arm`` is the block's value in the field u = H x with Cauchy-Born shifts 0: X, and for a shift p_m - p_0 the
        vector b_m - b_0 of the cell, A.
    share : (n, n_basis) ndarray
        Added to it for each unit of the Cauchy-Born shifts.
    """

    layout: Layout
    atoms: Atoms
    nodes: Nodes
    X: np.ndarray
    key: np.ndarray
    is_atom: np.ndarray
    arm: np.ndarray
    share: np.ndarray

    @property
    def is_shift(self) -> np.ndarray:
        """(n,) bool: blocks that are inner shifts; a translation leaves them alone."""
        return ~self.is_atom & (self.key[:, 2] < -1)

    def affine(self, H: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """(n, components) values of this rank's blocks in the field u = H x with Cauchy-Born shifts (n_basis, 3), A."""
        return (self.arm @ H.T + self.share @ shifts)[:, : self.layout.components]

    def local(self, u: np.ndarray, H: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """As `affine` for a field given at each block: u (n, 3), gradient (n, 3, 3), shifts (n, n_basis, 3)."""
        inner = np.einsum("nij,nj->ni", H, self.arm)
        value = np.where(self.is_shift[:, None], inner, u) + np.einsum("na,nai->ni", self.share, shifts)
        return value[:, : self.layout.components]


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
    condense_shifts: bool = True,
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
    condense_shifts : bool
        Whether inner shifts are unknowns only where atoms follow the mesh.
    """
    space = fem.functionspace(domain.mesh, ("Lagrange", order, (components,)))
    vertex_beta = _vertex_beta(domain, lattice, beta)
    weight = vertex_beta[cell_vertices(domain.mesh)].mean(1)
    carried = named_on_any_rank(space, np.asarray(space.dofmap.list)[np.flatnonzero(weight > 0)])
    ends = _end_vertices(space, domain)
    tied = (ends[:, 0] != ends[:, 1]) & (ends >= domain.resolved_from).all(1)
    far = _prescribed(space, ends, domain, radius)
    found = _locate(comm, crystal, lattice, domain, wanted, radius, front_periods, removed, extent)

    inside = found.cells >= 0
    weights = np.zeros((len(inside), lattice.gdim + 1))
    weights[inside] = barycentric(domain.mesh, found.cells[inside], found.points[inside])
    values, dofs = _interpolation(space, found.cells, weights)
    slaved = (carried[dofs] | (values == 0.0)).all(1) & inside
    clamped = ~slaved & (np.linalg.norm(found.points, axis=1) >= radius * (1 - 1e-9))
    free = ~slaved & ~clamped
    n_owned = space.dofmap.index_map.size_local
    mine = carried & ~tied & (np.arange(len(carried)) < n_owned)
    own_free, own_far = np.flatnonzero(mine & ~far), np.flatnonzero(mine & far)
    n_basis, shifts = len(crystal.species), None
    if n_basis > 1:
        where = found.cells[slaved], weights[slaved]
        shifts = shift_nodes(space, domain, weight, vertex_beta, *where, radius, n_basis, condense_shifts)
    inner_free, inner_far = (shifts.n_free, shifts.n_far) if shifts else (0, 0)
    layout = Layout(
        comm, components, int(free.sum()) + len(own_free) + inner_free, int(clamped.sum()) + len(own_far) + inner_far
    )

    first_free, first_far = layout.first_full, layout.first_full + layout.n_free
    atom_number = np.zeros(len(free), dtype=np.int64)
    atom_number[free] = first_free + np.arange(free.sum())
    atom_number[clamped] = first_far + np.arange(clamped.sum())
    first_free, first_far = first_free + int(free.sum()), first_far + int(clamped.sum())
    node_number = np.full(len(carried), -1)
    node_number[own_free] = first_free + np.arange(len(own_free))
    node_number[own_far] = first_far + np.arange(len(own_far))
    node_rows = _node_rows(space, from_owner(space, node_number), tied, carried)
    rows = _atom_rows(node_rows, dofs, values, slaved, atom_number)
    shift_rows = Rows.stack([])
    if shifts is not None:
        shift_number = shifts.numbers(first_free + len(own_free), first_far + len(own_far))
        shift_rows = shifts.rows(shift_number)
        factor = independent(n_basis)[found.species]
        rows = rows.beside(*shifts.atom_columns(shift_number, found.cells, weights, factor * slaved[:, None]))

    site_beta = beta(found.points)
    site_beta[inside] = (weights[inside] * vertex_beta[cell_vertices(domain.mesh)[found.cells[inside]]]).sum(1)
    atoms = Atoms(
        key=found.key, X=found.X, species=found.species, beta=np.clip(site_beta, 0.0, 1.0), free=free, rows=rows
    )
    own = np.concatenate([own_free, own_far])
    X_node = _node_positions(space, lattice.gdim)
    nodes = Nodes(
        space=space,
        weight=weight,
        beta=_block_beta(space, domain, vertex_beta),
        on_slit=(ends < domain.n_slit).all(1),
        linear=tied[np.asarray(space.dofmap.list)[:, lattice.gdim + 1 :]].all(1),
        rows=node_rows,
        own=own,
        key=ends[own],
        X=X_node[own],
        shifts=shifts,
        shift_rows=shift_rows,
    )
    blocks = []
    for which, here, inner in ((free, own_free, "free"), (clamped, own_far, "far")):
        blocks.append(_atom_blocks(atoms, which, n_basis))
        blocks.append(_node_blocks(ends[here], X_node[here], n_basis))
        if shifts is not None:
            vertices = getattr(shifts, inner)
            X_vertex = _node_positions(shifts.space, lattice.gdim)[vertices]
            blocks.append(_shift_blocks(shifts.vertex_number[vertices], X_vertex, crystal.cell_offsets))
    X, key, is_atom, arm, share = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return Prolongation(layout=layout, atoms=atoms, nodes=nodes, X=X, key=key, is_atom=is_atom, arm=arm, share=share)


_Blocks = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _atom_blocks(atoms: Atoms, which: np.ndarray, n_basis: int) -> _Blocks:
    """X, key, is_atom, arm, share of the chosen atoms."""
    X = atoms.X[which]
    return X, atoms.key[which], np.ones(len(X), dtype=bool), X, np.eye(n_basis)[atoms.species[which]]


def _node_blocks(ends: np.ndarray, X: np.ndarray, n_basis: int) -> _Blocks:
    key = np.column_stack([ends, np.full((len(X), 2), -1)])
    return X, key, np.zeros(len(X), dtype=bool), X, np.zeros((len(X), n_basis))


def _shift_blocks(vertex: np.ndarray, X: np.ndarray, offset: np.ndarray) -> _Blocks:
    """Shifts pi_m = p_m - p_0 of vertices, m fastest; their name ends with -1 - m."""
    m = np.tile(np.arange(1, len(offset)), len(X))
    X = np.repeat(X, len(offset) - 1, axis=0)
    vertex = np.repeat(vertex, len(offset) - 1)
    key = np.column_stack([vertex, vertex, -1 - m, -np.ones_like(m)]).astype(np.int64)
    eye = np.eye(len(offset))
    return X, key, np.zeros(len(X), dtype=bool), (offset[1:] - offset[0])[m - 1].reshape(len(X), 3), eye[m] - eye[0]
