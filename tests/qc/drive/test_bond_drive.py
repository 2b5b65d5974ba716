"""Saddles by pulling at a bond: against dense eigenvalues and descent on both sides, where there is none (the path: `test_barriers`)."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.front import FrontTracker
from qc.crack.front_states import FrontStates
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from qc.drive.bond_drive import BondDrive, DriveOptions
from qc.errors import ConvergenceError, InputError
from tests.qc.crack.fronts import SMALL, coupled_front, opening, silicon_front
from tests.ranks import together_and_alone

LEVEL = 1.1


def next_bond(system, q, period):
    """The first closed bond in a period, as a vector to pull at."""
    tracker = FrontTracker(system)
    front = tracker.measure(system.model.coupling.variables(q)["atoms"])
    return tracker.pull(front.next_bond(period))


def straight_state(system, level=LEVEL):
    """The straight front before an advance, and the system under that load."""
    one = one_period(system)
    _, ends = straight_fronts(one, level)
    system.load(level * system.K_G)
    return Replica(one, system).unknowns(ends[0])


@pytest.fixture(scope="module")
def three():
    """Three periods of a disc of 15 A, and their straight front."""
    system = silicon_front(3, MPI.COMM_SELF)
    return system, straight_state(system)


def test_one_kink_pair_forms(three):
    """From the straight front to one period ahead: one negative eigenvalue (dense), and both sides are the states that were there."""
    system, q = three
    drive = BondDrive(system)
    saddle = drive.saddle(q, next_bond(system, q, 1))
    rows, columns, values = system.model.coupling.hessian(saddle.q).getValuesCSR()
    dense = np.zeros((len(rows) - 1, len(rows) - 1))
    dense[np.repeat(np.arange(len(rows) - 1), np.diff(rows)), columns] = values
    assert np.count_nonzero(np.linalg.eigvalsh(dense) < 0) == 1
    back, on = drive.ends(saddle)
    assert drive.same(back.q, q)
    tracker = FrontTracker(system)
    assert tracker.measure(system.model.coupling.variables(on.q)["atoms"]).heights.tolist() == [0, 1, 0]
    one = one_period(system)
    _, ends = straight_fronts(one, LEVEL)
    record, _ = FrontStates(Replica(one, system), LEVEL, ends[:2]).relax((1,))
    assert on.energy - back.energy == pytest.approx(record.energy, abs=1e-7)
    assert saddle.energy > max(back.energy, on.energy) + 0.05
    assert saddle.curve[0] == (0.0, 0.0)
    assert saddle.curve[-1][1] <= 0 < saddle.curve[-2][1]


def test_the_saddle_does_not_depend_on_the_steps(three):
    system, q = three
    energies = [BondDrive(system, DriveOptions(step=step)).saddle(q, next_bond(system, q, 1)).energy for step in (0.08, 0.2)]
    assert energies[0] == pytest.approx(energies[1], abs=1e-8)


def test_no_state_follows(three):
    """At 0.9 K_G one period ahead is no state: the force has a least value above zero, and the drive says so."""
    system, _ = three
    q = straight_state(system, 0.9)
    assert BondDrive(system).saddle(q, next_bond(system, q, 1)) is None
    one = one_period(system)
    _, ends = straight_fronts(one, 0.9)
    record, _ = FrontStates(Replica(one, system), 0.9, ends[:2]).relax((1,))
    assert not record.kept
    system.load(LEVEL * system.K_G)


def test_an_unstable_state_is_refused(three):
    system, q = three
    drive, bond = BondDrive(system), next_bond(system, q, 1)
    saddle = drive.saddle(q, bond)
    with pytest.raises(ConvergenceError, match="driven from a stable state, and this one has 1 negative"):
        drive.saddle(saddle.q, bond)


@pytest.mark.mpi
def test_what_is_pulled_at():
    """b.q is how far the ends of the bond have moved apart along y, for atoms of any rank."""
    system = coupled_front(2)
    tracker = FrontTracker(system)
    z = opening(system, [-1e9, 3.0], gap=2.0)
    front = tracker.measure(z)
    q = system.model.parts.layout.create_unknowns()
    parts = system.model.parts
    n = parts.layout.n_free
    X, period = parts.X[:n], parts.key[:n, 2]
    moved = parts.is_atom[:n] & (X[:, 1] > 0) & (X[:, 0] < np.where(period == 1, 3.0, -1e9))
    q.array[:] = np.outer(moved, [0.0, 2.0, 0.0]).ravel()
    for name, opened in zip(front.name.tolist(), front.open.tolist(), strict=True):
        if abs(name[0]) < 3:
            assert tracker.pull(name).dot(q) == pytest.approx(2.0 if opened else 0.0, abs=1e-12)
    with pytest.raises(InputError, match="cannot be driven: there is no such bond"):
        tracker.pull([99, *front.name[0].tolist()[1:]])


def test_methods_without_an_energy_are_refused():
    with pytest.raises(InputError, match="has no energy: a saddle needs one"):
        BondDrive(coupled_front(1, MPI.COMM_SELF, method="bqcf"))


@pytest.mark.mpi(min_size=2)
def test_ranks_agree():
    def work(comm):
        system = coupled_front(2, comm, **SMALL)
        q = straight_state(system)
        drive = BondDrive(system)
        saddle = drive.saddle(q, next_bond(system, q, 0))
        back, on = drive.ends(saddle)
        return saddle.energy - back.energy, saddle.energy - on.energy, saddle.opening

    many, alone = together_and_alone(work)
    assert many == pytest.approx(alone, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "barrier_of"), [("atomistic", 0.1445), ("bgfc", 0.1396)])
def test_measured_migration(method, barrier_of):
    """From three of six periods ahead to four, at 1.1 K_G in 30 A (docs/fronts.md)."""
    system = silicon_front(6, method=method, core_radius=12.0, blend_width=6.0, domain_radius=30.0)
    one = one_period(system)
    _, ends = straight_fronts(one, LEVEL)
    states = FrontStates(Replica(one, system), LEVEL, ends[:2])
    states.relax((1, 2, 3))
    drive = BondDrive(system)
    saddle = drive.saddle(states.q, next_bond(system, states.q, 4))
    back, on = drive.ends(saddle)
    assert saddle.energy - back.energy == pytest.approx(barrier_of, abs=1e-4)
    assert drive.same(back.q, states.q)
    assert on.energy < back.energy
    assert saddle.factorisations <= 20
