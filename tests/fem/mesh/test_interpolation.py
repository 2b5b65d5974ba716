"""Points in cells: owners, barycentric coordinates, basis functions."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from fem.mesh.interpolation import barycentric, basis_values, cell_vertices, owned_points

comm = MPI.COMM_WORLD


@pytest.fixture(scope="module")
def square():
    return mesh.create_rectangle(comm, [[0.0, 0.0], [4.0, 4.0]], [4, 4])


@pytest.mark.mpi
def test_every_point_has_one_owner(square):
    """Whoever brings it; points outside are told to who brought them."""
    brought = np.random.default_rng(comm.rank).uniform(0, 4, (20, 2))
    outside = np.array([[9.0, 9.0]])
    points, cells, lost = owned_points(square, np.concatenate([brought, outside]), 1e-9)
    assert lost.tolist() == [False] * 20 + [True]
    whole = np.concatenate(comm.allgather(points))
    expected = np.concatenate(comm.allgather(brought))
    assert whole[np.lexsort(whole.T)] == pytest.approx(expected[np.lexsort(expected.T)])
    x = square.geometry.x[cell_vertices(square)[cells], :2]
    weights = barycentric(square, cells, points)
    assert weights.min(initial=0.0) >= 0.0
    assert np.einsum("na,nai->ni", weights, x) == pytest.approx(points)


@pytest.mark.mpi
def test_coordinates_are_snapped(square):
    """A point on a vertex, to rounding, depends on that vertex only."""
    x = square.geometry.x[cell_vertices(square), :2]
    cells = np.arange(len(x))
    weights = barycentric(square, cells, x[:, 1] + 1e-10)
    assert np.array_equal(weights, np.tile([0.0, 1.0, 0.0], (len(x), 1)))
    assert barycentric(square, cells[:0], x[:0, 0]).shape == (0, 3)


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_basis_functions_reproduce_polynomials(square, order):
    space = fem.functionspace(square, ("Lagrange", order))
    cells = np.arange(len(cell_vertices(square)))
    weights = np.tile([0.2, 0.3, 0.5], (len(cells), 1))
    values = basis_values(space, weights)
    x = space.tabulate_dof_coordinates()[np.asarray(space.dofmap.list)[cells], :2]
    at = np.einsum("na,nai->ni", weights, square.geometry.x[cell_vertices(square), :2])
    assert (values * x[..., 0] ** order).sum(1) == pytest.approx(at[:, 0] ** order)
    vertex = basis_values(space, np.array([[0.0, 0.0, 1.0]]))
    assert np.count_nonzero(vertex) == 1  # what rounds to 0 is 0
