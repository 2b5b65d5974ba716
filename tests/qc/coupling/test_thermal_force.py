"""The mean force of thermal motion against differences of the harmonic free energy, kT/2 ln det H."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.coupling import thermal_force as module
from qc.coupling.load import Load
from qc.coupling.thermal_force import thermal_force, work_of_motion
from tests.qc.models import wave
from tests.qc.warm_models import warm_model
from tests.ranks import together_and_alone

KT = 0.02


def state(comm, stretch=1.0):
    """Coupling, unknowns, some that move, a way to go, and the neighbour distance."""
    m = warm_model("bgrac", "core", comm)
    n, u = m.parts.layout.n_free, m.uniform(stretch * m.perfect.F0)
    m.impose(Load(prescribed=u[n:]))
    q = m.parts.layout.create_unknowns()
    q.array[:] = u[:n].ravel()
    q.axpy(0.01, wave(m, 3))
    moving = m.warmth.moving & (np.linalg.norm(m.X_free - [3.5, 0.0, 0.0], axis=1) < 2.0)  # across the edge of the core
    return m.warmth.static(), q, moving, wave(m, 5), m.crystal.nearest_neighbour_distance


def log_det(coupling, q, moving):
    """Of the block of the moving unknowns; one rank."""
    begin, column, value = coupling.hessian(q).getValuesCSR()
    H = np.zeros((len(begin) - 1,) * 2)
    H[np.repeat(np.arange(len(H)), np.diff(begin)), column] = value
    chosen = np.repeat(moving, coupling.layout.components)
    sign, found = np.linalg.slogdet(H[np.ix_(chosen, chosen)])
    assert sign > 0
    return found


def test_it_is_the_slope_of_the_harmonic_free_energy():
    """Along a way on which all unknowns move, hot and cold; by modes and by two Hessians."""
    static, q, moving, w, nn = state(MPI.COMM_SELF)
    step, at = 1e-4, q.copy()
    ends = []
    for sign in (1.0, -1.0):
        q.copy(at)
        at.axpy(sign * step, w)
        ends.append(log_det(static, at, moving))
    expected = -0.5 * KT * (ends[0] - ends[1]) / (2.0 * step)
    assert abs(expected) > 0.01
    f = thermal_force(static, q, moving, KT, nn)
    assert float(np.vdot(f, w.array_r)) == pytest.approx(expected, rel=1e-4)
    assert work_of_motion(static, q, moving, KT, w, nn) == pytest.approx(expected, rel=1e-4)


@pytest.mark.mpi
def test_ranks_find_the_same():
    def work(comm):
        static, q, moving, w, nn = state(comm)
        f = thermal_force(static, q, moving, KT, nn)
        sums = comm.allreduce(np.array([(f**2).sum(), np.vdot(f, w.array_r)]))
        return [*sums.tolist(), work_of_motion(static, q, moving, KT, w, nn)]

    many, one = together_and_alone(work)
    np.testing.assert_allclose(many, one, rtol=1e-7)


def test_too_many_unknowns_and_unstable_states_are_refused(monkeypatch):
    static, q, moving, _, nn = state(MPI.COMM_SELF, 1.2)
    with pytest.raises(ValueError, match=r"stiffness -.* expected is a state at rest and stable"):
        thermal_force(static, q, moving, KT, nn)
    monkeypatch.setattr(module, "MOST", 10)
    with pytest.raises(ValueError, match="too many for their modes: expected are 10 at most"):
        thermal_force(static, q, moving, KT, nn)
