"""The slit through a lattice-resolved zone: paired nodes half-way between two rows of sites."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.lattice_zone import build_zone, front_lattice, surface_facets
from fem.mesh.slit import open_slit, outer_edges

comm = MPI.COMM_WORLD
HEIGHT = np.sqrt(3) / 2


def opened(c, origin=0.5, crystal=None, x=0.0):
    crystal = crystal or Crystal.hexagonal("X", 1.0)
    columns, row = front_lattice(crystal, np.zeros(3), along_x=True).planar
    lattice = front_lattice(crystal, np.array([x * columns[0], origin * row[1], 0.0]), along_x=True)
    reach = np.full(2, 6.5)
    zone = build_zone(c, lattice, lambda x: np.linalg.norm(x, axis=1) <= 6.5, -reach, reach)
    return lattice, zone, *open_slit(c, lattice, zone)


@pytest.mark.mpi
def test_faces_are_apart_behind_the_tip():
    """No cell has nodes of both faces but the last pair; the cells lose no area; pairs lie half-way between the rows."""
    lattice, before, zone, slit = opened(comm)
    assert slit.rows == pytest.approx([-HEIGHT / 2, HEIGHT / 2])
    assert np.abs(slit.points[:, 1]).max() < 1e-12
    assert np.diff(slit.points[:, 0]) == pytest.approx(np.ones(len(slit.points) - 1))
    assert np.array_equal(slit.nodes[::2], slit.nodes[1::2])
    x = zone.positions(lattice, zone.cells, slit.nodes)
    above, below = x[:, :, 1].max(1) > 1e-9, x[:, :, 1].min(1) < -1e-9
    assert x[above & below].mean(1)[:, 0].min(initial=9.0) > slit.points[:, 0].max() - 1.0
    lower, upper = zone.cells[below & ~above], zone.cells[above & ~below]
    pairs = [set((-1 - c[(c < 0)]).tolist()) for c in (lower, upper)]
    assert not any(n % 2 for n in pairs[0])
    assert all(n % 2 for n in pairs[1])
    areas = [
        0.5 * np.abs(np.linalg.det(p[:, 1:] - p[:, :1])).sum() for p in (x, before.positions(lattice, before.cells))
    ]
    whole = [comm.allreduce(area) for area in areas]
    assert whole[0] <= whole[1] + 1e-9
    assert whole[0] > 0.95 * whole[1]


@pytest.mark.parametrize("front", [None, (1, -1, 0), (0, 0, 1), (1, -1, 2)])
@pytest.mark.parametrize("x", [0.0, 0.25, 0.5, 0.7])
def test_the_outside_is_one_loop(front, x):
    """Without the faces and the step at the tip, the surface of the zone is a chain from one side of the mouth to the other."""
    crystal = None if front is None else Crystal.diamond("Si", 2.0).oriented((1, 1, 0), front)
    lattice, _, zone, slit = opened(MPI.COMM_SELF, crystal=crystal, x=x)
    facets, points = surface_facets(MPI.COMM_SELF, lattice, zone, slit.nodes)
    outside = facets[outer_edges(slit, facets, points)]
    assert not (outside < 0).all(1).any()
    vertex, count = np.unique(outside, return_counts=True)
    assert sorted(vertex[count == 1].tolist()) == [-2, -1]
    assert set(count) == {1, 2}


@pytest.mark.mpi
def test_a_plane_through_sites_is_refused():
    """On all ranks."""
    with pytest.raises(ValueError, match="must lie between two rows of sites"):
        opened(comm, origin=0.0)
