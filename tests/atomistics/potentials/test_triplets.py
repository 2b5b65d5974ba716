"""Entries of three species: how they are read, chosen, and refused."""

import numpy as np
import pytest

from atomistics.potentials.triplets import read_triplets

COLUMNS = ("a", "b")


def read(tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text)
    return read_triplets(path, COLUMNS)


def test_entries_over_several_lines_with_comments(tmp_path):
    found = read(tmp_path, "# head\nSi Si Si 1 # first\n  2\n\nSi C C\n3 4e0\nC C C 5 6\nC Si Si 7 8\n" + "".join(
        f"{key} 0 0\n" for key in ("Si Si C", "Si C Si", "C C Si", "C Si C")
    ))  # fmt: skip
    assert found.elements == ("Si", "C")
    assert found.lines["Si", "C", "C"] == 5
    assert found.columns == COLUMNS
    table = found.table(["C", "Si"])
    assert table.shape == (2, 2, 2, 2)
    assert table[0, 0, 0].tolist() == [5.0, 6.0]
    assert table[1, 0, 0].tolist() == [3.0, 4.0]
    assert np.array_equal(found.table(["Si"])[0, 0, 0], [1.0, 2.0])


def test_missing_species_and_triplets_are_named(tmp_path):
    found = read(tmp_path, "Si Si Si 1 2\nC C C 3 4\n")
    with pytest.raises(ValueError, match="has no Ge: it has Si, C"):
        found.table(["Ge"])
    with pytest.raises(ValueError, match="no entry for the triplet Si Si C, which Si and C need"):
        found.table(["Si", "C"])
    with pytest.raises(ValueError, match=r"file, line 2: expected a > 0 for the triplet C C C"):
        found.refuse(("C", "C", "C"), "a > 0")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"line 1: expected entries of 5 columns, found none"),
        ("Si Si Si 1\n", r"line 1: expected 5 columns \(three species, a, b\), found 4"),
        ("Si Si Si 1 2 3\n", "line 1: expected 5 columns .* found 6"),
        ("Si Si Si 1\nC C C 1 2\n", "line 1: expected 5 columns"),
        ("Si Si 3 1 2\n", "line 1: expected three species, then numbers, found '3'"),
        ("Si Si Si 1 nan\n", "line 1: expected a finite number for b, found 'nan'"),
        ("Si Si Si 1 2\nSi Si Si 1 2\n", "line 2: expected one entry for Si Si Si, found a second after line 1"),
        ("# UNITS: lj\nSi Si Si 1 2\n", "line 1: expected UNITS: metal or real, found UNITS: lj"),
    ],
)
def test_malformed_files(tmp_path, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(tmp_path, text)
