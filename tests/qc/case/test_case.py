"""Case files: what they may hold, and one sentence for each kind of mistake."""

import json
import pickle
import re
import tomllib
from pathlib import Path

import pytest

import atomistics
from qc.case.case import Case, load_case, schema_rows
from qc.case.tables import BUILT_IN_POTENTIALS, COVALENT
from qc.errors import InputError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
IRON = """
[crystal]
structure = "bcc"
element = "Fe"
[potential]
file = "Fe_mm.eam.fs"
[model]
core_radius = 40
domain_radius = 400.0
[crack]
plane = [1, 1, 0]
front = [0, 0, 1]
"""
SHEET_TABLES = """
[crystal]
structure = "hexagonal"
element = "X"
[potential]
file = "morse"
parameters = {D = 1, alpha = 4.0, r0 = 1.0}
[model]
dimension = 2
core_radius = 12
domain_radius = 60
"""


@pytest.fixture
def iron(tmp_path):
    path = tmp_path / "iron_110.toml"
    path.write_text(IRON)
    return path


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "sheet.toml"
    path.write_text(SHEET_TABLES)
    return path


def refusal(path, *overrides):
    """The sentence with which a case is refused."""
    with pytest.raises(InputError) as caught:
        load_case(path, overrides)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "pydantic" not in sentence
    return sentence


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


def test_overrides_are_toml_or_bare_strings(iron):
    case = load_case(
        iron,
        ["model.core_radius=30", "model.method=bqce", 'potential.file="morse"', "crack.plane = [1, 0, 0]",
         "solver.petsc.snes_type=newtontr", "potential.parameters.D=0.4", "load.unload=true"],
    )  # fmt: skip
    assert case.model.core_radius == 30.0
    assert case.model.method == "bqce"
    assert case.potential.file == "morse"
    assert case.crack.plane == (1, 0, 0)
    assert case.solver.petsc == {"snes_type": "newtontr"}
    assert case.potential.parameters == {"D": 0.4}
    assert case.load.unload


