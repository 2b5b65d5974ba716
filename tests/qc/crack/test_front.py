"""The front bond by bond: names, heights and kinks of plane openings made by hand, memory, and a model that moves."""

from itertools import pairwise

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.front import FrontTracker
from qc.crack.front_line import Kink, staircase
from qc.crack.tip import Shells, TipTracker
from tests.qc.crack.fronts import COLUMN, iron_front, opening, silicon_front
from tests.qc.models import hexagonal_crack
from tests.ranks import together_and_alone

STRAIGHT = [0.5 * COLUMN] * 4
KINKED = [0.5 * COLUMN, 1.5 * COLUMN, 1.5 * COLUMN, 0.5 * COLUMN]


@pytest.fixture(scope="module")
def disc():
    return silicon_front(4)


@pytest.mark.mpi
def test_the_perfect_crystal_has_no_front(disc):
    front = FrontTracker(disc).measure(opening(disc, [-1e9] * 4))
    assert not front.open.any()
    assert front.stretch == pytest.approx(np.ones(len(front.x)))
    assert np.isnan(front.a).all()
    assert front.kinks == []
    assert np.diff(front.columns) == pytest.approx(np.full(len(front.columns) - 1, COLUMN), abs=1e-3)
    assert len(front.x) == 4 * len(front.columns)  # one bond a period and column


@pytest.mark.mpi
def test_a_straight_front_stands_where_the_tip_does(disc):
    z = opening(disc, STRAIGHT)
    front = FrontTracker(disc).measure(z)
    tip = TipTracker(disc.model.comm, disc.model.atomistic, Shells.of(disc.crystal), disc.spec.core).glance(z)
    assert front.a == pytest.approx(np.full(4, tip))
    assert front.a == pytest.approx(np.full(4, 0.5 * COLUMN), abs=1e-3)
    assert front.heights.tolist() == [0, 0, 0, 0]
    assert front.kinks == []


def test_several_bonds_of_a_column_open_together():
    """In iron (110)[001] an atom above holds two below: the column is open in a period once both bonds are, as the tip has it."""
    system = iron_front(2)
    place = np.unique(np.round(system.model.parts.atoms.X[:, 0], 3))
    for at in place[np.abs(place) < 4.0] + 1e-3:
        z = opening(system, [at, at])
        tip = TipTracker(system.model.comm, system.model.atomistic, Shells.of(system.crystal), system.spec.core).glance(z)
        assert FrontTracker(system).measure(z).a == pytest.approx([tip, tip])


@pytest.mark.mpi
def test_kinks_and_the_bonds_that_have_opened(disc):
    """Two of four periods a column ahead: kinks up and down half-way between the bonds of that column, and these bonds by name."""
    tracker = FrontTracker(disc)
    before = tracker.measure(opening(disc, STRAIGHT))
    front = tracker.measure(opening(disc, KINKED))
    assert front.heights.tolist() == [0, 1, 1, 0]
    assert front.advanced(before).tolist() == [0, 1, 1, 0]
    column = int(before.ahead[0])
    z = np.sort(front.z[front.column == column])
    assert [kink.step for kink in front.kinks] == [1, -1]
    middles = [0.5 * sum(ends) for ends in pairwise(z)]
    assert min(abs(front.kinks[0].z - m) for m in middles) < 1e-6
    assert front.kinks[1].z - front.kinks[0].z == pytest.approx(2 * front.period)
    events = front.since(before)
    assert [(e.opens, e.period) for e in events] == [(True, 1), (True, 2)]
    assert [e.x for e in events] == pytest.approx([front.columns[column]] * 2, abs=1e-3)
    assert [e.before for e in events] == pytest.approx([1.0, 1.0])
    assert min(e.after for e in events) > 2.0
    assert [e.name[2] for e in events] == [1, 2]
    assert tuple(events[0].name) == before.next_bond(1)
    assert before.next_bond(0) == front.next_bond(0) != front.next_bond(1)
    assert events[0].name[6] - 1 == events[1].name[6] - 2  # the one below, by one period further as well
    assert [e.name[3] for e in events] == [events[0].name[3]] * 2
    assert [(e.opens, e.period) for e in before.since(front)] == [(False, 1), (False, 2)]


@pytest.mark.mpi
def test_a_kink_at_the_end_of_the_period(disc):
    front = FrontTracker(disc).measure(opening(disc, [1.5 * COLUMN, *STRAIGHT[1:]]))
    assert front.heights.tolist() == [1, 0, 0, 0]
    assert [kink.step for kink in front.kinks] == [-1, 1]
    assert (front.kinks[1].z - front.kinks[0].z) % (4 * front.period) == pytest.approx(3 * front.period)


