"""Shares of cells for a diagonal mass: positive, complete, and those of the papers."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from fem.mesh.lumping import lumped_volumes, shares

SQUARE = mesh.create_unit_square(MPI.COMM_SELF, 3, 2)
CUBE = mesh.create_unit_cube(MPI.COMM_SELF, 2, 2, 2)


@pytest.mark.parametrize(("domain", "corner"), [(SQUARE, 1 / 3), (CUBE, 1 / 4)])
def test_a_linear_cell_gives_each_corner_the_same(domain, corner):
    assert np.allclose(shares(fem.functionspace(domain, ("Lagrange", 1, (2,)))), corner)


def test_a_quadratic_triangle_has_the_shares_of_the_paper():
    found = shares(fem.functionspace(SQUARE, ("Lagrange", 2, (2,))))
    assert np.allclose(found, [3 / 57] * 3 + [16 / 57] * 3)  # int N^2 of corner and edge: 6 / 360 and 32 / 360 of the area


@pytest.mark.parametrize(("domain", "order"), [(SQUARE, 1), (SQUARE, 2), (CUBE, 1), (CUBE, 2)])
def test_nothing_is_lost_and_every_node_has_something(domain, order):
    space = fem.functionspace(domain, ("Lagrange", order, (3,)))
    n = domain.topology.index_map(domain.topology.dim).size_local
    found = lumped_volumes(space, np.full(n, 2.0))
    assert found.min() > 0
    assert found.sum() == pytest.approx(2.0, rel=1e-13)
