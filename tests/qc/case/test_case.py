"""Case files: what they may hold, and one sentence for each kind of mistake."""

import json
import pickle
import tomllib
from pathlib import Path

import pytest

from qc.case.case import Case, load_case, schema_rows
from qc.errors import InputError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_defaults_and_numbers(iron):
    case = load_case(iron)
    assert case.name == "iron_110"
    assert isinstance(case.model.core_radius, float)
    assert (case.model.method, case.model.dimension, case.model.reference) == ("bgrac", 2.5, "predictor")
    assert (case.model.blending, case.model.order, case.model.front_periods) == ("quintic", 1, 1)
    assert case.model.blend_width is None
    assert case.model.face_strip
    assert case.crystal.a is None
    assert case.crack.plane == (1, 1, 0)
    assert case.crack.tip == (0.0, 0.0)
    assert (case.load.K_start, case.load.K_stop, case.load.K_step, case.load.mode) == (0.9, 2.0, 0.01, "I")
    assert not case.load.unload
    assert (case.solver.force_tolerance, case.solver.linear, case.solver.petsc) == (1e-6, "mumps", {})
    assert (case.solver.max_newton, case.solver.max_robust) == (8, 300)
    assert (case.solver.step_cap, case.solver.perturbation) == (0.5, 1e-3)


def test_plain_is_json_and_gives_the_case_back(iron):
    case = load_case(iron, ["load.mode=[1, 0, 0.5]", "solver.petsc.ksp_rtol=1e-9"])
    plain = json.loads(json.dumps(case.plain()))
    again = Case.from_dict(plain, name="iron_110")
    assert again == case
    assert "name" not in plain
    assert pickle.loads(pickle.dumps(case)) == case  # it is broadcast


def test_a_case_cannot_be_changed(iron):
    with pytest.raises(ValueError, match="frozen"):
        load_case(iron).model.core_radius = 3.0


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.stem)
def test_examples_are_valid(path):
    assert load_case(path).name == path.stem


def test_the_potential_beside_the_case_file_comes_first(iron):
    assert load_case(iron).potential.file == "Fe_mm.eam.fs"
    beside = iron.with_name("Fe_mm.eam.fs")
    beside.write_text("")
    assert load_case(iron).potential.file == str(beside)
    iron.with_name("morse").write_text("")
    assert load_case(iron, ["potential.file=morse"]).potential.file == "morse"


def test_the_schema_is_complete(iron):
    rows = schema_rows()
    assert load_case(iron).plain()["qm"] is None  # without the table there is no QM region
    assert load_case(iron).plain()["dynamics"] is None
    plain = load_case(iron, ["qm.radius=6.0", "dynamics.K=1.2"]).plain()
    assert [row[0] for row in rows] == ["version", *(f"{t}.{key}" for t in plain if t != "version" for key in plain[t])]
    assert all(allowed != "something else" and description for _, allowed, _, description in rows)
    defaults = {key: default for key, _, default, _ in rows}
    assert defaults["crystal.structure"] == "required"
    assert defaults["model.method"] == "bgrac"
    assert tomllib.loads(f"x = {defaults['crack.tip']}")["x"] == [0, 0]


@pytest.mark.parametrize(("structure", "species"), [("B2", ["Ni", "Al"]), ("L1_2", ["Al", "Ni"])])
def test_intermetallics_have_two_species(structure, species):
    data = {
        "crystal": {"structure": structure, "elements": species},
        "potential": {"file": "NiAlH_jea.eam.alloy"},
        "model": {"core_radius": 15.0, "domain_radius": 60.0},
        "crack": {"plane": [1, 1, 0], "front": [0, 0, 1]},
    }
    assert Case.from_dict(data).crystal.species == tuple(species)
    data["crystal"] = {"structure": structure, "element": "Al"}
    with pytest.raises(InputError, match=r"crystal\.element = \"Al\" is not allowed.*two different chemical symbols"):
        Case.from_dict(data)


def test_the_home_folder_of_a_potential_and_a_mesh(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "case.toml"
    path.write_text(
        'crystal = {structure = "bcc", element = "Fe"}\npotential = {file = "~/Fe.eam.fs"}\n'
        'model = {core_radius = 15.0, domain_radius = 60.0, mesh = "~/disc.msh", face_strip = false}\n'
        "crack = {plane = [1, 1, 0], front = [0, 0, 1]}\n"
    )
    case = load_case(path)
    assert case.potential.file == str(tmp_path / "Fe.eam.fs")
    assert case.model.mesh == str(tmp_path / "disc.msh")
