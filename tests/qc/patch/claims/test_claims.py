"""Claims about energies, ranks and rotations: red for what is wrong."""

import pytest

from qc.coupling.coupling import Coupling
from tests.qc.patch.test_suite import STRAIN, failing


@pytest.mark.mpi
def test_red_with_forces_that_do_not_turn(monkeypatch):
    """A force fixed in space on every unknown, small enough to hide from the eye."""
    right = Coupling.energy_gradient

    def wrong(self, q, g):
        E = right(self, q, g)
        g.shift(1e-8)
        return E

    monkeypatch.setattr(Coupling, "energy_gradient", wrong)
    found = {claim for claim, _ in failing("bqcf", deformations=(STRAIN, "rotation:20"))}
    assert {"force patch test", "objectivity", "null test: all atomistic", "null test: all continuum"} <= found


@pytest.mark.mpi(min_size=2)
def test_red_with_numbers_that_depend_on_the_ranks(monkeypatch):
    right = Coupling.energy_gradient

    def wrong(self, q, g):
        E = right(self, q, g)
        g.scale(1 + 1e-11 * (self.layout.comm.size - 1))
        return E

    monkeypatch.setattr(Coupling, "energy_gradient", wrong)
    assert failing("bqce", claims=("rank invariance",)) == {("rank invariance", None)}


def test_a_macroscopic_gradient_along_the_front():
    """2.5-D with every component of F, which plane displacements cannot express; the dead load comes from another model."""
    F = ("1.01,0.02,0.03,-0.01,0.98,0.02,0.02,0.01,1.02",)
    for method in ("bgfc", "bqcf", "bgrac"):
        assert not failing(
            method, crystal="bcc", dimensions=["2.5"], deformations=F, claims=("force patch test", "energy patch test")
        )
