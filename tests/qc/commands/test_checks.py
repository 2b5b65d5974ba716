"""What is refused before a model is built: another model on resume, a useless potential, a misspelt command."""

import json
import subprocess
from pathlib import Path

import pytest

from qc.case import Case
from qc.case.qm import QMTable
from qc.cli.app import main
from qc.commands.checks import (
    changed_keys,
    check_directory,
    check_engine,
    check_place,
    check_potential,
    check_same_model,
    make_directory,
)
from qc.errors import InputError
from tests.programs import environment, qc_command
from tests.qc.checkpoints import seal_case

EXAMPLES = Path(__file__).parents[3] / "examples"


def case(**changes):
    data = {
        "crystal": {"structure": "hexagonal", "element": "X"},
        "potential": {"file": "morse"},
        "model": {"dimension": 2, "core_radius": 12.0, "domain_radius": 60.0},
    }
    for key, value in changes.items():
        table, name = key.split("__")
        data.setdefault(table, {})[name] = value
    return Case.from_dict(data)


def test_a_longer_ladder_and_another_solver_may_resume():
    saved = json.loads(json.dumps(case().plain()))
    assert changed_keys(case(load__K_stop=3.0, load__unload=True, solver__linear="gamg").plain(), saved) == []


def test_another_model_may_not_resume(tmp_path):
    check_same_model(case().plain(), tmp_path)  # killed before the first step: nothing saved
    seal_case(tmp_path, case().plain())
    check_same_model(case().plain(), tmp_path)
    with pytest.raises(InputError, match=r"model.core_radius = 13.0 \(was 12.0\) \(and 1 more\) differs") as error:
        check_same_model(case(model__core_radius=13.0, load__K_step=0.5).plain(), tmp_path)
    assert "\n" not in str(error.value)


def test_the_folder_of_the_potential_does_not_matter():
    saved = case(potential__file="/here/Fe.eam.fs").plain()
    assert changed_keys(case(potential__file="/there/Fe.eam.fs").plain(), saved) == []
    assert changed_keys(case(potential__file="/there/Cu.eam.fs").plain(), saved)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"potential__file": "nowhere.eam.fs"}, ['potential.file = "nowhere.eam.fs"', "not in"]),
        ({"potential__parameters": {"q": 3.0}}, ['potential.file = "morse"', "q", "alpha"]),
        ({"potential__elements": ["Ar"]}, ["crystal.element = 'X'", "Ar"]),
    ],
)
def test_a_useless_potential(changes, parts):
    with pytest.raises(InputError) as error:
        check_potential(case(**changes))
    assert all(part in str(error.value) for part in parts), str(error.value)
    assert "\n" not in str(error.value)


def test_a_malformed_potential(tmp_path):
    file = tmp_path / "bad.eam.fs"
    file.write_text("one\ntwo\nthree\nno number\n")
    with pytest.raises(InputError, match="line 4"):
        check_potential(case(potential__file=str(file)))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run"], "Missing argument"),
        (["run", "--colour", "x"], "--colour"),
        (["rum"], "'rum'"),
        (["run", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_a_misspelt_command_is_one_sentence(words, sentence):
    run = subprocess.run(qc_command(*words), env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("qc: ")
    assert sentence in run.stderr


def test_an_engine_that_is_not_installed_is_told_before_any_work():
    with pytest.raises(InputError, match=r'qm.engine = "ase:nowhere.Engine" is not installed'):
        check_engine(QMTable(radius=5.0, engine="ase:nowhere.Engine"))
    check_engine(QMTable(radius=5.0, engine="ase:tests.qc.site_engines.SW"))


def test_a_missing_engine_is_told_before_anything_is_built(tmp_path, monkeypatch, capfd):
    text = (EXAMPLES / "silicon_crack.toml").read_text() + '[qm]\nengine = "ase:no_such_module.Engine"\nradius = 6.0\n'
    (tmp_path / "case.toml").write_text(text)
    monkeypatch.setattr("sys.argv", ["qc", "run", str(tmp_path / "case.toml"), "-o", str(tmp_path / "out")])
    assert main() == 2
    error = capfd.readouterr().err
    assert 'qm.engine = "ase:no_such_module.Engine" is not installed' in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_run_may_go_where_a_check_has_drawn(tmp_path):
    folder = tmp_path / "seen"
    folder.mkdir()
    check_directory(folder, resume=False)
    for name in ("model.png", "qm.png"):
        (folder / name).write_text("x")
        check_directory(folder, resume=False)
    (folder / "run.log").write_text("x")
    with pytest.raises(InputError, match="exists already"):
        check_directory(folder, resume=False)


def test_a_place_where_no_directory_can_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "a" / "b"):
        for refuse in (check_place, make_directory, lambda d: check_directory(d, resume=False)):
            with pytest.raises(InputError, match="cannot be made") as error:
                refuse(place)
            assert "\n" not in str(error.value)
    make_directory(tmp_path / "a" / "b")
    check_place(tmp_path / "a" / "b" / "c")
