"""J of a crack system's rings: where they lie, and what they give of the near-tip field."""

import numpy as np
import pytest

from qc.crack.energy_release import EnergyRelease, ring_edges
from tests.qc.brittle import brittle_sheet


@pytest.fixture(scope="module")
def system():
    return brittle_sheet(domain_radius=40.0)


def test_rings_lie_between_handshake_and_boundary(system):
    edges = ring_edges(system)
    assert (np.diff(edges) > 0).all()
    assert edges[0] > system.spec.core_radius + system.model.spec.width
    assert edges[-1] < system.spec.domain_radius


@pytest.mark.mpi
def test_the_near_tip_field_releases_what_its_load_says(system):
    """J of a weakly loaded linear field is G; the rings agree, and one off the crack sees nothing."""
    K = 0.02 * system.K_G
    q = system.start(K)
    system.load(K)
    J, J_over_G, J_spread = EnergyRelease(system).measure(q, K)
    assert J_over_G == pytest.approx(1.0, abs=0.05)
    assert pytest.approx(J_over_G * system.field.energy_release_rate([K, 0.0, 0.0])) == J
    assert J_spread < 0.05
    aside = EnergyRelease(system, edges=[2.0, 5.0], centre=(25.0, 0.0)).contours(q)
    assert np.abs(aside).max() < 0.05 * J


def test_a_disc_of_atoms_has_no_ring():
    system = brittle_sheet(method="atomistic", core_radius=10.0, domain_radius=14.0)
    assert EnergyRelease(system).measure(system.start(0.1), 0.1) == (None, None, None)
