"""Sites of the lattice: every wanted one on one rank, in its cell; who follows the mesh, and with which rows."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.interpolation import cell_vertices
from qc.unknowns.layout import Rows
from qc.unknowns.sites import atom_rows, locate, place, site_beta
from qc.unknowns.space import SpaceBlocks
from tests.qc.unknowns.grid import BETA, grid

comm = MPI.COMM_WORLD


@pytest.mark.mpi
def test_every_wanted_site_is_on_one_rank_and_in_its_cell():
    crystal, lattice, domain, regions = grid()
    sites = locate(comm, crystal, lattice, domain, regions)
    keys = np.concatenate(comm.allgather(sites.key))
    assert len(np.unique(keys, axis=0)) == len(keys)
    expected = 2 / np.sqrt(3) * np.pi * 8.0**2  # core, handshake and one more
    assert len(keys) == pytest.approx(expected, rel=0.1)
    assert regions.wanted(sites.points).all()
    corner = domain.mesh.geometry.x[cell_vertices(domain.mesh)[sites.cells], :2]
    assert (np.linalg.norm(corner - sites.points[:, None], axis=2).min(1, initial=9.0) < 1e-9).all()  # a matching mesh


def test_periods_along_the_front_bases_and_vacancies():
    crystal = Crystal.diamond("Si", 4.0 / np.sqrt(3)).oriented((1, 1, 1), (1, -1, 0))
    found = []
    for changes in ({}, {"front_periods": 2}, {"removed": lambda X: X[:, 1] > 0}):
        args = grid(MPI.COMM_SELF, crystal=crystal, **changes)
        found.append(locate(MPI.COMM_SELF, *args))
    one, two, half = found
    assert np.array_equal(np.bincount(one.species), [len(one.key) // 2] * 2)
    assert len(two.key) == 2 * len(one.key)
    assert set(two.key[:, 2]) == {0, 1}
    assert np.ptp(two.X[:, 2]) > crystal.period()
    assert (half.X[:, 1] <= 0).all()
    assert len(half.key) == (one.X[:, 1] <= 0).sum()
    offset = one.X[:, :2] - one.points
    assert offset == pytest.approx(crystal.cell_offsets[one.species, :2])


def test_atoms_outside_the_mesh_are_refused():
    crystal, lattice, domain, regions = grid(
        MPI.COMM_SELF, wanted=lambda x: np.ones(len(x), bool), extent=30.0, radius=40.0
    )
    with pytest.raises(ValueError, match=r"\d+ atoms lie outside the mesh: the core and its handshake must fit"):
        locate(MPI.COMM_SELF, crystal, lattice, domain, regions)


@pytest.mark.mpi
def test_who_follows_the_mesh():
    """Sites all of whose nodes carry energy; their weights are those of the vertices, their rows the basis functions."""
    crystal, lattice, domain, regions = grid(wanted=lambda x: np.linalg.norm(x, axis=1) < 15.5, extent=16.0)
    blocks = SpaceBlocks.of(domain, lattice, regions, 1, 2)
    sites = locate(comm, crystal, lattice, domain, regions)
    places = place(sites, blocks.space, blocks.carried, regions)
    r = np.linalg.norm(sites.X, axis=1)
    assert not places.slaved[r < 3.0].any()
    assert places.slaved[(r > 6.0) & places.inside].all()
    assert (places.clamped == (~places.slaved & (r >= 14.0 * (1 - 1e-9)))).all()
    assert (places.slaved.astype(int) + places.clamped + places.free == 1).all()
    kind = places.kind()
    assert (len(kind.free), len(kind.far)) == (places.free.sum(), places.clamped.sum())
    beta = site_beta(sites, places, domain, blocks.vertex_beta, regions.beta)
    zone = r < 8.5
    assert beta[zone] == pytest.approx(BETA(sites.points[zone]))  # vertices of a matching mesh
    number = np.arange(len(r)) + 1000
    nodes = Rows(np.arange(len(blocks.carried) + 1), np.arange(len(blocks.carried)), np.ones(len(blocks.carried)))
    rows = atom_rows(places, nodes, number)
    assert np.array_equal(rows.column[rows.first[:-1][~places.slaved]], number[~places.slaved])
    sums = np.add.reduceat(rows.value, rows.first[:-1]) if len(r) else np.ones(0)
    assert sums == pytest.approx(np.ones(len(r)))


def test_rows_where_there_is_no_mesh():
    """A rank without cells: every atom has a block of its own."""
    crystal, lattice, domain, regions = grid(MPI.COMM_SELF)
    blocks = SpaceBlocks.of(domain, lattice, regions, 1, 2)
    sites = locate(MPI.COMM_SELF, crystal, lattice, domain, regions)
    places = place(sites, blocks.space, blocks.carried, regions)
    rows = atom_rows(places, Rows.stack([]), np.arange(len(sites.key)))
    assert np.array_equal(rows.column, np.arange(len(sites.key)))
    assert (rows.value == 1.0).all()
