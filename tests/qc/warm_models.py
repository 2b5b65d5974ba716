"""Small warm sheets for the tests."""

from __future__ import annotations

from functools import cache

from mpi4py import MPI

from fem.thermal import Sampled
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import ModelSpec
from qc.coupling.warmth import sampled_of
from qc.material.cleavage import crack_lattice
from qc.unknowns.regions import Core
from tests.qc.models import material

TEMPERATURE = 200.0


@cache
def vibrations(name: str = "morse") -> Sampled:
    """Of the crystal, worked out once a session by each rank alone."""
    crystal, potential = material(name)
    return sampled_of(MPI.COMM_SELF, crystal, potential, crack_lattice(crystal))


def warm_model(method: str, motion: str, comm: MPI.Comm = MPI.COMM_WORLD, temperature: float = TEMPERATURE, **changes: object) -> Model:
    """The Morse sheet, core and handshake of three neighbour distances each."""
    crystal, potential = material("morse")
    nn = crystal.nearest_neighbour_distance
    sizes = {"core": Core(3 * nn), "blend_width": 3 * nn, "radius": 14 * nn}
    spec = ModelSpec(method=method, temperature=temperature, motion=motion, **(sizes | changes))  # type: ignore[arg-type]
    return build_model(comm, crystal, potential, crack_lattice(crystal), spec, vibrations=vibrations())
