"""Modes are counted once: those of moving unknowns, and the rest as the part theta of the cells."""

import numpy as np
import pytest
from mpi4py import MPI

from fem.mesh.interpolation import cell_vertices
from fem.mesh.proof import volumes
from qc.coupling.ingredients import Ingredients
from qc.coupling.missing_modes import in_motion, missing_modes
from tests.qc.models import model
from tests.ranks import together_and_alone


def parts(method, motion, comm=MPI.COMM_SELF, name="morse", **changes):
    """A model's ingredients, its theta, volumes of its cells by that of an atom, and what moves."""
    m = model(name, method, comm, motion=motion, **changes)
    shared = Ingredients(perfect=m.perfect, parts=m.parts, extents=m.extents, matching=True)
    moving, mesh = in_motion(shared, motion), m.parts.nodes.space.mesh
    x = mesh.geometry.x[cell_vertices(mesh)][:, :, :2]
    return shared, missing_modes(shared, moving), volumes(x) * m.thickness / m.material.volume, moving


@pytest.mark.parametrize("name", ["morse", "copper"])
def test_a_pure_continuum_has_as_many_modes_as_unknowns(name):
    """What its cells are short of is the number of nodes that move: none of them twice, none of them lost."""
    _, theta, volume, moving = parts("continuum", "all", name=name)
    assert volume @ (1.0 - theta) == pytest.approx(moving.sum(), rel=0.02)  # a few cells are smaller than an atom
    assert theta.min() < 1e-9 < 0.95 < theta.max() <= 1.0  # at the rim, which is prescribed
    _, theta, volume, moving = parts("continuum", "all", name=name, order=2)
    assert 0.8 * moving.sum() < volume @ (1.0 - theta) < moving.sum()


@pytest.mark.parametrize("method", ["bgrac", "bgfc", "qce"])
def test_what_is_at_rest_is_missing_and_atoms_of_the_handshake_are_not(method):
    """Theta is 0 where core and handshake move whatever the weight is, 1 outside; 1 everywhere in statics."""
    shared, theta, _, moving = parts(method, "core")
    nodes = shared.parts.nodes
    mesh = nodes.space.mesh
    x = mesh.geometry.x[cell_vertices(mesh)][:, :, :2]
    depth = shared.extents.depth(x.reshape(-1, 2)).reshape(len(x), -1)
    counts = nodes.weight > 0
    inside, outside = (depth <= shared.extents.blended[1]).all(1), (depth > shared.extents.blended[1]).all(1)
    assert (np.abs(theta[counts & inside]) < 1e-12).all()
    assert (theta[counts & outside] == 1.0).all()
    assert moving.any()
    if method != "qce":
        assert (nodes.weight[counts & inside] > 0.9).any()
    assert (missing_modes(shared, in_motion(shared, "nothing")) == 1.0).all()


@pytest.mark.mpi
def test_ranks_count_alike():
    def work(comm):
        _, theta, volume, moving = parts("bgrac", "all", comm)
        return comm.allreduce(np.array([volume @ theta, moving.sum()])).tolist()

    many, one = together_and_alone(work)
    assert many == pytest.approx(one, rel=1e-9)
