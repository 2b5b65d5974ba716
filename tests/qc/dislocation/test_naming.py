"""Names of slips that were put into crystals by hand: planes, Burgers vectors, places, twins, and what nobody can tell."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from qc.dislocation.bonds import FullBonds, gather
from qc.dislocation.naming import NASCENT, Namer
from qc.dislocation.planes import Translations, is_fault, planes_of

CRACKS = {
    "aluminium": Crystal.fcc("Al", 4.045).oriented((1, 1, 1), (1, -1, 0)),
    "iron": Crystal.bcc("Fe", 2.855).oriented((1, 1, 1), (1, 1, -2)),
    "iron, other front": Crystal.bcc("Fe", 2.855).oriented((1, 1, 0), (1, -1, 0)),
    "silicon": Crystal.diamond("Si", 5.43).oriented((1, 1, 1), (1, -1, 0)),
    "magnesium": Crystal.hcp("Mg", 3.2).oriented((0, 0, 1), (1, 0, 0)),
    "sheet": Crystal.hexagonal("X", 1.0),
}
NAMERS = {name: Namer(crystal) for name, crystal in CRACKS.items()}
PLANES = {name: planes_of(crystal) for name, crystal in CRACKS.items()}


HALF = 12.0
"""Half width of the crystals, nearest-neighbour distances."""


@cache
def bonds_of(name):
    """Bonds of a square of crystal, as at rest; along the front there is one period."""
    crystal = CRACKS[name]
    nn = crystal.nearest_neighbour_distance
    depth = crystal.period() if crystal.dimension == 3 else 1.0
    box = np.array([HALF * nn, HALF * nn, depth])
    X, _, basis = crystal.sites_in_box(box * [-1.0, -1.0, 0.0], box, (0.123 * nn, 0.371 * nn, 0.0))
    parts = []
    for kind in range(len(crystal.species)):
        stencil, other = crystal.stencil_and_species(1.2 * nn, kind)
        once = [tuple(R) > (0.0, 0.0, 0.0) for R in np.round(stencil, 4).tolist()]
        first = X[basis == kind]
        for R, end in zip(stencil[once], other[once], strict=True):
            parts.append((first, np.tile(R, (len(first), 1)), np.tile([kind, end], (len(first), 1))))
    X, R, kinds = (np.concatenate(part) for part in zip(*parts, strict=True))
    return FullBonds(X=X, R=R, basis=kinds, moved=np.zeros_like(R))


@dataclass(frozen=True)
class Put:
    """A dislocation and its slip from the tip to it, over the atom of number ``basis`` nearest to the tip and ``up`` gaps more."""

    plane: int
    side: int
    slip: np.ndarray
    basis: int = 0
    up: int = 0
    distance: float = 8.0


def gap_of(name, put):
    """Height of the gap along the plane's normal, A."""
    plane, bonds, nn = PLANES[name][put.plane], bonds_of(name), CRACKS[name].nearest_neighbour_distance
    heights = np.unique(np.round(bonds.X @ plane.normal, 4))
    heights = heights[np.append(True, np.diff(heights) > 1e-2 * nn)]
    of_basis = bonds.X[bonds.basis[:, 0] == put.basis]
    nearest = of_basis[np.argmin(np.linalg.norm(of_basis[:, :2], axis=1))] @ plane.normal
    k = int(np.argmin(np.abs(heights - nearest))) + put.up
    return 0.5 * (heights[k] + heights[k + 1])


def displaced(name, *puts):
    """The bonds after some slips: a Volterra dipole each, its cut from the tip to the core."""
    bonds, nn = bonds_of(name), CRACKS[name].nearest_neighbour_distance
    moved = np.zeros_like(bonds.R)
    for put in puts:
        plane, height = PLANES[name][put.plane], gap_of(name, put)

        def angle(X, put=put, plane=plane, height=height):
            along, up = put.side * (X @ plane.along), X @ plane.normal - height
            core, tip = np.arctan2(up, along - put.distance * nn), np.arctan2(up, along)
            return (core - tip) / (2.0 * np.pi)

        moved += np.outer(angle(bonds.X + bonds.R) - angle(bonds.X), put.slip)
    return replace(bonds, moved=moved)


def named(name, before, after, **more):
    slipped = gather(MPI.COMM_SELF, before, after, NAMERS[name].burgers)
    return NAMERS[name].name(slipped, 0.0, **more)


def slips_of(name, number, basis, longest=1.3):
    """Slips of a gap no longer than that, in shortest lattice vectors."""
    crystal, plane = CRACKS[name], PLANES[name][number]
    across = Translations(crystal).across(plane, basis)
    lengths = np.linalg.norm(across, axis=1)
    return across[(lengths > 0.1) & (lengths < longest * crystal.shortest_lattice_vector)]


