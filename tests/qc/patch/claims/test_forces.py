"""Claims about ghost forces: seen where theory promises them, none where no bond carries a force."""

import pytest

from qc.coupling.coupling import Coupling
from tests.qc.patch.test_suite import STRAIN, failing, records


def test_ghost_forces_of_bgfc_are_those_of_energy_blending_at_the_reference():
    """Zero at F0, the size of BQCE's elsewhere: what the claim calls linear in F - F0 is seen."""
    words = {"references": ["lattice"], "potentials": ["hexagonal-eam"], "deformations": ("identity", STRAIN)}
    found = {r.deformation_name: r for r in records("bgfc", claims=("force patch test",), **words)}
    assert found["identity"].ghost_force_max < 1e-11
    assert found[STRAIN].ghost_force_max > 1e-3
    assert found[STRAIN].measured == pytest.approx(1.0, abs=0.25)


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["qce", "bqce"])
def test_red_without_the_ghost_forces_that_theory_promises(monkeypatch, method):
    """A sum without any force passes no claim of a method that must have them."""
    right = Coupling.energy_gradient

    def wrong(self, q, g):
        E = right(self, q, g)
        g.zeroEntries()
        return E

    monkeypatch.setattr(Coupling, "energy_gradient", wrong)
    found = {claim for claim, _ in failing(method, claims=("force patch test", "decay rate"))}
    assert found == {"force patch test"} | ({"decay rate"} if method == "bqce" else set())


def test_force_free_bonds_make_no_ghost_force():
    """Neighbours at rest: QCE is exact there, and the record says why; at any strain it is not."""
    found = {
        r.deformation_name: r
        for r in records("qce", claims=("force patch test",), deformations=("identity", "shear:0.01"))
    }
    assert found["identity"].expected == "machine precision: no bond carries a force at this F"
    assert found["shear:0.01"].expected == "fails: baseline"
    assert {r.verdict for r in found.values()} == {"pass"}
