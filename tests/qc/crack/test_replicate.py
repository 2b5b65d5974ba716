"""States of many periods out of one: what is uniform along the front is the same model, what is not is put together by names."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.replicate import Replica, one_period
from qc.errors import InputError
from tests.qc.crack.fronts import coupled_front, silicon_front
from tests.qc.models import wave
from tests.ranks import together_and_alone

K = 0.9
"""MPa m^1/2."""


@pytest.fixture(scope="module")
def replica():
    many = coupled_front(3)
    return Replica(one_period(many), many)


@pytest.mark.mpi
def test_the_near_tip_field_is_that_of_the_many(replica):
    """It does not vary along the front: replicated it is the one that the model of many periods makes itself."""
    one, many = replica.one, replica.many
    q = replica.unknowns(one.start(K))
    q.axpy(-1.0, many.start(K))
    assert q.norm(3) < 1e-12


@pytest.mark.mpi
def test_energy_and_forces_of_a_uniform_front(replica):
    """Any state: the energy is that of one period times three, a force on an atom the same, on the mesh three times as large."""
    one, many = replica.one, replica.many
    q = one.start(K)
    q.axpy(0.02, wave(one.model, 3))
    one.load(K)
    many.load(K)
    g, force = q.duplicate(), many.model.parts.layout.create_unknowns()
    energy = one.model.coupling.energy_gradient(q, g)
    assert many.model.coupling.energy_gradient(replica.unknowns(q), force) == pytest.approx(3 * energy, abs=1e-8)
    parts, spread = many.model.parts, replica.unknowns(g)
    factor = np.where(parts.is_atom[: parts.layout.n_free], 1.0, 3.0)
    assert force.array_r == pytest.approx(np.repeat(factor, 3) * spread.array_r, abs=1e-9)


@pytest.mark.mpi
def test_before_and_after_by_period(replica):
    """Atoms have the state of their period, nodes and shifts the mean over the periods."""
    one, many = replica.one, replica.many
    before, after = wave(one.model, 1), wave(one.model, 2)
    q = replica.unknowns(before, after, np.array([False, True, False])).array_r.reshape(-1, 3)
    low, high = (replica.unknowns(state).array_r.reshape(-1, 3) for state in (before, after))
    n = many.model.parts.layout.n_free
    is_atom, period = many.model.parts.is_atom[:n], many.model.parts.key[:n, 2]
    assert np.array_equal(q[is_atom & (period != 1)], low[is_atom & (period != 1)])
    assert np.array_equal(q[is_atom & (period == 1)], high[is_atom & (period == 1)])
    assert q[~is_atom] == pytest.approx((2 * low[~is_atom] + high[~is_atom]) / 3)


@pytest.mark.mpi(min_size=2)
def test_ranks_agree():
    def work(comm):
        many = coupled_front(3, comm)
        one = one_period(many)
        replica = Replica(one, many)
        q = replica.unknowns(one.start(K), wave(one.model, 2), np.array([True, False, False]))
        many.load(K)
        return many.model.coupling.energy(q)

    together, alone = together_and_alone(work)
    assert together == pytest.approx(alone, rel=1e-10)


def test_another_model_is_refused():
    with pytest.raises(InputError, match=r"the model of one period lacks \d+ atoms or nodes of the one of 2: both must have the same"):
        Replica(silicon_front(1, MPI.COMM_SELF, domain_radius=13.0, core_radius=9.0), silicon_front(2, MPI.COMM_SELF))


def test_a_mask_of_another_length_is_refused(replica):
    q = replica.one.start(K)
    for wrong in (np.zeros(2, dtype=bool), np.zeros(3)):
        with pytest.raises(ValueError, match=r"advanced has shape .*, expected \(3,\) bool"):
            replica.unknowns(q, q, wrong)
