"""The lattice-resolved zone: vectors and simplices of the lattice, its surface, and what of it reaches rank 0."""

import tracemalloc

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.lattice_zone import (
    build_zone,
    bulk_lattice,
    front_lattice,
    index_box,
    lattice_points,
    longest_edge,
    simplices_of_cell,
    surface_facets,
)

comm = MPI.COMM_WORLD


class Gathering(MPI.Intracomm):
    """Remembers how many facets were gathered on rank 0."""

    facets = 0

    def gather(self, sendobj, root=0):
        parts = super().gather(sendobj, root)
        Gathering.facets = sum(len(part[0]) for part in parts or [])
        return parts


@pytest.mark.mpi
def test_only_the_surface_is_gathered():
    """A ball on all ranks: the facets of the same ball on one, no other is sent to rank 0."""
    crystal = Crystal.fcc("X", 3.0)
    lattice, reach = bulk_lattice(crystal, np.zeros(3)), np.full(3, 12.0)
    found = []
    for c in (Gathering(comm), MPI.COMM_SELF):
        zone = build_zone(c, lattice, lambda x: np.linalg.norm(x, axis=1) <= 12.0, -reach, reach)
        found.append(surface_facets(c, lattice, zone)[1])
    together, alone = found
    assert len(alone) > 100
    if comm.rank:
        assert len(together) == 0
        return
    assert Gathering.facets == len(together) == len(alone)
    centres = [np.unique(np.round(x.mean(1), 6), axis=0) for x in (together, alone)]
    assert len(centres[1]) == len(alone)
    assert centres[0] == pytest.approx(centres[1])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("structure", "longest"), [("fcc", np.sqrt(2)), ("bcc", 2 / np.sqrt(3))])
def test_tetrahedra_of_the_lattice(structure, longest, turned):
    """All edges are neighbour or cubic distances, in any orientation, and the vectors span the lattice."""
    crystal = getattr(Crystal, structure)("X", 3.0)
    if turned:
        crystal = crystal.oriented((1, 1, 1), (1, 1, -2))
    lattice = bulk_lattice(crystal, np.zeros(3))
    assert np.linalg.det(lattice.vectors) == pytest.approx(crystal.cell_volume)
    index = lattice.vectors @ np.linalg.inv(crystal.cell_ij)
    assert index == pytest.approx(np.rint(index), abs=1e-9)
    x = simplices_of_cell(lattice) @ lattice.planar
    edges = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)[:, *np.triu_indices(4, 1)]
    ratio = edges / crystal.nearest_neighbour_distance
    assert ((np.abs(ratio - 1) < 1e-9) | (np.abs(ratio - longest) < 1e-9)).all()
    assert np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / 6 == pytest.approx(crystal.cell_volume / 6)


def test_surface_of_a_zone_has_the_facets_of_one_cell_only():
    """As counted over all facets of all cells, in memory for the points and cells and little more."""
    lattice = bulk_lattice(Crystal.fcc("X", 3.0), np.array([0.3, 0.1, -0.2]))
    reach = np.full(3, 25.0)
    tracemalloc.start()
    zone = build_zone(MPI.COMM_SELF, lattice, lambda x: np.linalg.norm(x, axis=1) <= reach[0], -reach, reach)
    facets, points = surface_facets(MPI.COMM_SELF, lattice, zone)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sides = np.sort(np.concatenate([np.delete(zone.cells, a, axis=1) for a in range(4)]), axis=1)
    sides, count = np.unique(sides, axis=0, return_counts=True)
    assert set(map(tuple, np.sort(facets, axis=1).tolist())) == set(map(tuple, sides[count == 1].tolist()))
    assert points == pytest.approx(zone.positions(lattice, facets))
    assert zone.midpoints(lattice, np.empty((0, 3))) == pytest.approx(zone.positions(lattice, zone.cells).mean(1))
    assert most < 6.0 * (zone.index.nbytes + zone.cells.nbytes)


@pytest.mark.parametrize("along_x", [True, False])
def test_front_lattice(along_x):
    """Vectors of the crystal: the last along the front, one column for every lattice row, the first in the crack plane if asked."""
    crystal = Crystal.bcc("Fe", 2.8).oriented((1, 1, 0), (0, 0, 1))
    lattice = front_lattice(crystal, np.zeros(3), along_x)
    index = lattice.vectors @ np.linalg.inv(crystal.cell_ij)
    assert index == pytest.approx(np.rint(index), abs=1e-9)
    assert np.linalg.det(lattice.vectors) == pytest.approx(crystal.cell_volume)
    assert lattice.vectors[2] == pytest.approx([0.0, 0.0, 2.8])
    assert not along_x or abs(lattice.vectors[0, 1]) < 1e-9
    z = lattice.sites(np.array([[i, j, k] for i in range(-3, 4) for j in range(-3, 4) for k in (0, 1)]))[:, 2]
    assert (z.reshape(-1, 2)[:, 0] < 2.8 - 1e-9).all()  # wrapped into the period
    assert z.min() > -1e-9


def test_longest_edge():
    """As far as two sites of one simplex are apart; along a front the nearest of the other column."""
    lattice = bulk_lattice(Crystal.fcc("X", 3.0), np.zeros(3))
    assert longest_edge(lattice) == pytest.approx(3.0)
    plane = front_lattice(Crystal.hexagonal("X", 2.0), np.zeros(3), True)
    assert longest_edge(plane) == pytest.approx(2.0)


@pytest.mark.mpi
def test_every_lattice_point_is_on_one_rank():
    lattice = front_lattice(Crystal.hexagonal("X", 1.0), np.array([0.1, 0.2, 0.0]), True)
    reach = np.full(2, 6.0)
    mine = lattice_points(comm, lattice, lambda x: np.linalg.norm(x, axis=1) < 6.0, -reach, reach)
    whole = np.concatenate(comm.allgather(mine))
    first, last = index_box(lattice, -reach, reach)
    box = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True)), indexing="ij"), -1)
    box = box.reshape(-1, 2)
    inside = box[np.linalg.norm(lattice.vertices(box), axis=1) < 6.0]
    assert len(whole) == len(inside) > 100
    assert np.array_equal(np.unique(whole, axis=0), np.unique(inside, axis=0))


def test_simplices_of_a_plane_cell_are_cut_along_the_shorter_diagonal():
    for a, b in (((1, 0), (0.4, 0.9)), ((1, 0), (-0.4, 0.9))):
        lattice = front_lattice(Crystal.hexagonal("X", 1.0), np.zeros(3), True)
        lattice = type(lattice)(np.array([[*a, 0], [*b, 0], [0, 0, 1.0]]), np.zeros(3), 2)
        x = simplices_of_cell(lattice) @ lattice.planar
        edges = np.linalg.norm(x - np.roll(x, 1, axis=1), axis=-1)
        assert edges.max() == pytest.approx(min(np.hypot(*np.add(a, b)), np.hypot(*np.subtract(a, b))))
        assert np.abs(np.linalg.det(x[:, 1:] - x[:, :1])).sum() / 2 == pytest.approx(0.9)
