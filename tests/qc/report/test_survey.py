"""The page of a survey: tables of all potentials, pictures of this directory only, words that do not run."""

import json

import pytest

from qc.case.orientation import Orientation
from qc.commands.survey_rows import crystal_entries, system_row
from qc.commands.survey_subject import Member
from qc.errors import InputError
from qc.output.files import write_json
from qc.report.page import write_report
from qc.report.survey import comparison, error_cell, event_cell, sheets, table
from tests.qc.commands.test_survey_rows import MEMBER, RESULT, THEORY
from tests.qc.report.results import HOSTILE

pytest.importorskip("plotly")
pytest.importorskip("jinja2")
OTHER = Member(name="100_001", orientation=Orientation(plane=(1, 0, 0), front=(0, 0, 1)), data={}, case=None)
PIXEL = b"\x89PNG\r\n\x1a\n"


def of_one(name, *rows):
    entries = {"name": name, "potential": name, "structure": "bcc", "energies": "bcc -4.1 eV per atom", "warning": None}
    return entries | crystal_entries([THEORY]) | {"systems": list(rows)}


def document():
    first = of_one("A", system_row("A", MEMBER, THEORY, RESULT, None))
    hostile = system_row("B", MEMBER, THEORY, RESULT | {"verdict": HOSTILE}, None)
    second = of_one("B", hostile, system_row("B", OTHER, None, None, None))
    return {"finished": False, "warnings": [HOSTILE], "potentials": [first, second], "versions": {}}


def written(folder, found):
    for place in ("A/110_001", "B/110_001"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "tip.png").write_bytes(PIXEL)
    write_json(folder / "survey.json", found)
    return write_report(folder).read_text()


def test_the_page_has_the_tables_and_the_pictures(tmp_path):
    text = written(tmp_path, document())
    for word in ("Potentials compared", "A: crack systems", "2 of 3 crack systems done", "1.3300 (-0.0200 +0.0300)", "0.7000 - 0.8000"):
        assert word in text, word
    assert text.count('src="data:image/png;base64,') == 2
    assert 'href="#A/110_001"' in text
    assert HOSTILE not in text
    assert "{{ 7*7 }}" in text  # as it was written
    assert "<script" not in text.split("<body>")[1]  # there is no curve


def test_no_picture_from_elsewhere(tmp_path):
    (tmp_path / "secret.png").write_bytes(PIXEL)
    found = document()
    found["potentials"][0]["systems"][0]["picture"] = "../secret.png"
    assert written(tmp_path / "out", found).count('src="data:image/png;base64,') == 1


@pytest.mark.parametrize("text", ['{"potentials": 3}', '{"potentials": [{"name": "A"}]}', "{}", '{"potentials": [null]}'])
def test_an_edited_document_is_refused_in_a_sentence(tmp_path, text):
    json.loads(text)
    (tmp_path / "survey.json").write_text(text)
    with pytest.raises(InputError, match=r"survey.json is not the document of a survey"):
        write_report(tmp_path)


def test_potentials_side_by_side():
    head, rows = comparison(document()["potentials"])
    assert head == ["", "A", "B"]
    found = {row[0]: row[1:] for row in rows}
    assert found["C11 (GPa)"] == ["243.00", "243.00"]
    assert found["gamma (1 1 0), gap 0 of 1 (J/m^2)"] == ["1.6500", "1.6500"]
    assert found["(1 0 0)[0 0 1]: first event"] == ["-", "missing"]
    assert found["(1 1 0)[0 0 1]: K_G; K_Ie (MPa m^1/2)"] == ["1.0000; 1.5000", "1.0000; 1.5000"]


def test_cells():
    row = document()["potentials"][0]["systems"][0]
    assert event_cell(row) == "cleavage 1.3000 - 1.4000 MPa m^1/2 (1.3000 - 1.4000 K_G)"
    assert error_cell(row | {"K_far_over_KG": None}) == "bracket only"
    assert {len(cells) for one in document()["potentials"] for cells in table(one)} == {11}
    assert table(document()["potentials"][1])[1][5] == "missing: not yet run"


def test_other_results_have_no_such_tables(tmp_path):
    from tests.qc.report.results import results

    results(tmp_path)
    from qc.report.source import read_source

    assert sheets(read_source(tmp_path)) == []
