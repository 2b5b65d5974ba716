"""Crystals and potentials by their words: standard ones, a potential's own crystal, and what does not fit."""

import pytest

from qc.errors import InputError
from qc.patch.crystals import parse_crystal
from qc.patch.pairs import pairs


def told(crystals, potentials=()):
    found = pairs([parse_crystal(text) for text in crystals], potentials)
    return [(str(p.word), p.name, tuple(p.crystal.species)) for p in found]


def test_a_crystal_without_a_potential_gets_the_standard_one():
    assert told(["bcc:Fe"]) == [("bcc:Fe", "Fe_mm.eam.fs", ("Fe",))]
    assert told(["diamond"]) == [("diamond", "stillinger-weber", ("Si", "Si"))]


def test_a_potential_without_a_crystal_names_its_own():
    assert told([], ["Cu_mishin1.eam.alloy"]) == [("fcc:Cu", "Cu_mishin1.eam.alloy", ("Cu",))]
    assert sorted(told([], ["SiC.tersoff"])[0][2]) == ["C", "Si"]


def test_each_potential_takes_the_crystals_that_it_knows():
    found = told(["fcc:Cu", "bcc:Fe"], ["Cu_mishin1.eam.alloy", "Fe_mm.eam.fs"])
    assert [p[:2] for p in found] == [("fcc:Cu", "Cu_mishin1.eam.alloy"), ("bcc:Fe", "Fe_mm.eam.fs")]


def test_a_crystal_has_the_lattice_constant_of_its_potential():
    (pair,) = pairs([parse_crystal("fcc:Cu")], ["Cu_mishin1.eam.alloy"])
    assert pair.crystal.a == pytest.approx(pair.potential.lattice_constant("fcc", "Cu"))


def test_what_fits_nothing_is_refused():
    with pytest.raises(InputError, match="fits none of the crystals"):
        pairs([parse_crystal("fcc:Cu")], ["Cu_mishin1.eam.alloy", "Fe_mm.eam.fs"])
