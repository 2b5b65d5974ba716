"""Two thousand inputs that nobody means, and those that have failed once: `tests.fuzz.driver`."""

import os
import shutil
from pathlib import Path

import pytest

from qc.cli.ending import BAD_INPUT
from tests.fuzz.driver import failures
from tests.fuzz.worker import good, outcome

KEPT = Path(__file__).parent / "cases"
COUNT = int(os.environ.get("QC_FUZZ_COUNT", 1000))
"""Of each half: the halves are two tests, so that two processes share them."""


@pytest.mark.parametrize("half", [0, 1])
def test_no_input_does_harm(half):
    assert list(failures(COUNT, seed=1_000_000 + half * COUNT)) == []


@pytest.mark.slow
def test_no_input_of_fifty_thousand_does_harm():
    assert list(failures(50_000, seed=10_000_000)) == []


@pytest.mark.parametrize("case", sorted(KEPT.glob("*/*.toml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_has_failed_once_does_not_again(tmp_path, monkeypatch, case):
    """Kept as files, a folder a kind, with what they name beside them: the mutations may change."""
    shutil.copytree(case.parent, tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    assert good(*outcome(["check", case.name], "whole"))


@pytest.mark.parametrize(
    ("code", "said", "is_good"),
    [
        (0, "", True),
        (BAD_INPUT, "qc: x = 1 is not allowed\n", True),
        (BAD_INPUT, "", False),
        (BAD_INPUT, "qc: one\nqc: two\n", False),
        ("KeyError", "Traceback", False),
        (BAD_INPUT, "qc: \u202e\n", False),
    ],
)
def test_the_verdict(code, said, is_good):
    assert good(code, said) == is_good
