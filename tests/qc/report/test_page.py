"""The page: all of the document is there, none of it runs, and nothing is fetched."""

import json
import re
import sys

import pytest

from qc.errors import InputError
from qc.output.files import read_json, write_json
from qc.report.page import report_or_warn, write_report
from tests.qc.report.browser import look_at
from tests.qc.report.results import DOCUMENT, HOSTILE, results

pytest.importorskip("plotly")
pytest.importorskip("jinja2")


def value(key):
    found = DOCUMENT
    for name in key.split("."):
        found = found[name]
    return found


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    return write_report(results(tmp_path_factory.mktemp("results")))


def test_a_browser_shows_the_numbers_and_nothing_runs_or_is_fetched(page_file):
    seen = look_at(page_file, spaces=1)
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(("data:", "blob:"))] == [page_file.resolve().as_uri()]
    assert (seen.plots, seen.spaces) == (4, 1)  # tip, J, energies, atoms
    assert {"K_plus", "K_plus_bracket", "K_G", "griffith.effective_modulus", "n_dofs"} <= set(seen.values)
    for key in set(seen.values) - {"K_plus/K_G"}:
        exact, text = seen.values[key]
        assert json.loads(exact) == value(key)
        numbers = value(key) if isinstance(value(key), list) else [value(key)]
        for number in (number for number in numbers if isinstance(number, float)):
            assert f"{number:.6g}" in text


def test_words_of_a_case_are_escaped_and_not_evaluated(page_file):
    text = page_file.read_text()
    assert HOSTILE not in text
    assert "<img src=x" not in text
    assert "{{ 7*7 }}" in text  # as it was written
    nonces = re.findall(r'<script nonce="([^"]+)"', text)
    assert len(nonces) == text.count("<script nonce") == 3
    assert len(set(nonces)) == 1
    assert text.count("Plotly.newPlot(") >= 1
    assert len(re.findall(r"<script[^>]+src=", text)) == 0


def test_what_is_known_of_the_error_is_shown(page_file):
    text = page_file.read_text()
    table = text[text.index('id="errors"') : text.index("</table>", text.index('id="errors"'))]
    for word in ("step", "-0.042", "boundary", "-0.003", "radius", "400"):
        assert word in table
    assert "Of the error of K+ only" not in text


def test_each_kind_of_source_has_a_page(tmp_path):
    fold = {"K_over_KG": 1.2, "tip_position": 0.0, "kind": "maximum", "name": "K_plus"}
    level = {"K_over_KG": 1.0, "forward": 0.2, "backward": 0.1}
    member = {"name": "a", "state": "done", "label": "", "domain_radius": 40.0, "K_plus_over_KG": 1.2, "n_dofs": 9}
    point = {"branch": "load", "a": 0.0, "a_after": 1.0, "K": 1.0, "K_low": 0.9, "K_high": 1.1}
    documents = {
        "folds.json": {"folds": [fold], "barriers": [{"levels": [level]}], "K_G": 1.0},
        "study.json": {"members": [member, {"name": "b", "state": "refused", "reason": HOSTILE}], "fits": []},
        "propagation.json": {
            "case": "p",
            "K_G": 1.0,
            "r_curve": [point],
            "steps": DOCUMENT["steps"],
            "verdict": "1 bond",
        },
    }
    for name, document in documents.items():
        folder = tmp_path / name
        folder.mkdir()
        write_json(folder / name, document)
        text = write_report(folder).read_text()
        assert HOSTILE not in text
        assert "Plotly.newPlot" in text
    record = {
        "method": "bgfc",
        "crystal": "fcc",
        "dimension": 3.0,
        "claim": HOSTILE,
        "expected": "exact",
        "verdict": "fail",
    }
    write_json(tmp_path / "patch.json", [record])
    text = write_report(tmp_path / "patch.json").read_text()
    assert "1 claims, 1 NOT as theory says" in text
    assert HOSTILE not in text


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has nothing to report on"),
        ({"result.json": "{"}, "cannot be read as JSON"),
        ({"result.json": "[]"}, "is not the document of a run"),
    ],
)
def test_what_holds_nothing_is_refused(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        write_report(tmp_path)


def test_a_report_that_fails_is_one_warning(tmp_path, caplog, monkeypatch):
    folder = results(tmp_path / "out")
    before = read_json(folder / "result.json")
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    report_or_warn(folder)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a report needs the package plotly" in caplog.text
    assert not (folder / "report.html").exists()
    assert read_json(folder / "result.json") == before
