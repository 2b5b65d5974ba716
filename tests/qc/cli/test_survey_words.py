"""Words of ``qc survey``: what reaches the survey, exit codes, one sentence before anything is loaded."""

from pathlib import Path

import pytest

from qc.commands import survey as module
from tests.qc.cli.commands import comm, qc, say

ROW = {"state": "done", "reason": None, "system": "(1 1 0)[0 0 1]", "K_Ie_system": None, "expected": None, "first_event": "none"}
ROW |= dict.fromkeys(("K_G", "K_Ie", "K_low", "K_high", "K_low_over_KG", "K_high_over_KG", "K_far_over_KG", "K_closing_low", "error"))
ROW |= {"closing": None, "cpu_seconds": 3.0}
OF_ONE = {"energies": "Fe: bcc -4.1224", "warning": None, "elastic_constants": None, "surfaces": [], "faults": []}


@pytest.fixture
def survey(monkeypatch, folder):
    """Stand-in for the survey: notes what it is given, and tells of as many crack systems as there are states."""
    calls, states = [], ["done"]

    def run(subjects, directory, processes, resume, overrides):
        calls.append((subjects, directory, processes, resume, overrides))
        rows = [ROW | {"state": state, "reason": None if state == "done" else "too small"} for state in states]
        return {"potentials": [OF_ONE | {"systems": rows}]}

    monkeypatch.setattr(module, "run_survey", run)
    return calls, states


def test_all_words_arrive(survey, folder):
    calls, _ = survey
    words = ["--structure", "fcc", "--element", "Fe", "-j", 3, "--set", "load.K_stop=1.5", "-o", folder / "out"]
    result = qc("survey", "Fe_mm.eam.fs", *words)
    assert result.exit_code == 0, result.stderr
    ((subject,), directory, processes, resume, overrides) = calls[0]
    assert (subject.structure, subject.species, subject.members[0].case.load.K_stop) == ("fcc", ("Fe",), 1.5)
    assert (directory, processes, resume, overrides) == (folder / "out", 3, False, ["load.K_stop=1.5"])
    assert "bcc -4.1224" in result.output
    assert "(1 1 0)[0 0 1]" in result.output


@pytest.mark.parametrize(("states", "code"), [(["done", "refused"], 1), (["failed"], 1), (["missing", "done"], 1), (["done"], 0)])
def test_exit_codes(survey, states, code):
    calls, told = survey
    told[:] = states
    assert qc("survey", "morse", "--structure", "hexagonal").exit_code == code
    assert calls[0][1] == Path("results/survey_morse")


def test_nothing_that_fits_is_bad_input(survey):
    _, told = survey
    told[:] = ["refused", "refused"]
    result = qc("survey", "morse", "--structure", "hexagonal")
    assert result.exit_code == 2
    assert say(result, "no crack system was run, all 2 are refused: too small")


@pytest.mark.mpi
def test_one_sentence(folder):
    """On rank 0 only; what is in the way of the directory before any potential is looked for."""
    for words, told in (
        (["nowhere.eam", "-o", "out"], "nowhere.eam is not usable"),
        (["nowhere.eam", "-o", "iron.toml"], "is a file"),
        (["nowhere.eam", "--resume", "-o", "out"], "--resume: there is no directory"),
    ):
        result = qc("survey", *words)
        assert result.exit_code == 2
        assert say(result, told)
    if comm.size > 1:
        assert say(qc("survey", "nowhere.eam", "-j", 2), f"-j 2 is not allowed on {comm.size} ranks")
