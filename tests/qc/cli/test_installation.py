"""``qc example``, ``qc selftest``, ``qc info --json`` and shell completion, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qc.commands import selftest as checks
from qc.commands.selftest import Row
from tests.programs import environment
from tests.qc.cli.commands import comm, qc, say

alone = pytest.mark.skipif(comm.size > 1, reason="starts programs of its own")


@pytest.mark.mpi
def test_example_is_copied_once_for_all_ranks(folder):
    listed = qc("example")
    assert comm.rank or "iron_crack.toml" in listed.stdout
    result = qc("example", "iron")
    assert result.exit_code == 0
    assert (folder / "iron_crack.toml").is_file()
    assert (folder / "case.schema.json").is_file()
    again = qc("example", "iron")
    assert again.exit_code == 2
    assert say(again, "iron_crack.toml exists already")


@pytest.mark.mpi
@pytest.mark.parametrize(("passed", "code", "words"), [(True, 0, "installation works"), (None, 0, "skipped"), (False, 1, "1 of 1 FAILED")])
def test_selftest_is_a_table_and_an_exit_code(monkeypatch, folder, passed, code, words):
    row = Row(what="crack", found="here", expected="there", passed=passed)
    monkeypatch.setattr(checks, "selftest", lambda comm, compiling: iter([row]))
    result = qc("selftest", "-o", "table.json")
    assert result.exit_code == code
    if comm.rank == 0:
        assert words in result.stdout
        assert "here (there)" in result.stdout
        assert json.loads(Path("table.json").read_text())["rows"][0]["passed"] is passed
    else:
        assert result.stdout == ""


def test_a_library_that_does_not_load_is_a_failed_row(monkeypatch):
    monkeypatch.setitem(sys.modules, "qc.commands.selftest", None)
    result = qc("selftest")
    assert result.exit_code == 1
    assert "FAIL" in result.stdout
    assert "extra solver" in result.stdout


def test_info_as_json():
    known = json.loads(qc("info", "--json").stdout)
    assert known["ranks"] == comm.size
    assert "mumps" in known["petsc_packages"]
    assert json.loads(qc("info", "--schema", "--json").stdout)["title"] == "case file of qc"


@alone
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("qc propa", "propagate"), ("qc run --res", "--resume"), ("qc example iron_crack.t", "iron_crack.toml")],
)
def test_the_shell_completes(typed, offered):
    """As bash asks: the words so far and which of them is being typed."""
    asked = {"_QC_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    run = subprocess.run(
        [sys.executable, "-c", "import qc_fracture; raise SystemExit(qc_fracture.main())"],
        env=environment() | asked, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.stdout.split() == [offered], run.stderr
