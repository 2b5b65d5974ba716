"""``qc patch-test``: its words as options."""

from pathlib import Path

from qc.cli import bodies
from tests.qc.cli.commands import qc


def test_words_are_handed_on(monkeypatch):
    told = []
    monkeypatch.setattr(bodies, "patch_test", lambda comm, options: told.append(options) or 0)
    words = (
        "--method bgfc --method bgrac --crystal fcc:Cu --shifts given --width 3 --format json -o out.json --map map.png"
    )
    assert qc("patch-test", *words.split()).exit_code == 0
    (options,) = told
    assert options.pop("methods") == ["bgfc", "bgrac"]
    assert (options.pop("crystals"), options.pop("shifts"), options.pop("width")) == (["fcc:Cu"], ["given"], "3")
    assert (options.pop("format"), options.pop("output"), options.pop("map")) == (
        "json",
        Path("out.json"),
        Path("map.png"),
    )
    assert not any(options.values())
    assert set(options) == {"potentials", "deformations", "dimensions", "references", "mesh", "engine"}


def test_without_words_it_is_the_table_of_the_standard_suite(monkeypatch):
    told = []
    monkeypatch.setattr(bodies, "patch_test", lambda comm, options: told.append(options) or 1)
    assert qc("patch-test").exit_code == 1
    assert told[0].pop("format") == "table"
    assert not any(told[0].values())
