"""A survey on disk: what is worked out once, what a killed one goes on with, and one from the command to its page."""

import json
import subprocess
from dataclasses import replace

import pytest
from mpi4py import MPI

from qc.commands import survey as module
from qc.commands.side_by_side import Failure
from qc.commands.survey import run_survey
from qc.commands.survey_plan import Wish, plan_survey
from qc.errors import InputError, Stopped
from qc.output.files import read_table, write_json
from tests.programs import environment, qc_command

comm = MPI.COMM_WORLD
SHEET = {
    "potential.parameters": "{alpha=4.0,cutoff=1.7,switch_on=1.1}", "model.method": "atomistic", "model.core_radius": "4",
    "model.domain_radius": "9", "load.J_tolerance": "1", "load.error_budget": "false", "load.unload": "false", "load.K_tolerance": "0.05",
    "load.K_start": "1.0", "load.K_step": "0.1", "load.K_stop": "1.3",
}  # fmt: skip
WISH = Wish(potentials=["morse"], structure="hexagonal", overrides=[f"{key}={value}" for key, value in SHEET.items()])


@pytest.fixture(scope="module")
def subjects():
    """A sheet with its two crack systems, a disc of some 250 atoms each."""
    return plan_survey(WISH)


def result(case, **more):
    """As much of result.json as a survey looks at."""
    nothing = {"first_event": None, "events": [], "steps": [], "K_plus": None, "K_plus_bracket": None, "start": {"no_start": None}}
    work = {"seconds": {"solve": 1.0}, "cpu_seconds": 1.0, "n_atoms": 1, "n_dofs": 2, "K_G": 1.0, "verdict": "did not cleave"}
    return nothing | work | {"settings": case.plain(), "finished": True} | more


class Stand:
    """Stand-in for the processes: writes a result for each job, and is killed after some."""

    def __init__(self, subjects, most=99, fails=()):
        self.cases = {member.name: member.case for subject in subjects for member in subject.members}
        self.most, self.fails, self.ran = most, fails, []

    def __call__(self, jobs, number, ended):
        for job in jobs:
            if len(self.ran) == self.most:
                job.directory.mkdir()  # begun
                (job.directory / "run.log").touch()
                raise Stopped("killed")
            self.ran.append((job.directory.name, job.resume))
            if job.directory.name in self.fails:
                ended(job, Failure(state="failed", reason="no stable state found"))
                continue
            write_json(job.directory / "result.json", result(self.cases[job.directory.name]))
            (job.directory / "report.html").touch()
            ended(job, None)


def use(monkeypatch, stand):
    monkeypatch.setattr(module, "side_by_side", stand)
    return stand


def test_a_killed_survey_goes_on_with_what_is_not_finished(subjects, tmp_path, monkeypatch):
    out = tmp_path / "out"
    killed = use(monkeypatch, Stand(subjects, most=1))
    with pytest.raises(Stopped):
        run_survey(subjects, out)
    assert killed.ran == [("10", False)]
    half = json.loads((out / "survey.json").read_text())
    assert [row["state"] for row in half["potentials"][0]["systems"]] == ["done", "missing"]
    assert half["finished"] is False
    theory = (out / "morse" / "10.griffith.json").read_bytes()
    monkeypatch.setattr(module, "griffith_of_case", lambda *a: pytest.fail("worked out again"))
    resumed = use(monkeypatch, Stand(subjects))
    document = run_survey(subjects, out, resume=True)
    assert resumed.ran == [("11", True)]
    assert document["finished"]
    assert [row["state"] for row in document["potentials"][0]["systems"]] == ["done", "done"]
    assert (out / "morse" / "10.griffith.json").read_bytes() == theory
    again = use(monkeypatch, Stand(subjects))
    assert run_survey(subjects, out, resume=True)["potentials"] == document["potentials"]
    assert again.ran == []
    rows = read_table(out / "survey.csv")
    assert [row["system"] for row in rows] == ["[1 0]", "[1 1]"]
    assert rows[0]["K_G"] == pytest.approx(document["potentials"][0]["systems"][0]["K_G"])
    assert "2 of 2 crack systems done" in (out / "report.html").read_text()


