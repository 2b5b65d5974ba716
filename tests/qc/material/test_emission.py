"""Loads of dislocation emission against matscipy's, and which system goes first."""

import numpy as np
import pytest
from matscipy.fracture_mechanics.crack import CubicCrystalCrack

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import NearTipField
from qc.material.emission import emission_table, step_corrected
from qc.material.griffith import griffith
from qc.material.rest import at_rest
from qc.material.slip import FAMILIES, slip_family


def table_of(structure, element, file, plane, front, families=None, mode=(1.0, 0.0, 0.0)):
    potential = load_potential(file)
    crystal = at_rest(getattr(Crystal, structure)(element), potential).oriented(plane, front)
    report = griffith(crystal, potential)
    field = NearTipField(CauchyBornMaterial(crystal, potential).elastic_tensor(), 2.5)
    return emission_table(crystal, potential, field, report.gamma, mode, families), report


IRON, ALUMINIUM = ("bcc", "Fe", "Fe_mm.eam.fs"), ("fcc", "Al", "Al_mm.eam.fs")
NICKEL = ("fcc", "Ni", "NiAlH_jea.eam.alloy")


@pytest.mark.parametrize(
    ("material", "plane", "front", "first", "theta", "K_Ie", "load", "predicted"),
    [
        (IRON, (1, 1, 1), (1, 1, -2), "(1 -1 0)", 90.0, 1.2105, 1.2105, "cleavage"),
        (IRON, (1, 1, 0), (1, -1, 0), "(1 1 2)", 54.7, 1.2080, 1.2080, "cleavage"),
        (ALUMINIUM, (1, 1, 1), (1, -1, 0), "(1 1 -1)", 70.5, 0.3461, 0.3461, "cleavage"),
        (NICKEL, (1, 1, 1), (1, -1, 0), "(1 1 -1)", 70.5, 0.5673, 0.7648, "emission"),
    ],
)
def test_the_first_system(material, plane, front, first, theta, K_Ie, load, predicted):
    """Values of a separate program."""
    table, report = table_of(*material, plane, front, FAMILIES[material[0]][: 2 if material is IRON else 1])
    one = table.first
    assert {e.system.plane for e in table.emissions if e.load < one.load * (1 + 1e-9)} >= {first}
    assert abs(one.theta) == pytest.approx(theta, abs=0.1)
    assert one.K_Ie == pytest.approx(K_Ie, rel=1e-3)
    assert one.load == pytest.approx(load, rel=1e-3)
    assert table.K_c == pytest.approx(report.K_G)
    assert table.predicted == predicted


@pytest.mark.parametrize(
    ("material", "plane", "front"),
    [(IRON, (1, 1, 0), (0, 0, 1)), (IRON, (1, 1, 0), (1, -1, 0)), (ALUMINIUM, (1, 1, 1), (1, -1, 0)), (NICKEL, (1, 0, 0), (0, 1, 1))],
)
def test_loads_are_those_of_matscipy(material, plane, front):
    """All systems of cracks whose front is normal to a mirror plane: matscipy has no others."""
    table, report = table_of(*material, plane, front, FAMILIES[material[0]][:2])
    c, lines = report.elastic_constants, dict(table.lines)
    other = CubicCrystalCrack(list(plane), list(front), C11=c["C11"], C12=c["C12"], C44=c["C44"])
    assert len(table.emissions) >= 2
    for one in table.emissions:
        theirs = other.k1e_aniso(10 * lines[one.system.family].unstable, np.radians(one.phi), np.radians(one.theta)) / 100
        assert theirs == pytest.approx(one.K_Ie, rel=1e-6)


def test_a_partial_has_a_sense():
    """Behind the tip the crack of aluminium asks for the partial that puts like layers on each other: listed, and impossible."""
    table, _ = table_of(*ALUMINIUM, (1, 1, 1), (1, -1, 0), FAMILIES["fcc"][:1])
    wrong = [one for one in table.emissions if not one.possible]
    assert {round(one.theta, 1) for one in wrong} == {109.5, -70.5}
    assert min(one.load for one in wrong if one.theta > 0) < min(e.load for e in table.emissions if e.possible and e.theta > 0)
    assert all(a.possible >= b.possible for a, b in zip(table.emissions, table.emissions[1:], strict=False))


def test_a_front_in_no_slip_plane():
    """fcc (111)[11-2]: no other {111} plane contains the front, and mode I does not shear the crack plane."""
    table, _ = table_of(*ALUMINIUM, (1, 1, 1), (1, 1, -2), FAMILIES["fcc"][:1])
    assert table.emissions == []
    assert table.first is None
    assert table.predicted is None
    assert table.not_covered == {"{1 1 1} 1/6<1 1 -2>": 3}


def test_mode_two_shears_the_crack_plane():
    """theta = 0: K_IIe = sqrt(gamma_us p), f = 1 (Rice), and no step."""
    table, _ = table_of(*NICKEL, (1, 1, 1), (1, 1, -2), [slip_family("(1 1 1) 1/2[1 -1 0]")], mode=(0.0, 1.0, 0.0))
    (one,) = [e for e in table.emissions if abs(e.theta) < 1e-6][:1]
    assert one.factors["II"] == pytest.approx(1.0, rel=1e-6)
    assert one.K_Ie_step is None
    assert one.K_Ie == pytest.approx(np.sqrt(1e-3 * table.lines[0][1].unstable * one.stiffness))


def test_the_step():
    assert step_corrected(2.0, 1.0) == 1.0
    assert step_corrected(4.0, 1.0) == pytest.approx(0.145 * 4 + 0.5)


def test_gamma_lines_that_are_known_are_not_worked_out_again(monkeypatch):
    """They do not depend on the orientation: of another one the table is the same as from its own lines."""
    sheet = ("hexagonal", "X", "morse")
    crystal = at_rest(Crystal.hexagonal("X"), load_potential("morse"))
    known = {}

    def table(plane, lines):
        turned = crystal.oriented(plane)
        field = NearTipField(CauchyBornMaterial(turned, load_potential(sheet[2])).elastic_tensor(), 2)
        return emission_table(turned, load_potential(sheet[2]), field, 1.0, known=lines)

    table((1, 0), known)
    own = table((1, 1), None)
    monkeypatch.setattr("qc.material.emission.gamma_line", lambda *a: pytest.fail("worked out again"))
    found = table((1, 1), known)
    assert [one.K_Ie for one in found.emissions] == pytest.approx([one.K_Ie for one in own.emissions], rel=1e-9)
    assert [one.system.plane for one in found.emissions] == [one.system.plane for one in own.emissions]
