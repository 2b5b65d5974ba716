"""The page of surveys has the tables of what was found, and what was found is what other pages say."""

import pytest

from benchmarks import survey_table as table


def test_the_page_has_the_tables_of_the_surveys():
    """What ``python -m benchmarks.survey_table --write`` puts there."""
    page = table.PAGE.read_text()
    assert table.page_with_tables(page) == page


def test_iron_is_that_of_other_codes():
    """K_G of (111)[11-2] and K_Ie of the edge dislocation ahead of it, MPa m^1/2, by another code: 0.981 and 1.2105."""
    iron = next(one for one in table.surveys() if one["name"] == "Fe_mm")
    row = next(row for row in iron["systems"] if row["system"] == "(1 1 1)[1 1 -2]")
    assert row["K_G"] == pytest.approx(0.981, abs=1e-3)
    assert row["K_Ie"] == pytest.approx(1.2105, abs=1e-3)
    for one in table.surveys():
        assert all(row["state"] in ("done", "failed") for row in one["systems"]), one["name"]
