"""Temperatures of a crystal with a basis, whose shifts are no places."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics.units import AMU
from qc.crack.energy_release import EnergyRelease
from qc.crack.kinetic_map import KineticMap
from qc.drive.ledger import KB
from qc.drive.motion import rates
from tests.fem.test_j_integral import silicon

SILICON = 28.085
"""amu."""


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgfc", "bgrac"])
def test_all_that_moves_alike_is_as_warm(method):
    system = silicon(method=method)
    model, seen = system.model, KineticMap(system, EnergyRelease(system).terms)
    q = system.start(0.1)
    velocity = np.zeros((model.parts.layout.n_free, 3))
    displaced = model.parts.local(*(np.broadcast_to(part, (len(model.parts.X), *part.shape)) for part in (
        np.array([3.0, 4.0, 0.0]), np.zeros((3, 3)), np.zeros((2, 3)))))[: len(velocity)]  # fmt: skip
    velocity[:] = displaced
    for _ in range(2):
        seen.add(rates(model.coupling, q, velocity))
    found = seen.gathered(10**6)
    assert (found is None) == (model.comm.rank > 0)
    if found is not None:
        x, T = found
        middle = np.linalg.norm(x, axis=1) < 0.5 * system.spec.radius  # the boundary is at rest
        assert middle.sum() > 100
        assert T[middle] == pytest.approx(SILICON * AMU * 25.0 / (3.0 * KB), rel=1e-6)
    MPI.COMM_WORLD.barrier()
