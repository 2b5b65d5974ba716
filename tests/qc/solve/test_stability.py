"""Which states are stable, what the factors that say so predict, and the noise that breaks symmetry."""

import numpy as np
import pytest

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.solve.stability import Stability, lowest_eigenvalue, rigid_body_modes
from qc.unknowns.names import hashed_noise
from tests.qc.models import deform, hexagonal_crack, largest
from tests.qc.solve.solvers import sheet

SMALL = np.eye(3) + 1e-4 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0, 0, 0]])


@pytest.mark.mpi
def test_inertia_and_slepc_agree_on_stability():
    """At the relaxed state both say stable; at a state pushed over the edge both count a negative eigenvalue."""
    ladder = Ladder(hexagonal_crack("bgfc"), LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.0001, K_step=0.02, K_tolerance=None))
    ladder.run()
    coupling, q = ladder.system.model.coupling, ladder.q
    assert ladder.solver.is_stable(q)
    assert lowest_eigenvalue(coupling.hessian(q)) > 0
    ladder.system.load(2.5 * ladder.system.K_G)
    pushed = ladder.system.start(2.5 * ladder.system.K_G)
    assert not ladder.solver.is_stable(pushed)
    assert lowest_eigenvalue(coupling.hessian(pushed)) < 0


@pytest.mark.mpi
def test_factors_of_a_stable_state_predict_the_next_one():
    """To first order in the change of the load; nothing moves where the factors hold no longer."""
    m = sheet()
    stability, q = Stability(m.coupling, "mumps", None), m.parts.layout.create_unknowns()
    assert not stability.predict(q)  # there are no factors yet
    assert stability.is_stable(q)
    expected = deform(m, SMALL)
    change = largest(expected)
    assert stability.predict(q)
    expected.axpy(-1.0, q)
    assert largest(expected) < 1e-2 * change
    there = q.copy()
    stability.forget()
    assert not stability.predict(q)
    assert q.equal(there)


@pytest.mark.mpi
def test_blended_forces_can_be_stable_and_predict_nothing():
    m = sheet("bqcf")
    stability, q = Stability(m.coupling, "mumps", None), m.parts.layout.create_unknowns()
    assert stability.is_stable(q)
    assert not stability.predict(q)


@pytest.mark.mpi
def test_rigid_body_modes_are_orthonormal():
    m = sheet()
    vectors = rigid_body_modes(m.parts, in_plane=True).getVecs()
    products = np.array([[a.dot(b) for a in vectors] for b in vectors])
    assert products == pytest.approx(np.eye(3), abs=1e-12)


def test_noise_depends_on_the_name_only():
    key = np.array([[3, -4, 0, 0], [0, 0, 0, 0], [3, -4, 0, 1]])
    noise = hashed_noise(key, 3)
    assert np.array_equal(noise[[2, 0]], hashed_noise(key[[2, 0]], 3))
    assert np.abs(noise).max() <= 1
    assert len(np.unique(noise)) == noise.size
