"""The table of a calculator's stress against the exact material of the potential that is behind it."""

import numpy as np
import pytest

from atomistics import Crystal, ForcesOnly, load_potential
from fem.cauchy_born import CauchyBornMaterial, InadmissibleDeformationError
from fem.cell_table import OVERLAP, ROUGH

POTENTIAL = load_potential("Cu_mishin1.eam.alloy")
CRYSTAL = Crystal.fcc("Cu", 3.614925).oriented((1, 1, 1), (1, 1, -2))
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def table():
    return CauchyBornMaterial(CRYSTAL, ForcesOnly(POTENTIAL.calculator(), ("Cu",), 2 * POTENTIAL.cutoff))


@pytest.fixture(scope="module")
def exact():
    return CauchyBornMaterial(CRYSTAL, POTENTIAL)


def test_constants_at_rest_are_those_of_the_calculator(table, exact):
    """Tables of EAM have second derivatives that jump at their knots: differences over some of them agree to 1e-4."""
    C = exact.elastic_tensor()
    np.testing.assert_allclose(table.elastic_tensor(), C, rtol=0, atol=3e-4 * C.max())
    np.testing.assert_allclose(table.stress(np.eye(3)[None]), exact.stress(np.eye(3)[None]), atol=1e-9)


def test_stress_is_right_within_the_bound_that_is_told(table, exact):
    F = np.eye(3) + 0.012 * RNG.uniform(-1, 1, (400, 3, 3))
    wrong = np.abs(table.stress(F) - exact.stress(F)).max((1, 2))
    strain = np.linalg.norm(0.5 * (F.swapaxes(1, 2) @ F - np.eye(3)), axis=(1, 2))
    for known in table.table.tables:
        assert known.error < ROUGH * known.largest
        inside = strain < OVERLAP * known.radius
        assert wrong[inside].max(initial=0.0) < known.error + 1e-8
    assert len(table.table.tables) >= 2
    assert 0.02 < strain.max() < 0.04


@pytest.mark.parametrize("amplitude", [0.005, 0.012])
def test_stress_and_tangent_are_derivatives_also_between_two_tables(table, amplitude):
    F, h = np.eye(3) + amplitude * RNG.uniform(-1, 1, (8, 3, 3)), 1e-6
    dF = RNG.normal(size=F.shape)
    _, P, C = table.evaluate(F)
    up, down = (table.energy_and_stress(F + sign * h * dF) for sign in (1, -1))
    np.testing.assert_allclose((up[0] - down[0]) / (2 * h), np.einsum("nij,nij->n", P, dF), atol=1e-8)
    np.testing.assert_allclose((up[1] - down[1]) / (2 * h), np.einsum("nijkl,nkl->nij", C, dF), atol=1e-6)


def test_a_rotation_turns_the_stress(table):
    F = np.eye(3) + 0.01 * RNG.uniform(-1, 1, (4, 3, 3))
    Q = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    Q *= np.sign(np.linalg.det(Q))
    np.testing.assert_allclose(table.stress(Q @ F), Q @ table.stress(F), atol=1e-12)


def test_what_is_known_is_not_asked_for_again(table):
    """Another material of the same crystal has the same tables, and the same numbers whatever was asked before."""
    F, potential = np.eye(3) + 0.01 * RNG.uniform(-1, 1, (3, 3, 3)), table.potential
    before = table.stress(F), potential.calls.cells
    np.testing.assert_array_equal(CauchyBornMaterial(CRYSTAL, potential).stress(F), before[0])
    assert potential.calls.cells == before[1]
    fresh = ForcesOnly(POTENTIAL.calculator(), ("Cu",), 2 * POTENTIAL.cutoff)
    np.testing.assert_allclose(CauchyBornMaterial(CRYSTAL, fresh).stress(F), before[0], rtol=1e-12, atol=1e-14)


def test_two_atoms_a_cell_and_nonsense_are_refused(table):
    si = ForcesOnly(POTENTIAL.calculator(), ("Si",), 8.0)
    with pytest.raises(ValueError, match=r"crystals may have one atom a cell \(fcc, bcc\): diamond has 2"):
        CauchyBornMaterial(Crystal.diamond("Si", 5.4), si)
    with pytest.raises(InadmissibleDeformationError):
        table.stress(-np.eye(3)[None])
