"""What the tip tracker sees: bonds across the plane, broken bonds off it, pairs that have become neighbours."""

import itertools

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.crack.tip import Shells, TipTracker
from tests.qc.models import hexagonal_crack

COMM = MPI.COMM_WORLD


@pytest.mark.parametrize(
    ("crystal", "first", "joined"),
    [
        (Crystal.hexagonal("X", 1.0), 1.0, (1 + np.sqrt(3)) / 2),
        (Crystal.fcc("Cu", np.sqrt(2)), 1.0, (1 + np.sqrt(2)) / 2),
        (Crystal.bcc("Fe", 2 / np.sqrt(3)), 2 / np.sqrt(3), (2 / np.sqrt(3) + np.sqrt(8 / 3)) / 2),
        (Crystal.diamond("Si", 4 / np.sqrt(3)), 1.0, (1 + np.sqrt(8 / 3)) / 2),
        (Crystal.zincblende("Si", "C", 4 / np.sqrt(3)), 1.0, (1 + np.sqrt(8 / 3)) / 2),
    ],
)
def test_shells(crystal, first, joined):
    """Half-way from the first shell to the next; the first two of bcc count as one."""
    shells = Shells.of(crystal)
    assert shells.nearest == pytest.approx(1.0)
    assert shells.first == pytest.approx(first, rel=1e-5)
    assert shells.joined == pytest.approx(joined)


def test_shells_of_hcp_off_its_ideal_ratio():
    """The nearest neighbours of hcp split: both kinds are neighbours, the next shell is not."""
    shells = Shells.of(Crystal.hcp("Ti", 1.0, 1.58))
    assert shells.first == pytest.approx(1.0, rel=1e-5)
    assert 1.1 < shells.joined < 1.3


def silicon_disc(comm=COMM, R=15.0):
    potential = load_potential("holland-marder")
    crystal = Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    spec = CrackSpec(core_radius=R - 4.0, blend_width=3.0, domain_radius=R, method="atomistic")
    return CrackSystem(crystal, potential, spec, comm=comm)


@pytest.fixture(scope="module")
def disc():
    return silicon_disc()


def measured(system, move):
    """State of a fresh tracker for displacements ``move(X)`` of all atoms."""
    atoms = system.model.atomistic
    tracker = TipTracker(system.model.comm, atoms, Shells.of(system.crystal), 10.0)
    atoms.update(move(atoms.halo.X)[: atoms.halo.n_own])
    state = tracker.measure(move(atoms.halo.X))
    atoms.update(np.zeros((atoms.halo.n_own, 3)))
    return state


def by_hand(system, move, reach=10.0):
    """(broken bonds off the plane, new neighbours) from all pairs and images, one atom at a time."""
    own = system.model.parts.atoms
    X = np.concatenate(COMM.allgather(own.X)) if system.model.comm.size > 1 else own.X
    y, t, shells = X + move(X), system.model.thickness, Shells.of(system.crystal)
    broken = joined = 0
    for (i, a), shift in itertools.product(enumerate(X), (-1, 0, 1)):
        R, r = X - a + [0, 0, shift * t], y - y[i] + [0, 0, shift * t]
        reference, now = np.linalg.norm(R, axis=1), np.linalg.norm(r, axis=1)
        close = (np.abs(a[0] + 0.5 * R[:, 0]) <= reach) & (reference > 1e-6)
        off = (X[:, 1] > 0) == (a[1] > 0)
        broken += np.count_nonzero(close & off & (reference < 1.05 * shells.nearest) & (now > 1.45 * shells.nearest))
        joined += np.count_nonzero(close & (reference > shells.first) & (now < shells.joined))
    return broken // 2, joined // 2


def slip(height, distance):
    """All that lies above a height moves along the crack."""
    return lambda X: np.outer(X[:, 1] > height, [distance, 0.0, 0.0])


@pytest.mark.mpi
def test_nothing_has_happened_in_the_crystal(disc):
    state = measured(disc, np.zeros_like)
    assert not state.open.any()
    assert (state.off_plane, state.new_neighbours, state.damaged) == (0, 0, False)
    assert np.diff(state.x) == pytest.approx(np.full(len(state.x) - 1, 3.3258), abs=1e-3)  # bond by bond
    assert np.abs(state.x).min() < 1e-6  # one of them at the centre of the field
    assert state.stretch == pytest.approx(np.ones(len(state.x)))


