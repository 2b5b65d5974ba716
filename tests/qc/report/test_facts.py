"""Words and numbers of a report: what there is, to six digits, and what is missing said."""

from pathlib import Path

import pytest

from qc.report.facts import errors, facts, shown, trust, verdict
from qc.report.source import Source
from tests.qc.report.results import DOCUMENT


def source(**changes):
    document = {name: value for name, value in (DOCUMENT | changes).items() if value is not None}
    return Source(kind="run", name="x", directory=Path(), document=document, pictures={})


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (3, "3"), (0.84142954, "0.84143"), ([1.0, 1.25], "1 to 1.25"), ("bgfc", "bgfc")],
)
def test_values_in_words(value, text):
    assert shown(value) == text


def test_facts_are_those_of_the_document():
    found = {fact.key: fact for fact in facts(source())}
    assert found["K_plus"].shown == "0.883501 MPa m^1/2"
    assert found["K_plus/K_G"].value == pytest.approx(1.05)
    assert "K_minus" not in found
    assert list(found)[:2] == ["K_plus", "K_plus/K_G"]


def test_an_error_that_is_not_known_is_said_to_be_so():
    assert [name for name, _ in errors(source())] == ["step", "boundary"]
    without = source(K_plus_error=None, finished=False)
    assert errors(without) == []
    text = " ".join(trust(without))
    assert "Of the error of K+ only the step of the load is known" in text
    assert "The run is not finished" in text
    assert "not comparable" in text  # there is a dead load
    assert verdict(source(verdict=None)) == "no advance of the tip yet"
