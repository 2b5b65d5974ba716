"""A small plane model without a coupling: hexagonal crystal, resolved zone, far mesh, core and handshake."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.domain import DomainMesh, DomainShape, build_domain
from fem.mesh.lattice_zone import MeshLattice, front_lattice
from qc.unknowns.blending import BlendingFunction
from qc.unknowns.regions import Core, Regions

CORE, WIDTH, RADIUS = 4.0, 3.0, 14.0
BETA = BlendingFunction(Core(CORE), WIDTH)


def grid(
    comm: MPI.Comm = MPI.COMM_WORLD,
    order: int = 1,
    crystal: Crystal | None = None,
    crack: str = "none",
    **changes: object,
) -> tuple[Crystal, MeshLattice, DomainMesh, Regions]:
    """Crystal, lattice, mesh and regions; neighbour distance 1."""
    crystal = crystal or Crystal.hexagonal("X", 1.0)
    nn = crystal.nearest_neighbour_distance
    lattice = front_lattice(crystal, np.array([0.0, 0.25 * np.sqrt(3) if crack == "slit" else 0.0, 0.0]), along_x=True)
    shape = DomainShape(
        lattice=lattice, distance=Core(CORE), resolved=WIDTH + 2.0, radius=RADIUS, overhang=2.0, nn=nn,
        core=CORE + WIDTH, order=order, crack=crack,
    )  # fmt: skip
    regions = Regions(
        **{"beta": BETA, "wanted": lambda x: Core(CORE)(x) < WIDTH + 1.0, "radius": RADIUS, "extent": 9.0} | changes
    )
    return crystal, lattice, build_domain(comm, shape, lambda x: np.ones(len(x))), regions
