"""``qc match``, and runs with the forces of a calculator by the name of a model."""

import json

import pytest

from atomistics import load_potential
from atomistics.potentials.aliases import _given, add_alias
from qc.case.case import Case
from qc.commands.folds import run_folds
from qc.commands.match import match_calculator
from qc.commands.potential import load_potential_of
from qc.commands.propagate import run_propagation
from qc.commands.run import run_case
from qc.commands.specs import fold_spec
from qc.drive.continuation import PathOptions
from qc.errors import InputError
from tests.qc.commands.small import SMALL, read

MAKERS = """
from atomistics import ForcesOnly, load_potential

def copper(elements=("Cu",)):
    real = load_potential("Cu_mishin1.eam.alloy")
    return ForcesOnly(real.calculator(), elements, 2 * real.cutoff)

def sheet(elements=("X",)):
    real = load_potential("morse")
    return ForcesOnly(real.calculator(), elements, 2 * real.cutoff)

def sites(elements=("X",)):
    return load_potential("morse")
"""


@pytest.fixture(autouse=True)
def makers(tmp_path):
    file = tmp_path / "makers.py"
    file.write_text(MAKERS)
    for name in ("copper", "sheet", "sites"):
        add_alias(f"{name}={file}:{name}")
    yield
    for name in ("copper", "sheet", "sites"):
        _given.pop(name)


def case(**tables):
    small = {"core_radius": 5.0, "blend_width": 3.0, "domain_radius": 13.0, "face_strip": False, "order": 1, "dimension": 2}
    load = {"K_start": 1.05, "K_stop": 1.0501, "K_step": 0.002, "stop_at": "K_stop", "J_tolerance": 1.0}
    potential = {"model": "sheet", "twin": "morse"}
    return Case.from_dict(SMALL | {"model": small, "load": load, "potential": potential} | tables, name="sheet")


def test_a_twin_is_written_and_told_side_by_side(tmp_path, capfd):
    file = tmp_path / "cu.snapcoeff"
    lines = match_calculator("copper", "fcc", "Cu", 3.6, file)
    assert [line.split()[0] for line in lines[1:5]] == ["a0", "C11", "C12", "C44"]
    for line in lines[1:5]:
        ours, twins = map(float, line.split()[1:3])
        assert twins == pytest.approx(ours, rel=2e-3)
    assert "calls on unit cells, 6 on up to 72 atoms" in lines[-2]
    assert load_potential(file).elements == ("Cu",)
    assert "forces of the calculator in rattled crystals, 6 of 6" in capfd.readouterr().err  # slow ones take minutes


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("copper", "hcp", "Cu", 3.6, "x.snapcoeff"), "--structure 'hcp' is not allowed: it must be fcc or bcc"),
        (("copper", "fcc", "Cu", 3.6, "x.txt"), r"-o 'x\.txt' is not allowed: the name must end in \.snapcoeff"),
        (("copper", "fcc", "Cu", -1.0, "x.snapcoeff"), "--a -1 is not allowed"),
        (("sites", "fcc", "X", 3.6, "x.snapcoeff"), "sites has energies of sites and needs no twin"),
        (("nobody", "fcc", "X", 3.6, "x.snapcoeff"), "nobody: no model has this name"),
    ],
)
def test_bad_words(words, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        match_calculator(*words[:4], tmp_path / words[4] if sentence.startswith("-o") is False else type(tmp_path)(words[4]))


def test_a_run_counts_and_tells_its_calls(tmp_path, capsys):
    assert run_case(case(), tmp_path / "run") == 0
    said, found = capsys.readouterr(), read(tmp_path / "run")
    calls = found["calculator"]["calls"]
    assert found["method"] == "bqcf"
    assert sum(step["calls"] for step in found["steps"]) == calls > 0
    assert f"forces by sheet: {calls} calls on {found['calculator']['atoms']} atoms" in said.out + said.err
    assert "there is no energy, therefore no barrier" in said.out + said.err
    assert found["steps"][-1]["energy"] is None
    json.dumps(found["calculator"]["stress_tables"], allow_nan=False)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"potential": {"model": "sheet"}}, r"the calculator sheet has no twin: potential\.twin must name"),
        ({"potential": {"model": "sheet", "twin": "nowhere.eam"}}, r"potential\.twin is not usable: no potential 'nowhere\.eam'"),
        ({"potential": {"file": "morse", "twin": "morse"}}, r"potential\.twin is for a model that gives forces only"),
    ],
)
def test_twins_that_are_not_there(changed, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        run_case(case(**changed), tmp_path / "run")


def test_what_needs_an_energy_is_refused(tmp_path):
    potential = load_potential_of(case())
    assert potential.forces_only
    with pytest.raises(InputError, match="qc propagate needs the energy"):
        run_propagation(case(), tmp_path / "a")
    with pytest.raises(InputError, match="there is no fold and no barrier"):
        run_folds(case(), tmp_path / "b", fold_spec(case(), 1), PathOptions(step=0.1))
