"""The shell of tetrahedra between the resolved zone and the outer sphere."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.far_field import CoarseMesh
from fem.mesh.far_field_3d import checked, mesh_shell
from fem.mesh.lattice_zone import build_zone, bulk_lattice, surface_facets


def zone_surface(structure="fcc", radius=5.3, origin=(0.3, 0.1, -0.2)):
    crystal = getattr(Crystal, structure)("X", 3.0)
    nn = crystal.nearest_neighbour_distance
    lattice = bulk_lattice(crystal, np.array(origin))
    reach = np.full(3, radius * nn)
    zone = build_zone(MPI.COMM_SELF, lattice, lambda x: np.linalg.norm(x, axis=1) <= radius * nn, -reach, reach)
    facets, points = surface_facets(MPI.COMM_SELF, lattice, zone)
    _, where, edges = np.unique(facets, return_index=True, return_inverse=True)
    volume = len(zone.cells) * crystal.cell_volume / 6
    return points.reshape(-1, 3)[where], edges.reshape(facets.shape), nn, volume


@pytest.mark.parametrize("structure", ["fcc", "bcc"])
def test_shell_between_zone_and_sphere(structure):
    """Positive volumes that add up to the polyhedron; the zone's facets are kept, all other free sides lie on the sphere."""
    points, facets, nn, zone = zone_surface(structure)
    R = 9 * nn
    shell = mesh_shell(points, facets, R, lambda x: np.maximum(nn, 0.15 * np.linalg.norm(x, axis=1)))
    x = np.concatenate([shell.points, points[::-1]])
    corners = x[shell.cells]
    volume = np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6
    assert (volume > 0).all()
    sides = np.sort(np.concatenate([np.delete(shell.cells, a, axis=1) for a in range(4)]), axis=1)
    sides, count = np.unique(sides, axis=0, return_counts=True)
    assert set(count) == {1, 2}
    free = sides[count == 1]
    inner = free[(free < 0).all(1)]
    assert set(map(tuple, inner.tolist())) == set(map(tuple, np.sort(-1 - facets, axis=1).tolist()))
    outer = x[free[(free >= 0).all(1)]]
    assert len(inner) + len(outer) == len(free)
    assert np.linalg.norm(outer, axis=2) == pytest.approx(R, rel=1e-13)
    polyhedron = np.abs(np.linalg.det(outer)).sum() / 6  # pyramids from the centre to its facets
    assert volume.sum() + zone == pytest.approx(polyhedron, rel=1e-12)
    assert polyhedron == pytest.approx(4 / 3 * np.pi * R**3, rel=0.015)


def test_a_domain_without_room_for_the_shell_is_refused():
    points, facets, nn, _ = zone_surface()
    with pytest.raises(ValueError, match=r"zone reaches 11\.\d A, so the domain radius must be more than"):
        mesh_shell(points, facets, 5.4 * nn, lambda x: np.full(len(x), nn))


@pytest.mark.parametrize("shared", [1, 2])
def test_a_surface_that_touches_itself_is_refused(shared):
    """Two tetrahedra that share a vertex or an edge."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], float)
    one, other = [0, 1, 2, 3], ([0, 4, 5, 6] if shared == 1 else [0, 1, 5, 6])
    facets = np.array([np.delete(t, a) for t in (one, other) for a in range(4)])
    with pytest.raises(ValueError, match="touches itself at 1 edges or vertices"):
        mesh_shell(points, facets, 10.0, lambda x: np.full(len(x), 1.0))


def test_a_mesh_with_free_sides_between_the_points_of_the_zone_is_refused():
    """One tetrahedron on a triangle of the zone: three of its sides belong to nothing."""
    surface, facet = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], float), np.array([[0, 1, 2]])
    with pytest.raises(ValueError, match="could not keep the surface"):
        checked(CoarseMesh(np.array([[0, 0, 1.0]]), np.array([[-1, -3, -2, 0]])), surface, facet)
