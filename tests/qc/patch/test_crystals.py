"""Crystals by a word."""

import pytest

from qc.patch.crystals import parse_crystal


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hexagonal", ("hexagonal", (), None)),
        ("fcc:Cu", ("fcc", ("Cu",), None)),
        ("bcc:Fe:2.86", ("bcc", ("Fe",), 2.86)),
        ("diamond:Si:5.431", ("diamond", ("Si",), 5.431)),
        ("zincblende:Ga:N:4.5", ("zincblende", ("Ga", "N"), 4.5)),
    ],
)
def test_crystals(text, told):
    word = parse_crystal(text)
    assert (word.structure, word.elements, word.a) == told
    assert str(word) == text
