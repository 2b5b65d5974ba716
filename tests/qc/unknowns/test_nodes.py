"""Nodes of the mesh, as the terms and the output see them."""

import numpy as np
import pytest
from mpi4py import MPI

from tests.qc.unknowns.test_prolongation import made


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_owned_nodes_are_named_and_placed(order):
    """``own`` are the blocks behind the atoms in the full vector: the same names and positions, free ones first."""
    parts, _ = made(order=order)
    nodes, layout = parts.nodes, parts.layout
    mine = np.flatnonzero(~parts.is_atom)
    assert np.array_equal(parts.key[mine, :2], nodes.key)
    assert np.array_equal(parts.X[mine], nodes.X)
    x = nodes.space.tabulate_dof_coordinates()[nodes.own]
    assert x == pytest.approx(nodes.X, abs=1e-9)
    column = nodes.rows.take(nodes.own)
    assert (np.diff(column.first) == 1).all()
    assert np.array_equal(column.column, layout.first_full + mine)
    assert nodes.shifts is None
    assert len(nodes.shift_rows) == 0


def test_without_a_slit_no_node_is_on_it():
    nodes = made(MPI.COMM_SELF)[0].nodes
    assert not nodes.on_slit.any()
    slit = made(MPI.COMM_SELF, crack="slit")[0].nodes
    assert slit.on_slit.any()
    x = slit.space.tabulate_dof_coordinates()[slit.on_slit]
    assert np.abs(x[:, 1]).max() < 1e-9
    assert x[:, 0].max() < 1.0
