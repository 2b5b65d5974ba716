"""A 2-D crystal whose crack tip snaps from bond to bond: forces between nearest neighbours only, hence real lattice trapping."""

from __future__ import annotations

from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem

PARAMETERS = {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}
"""In a large domain K+ is about 1.07 and K- about 1.01 K_G; in that of `brittle_sheet`
the tip advances from its place at 1.115."""


def brittle_sheet(comm: MPI.Comm = MPI.COMM_WORLD, **changes: object) -> CrackSystem:
    """A crack in it; neighbour distance 1, two bonds a period along the crack."""
    potential = load_potential("morse", None, **PARAMETERS)
    crystal = Crystal.hexagonal().resolved(potential)
    sizes = {"core_radius": 8.0, "blend_width": 4.0, "domain_radius": 22.0, "face_strip": 2.2, "method": "bgfc", "order": 1}
    return CrackSystem(crystal, potential, CrackSpec(**(sizes | changes)), comm=comm)  # type: ignore[arg-type]
