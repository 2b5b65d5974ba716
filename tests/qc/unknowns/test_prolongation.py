"""The prolongation as a whole: affine fields, names, and the same P on any number of ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from qc.unknowns.layout import BlockScatter
from qc.unknowns.prolongation import prolongation
from tests.qc.unknowns.grid import grid

comm = MPI.COMM_WORLD
H = np.array([[0.02, 0.01, 0.0], [-0.03, 0.04, 0.0], [0.05, 0.02, 0.0]])
SHIFTS = np.array([[0.1, -0.2, 0.05], [-0.1, 0.2, -0.05]])


def silicon():
    return Crystal.diamond("Si", 4.0 / np.sqrt(3)).oriented((1, 1, 1), (1, -1, 0))


def made(comm=comm, order=1, crystal=None, condense_shifts=True, **changes):
    crystal, lattice, domain, regions = grid(comm, order, crystal, **changes)
    return prolongation(comm, crystal, lattice, domain, regions, order=order, condense_shifts=condense_shifts), crystal


def at(rows, layout, values):
    """Rows times the values of the owners' blocks."""
    columns, where = np.unique(rows.column, return_inverse=True)
    found = BlockScatter(layout, columns, layout.components).gather(values)[where] * rows.value[:, None]
    out = np.zeros((len(rows), layout.components))
    np.add.at(out, np.repeat(np.arange(len(rows)), np.diff(rows.first)), found)
    return out


@pytest.mark.mpi
@pytest.mark.parametrize(("order", "basis"), [(1, 1), (2, 1), (1, 2)])
def test_affine_fields_are_reproduced(order, basis):
    """P maps u = H x (with Cauchy-Born shifts) of the blocks to the same field at atoms, nodes and shifts."""
    parts, _ = made(order=order, crystal=silicon() if basis == 2 else None)
    p = SHIFTS[:basis] if basis == 2 else np.zeros((1, 3))
    m, values = parts.layout.components, parts.affine(H, p)
    assert m == (3 if basis == 2 else 2)
    expected = parts.atoms.X @ H.T + p[parts.atoms.species]
    assert at(parts.atoms.rows, parts.layout, values) == pytest.approx(expected[:, :m], abs=1e-12)
    nodes = parts.nodes
    found = at(nodes.rows, parts.layout, values)
    x = nodes.space.tabulate_dof_coordinates()
    carried = np.diff(nodes.rows.first) > 0
    assert found[carried] == pytest.approx((x @ H.T)[carried, :m], abs=1e-9)
    assert parts.is_shift.any() == (basis == 2)
    u = np.where(parts.is_shift[:, None], 0.0, parts.X @ H.T)
    n = len(parts.X)
    local = parts.local(u, np.broadcast_to(H, (n, 3, 3)), np.broadcast_to(p, (n, *p.shape)))
    assert local == pytest.approx(values, abs=1e-12)


@pytest.mark.mpi
@pytest.mark.parametrize("basis", [1, 2])
def test_blocks_have_names_of_their_own_and_do_not_depend_on_the_ranks(basis):
    crystal = silicon() if basis == 2 else None
    keys = []
    for c in (comm, MPI.COMM_SELF):
        parts, _ = made(c, crystal=crystal)
        n = parts.layout.n_free
        named = np.column_stack([parts.key, np.arange(len(parts.key)) < n, parts.is_atom])
        whole = np.concatenate(c.allgather(named))
        assert len(np.unique(whole[:, :4], axis=0)) == len(whole)
        keys.append(whole[np.lexsort(whole.T)])
    assert np.array_equal(*keys)


@pytest.mark.mpi
def test_who_is_free_and_who_follows():
    """Atoms of the core are unknowns themselves; on a matching mesh the others follow one vertex each."""
    parts, _ = made()
    atoms = parts.atoms
    width, r = np.diff(atoms.rows.first), np.linalg.norm(atoms.X, axis=1)
    assert atoms.free[r < 3.0].all()
    assert not atoms.free[r > 6.0].any()
    assert (width == 1).all()
    assert (atoms.rows.value == 1.0).all()
    assert ((atoms.beta > 0) == (r > 4.0 + 1e-9)).all()
    free = parts.layout.free_number(atoms.rows.column) >= 0
    assert free.all()  # nothing within reach of the core is prescribed
    far = np.linalg.norm(parts.X, axis=1) >= 14.0 * (1 - 1e-9)
    assert np.array_equal(far, np.arange(len(far)) >= parts.layout.n_free)


@pytest.mark.mpi
def test_quadratic_elements_carry_edges_outside_the_resolved_zone_only():
    parts, _ = made(order=2)
    key = parts.nodes.key
    edges = key[key[:, 0] != key[:, 1]]
    assert comm.allreduce(len(edges)) > 0
    resolved = parts.nodes.key.max(initial=0)
    assert (edges.min(1, initial=resolved) < comm.allreduce(int(key[:, 0].max(initial=0)), op=MPI.MAX)).all()
    assert len(parts.nodes.own) == len(parts.nodes.X) == len(key)


@pytest.mark.mpi
def test_shifts_are_unknowns_where_atoms_follow_or_everywhere():
    few, many = (made(crystal=silicon(), condense_shifts=condense)[0] for condense in (True, False))
    count = [comm.allreduce(int(parts.is_shift.sum())) for parts in (few, many)]
    assert 0 < count[0] < count[1]
    assert few.nodes.shifts.nodal.sum() <= many.nodes.shifts.nodal.sum()
    assert np.array_equal(many.nodes.shifts.nodal, many.nodes.weight > 0)