def slips_to_name(name):
    """(plane, basis, side, slip): some of each gap, by a hash."""
    rng = np.random.default_rng(7)
    for number, plane in enumerate(PLANES[name]):
        for basis in range(len(CRACKS[name].species)):
            slips = slips_of(name, number, basis)
            slips = [b for b in slips if not plane.twins_only or np.linalg.norm(b) < 0.5 * CRACKS[name].nearest_neighbour_distance]
            for n in rng.permutation(len(slips))[:3]:
                yield number, basis, int(rng.choice([-1, 1])), slips[n], rng.uniform(5.0, 10.0)


@pytest.mark.parametrize("name", CRACKS)
def test_a_dislocation_is_named_by_its_plane_and_burgers_vector(name):
    """Slips of every plane and gap, full and partial, at any distance; only a lone partial that is met in twins stays undecided."""
    for number, basis, side, b, distance in slips_to_name(name):
        check_name(name, number, basis, b, side, distance)


def check_name(name, number, basis, b, side, distance):
    plane = PLANES[name][number]
    after = displaced(name, Put(number, side, b, basis, distance=distance))
    found = named(name, bonds_of(name), after)
    (slip,) = found.slips
    assert slip.plane == plane.name
    assert slip.b == pytest.approx(b, abs=1e-5)
    nn = CRACKS[name].nearest_neighbour_distance
    assert slip.distance == pytest.approx(distance * nn, abs=1.5 * nn)
    e = side * plane.along
    assert slip.theta == pytest.approx(np.degrees(np.arctan2(e[1], e[0])))
    assert np.hypot(*slip.at) == pytest.approx(slip.distance, abs=3.0 * nn)
    assert found.kind == ("undecided" if plane.twins_only else "emission")
    assert named(name, after, after).kind == "rearrangement"


def test_the_words_of_a_partial_and_of_a_full_dislocation():
    """As the literature writes them; the sense is that of what lies on the side of the plane's normal."""
    plane = next(n for n, p in enumerate(PLANES["aluminium"]) if p.name == "(1 1 -1)")
    partial = next(b for b in slips_of("aluminium", plane, 0) if abs(b[2]) < 1e-6 and np.linalg.norm(b) < 1.7)
    found = named("aluminium", bonds_of("aluminium"), displaced("aluminium", Put(plane, 1, partial)))
    assert found.sentence == "emission: 1/6[1 1 2] on (1 1 -1) at -70.5 deg, 21.8 A from the tip"
    assert found.slips[0].length == pytest.approx(4.045 / np.sqrt(6))
    iron = slips_of("iron", 0, 0, 1.0)
    full = next(b for b in iron if abs(b[2]) < 1e-6)
    found = named("iron", bonds_of("iron"), displaced("iron", Put(0, 1, full)))
    assert found.slips[0].burgers in ("1/2[1 1 1]", "1/2[-1 -1 -1]")
    assert found.slips[0].plane == "(1 -1 0)"
    assert abs(found.slips[0].theta) == pytest.approx(90.0)


def test_two_dislocations_at_once_are_named_one_at_a_time():
    """On both half planes of one gap with opposite signs, as iron sends them out: the median over the gap would be nothing."""
    full = next(b for b in slips_of("iron", 0, 0, 1.0) if abs(b[2]) < 1e-6)
    found = named("iron", bonds_of("iron"), displaced("iron", Put(0, 1, full), Put(0, -1, -full)))
    assert found.kind == "emission"
    assert sorted(slip.theta for slip in found.slips) == pytest.approx([-90.0, 90.0])
    assert np.add(*[slip.b for slip in found.slips]) == pytest.approx(np.zeros(3), abs=1e-5)


def test_a_partial_on_the_next_plane_makes_a_twin():
    """And only what is new since the state before is named; the third one grows it."""
    plane = next(n for n, p in enumerate(PLANES["aluminium"]) if p.name == "(1 1 -1)")
    partial = next(b for b in slips_of("aluminium", plane, 0) if abs(b[2]) < 1e-6 and np.linalg.norm(b) < 1.7)
    puts = [Put(plane, 1, partial, up=up, distance=9.0 - up) for up in (0, 1, 2)]
    for before, after, layers in (((0,), (0, 1), 2), ((0, 1), (0, 1, 2), 3), ((), (0, 1), 2)):
        states = [displaced("aluminium", *(puts[n] for n in some)) for some in (before, after)]
        found = named("aluminium", *states)
        assert found.kind == "twin"
        assert {slip.burgers for slip in found.slips} == {"1/6[1 1 2]"}
        assert max(slip.layers for slip in found.slips) == layers
        assert len(found.slips) == len(after) - len(before)


