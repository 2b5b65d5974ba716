"""The prolongation: the map P from the unknowns to all atoms and finite-element nodes of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.blocks import from_owner
from fem.mesh.domain import DomainMesh
from fem.mesh.lattice_zone import MeshLattice
from fem.shifts import independent

from .layout import Layout, Rows
from .nodes import Nodes
from .numbering import Blocks, Kind, number
from .regions import Regions
from .shift_nodes import shift_nodes
from .sites import Atoms, atom_rows, locate, place, site_beta
from .space import SpaceBlocks, node_positions


@dataclass(frozen=True, kw_only=True)
class Prolongation:
    """Atoms, nodes and the numbering that joins them.

    The other attributes describe this rank's blocks of the full vector in order.

    Attributes
    ----------
    layout : Layout
    atoms : Atoms
    nodes : Nodes
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
    regions: Regions,
    *,
    order: int = 1,
    condense_shifts: bool = True,
) -> Prolongation:
    """Atoms, nodes and the rows of P. Collective.

    An atom follows the mesh if every node that it would be interpolated from carries continuum energy; otherwise it
    is free. So an atom on a vertex or an edge is treated alike whichever cell it is found in, no node is left
    without energy (no floating mechanism), and on a matching mesh the rows of handshake atoms are rows of the identity.

    Parameters
    ----------
    order : int
        Of the displacement outside the resolved zone, 1 or 2.
    condense_shifts : bool
        Whether inner shifts are unknowns only where atoms follow the mesh.
    """
    components, n_basis = 2 if crystal.dimension == 2 else 3, len(crystal.species)
    blocks = SpaceBlocks.of(domain, lattice, regions, order, components)
    sites = locate(comm, crystal, lattice, domain, regions)
    places = place(sites, blocks.space, blocks.carried, regions)
    slaved, shifts = places.slaved, None
    if n_basis > 1:
        shifts = shift_nodes(blocks, sites.cells[slaved], places.weights[slaved], regions, n_basis, condense_shifts)
    kinds = [places.kind(), blocks.kind()] + ([] if shifts is None else [shifts.kind()])
    layout, (atom, node, *shift) = number(comm, components, kinds)

    node_rows = blocks.rows(from_owner(blocks.space, node))
    rows, shift_rows = atom_rows(places, node_rows, atom), Rows.stack([])
    if shifts is not None:
        first = from_owner(shifts.space, shift[0])
        factor = independent(n_basis)[sites.species] * slaved[:, None]
        rows = rows.beside(*shifts.atom_columns(first, sites.cells, places.weights, factor))
        shift_rows = shifts.rows(first)
    beta = site_beta(sites, places, domain, blocks.vertex_beta, regions.beta)
    atoms = Atoms(key=sites.key, X=sites.X, species=sites.species, beta=beta, free=places.free, rows=rows)
    nodes = Nodes.of(blocks, node_rows, shifts, shift_rows)
    own = _own_blocks(atoms, nodes, blocks.ends, kinds, crystal.cell_offsets)
    return Prolongation(
        layout=layout, atoms=atoms, nodes=nodes, X=own.X, key=own.key, is_atom=own.is_atom, arm=own.arm, share=own.share
    )


def _own_blocks(atoms: Atoms, nodes: Nodes, ends: np.ndarray, kinds: Sequence[Kind], offset: np.ndarray) -> Blocks:
    """Blocks of this rank in the order of their numbers: of atoms, nodes and shifts the free, then the prescribed ones."""
    parts, X_node, shifts = [], node_positions(nodes.space), nodes.shifts
    for chosen in ([kind.free for kind in kinds], [kind.far for kind in kinds]):
        here, node = chosen[:2]
        parts.append(Blocks.of_atoms(atoms.key[here], atoms.X[here], atoms.species[here], len(offset)))
        parts.append(Blocks.of_nodes(ends[node], X_node[node], len(offset)))
        if shifts is not None:
            vertex = chosen[2]
            X_vertex = node_positions(shifts.space)[vertex]
            parts.append(Blocks.of_shifts(shifts.vertex_number[vertex], X_vertex, offset))
    return Blocks.joined(parts)