def test_a_resumed_survey_refuses_other_keys_before_anything_runs(subjects, tmp_path, monkeypatch):
    out = tmp_path / "out"
    use(monkeypatch, Stand(subjects))
    run_survey(subjects, out)
    other = plan_survey(Wish(potentials=["morse"], structure="hexagonal", overrides=[*WISH.overrides, "model.core_radius=5"]))
    use(monkeypatch, lambda *a: pytest.fail("ran"))
    with pytest.raises(InputError, match=r"--resume: model.core_radius = 5.0 \(was 4.0\) differs"):
        run_survey(other, out, resume=True)


def test_one_that_fails_is_listed_with_its_sentence(subjects, tmp_path, monkeypatch):
    use(monkeypatch, Stand(subjects, fails=["10"]))
    rows = run_survey(subjects, tmp_path / "out")["potentials"][0]["systems"]
    assert [(row["state"], row["reason"]) for row in rows] == [("failed", "no stable state found"), ("done", None)]
    assert "no stable state found" in (tmp_path / "out" / "report.html").read_text()
    retried = use(monkeypatch, Stand(subjects))
    run_survey(subjects, tmp_path / "out", resume=True)
    assert [name for name, _ in retried.ran] == ["10"]


@pytest.mark.usefixtures("unrendered")
@pytest.mark.mpi
def test_on_ranks_one_after_the_other(subjects, shared_path, monkeypatch):
    """The way of several ranks, also walked by one; the second crack system by one only."""
    alone = comm.size == 1
    subjects = subjects if alone else [replace(subjects[0], members=subjects[0].members[:1])]
    cases = {member.name: member.case for member in subjects[0].members}

    def in_turn(jobs, number, ended):
        for job in jobs:
            ended(job, module._in_turn(cases[job.directory.name], job))

    monkeypatch.setattr(module, "side_by_side", in_turn)
    (rows,) = [one["systems"] for one in run_survey(subjects, shared_path / "out")["potentials"]]
    assert [row["first_event"] for row in rows] == ["cleavage", "rearrangement"][: len(cases)]
    low, high = rows[0]["K_low_over_KG"], rows[0]["K_high_over_KG"]
    assert 1.0 < low < high < 1.3
    assert rows[0]["cpu_seconds"] > 0
    assert rows[0]["expected"] == "cleavage"


@pytest.mark.slow
def test_a_whole_survey_as_a_program(tmp_path):
    """A process of its own, the page with its picture; the second crack system does not fit and is listed, so that the exit code is 1.

    The parts are looked at by the tests above, by test_side_by_side.py and by tests/qc/cli/test_survey_words.py.
    """
    words = [word for key, value in SHEET.items() for word in ("--set", f"{key}={value}")]
    (tmp_path / "mine.json").write_text(json.dumps([{"plane": [1, 0]}, {"plane": [97, 89]}]))
    command = qc_command("survey", "morse", "--structure", "hexagonal", "--systems", "mine.json", "-j", "2", "-o", "out", *words)
    run = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300)
    assert run.returncode == 1, run.stderr
    assert "morse/97,89: refused: " in run.stderr
    assert "warning: " not in run.stdout
    (rows,) = [one["systems"] for one in json.loads((tmp_path / "out" / "survey.json").read_text())["potentials"]]
    assert [row["state"] for row in rows] == ["done", "refused"]
    assert (tmp_path / "out" / rows[0]["picture"]).stat().st_size > 10_000
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count('src="data:image/png;base64,') == 1
    assert 'id="morse/10"' in page
    assert "http" not in page.split("<body>")[1].replace("https://doi.org", "")
