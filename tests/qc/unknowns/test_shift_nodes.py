"""Vertices that carry inner shifts, and the rows of atoms that follow them."""

import numpy as np
import pytest
from mpi4py import MPI

from tests.qc.unknowns.test_prolongation import made, silicon

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_every_vertex_that_an_atom_follows_has_shifts_in_all_its_cells():
    parts, crystal = made(crystal=silicon())
    shifts, nodes = parts.nodes.shifts, parts.nodes
    assert shifts.per_vertex == len(crystal.species) - 1 == 1
    dofmap = np.asarray(shifts.space.dofmap.list)[: len(shifts.nodal)]
    carrying = np.zeros(len(shifts.beta), dtype=bool)
    carrying[dofmap[shifts.nodal]] = True
    owned = np.concatenate([shifts.free, shifts.far])
    assert not set(shifts.free) & set(shifts.far)
    assert set(np.flatnonzero(carrying[: shifts.space.dofmap.index_map.size_local])) <= set(owned)
    assert (nodes.weight[shifts.nodal] > 0).all()
    assert np.array_equal(np.diff(nodes.shift_rows.first) > 0, np.diff(nodes.shift_rows.first) == 1)
    assert (np.diff(nodes.shift_rows.first)[owned] == 1).all()
    kind = shifts.kind()
    assert (kind.n, kind.per) == (len(shifts.beta), 1)
    x = shifts.space.tabulate_dof_coordinates()
    assert (np.linalg.norm(x[shifts.far], axis=1) >= 14.0 * (1 - 1e-9)).all()


@pytest.mark.mpi
def test_slaved_atoms_take_their_share_of_the_shifts():
    """One of two atoms takes half of pi with either sign, free atoms none."""
    parts, _ = made(crystal=silicon())
    atoms = parts.atoms
    column = np.concatenate(
        comm.allgather(np.column_stack([parts.layout.first_full + np.arange(len(parts.X)), parts.is_shift]))
    )
    is_shift = np.zeros(column[:, 0].max() + 1, dtype=bool)
    is_shift[column[:, 0]] = column[:, 1].astype(bool)
    part = np.where(is_shift[atoms.rows.column], atoms.rows.value, 0.0)
    row = np.repeat(np.arange(len(atoms)), np.diff(atoms.rows.first))
    share = np.bincount(row, part, minlength=len(atoms))
    follows = np.diff(atoms.rows.first) > 1
    assert not follows[atoms.free].any()
    assert share[follows] == pytest.approx(np.where(atoms.species[follows] == 0, -0.5, 0.5))
    assert not share[~follows].any()
