"""The mesh of the whole model: zone and far field in one, the same on any number of ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.domain import DomainShape, build_domain, distribute, fingerprint
from fem.mesh.interpolation import cell_vertices
from fem.mesh.lattice_zone import front_lattice

comm = MPI.COMM_WORLD
R = 14.0


def shape(crack="none", radius=R, **changes):
    lift = 0.25 * np.sqrt(3) if crack == "slit" else 0.0
    lattice = front_lattice(Crystal.hexagonal("X", 1.0), np.array([0.0, lift, 0.0]), along_x=True)

    def distance(x):
        d = np.linalg.norm(x, axis=1) - 4.0
        return np.minimum(d, np.where(x[:, 0] < 0, np.abs(x[:, 1]) - 1.5, np.inf)) if crack == "strips" else d

    sizes = {"resolved": 3.0, "radius": radius, "overhang": 2.0, "nn": 1.0, "core": 7.0}
    return DomainShape(lattice=lattice, distance=distance, crack=crack, **(sizes | changes))


def built(c=comm, coarse=None, **changes):
    return build_domain(c, shape(**changes), lambda x: np.ones(len(x)), coarse)


def facts(domain, c):
    """(cells, vertices, area) on all ranks."""
    corner = domain.mesh.geometry.x[cell_vertices(domain.mesh), :2]
    area = 0.5 * np.abs(np.linalg.det(corner[:, 1:] - corner[:, :1])).sum()
    return c.allreduce(len(corner)), domain.mesh.geometry.index_map().size_global, c.allreduce(area)


@pytest.mark.mpi
@pytest.mark.parametrize("crack", ["none", "strips", "slit"])
def test_zone_and_far_field_fill_the_disc(crack):
    together, alone = built(crack=crack), built(MPI.COMM_SELF, crack=crack)
    cells, points, area = facts(together, comm)
    assert (cells, points) == facts(alone, MPI.COMM_SELF)[:2]
    assert area == pytest.approx(facts(alone, MPI.COMM_SELF)[2], rel=1e-12)
    assert together.fingerprint == alone.fingerprint
    assert (together.n_slit > 0) == (crack == "slit")
    assert area == pytest.approx(np.pi * R**2, rel=0.05)
    assert (together.coarse is not None) == (comm.rank == 0)
    number = np.asarray(together.mesh.geometry.input_global_indices)
    x = together.mesh.geometry.x[number >= together.resolved_from, :2]
    lattice = shape(crack).lattice
    index = (x - lattice.origin[:2]) @ np.linalg.inv(lattice.planar)
    assert index == pytest.approx(np.rint(index), abs=1e-9)  # sites


@pytest.mark.mpi
@pytest.mark.parametrize("crack", ["none", "slit"])
def test_a_zone_across_the_outer_radius_is_refused(crack):
    """A slit that ended at the surface of the zone would not run out to the boundary everywhere."""
    with pytest.raises(ValueError, match=r"reaches .* A, across the outer radius 6.5 A: take a larger radius"):
        built(crack=crack, radius=6.5)
    assert (
        facts(built(crack="none", radius=4.0), comm)[2] < np.pi * 7**2
    )  # the zone fills the domain, and ends beyond it


@pytest.mark.mpi
def test_a_far_field_is_used_again():
    first = built()
    again = built(coarse=first.coarse)
    assert again.fingerprint == first.fingerprint
    assert facts(again, comm) == pytest.approx(facts(first, comm))


def test_a_zone_that_fills_the_domain_needs_no_far_field():
    domain = built(MPI.COMM_SELF, resolved=20.0)
    assert len(domain.coarse.points) == len(domain.coarse.cells) == 0
    assert domain.resolved_from == 0
    assert fingerprint(domain.coarse) == fingerprint(None)


def test_a_mesh_that_grows_faster_is_coarser():
    fine, coarse = (facts(built(MPI.COMM_SELF, radius=40.0, growth=growth), MPI.COMM_SELF) for growth in (0.0, 0.4))
    assert coarse[1] < 0.9 * fine[1]


@pytest.mark.mpi
def test_work_is_balanced():
    """Cells on the right cost nine times as much: ranks hold as much work each, not as many cells."""

    def work(x):
        return np.where(x[:, 0] > 0, 9.0, 1.0)

    domain = build_domain(comm, shape(), work)
    x = domain.mesh.geometry.x[cell_vertices(domain.mesh), :2].mean(1)
    mine = work(x).sum()
    assert mine == pytest.approx(comm.allreduce(mine) / comm.size, rel=0.1)


def test_points_beside_the_crack_plane_are_on_it():
    """gmsh's y = 1e-12 is 0."""
    x, cells = np.array([[0.0, 1e-12], [1.0, -1e-12], [0.0, 1.0]]), np.array([[0, 1, 2]])
    mesh = distribute(MPI.COMM_SELF, cells, x, x[cells].mean(1), np.ones(1))
    assert sorted(mesh.geometry.x[:, 1].tolist()) == [0.0, 0.0, 1.0]
