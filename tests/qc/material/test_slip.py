"""Slip systems: how many there are, how they are written, and what is refused."""

import numpy as np
import pytest

from atomistics import Crystal
from qc.material.slip import FAMILIES, in_words, is_lattice_vector, slip_family, variants

CRYSTALS = {
    "fcc": Crystal.fcc("Al", 4.0),
    "bcc": Crystal.bcc("Fe", 2.9),
    "diamond": Crystal.diamond("Si", 5.4),
    "zincblende": Crystal.zincblende("Ga", "As", 5.6),
    "hcp": Crystal.hcp("Mg", 3.2),
    "hexagonal": Crystal.hexagonal("X", 1.0),
    "B2": Crystal.B2("Ni", "Al", 2.9),
    "L1_2": Crystal.L1_2("Al", "Ni", 3.6),
}
PLANES = {
    "fcc": [4, 4],
    "L1_2": [4, 4],
    "bcc": [6, 12, 24],
    "B2": [6, 6],
    "diamond": [4, 4, 4],
    "zincblende": [4, 4, 4],
    "hcp": [1, 1, 3, 6, 6],
    "hexagonal": [3],
}
DIRECTIONS = {
    "fcc": [3, 6],
    "L1_2": [3, 6],
    "bcc": [4, 2, 2],
    "B2": [2, 4],
    "diamond": [6, 3, 6],
    "zincblende": [6, 3, 6],
    "hcp": [6, 6, 2, 2, 2],
    "hexagonal": [2],
}
"""Burgers vectors of a plane: both senses of a lattice vector, one of an fcc partial; hcp has either sense in every other gap."""


@pytest.mark.parametrize("structure", CRYSTALS)
def test_all_that_symmetry_makes(structure):
    """The numbers of textbooks; lengths and angles are kept, in any orientation."""
    crystal = CRYSTALS[structure]
    turned = crystal.oriented((1, 1, 1), (1, -1, 0)) if structure not in ("hcp", "hexagonal") else crystal
    for family, planes, directions in zip(FAMILIES[structure], PLANES[structure], DIRECTIONS[structure], strict=True):
        found = variants(turned, family)
        assert len({s.plane for s in found}) == planes
        assert len(found) == planes * directions
        assert np.ptp([np.linalg.norm(s.b) for s in found]) < 1e-9
        assert max(abs(s.normal @ s.b) for s in found) < 1e-9
        assert {(s.plane, s.burgers) for s in found} == {(s.plane, s.burgers) for s in variants(crystal, family)}


def test_partials_are_no_lattice_vectors():
    full = {
        structure: [
            is_lattice_vector(crystal, np.array(f.burgers) @ crystal.conventional_ij[: crystal.dimension])
            for f in FAMILIES[structure]
        ]
        for structure, crystal in CRYSTALS.items()
    }
    assert full["fcc"] == [False, True]
    assert full["L1_2"] == [False, False]  # 1/2<110> leaves an antiphase boundary
    assert full["bcc"] == [True] * 3
    assert full["diamond"] == [True, False, True]
    assert full["hcp"] == [False, True, True, True, True]
    assert full["B2"] == [True, False]


def test_the_way_people_write():
    family = slip_family(" (1 1 1) 1/6[1,1,-2] glide")
    assert family == next(f for f in FAMILIES["diamond"] if f.cut == "glide" and f.burgers[2] < -0.3)
    assert family.name == "{1 1 1} glide 1/6<1 1 -2>"
    assert slip_family("(1 0 1)[0 1 0] 1").cut == 1
    assert in_words((0.5, -0.5, 0.0), "[]") == "1/2[1 -1 0]"


NO_SYSTEM = ["", "(1 1 1)", "(1 1 x)[1 1 0]", "(1 1 1) 1/0[1 -1 0]", "(1 1 1)[1 -1 0] nowhere", "(" * 9999, "(- -)[1]"]


@pytest.mark.parametrize("text", NO_SYSTEM)
def test_what_is_no_system_is_one_sentence(text):
    with pytest.raises(ValueError, match="must be a plane and a Burgers vector"):
        slip_family(text)


@pytest.mark.parametrize("text", ["(1 1 1)[1 1 1]", "(0 0 0)[1 1 0]", "(1 1 1)[0 0 0]", "(1 1)[1 -1]"])
def test_vectors_that_do_not_fit(text):
    with pytest.raises(ValueError, match=r"slip system \(.*\)\[.*\]"):
        variants(CRYSTALS["fcc"], slip_family(text))