def test_an_override_cannot_smuggle_other_keys(iron):
    assert 'model.method = "1\\ncore_radius=3" is not allowed' in refusal(iron, "model.method=1\ncore_radius=3")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("model.core_radius=40 A", 'model.core_radius = "40 A" .* lengths are plain numbers in A'),
        ("model.core_radius=-1", "model.core_radius = -1 .* > 0 in A"),
        ("model.core_radius=nan", "model.core_radius = nan .* number"),
        ("model.core_radius=true", "model.core_radius = true .* number"),
        ("model.core_radius=390", None),
        ("model.core_radius=400", "core_radius = 400 A .* smaller than model.domain_radius = 400 A"),
        ("model.blend_width=380", "core_radius = 40 A .*blend_width = 380 A .*domain_radius = 400 A"),
        ("model.blend_width=0", "model.blend_width = 0 .* > 0"),
        ("model.core_radus=40", r"model.core_radus is not a known key: did you mean model.core_radius\?$"),
        ("load.k_step=0.1", r"did you mean load.K_step\?"),
        ("model.K_step=0.1", r"did you mean load.K_step\?"),
        ("model.colour=1", "model.colour is not a known key: .model. may have method, "),
        ("modl.core_radius=40", r"modl is not a known table: did you mean \[model\]\?"),
        ("model.method=bgcf", 'model.method = "bgcf" .*"atomistic", .*"bqcf"'),
        ("model.dimension=3", "model.dimension = 3 .* use 2.5 with model.front_periods"),
        ("model.dimension=2.7", "model.dimension = 2.7 .* 2, 2.5 or 3"),
        ("model.dimension=2", 'model.dimension = 2 .*"bcc": it must be 2.5'),
        ("crystal.structure=hexagonal", "model.dimension = 2.5 .* it must be 2$"),
        ("crystal.structure=quartz", 'crystal.structure = "quartz" .*"hexagonal"'),
        ("model.order=3", "model.order = 3 .* 1 or 2"),
        ("model.front_periods=1.5", "model.front_periods = 1.5 .* whole number"),
        ("model.face_strip=1", "model.face_strip = 1 .* true or false"),
        ("crack.front=[1, 1, 0]", r"crack.front = \[1, 1, 0\] .* lie in crack.plane = \[1, 1, 0\]"),
        ("crack.plane=[1, 1]", r"crack.plane = \[1, 1\] .* three whole numbers"),
        ("crack.plane=[1, 0.5, 0]", r"crack.plane = \[1, 0.5, 0\] .* three whole numbers"),
        ("crack.plane=[0, 0, 0]", "not all 0"),
        ("crack.tip=3", "crack.tip = 3 .* two numbers in A"),
        ("load.K_step=0", "load.K_step = 0 .* > 0"),
        ("load.K_start=2", "load.K_start = 2 .* smaller than load.K_stop = 2$"),
        ("load.K_start=0", "load.K_start = 0 .* > 0"),
        ("load.mode=IV", 'load.mode = "IV" .* or three numbers$'),
        ("load.mode=[1, 2]", r"load.mode = \[1, 2\] .* or three numbers$"),
        ("load.mode=[0, 0, 0]", "load.mode"),
        ("load.mode=[-1, 0, 0]", "load.mode = .* K_I must be >= 0"),
        ("solver.linear=lu", 'solver.linear = "lu" .*"mumps", "gamg" or "factored"'),
        ("solver.force_tolerance=1e-6 eV/A", "without quotes and unit"),
        ("solver.max_newton=0", "solver.max_newton = 0 .* at least 1"),
        ("solver.petsc=3", "solver.petsc = 3 .* table"),
        ("solver.petsc.a.b=1", "solver.petsc.a = {b = 1} "),
        ("potential.parameters.D=much", 'potential.parameters.D = "much" .* numbers'),
        ("potential.elements=Fe", "potential.elements = .* list of chemical symbols"),
        ("core_radius=40", "--set 'core_radius=40' .* table.key=value"),
        ("model.core_radius", "--set 'model.core_radius' .* table.key=value"),
        ("model.core_radius.x=1", "model.core_radius is not a table"),
    ],
)
def test_one_sentence_for_each_mistake(iron, override, told):
    if told is None:  # the limit itself
        assert load_case(iron, [override]).model.core_radius == 390
        return
    sentence = refusal(iron, override)
    assert re.search(told, sentence), sentence
    assert "--set" in sentence


def test_the_first_mistake_and_how_many_more(iron):
    sentence = refusal(iron, "model.core_radus=40", "load.K_step=0", "load.K_stop=x")
    assert sentence == "--set: model.core_radus is not a known key: did you mean model.core_radius? (and 2 more)"


def test_mistakes_in_the_file_name_the_file(iron):
    iron.write_text(IRON.replace("core_radius = 40", 'core_radius = "40 A"'))
    assert refusal(iron).startswith(f'{iron}: model.core_radius = "40 A" is not allowed: ')
    iron.write_text(IRON.replace("core_radius = 40", ""))
    assert refusal(iron) == f"{iron}: model.core_radius is missing: it must be a plain number > 0 in A"
    iron.write_text(IRON.replace("[potential]", "").replace('file = "Fe_mm.eam.fs"', ""))
    assert refusal(iron).endswith("table [potential] is missing: its keys are file, elements and parameters")
    iron.write_text("model = 3\n" + IRON.replace("[model]", "[load]").split("[load]")[0])
    assert "model = 3 is not allowed: it must be a table [model]" in refusal(iron)


@pytest.mark.parametrize("key", ["plane", "front"])
def test_cubic_crystals_need_plane_and_front(iron, key):
    iron.write_text("\n".join(line for line in IRON.splitlines() if not line.startswith(key)))
    assert f"crack.{key} is missing" in refusal(iron)


