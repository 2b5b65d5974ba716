"""A state carried over to other points: affine fields arrive as they are, nothing where nothing is known."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.prolongation import prolongation
from qc.unknowns.transfer import CarriedState, on_atoms, on_mesh, share_of_shifts
from tests.qc.unknowns.grid import grid
from tests.qc.unknowns.test_prolongation import SHIFTS, H, at, silicon

comm = MPI.COMM_WORLD


@pytest.mark.mpi
@pytest.mark.parametrize("basis", [1, 2])
def test_affine_fields(basis):
    crystal, lattice, domain, regions = grid(crystal=silicon() if basis == 2 else None)
    parts = prolongation(comm, crystal, lattice, domain, regions)
    m, p = parts.layout.components, SHIFTS if basis == 2 else np.zeros((1, 3))
    blocks = parts.affine(H, p)
    state = CarriedState(blocks=blocks, atoms=at(parts.atoms.rows, parts.layout, blocks))
    points = np.random.default_rng(comm.rank).uniform(-9, 9, (40, 2))
    points = np.concatenate([points, [[0.0, 0.0], [500.0, 0.0]]])
    r = np.linalg.norm(points, axis=1)
    u, inner = on_mesh(state, parts, domain.mesh, points, 1e-6)
    expected = (np.column_stack([points, np.zeros(len(points))]) @ H.T)[:, :m]
    carried = (r > 6.0) & (r < 13.0)
    assert u[carried] == pytest.approx(expected[carried], abs=1e-9)
    assert np.isnan(u[[-2, -1]]).all()
    assert inner.shape == (len(points), (basis - 1) * m)
    near = np.array([[0, 0], [1, -1], [60, 0]])
    vertices = np.concatenate([lattice.vertices(near), lattice.vertices(near[:1]) + 0.3])
    u, inner = on_atoms(state, parts, lattice, basis, vertices)
    expected = (np.column_stack([vertices, np.zeros(4)]) @ H.T)[:, :m]
    assert u[:2] == pytest.approx(expected[:2], abs=1e-12)
    assert np.isnan(u[2:]).all()
    if basis == 2:
        pi = (crystal.cell_offsets[1] - crystal.cell_offsets[0]) @ H.T + SHIFTS[1] - SHIFTS[0]
        assert inner[:2] == pytest.approx(np.tile(pi, (2, 1)), abs=1e-12)


def test_shares_of_shifts_have_the_mean_zero():
    p = np.random.default_rng(3).normal(size=(5, 3, 2))
    p -= p.mean(1, keepdims=True)
    pi = p[:, 1:] - p[:, :1]
    found = np.stack([share_of_shifts(pi, np.full(5, b)) for b in range(3)], axis=1)
    assert found == pytest.approx(p)
    assert not share_of_shifts(np.full((1, 1, 3), np.nan), np.array([1])).any()
