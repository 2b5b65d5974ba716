"""One migration of a kink by ASE's climbing NEB: the barrier that driving the bond finds."""

import pytest
from mpi4py import MPI

from benchmarks.neb import by_coupled, migration
from tests.qc.crack.fronts import silicon_front


@pytest.mark.slow
def test_neb_finds_the_saddle_of_the_drive():
    """From one period ahead to two, in a disc of three periods at 1.1 K_G, both ways."""
    system = silicon_front(3, MPI.COMM_SELF)
    saddle, back, on = migration(system)
    there, home, _ = by_coupled(system, back.q, on.q, 5)
    assert there == pytest.approx(saddle.energy - back.energy, abs=2e-5)
    assert home == pytest.approx(saddle.energy - on.energy, abs=2e-5)
