"""The structure of least energy, and the warning for another one."""

import pytest

from atomistics import load_potential
from qc.material.ground_state import not_the_ground_state, structures_at_rest


def test_iron_is_body_centred():
    """M. I. Mendelev et al., Phil. Mag. 83 (2003) 3977, table 2: -4.122 eV, and fcc 0.12 eV above."""
    found = structures_at_rest(load_potential("Fe_mm.eam.fs"), ["Fe"])
    energy = {one.structure: one.energy for one in found}
    assert found[0].structure == "bcc"
    assert energy["bcc"] == pytest.approx(-4.122, abs=1e-3)
    assert energy["fcc"] - energy["bcc"] == pytest.approx(0.120, abs=2e-3)
    assert found[0].a == pytest.approx(2.8553, abs=1e-3)
    assert not_the_ground_state(found, "bcc") is None
    sentence = not_the_ground_state(found, "fcc")
    assert "-4.0020" in sentence
    assert "bcc has -4.1224" in sentence


def test_what_has_no_state_at_rest_is_last_and_says_why():
    found = structures_at_rest(load_potential("morse", alpha=4.0, cutoff=1.7, switch_on=1.1), ["X"])
    assert [one.energy is None for one in found] == sorted(one.energy is None for one in found)
    assert found[-1].energy is None
    assert found[-1].why
    assert not_the_ground_state(found, found[-1].structure) is None


def test_a_sheet_and_compounds_of_another_composition_are_not_compared():
    sheet = structures_at_rest(load_potential("morse"), ["X"], "hexagonal")
    assert [one.structure for one in sheet] == ["hexagonal"]
    alloy = structures_at_rest(load_potential("NiAlH_jea.eam.alloy", ["Al", "Ni"]), ["Al", "Ni"], "L1_2")
    assert [one.structure for one in alloy] == ["L1_2"]
    assert not_the_ground_state(alloy, "L1_2") is None
