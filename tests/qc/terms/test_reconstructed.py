"""The reconstructed handshake as a term."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.terms.check import check_term
from tests.qc.terms.states import disturbed


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["toy", "holland-marder"])
def test_derivatives(name):
    check_term(*disturbed(name, "bgrac")["handshake"])


def test_sites_are_counted_from_the_perfect_crystal():
    term, z, _ = disturbed("toy", "bgrac", MPI.COMM_SELF)["handshake"]
    V, perfect = term.site_energies(z), term.site_energies(0 * z)
    assert len(V) == len(term.own_sites) == len(term.weight)
    assert np.ptp(perfect) < 1e-12
    assert term.energy(0 * z) == pytest.approx(0.0, abs=1e-10)
    assert term.energy(z) == pytest.approx(term.weight @ (V - perfect), rel=1e-10)
    assert not term.refresh(z + 100.0)
