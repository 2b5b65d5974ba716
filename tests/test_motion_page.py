"""The tables of docs/dynamics.md are those of the benchmarks, which meet their targets."""

import json
from pathlib import Path

import pytest

from benchmarks import modes

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/dynamics.md").read_text()
TABLES = (modes,)


def rows(module):
    return json.loads((ROOT / f"benchmarks/results/{module.__name__.split('.')[-1]}.json").read_text())["rows"]


@pytest.mark.parametrize("module", TABLES, ids=lambda module: module.__name__)
def test_the_table_is_that_of_the_benchmark(module):
    assert "\n".join(module.lines(rows(module))) in PAGE



def test_lowest_modes_are_those_of_all_atoms():
    """To a few per cent, and the better the larger the disc."""
    worst = {(row["crystal"], row["R (nn)"]): max(abs(row[f"mode {k + 1} (%)"]) for k in range(modes.COUNT)) for row in rows(modes)}
    assert max(worst.values()) < 5.0
    sheet = [worst[modes.SUBJECTS[0][0], R] for R in (16.0, 32.0, 64.0)]
    assert sheet == sorted(sheet, reverse=True)
