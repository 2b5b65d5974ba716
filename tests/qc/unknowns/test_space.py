"""The finite-element space before it is numbered: blending weights, who is carried, tied and prescribed."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.unknowns.space import SpaceBlocks, node_positions, vertex_beta
from tests.qc.unknowns.grid import BETA, RADIUS, grid


def blocks_of(comm=MPI.COMM_WORLD, order=1, **changes):
    _, lattice, domain, regions = grid(comm, order, **changes)
    return SpaceBlocks.of(domain, lattice, regions, order, 2)


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_who_is_carried_tied_and_prescribed(order):
    blocks = blocks_of(order=order)
    r = np.linalg.norm(node_positions(blocks.space), axis=1)
    edge = blocks.ends[:, 0] != blocks.ends[:, 1]
    assert edge.any() == (order == 2)
    assert not blocks.carried[r < 3.0].any()  # no cell there has continuum energy
    assert blocks.carried[r > 6.0].all()
    assert blocks.far[~edge & (r > RADIUS - 1e-6)].all()
    assert not blocks.far[r < RADIUS - 0.5].any()
    assert (blocks.ends[blocks.tied] >= blocks.domain.resolved_from).all()
    assert edge[blocks.tied].all()
    kind = blocks.kind()
    assert not blocks.tied[np.concatenate([kind.free, kind.far])].any()
    assert not set(kind.free) & set(kind.far)
    total = MPI.COMM_WORLD.allreduce(len(kind.free) + len(kind.far))
    alone = blocks_of(MPI.COMM_SELF, order).kind()
    assert total == len(alone.free) + len(alone.far)


@pytest.mark.mpi
def test_weights():
    """beta at vertices, its mean over cells, and at edges the mean of the ends."""
    blocks = blocks_of(order=2)
    x = node_positions(blocks.space)
    edge = blocks.ends[:, 0] != blocks.ends[:, 1]
    assert blocks.beta()[~edge] == pytest.approx(BETA(x[~edge, :2]))
    assert np.abs(blocks.beta()[edge] - BETA(x[edge, :2])).max() < 0.2
    assert blocks.weight.min() >= 0.0
    assert blocks.weight.max(initial=0.0) <= 1.0 + 1e-12
    cells = np.asarray(blocks.space.dofmap.list)[: len(blocks.weight)]
    assert blocks.carried[cells[blocks.weight > 0]].all()


@pytest.mark.mpi
def test_tied_edges_have_the_mean_of_their_ends():
    blocks = blocks_of(order=2)
    number = np.arange(len(blocks.carried))
    rows = blocks.rows(number)
    width = np.diff(rows.first)
    assert (width[blocks.tied & blocks.carried] == 2).all()
    assert (width[~blocks.tied & blocks.carried] == 1).all()
    assert not width[~blocks.carried].any()
    x = node_positions(blocks.space)
    mean = np.add.reduceat(rows.value[:, None] * x[rows.column], rows.first[:-1][width > 0])
    assert mean == pytest.approx(x[width > 0], abs=1e-9)
    assert blocks_of(order=1).linear().all()
    cells = blocks.linear()
    assert 0 < MPI.COMM_WORLD.allreduce(int(cells.sum())) < MPI.COMM_WORLD.allreduce(len(cells))


def test_the_two_faces_of_a_slit():
    """Nodes on the slit take beta from the rows beside it, and the sign of zero tells the face."""
    _, lattice, domain, regions = grid(MPI.COMM_SELF, crack="slit")
    blocks = SpaceBlocks.of(domain, lattice, regions, 1, 2)
    x = node_positions(blocks.space)
    on = blocks.on_slit()
    assert on.sum() == domain.n_slit > 4
    assert not x[on, 1].any()
    faces = np.signbit(x[on, 1])
    assert abs(int(faces.sum()) - int((~faces).sum())) <= 1  # the tip has one node
    half = 0.5 * np.sqrt(3) / 2
    expected = 0.5 * (BETA(x[on, :2] + [0, half]) + BETA(x[on, :2] - [0, half]))
    assert blocks.beta()[on] == pytest.approx(expected, abs=0.05)
    assert len(vertex_beta(domain, lattice, regions.beta)) == len(domain.mesh.geometry.x)