@pytest.mark.mpi
def test_elastic_strain_is_no_damage(disc):
    """Six per cent of tension and shear break and join nothing; the plane stays closed."""
    H = np.array([[-0.03, 0.06, 0], [0.03, 0.06, 0], [0.02, 0.04, 0]])
    state = measured(disc, lambda X: X @ H.T)
    assert (state.off_plane, state.new_neighbours) == (0, 0)
    assert not state.open.any()


@pytest.mark.mpi
@pytest.mark.parametrize("height", [3.1356, -3.1356, -1.5])
def test_slip_off_the_plane_breaks_and_joins(disc, height):
    """A full step on the next shuffle plane: every bond through it breaks, as many pairs join, the plane itself holds."""
    move = slip(height, 3.3258 if abs(height) > 3 else 1.9)
    state = measured(disc, move)
    assert (state.off_plane, state.new_neighbours) == by_hand(disc, move)
    assert state.off_plane > 4
    assert state.damaged
    assert not state.open.any()


@pytest.mark.mpi
def test_slip_along_the_plane_opens_it_and_joins_others(disc):
    """Bonds across the plane are not counted as off it; the pairs that join across it are."""
    move = slip(0.0, 3.3258)
    state = measured(disc, move)
    assert state.open.all()
    assert (state.off_plane, state.new_neighbours) == by_hand(disc, move)
    assert state.off_plane == 0
    assert state.new_neighbours > 4


@pytest.mark.mpi
def test_opening_is_clean(disc):
    """Half of the plane opened by 3 A: the tip lies between the last open and the first closed bond."""
    state = measured(disc, lambda X: np.outer((X[:, 1] > 0) & (X[:, 0] < 1.0), [0.0, 3.0, 0.0]))
    clean = measured(disc, lambda X: np.outer(X[:, 1] > 0, [0.0, 3.0, 0.0]))
    assert not clean.damaged
    assert clean.open.all()
    assert state.position == pytest.approx(3.3258 / 2, abs=1e-3)


def test_iron_slip_and_strain():
    """bcc: the second shell is neither broken nor joined by strain; a slip of 1/2 [111] is seen."""
    potential = load_potential("Fe_mm.eam.fs")
    crystal = Crystal.bcc("Fe", 2.855325).oriented((1, 1, 0), (0, 0, 1))
    spec = CrackSpec(core_radius=11.0, blend_width=3.0, domain_radius=15.0, method="atomistic")
    system = CrackSystem(crystal, potential, spec, comm=MPI.COMM_SELF)
    strained = measured(system, lambda X: X @ np.array([[-0.04, 0.08, 0], [0.0, 0.08, 0], [0.0, 0.03, 0]]).T)
    assert (strained.off_plane, strained.new_neighbours) == (0, 0)

    def move(X):
        return np.outer(X[:, 1] > 2.1, [2.0190, 0.0, 1.4277])

    slipped = measured(system, move)
    assert (slipped.off_plane, slipped.new_neighbours) == by_hand(system, move)
    assert slipped.new_neighbours > 4


@pytest.mark.mpi
def test_slip_counts_where_atoms_are_not_full():
    """A crystal slipped by 0.6 neighbour distances along an inclined plane: through the handshake it is seen, within the core not."""
    system = hexagonal_crack("bgfc")
    atoms, crystal, core = system.model.atomistic, system.crystal, system.spec.core_radius
    nn = crystal.nearest_neighbour_distance
    X = atoms.halo.X
    beyond = (X[:, 1] > 0.5 * np.sqrt(3.0) * nn) & (0.5 * np.sqrt(3.0) * X[:, 0] - 0.5 * X[:, 1] < 0.1 * nn)
    found = []
    for part in (beyond, beyond & (np.hypot(X[:, 0], X[:, 1]) < core - 2 * nn), beyond & False):
        z = np.where(part[:, None], 0.6 * nn * np.array([0.5, 0.5 * np.sqrt(3.0)]), 0.0)
        found.append(TipTracker(system.model.comm, atoms, Shells.of(crystal), core).measure(z).slip)
    assert found == pytest.approx([0.6, 0.0, 0.0], abs=1e-9)
