"""The surface of the resolved zone reaches rank 0; what lies between the layers of two ranks does not."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.lattice_zone import build_zone, bulk_lattice, surface_facets

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