def test_a_twin_of_iron():
    """1/6<111> on one {112} plane is no fault that holds; on three in a row it is a twin."""
    number, plane = next((n, p) for n, p in enumerate(PLANES["iron, other front"]) if p.twins_only)
    b = next(b for b in slips_of("iron, other front", number, 0) if is_fault(plane, b) and np.linalg.norm(b) < 1.0)
    puts = [Put(number, 1, b, up=up, distance=8.0) for up in range(3)]
    found = named("iron, other front", bonds_of("iron, other front"), displaced("iron, other front", *puts))
    assert found.kind == "twin"
    assert {slip.plane for slip in found.slips} == {plane.name}
    assert max(slip.layers for slip in found.slips) == 3


def test_the_trailing_partial_makes_the_dislocation_full():
    """On the same gap behind the first: named is the second alone, and both where they come together."""
    number = next(n for n, p in enumerate(PLANES["aluminium"]) if p.name == "(1 1 -1)")
    plane, some = PLANES["aluminium"][number], slips_of("aluminium", number, 0)
    lead = next(b for b in some if is_fault(plane, b) and np.linalg.norm(b) < 1.7)
    trail = next(b - lead for b in some if not is_fault(plane, b) and np.linalg.norm(b - lead) < 1.7)
    first, second = Put(number, 1, lead, distance=10.0), Put(number, 1, trail, distance=5.0)
    one, both = displaced("aluminium", first), displaced("aluminium", first, second)
    (slip,) = named("aluminium", one, both).slips
    assert slip.b == pytest.approx(trail, abs=1e-5)
    assert [s.b for s in named("aluminium", bonds_of("aluminium"), both).slips] == [pytest.approx(b, abs=1e-5) for b in (lead, trail)]


def test_a_dislocation_that_has_not_left_the_tip_is_none():
    full = next(b for b in slips_of("iron", 0, 0, 1.0) if abs(b[2]) < 1e-6)
    near = displaced("iron", Put(0, 1, full, distance=NASCENT - 0.7))
    assert named("iron", bonds_of("iron"), near).slips == []
    away = displaced("iron", Put(0, 1, full, distance=NASCENT + 3.0))
    assert named("iron", near, away).kind == "emission"
    assert named("iron", away, displaced("iron", Put(0, 1, full, distance=NASCENT + 6.0))).slips == []  # it glides


@pytest.mark.parametrize(("far", "kind"), [(3.0, "cleavage"), (-3.0, "healing")])
def test_a_plane_that_opens_or_closes(far, kind):
    """Bonds across the crack plane and nothing else; where something else has moved, too, nobody can tell."""
    rest = bonds_of("silicon")
    above = [(x[:, 1] > 0).astype(float) for x in (rest.X, rest.X + rest.R)]
    states = [replace(rest, moved=np.outer((above[1] - above[0]) * (rest.X[:, 0] < x), [0.0, 4.0, 0.0])) for x in (0.0, far)]
    found = named("silicon", *states)
    assert (found.kind, found.slips) == (kind, [])
    assert abs(found.opened - found.closed) > 0
    torn = np.hypot(rest.X[:, 0], rest.X[:, 1] - 9.0) < 5.0
    mess = replace(states[1], moved=states[1].moved + np.outer(torn, [1.3, 1.1, -1.2]))
    assert named("silicon", states[0], mess).kind == "undecided"


@pytest.mark.mpi
def test_names_do_not_depend_on_the_ranks():
    """Each rank has some of the bonds; only those that slipped meet on rank 0."""
    comm, rest = MPI.COMM_WORLD, bonds_of("aluminium")
    plane = next(n for n, p in enumerate(PLANES["aluminium"]) if p.name == "(1 1 -1)")
    partial = next(b for b in slips_of("aluminium", plane, 0) if np.linalg.norm(b) < 1.7)
    after = displaced("aluminium", Put(plane, 1, partial), Put(plane, 1, partial, up=1))
    mine = np.floor(rest.X[:, 0] * 1.7 + rest.X[:, 1]).astype(int) % comm.size == comm.rank
    parts = [FullBonds(X=s.X[mine], R=s.R[mine], basis=s.basis[mine], moved=s.moved[mine]) for s in (rest, after)]
    slipped = gather(comm, *parts, NAMERS["aluminium"].burgers)
    assert (slipped is None) == (comm.rank > 0)
    if slipped is not None:
        assert len(slipped) < 0.1 * len(rest.X)
        assert NAMERS["aluminium"].name(slipped, 0.0) == named("aluminium", rest, after)
