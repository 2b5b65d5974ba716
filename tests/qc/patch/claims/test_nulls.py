"""Null tests go red for a model that is not the plain sum of its sites, or not the finite-element model."""

import pytest

from qc.coupling.coupling import Coupling
from tests.qc.patch.test_suite import records

CLAIMS = ("null test: all atomistic", "null test: all continuum")


@pytest.mark.mpi
@pytest.mark.parametrize("claim", CLAIMS)
def test_red_with_a_force_that_is_nobodys(monkeypatch, claim):
    """One part in a hundred million of a unit force, on one unknown of rank 0."""
    assert {r.verdict for r in records("bqcf", claims=(claim,))} == {"pass"}
    right = Coupling.energy_gradient

    def wrong(self, q, g):
        E = right(self, q, g)
        if self.layout.comm.rank == 0:
            g.array[0] += 1e-8
        return E

    monkeypatch.setattr(Coupling, "energy_gradient", wrong)
    assert {r.verdict for r in records("bqcf", claims=(claim,))} == {"fail"}
