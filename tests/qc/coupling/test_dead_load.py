"""The dead load: blended energy against blended forces, at one state, by couplings that are kept from the second time on."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.coupling.dead_load import BlendingDefect
from qc.coupling.load import Load
from tests.qc.models import general, largest, model


def gradient(coupling, u):
    q, g = coupling.layout.create_unknowns(), coupling.layout.create_unknowns()
    q.array[:] = u[: coupling.layout.n_free].ravel()
    coupling.impose(Load(prescribed=u[coupling.layout.n_free :]))
    coupling.energy_gradient(q, g)
    return g


@pytest.mark.mpi
def test_it_is_the_energy_s_gradient_less_the_blended_forces():
    """The couplings near the handshake say what those of the whole models say."""
    energy, forces, m = (model("toy", method) for method in ("bqce", "bqcf", "bgfc"))
    u = m.uniform(general(m.crystal))
    expected = gradient(energy.coupling, u)
    expected.axpy(-1.0, gradient(forces.coupling, u))
    found = m.load(u).dead_load
    assert largest(expected) > 1e-3
    expected.axpy(-1.0, found)
    assert largest(expected) < 1e-12


def test_models_without_one_have_no_dead_load():
    m = model("toy", "bqce", MPI.COMM_SELF)
    assert m.blending_defect is None
    assert m.load(m.uniform(general(m.crystal))).dead_load is None


def test_couplings_are_made_when_asked_for_and_kept_when_asked_again():
    m, made = model("toy", "bqce", MPI.COMM_SELF), []

    def make():
        made.append(1)
        return m.coupling

    defect, out = BlendingDefect(make, make), m.coupling.layout.create_unknowns()
    assert not made
    u = m.uniform(np.eye(3))
    for times in (2, 4, 4):
        defect.dead_load(u, out)
        assert len(made) == times
    assert out.norm() == 0.0
