"""What a resumed study or survey takes from disk: finished runs of the same case, all of whose error has been measured."""

import pytest

from qc.case.case import Case
from qc.commands.kept_result import kept_result
from qc.errors import InputError
from qc.output.files import write_json
from tests.qc.commands.small import SMALL


@pytest.fixture
def case():
    return Case.from_dict(SMALL | {"load": SMALL["load"] | {"error_budget": True}})


def written(folder, case, **entries):
    (folder / "run.log").touch()
    write_json(folder / "result.json", {"settings": case.plain(), "finished": True, "K_plus": None} | entries)
    return folder / "result.json"


@pytest.mark.parametrize(
    ("entries", "known"),
    [
        ({}, True),
        ({"finished": False}, False),
        ({"K_plus": 1.0, "K_plus_error": {"step": {}}}, True),
        ({"K_plus": 1.0, "K_plus_error": None}, False),  # stopped while it was being measured
        ({"K_plus": 1.0, "K_plus_error": None, "calculator": {"name": "network"}}, True),  # by forces only: it never is
    ],
)
def test_what_is_finished(tmp_path, case, entries, known, monkeypatch):
    """The checkpoint, which other tests look at, is taken to be there."""
    monkeypatch.setattr("qc.commands.kept_result.check_same_model", lambda settings, directory: None)
    path = written(tmp_path, case, **entries)
    document, started = kept_result(case, path, resume=True)
    assert (document is not None, started) == (known, False)
    assert kept_result(case, path, resume=False) == (None, False)


def test_another_case_is_refused(tmp_path, case):
    path = written(tmp_path, case)
    other = Case.from_dict(SMALL | {"model": SMALL["model"] | {"core_radius": 7.0}})
    with pytest.raises(InputError, match=r"model.core_radius = 7.0 \(was 8.0\) differs"):
        kept_result(other, path, resume=True)
    path.write_text("[]")
    with pytest.raises(InputError, match="is no result of this version"):
        kept_result(case, path, resume=True)
