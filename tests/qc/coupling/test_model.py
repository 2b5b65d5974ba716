"""A model: what it says of itself, and the load that displacements put on it."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.terms.atomistic import AtomisticEnergy
from tests.qc.models import GENERAL, general, model


@pytest.mark.parametrize(("method", "terms"), [("atomistic", True), ("continuum", False), ("bqcf", True)])
def test_the_atomistic_term(method, terms):
    """Behind the factors of blended forces, too; there is none in a pure continuum."""
    found = model("toy", method, MPI.COMM_SELF).atomistic
    assert isinstance(found, AtomisticEnergy) if terms else found is None


def test_uniform_deformations_start_from_F0():
    m = model("iron", "bgfc", MPI.COMM_SELF, F0=GENERAL, front_periods=2)
    assert not m.uniform(GENERAL).any()
    assert m.perfect.F0 is m.spec.F0
    assert m.thickness == m.perfect.period == 2 * m.lattice.period
    flat = model("toy", "bgfc", MPI.COMM_SELF)
    assert np.array_equal(flat.perfect.F0, np.eye(3))
    assert (flat.thickness, flat.perfect.period) == (flat.lattice.period, None)


def test_a_load_is_taken_at_its_reference():
    """At the undeformed lattice there is no dead load where there are no ghost forces; the boundary moves all the same."""
    m = model("morse", "bgfc", MPI.COMM_SELF)
    u = m.uniform(general(m.crystal))
    there, at_rest = m.load(u), m.load(u, np.zeros_like(u))
    assert np.array_equal(there.prescribed, u[m.parts.layout.n_free :])
    assert np.array_equal(at_rest.prescribed, there.prescribed)
    difference = there.dead_load.copy()
    difference.axpy(-1.0, at_rest.dead_load)
    assert difference.norm() > 1e-3
    m.impose(at_rest)
    assert np.array_equal(m.coupling.prescribed, at_rest.prescribed)
    assert m.coupling.dead_load.norm() == at_rest.dead_load.norm()
