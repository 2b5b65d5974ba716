"""States that LAMMPS has relaxed: names of what happened in them against the lines that ovito's DXA finds, as the page tells."""

import json

import pytest

from benchmarks import naming

PAGE = naming.RESULTS.parents[1] / "docs/emission.md"


@pytest.fixture(scope="module")
def rows():
    return json.loads(naming.FILE.read_text())


def test_no_name_is_wrong(rows):
    """A name that says what slips agrees with DXA in number and Burgers vectors; where nothing is named, DXA sees no new line."""
    assert len(rows) >= 20
    assert len({row["state"].rsplit("_", 1)[0] for row in rows}) >= 8
    wrong = [row["state"] for row in rows if not row["same"] and row["named"] != "undecided"]
    assert wrong == []


def test_the_page_has_the_table_of_the_run(rows):
    assert naming.table(rows) in PAGE.read_text()


def test_lines_that_glide_are_not_new():
    """On their plane they may go on; beside it, or from the tip, another one has come."""
    facts = {"tip": 0.0, "nearest": 2.5}
    line = {"b": [0.0, 2.0, 0.0], "at": [0.0, 20.0]}
    gone, beside, at_tip = line | {"at": [0.5, 35.0]}, line | {"at": [4.0, 35.0]}, line | {"at": [0.0, 5.0]}
    assert naming.new_lines([line], [gone], facts) == []
    assert naming.new_lines([line], [beside], facts) == [beside]
    assert naming.new_lines([at_tip], [gone], facts) == [gone]
    assert naming.new_lines([line], [line | {"b": [2.0, 0.0, 0.0]}], facts) == [line | {"b": [2.0, 0.0, 0.0]}]
    assert naming.new_lines([line], [gone | {"b": [0.0, -2.0, 0.0]}], facts) == []  # the sense of the line is DXA's own