def test_syntax_errors_tell_file_and_line(iron):
    iron.write_text(IRON.replace("core_radius = 40", "core_radius = 40 A"))
    assert f"{iron}, line 8: " in refusal(iron)
    assert "lengths are plain numbers in A" in refusal(iron)
    iron.write_text("[crystal\n")
    assert f"{iron}, line 1: not valid TOML in '[crystal', " in refusal(iron)
    iron.write_text("[crystal]\na = [1,\n")
    assert f"{iron}, line 2: not valid TOML at the end of the file" in refusal(iron)


def test_files_that_cannot_be_read(tmp_path):
    assert (
        refusal(tmp_path / "none.toml")
        == f"{tmp_path}/none.toml: there is no such file, a case file in TOML is expected"
    )
    assert "cannot be read" in refusal(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"a = '\xff'")
    assert "UTF-8" in refusal(tmp_path / "binary.toml")


def test_the_core_of_methods_without_handshake(iron):
    tight = ["model.core_radius=390", "model.blend_width=20"]
    assert "does not fit" in refusal(iron, *tight)
    assert load_case(iron, [*tight, "model.method=qce"])
    assert load_case(iron, [*tight, "model.method=atomistic", "model.domain_radius=60"])  # all atoms: no core


def test_a_sheet(sheet):
    case = load_case(sheet, ["crack.plane=[1, 0]"])
    assert case.crack.plane == (1, 0)
    assert load_case(sheet).crack.plane is None
    assert load_case(sheet, ["crack.front=[0, 0, 1]"])
    assert "crack.plane = [1, 1, 0]" in refusal(sheet, "crack.plane=[1, 1, 0]")
    assert "crack.front = [1, 0, 0]" in refusal(sheet, "crack.front=[1, 0, 0]")
    assert 'load.mode = "III"' in refusal(sheet, "load.mode=III")
    assert "K_III" in refusal(sheet, "load.mode=[1, 0, 0.1]")
    assert "model.front_periods = 2" in refusal(sheet, "model.front_periods=2")


SILICON = """
[crystal]
structure = "diamond"
element = "Si"
[potential]
file = "holland-marder"
[model]
core_radius = 40.0
domain_radius = 500.0
[crack]
plane = [1, 1, 1]
front = [1, -1, 0]
"""


@pytest.fixture
def silicon(tmp_path):
    path = tmp_path / "silicon.toml"
    path.write_text(SILICON)
    return path


def test_crystals_with_a_basis(silicon):
    case = load_case(silicon)
    assert (case.crystal.species, case.crack.cut) == (("Si",), "widest")
    for cut in ("shuffle", "glide"):
        assert load_case(silicon, [f"crack.cut={cut}"]).crack.cut == cut
    assert load_case(silicon, ["crack.cut=1"]).crack.cut == 1
    assert load_case(silicon, ["crack.plane=[-1, 1, 1]", "crack.front=[0, 1, -1]", "crack.cut=glide"]).crack.cut == "glide"
    silicon.write_text(SILICON.replace('element = "Si"', 'elements = ["Si", "C"]').replace("diamond", "zincblende"))
    case = load_case(silicon, ["crack.cut=glide"])
    assert case.crystal.species == ("Si", "C")
    assert Case.from_dict(json.loads(json.dumps(case.plain())), name="silicon") == case
    silicon.write_text(SILICON.replace("diamond", "hcp"))
    assert load_case(silicon).crystal.c_over_a is None
    assert load_case(silicon, ["crystal.c_over_a=1.6"]).crystal.c_over_a == 1.6


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("crystal.structure=zincblende", r'crystal.element = "Si" .*"zincblende" crystal.elements must be two .*\["Si", "C"\]$'),
        ('crystal.elements=["Si", "C"]', 'crystal.element = "Si" is not allowed: .*"diamond" crystal.element must be a chem'),
        ("crystal.elements=Si", "crystal.elements = \"Si\" is not allowed: it must be a list of chemical symbols"),
        ("crystal.element=3", "crystal.element = 3 is not allowed: it must be a chemical symbol"),
        ("crystal.c_over_a=1.6", 'crystal.c_over_a = 1.6 is not allowed .*"diamond": leave it out, only hcp has one$'),
        ("crystal.structure=wurtzite", 'crystal.structure = "wurtzite" .*"diamond", "zincblende", "hcp" or "hexagonal"'),
        ("crack.cut=middle", 'crack.cut = "middle" .*"widest", "shuffle", "glide" or a whole number from 0$'),
        ("crack.cut=-1", "crack.cut = -1 is not allowed: it must be"),
        ("crack.cut=0.5", "crack.cut = 0.5 is not allowed: it must be"),
        ("crack.cut=true", "crack.cut = true is not allowed: it must be"),
    ],
)
def test_mistakes_of_a_crystal_with_a_basis(silicon, override, told):
    sentence = refusal(silicon, override)
    assert re.search(told, sentence), sentence