@pytest.mark.mpi
def test_a_double_step_is_one_kink(disc):
    front = FrontTracker(disc).measure(opening(disc, [2.5 * COLUMN, 2.5 * COLUMN, *STRAIGHT[2:]]))
    assert front.heights.tolist() == [2, 2, 0, 0]
    assert [kink.step for kink in front.kinks] == [-2, 2]


@pytest.mark.mpi
def test_the_staircase_runs_through_the_kinks(disc):
    front = FrontTracker(disc).measure(opening(disc, KINKED))
    plain = front.plain()
    x, z = staircase(plain["a"], plain["z"])
    steps = np.flatnonzero(np.abs(np.diff(x)) > 1e-6)
    assert z[steps] == pytest.approx([kink.z for kink in front.kinks])
    assert np.ptp(z) == pytest.approx(4 * front.period)


@pytest.mark.mpi
def test_a_half_open_bond_keeps_its_state(disc):
    """1.5 neighbour distances: open if it was, closed if it was, and so after a checkpoint."""
    nearest = disc.crystal.nearest_neighbour_distance
    half = opening(disc, KINKED, gap=0.5 * nearest)
    opened, closed = FrontTracker(disc), FrontTracker(disc)
    opened.measure(opening(disc, KINKED))
    closed.measure(opening(disc, [-1e9] * 4))
    again = FrontTracker(disc)
    again.remember(opened.memory)
    assert opened.measure(half).heights.tolist() == again.measure(half).heights.tolist() == [0, 1, 1, 0]
    assert not closed.measure(half).open.any()


@pytest.mark.mpi
@pytest.mark.parametrize("n", [1, -2, 3])
def test_memory_follows_a_model_that_moves(disc, n):
    """What was open at x is open at x - n c1, whose z may lie in another period."""
    tracker = FrontTracker(disc)
    front = tracker.measure(opening(disc, KINKED))
    c1, length = n * disc.lattice.vectors[0], disc.model.thickness

    def places(x, z):
        depth = np.mod(np.round(z, 6), length)
        depth = np.where(depth > length - 1e-3, 0.0, depth)
        return list(zip(np.round(x, 2).tolist(), np.round(depth, 2).tolist(), strict=True))

    known = dict(zip(map(tuple, front.name.tolist()), places(front.x, front.z), strict=True))
    was = dict(zip(places(front.x - c1[0], front.z - c1[2]), front.open.tolist(), strict=True))
    tracker.shift(n)
    moved = {tuple(map(int, name.split())): value for name, value in tracker.memory.items()}
    both = [(was[known[name]], value) for name, value in moved.items() if name in known]
    assert len(both) >= len(known) - 4 * abs(n)
    assert [a for a, _ in both] == [b for _, b in both]
    assert len({value for _, value in both}) == 2


@pytest.mark.mpi(min_size=2)
def test_ranks_agree():
    def work(comm):
        system = silicon_front(4, comm)
        tracker = FrontTracker(system)
        front = tracker.measure(opening(system, KINKED))
        return front.name.tolist(), np.round(front.x, 9).tolist(), front.open.tolist(), front.plain(), tracker.memory

    many, alone = together_and_alone(work)
    assert many == alone


def test_a_sheet_has_a_front_of_one_period():
    system = hexagonal_crack("bgfc", MPI.COMM_SELF)
    atoms = system.model.atomistic
    z = np.outer((atoms.halo.X[:, 1] > 0) & (atoms.halo.X[:, 0] < 2.2), [0.0, 3.0])
    front = FrontTracker(system).measure(z)
    tip = TipTracker(system.model.comm, atoms, Shells.of(system.crystal), system.spec.core).glance(z)
    assert front.a == pytest.approx([tip])
    assert front.kinks == []


def test_kinks_of_a_front_that_is_open_throughout(disc):
    """Beyond the last bond in reach there is nothing to stand at."""
    front = FrontTracker(disc).measure(opening(disc, [1e9, 1e9, *STRAIGHT[2:]]))
    assert front.ahead[:2].tolist() == [len(front.columns)] * 2
    assert all(isinstance(kink, Kink) for kink in front.kinks)
    assert front.a[0] == pytest.approx(front.columns[-1])
    with pytest.raises(ValueError, match="period 0 has no closed bond ahead"):
        front.next_bond(0)