def test_mistakes_of_two_keys(silicon):
    sentence = refusal(silicon, "crack.cut=glide", "crack.plane=[1, 1, 0]", "crack.front=[0, 0, 1]")
    assert re.search(r'crack.cut = "glide" .*crack.plane = \[1, 1, 0\]: only the .111. planes of diamond and zincblende', sentence)
    silicon.write_text(SILICON.replace("diamond", "fcc"))
    assert 'crystal.structure = "fcc"' in refusal(silicon, "crack.cut=shuffle")
    silicon.write_text(SILICON.replace("diamond", "zincblende").replace('element = "Si"', 'elements = ["Si"]'))
    assert 'crystal.elements = ["Si"] is not allowed: with crystal.structure = "zincblende" crystal.e' in refusal(silicon)
    assert "two different" in refusal(silicon, 'crystal.elements=["Si", "Si"]')
    assert "two different" in refusal(silicon, 'crystal.elements=["Si", "C", "Ge"]')
    silicon.write_text(SILICON.replace('element = "Si"', ""))
    assert 'crystal.element is missing: with crystal.structure = "diamond" crystal.element must be a chem' in refusal(silicon)


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
    plain = load_case(iron, ["qm.radius=6.0"]).plain()
    assert [row[0] for row in rows] == [f"{table}.{key}" for table in plain for key in plain[table]]
    assert all(allowed != "something else" and description for _, allowed, _, description in rows)
    defaults = {key: default for key, _, default, _ in rows}
    assert defaults["model.core_radius"] == "required"
    assert defaults["model.method"] == "bgrac"
    assert tomllib.loads(f"x = {defaults['crack.tip']}")["x"] == [0, 0]


def test_names_are_those_of_the_code():
    """What the schema spells out without importing the code behind it."""
    from atomistics.potentials.library import BUILT_IN
    from qc.case.tables import LoadTable, ModelTable, SolverTable
    from qc.coupling.spec import METHODS
    from qc.crack.ladder_state import LadderSpec
    from qc.crack.spec import MODES
    from qc.solve.options import SolverOptions
    from qc.unknowns.blending import STEPS

    assert set(BUILT_IN_POTENTIALS) == set(BUILT_IN)
    assert COVALENT == atomistics.COVALENT
    options = SolverOptions()
    for name, field in SolverTable.model_fields.items():
        assert getattr(options, name) == field.default
    load = LadderSpec(K_start=0.9, K_stop=2.0, K_step=0.01)
    assert (load.unload, load.stop_at) == (LoadTable().unload, LoadTable().stop_at)
    for method in METHODS:
        assert ModelTable(method=method, core_radius=1, domain_radius=2).method == method
    for blending in STEPS:
        assert ModelTable(blending=blending, core_radius=1, domain_radius=2).blending == blending
    for mode in MODES:
        assert LoadTable(mode=mode).mode == mode
