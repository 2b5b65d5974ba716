"""Reading a case file and changing keys of it: what goes wrong is told with file and line."""

import pytest

from qc.case.case import load_case
from qc.errors import InputError

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


@pytest.fixture
def iron(tmp_path):
    path = tmp_path / "iron_110.toml"
    path.write_text(IRON)
    return path


def refusal(path, *overrides):
    """The sentence with which a case is refused."""
    with pytest.raises(InputError) as caught:
        load_case(path, overrides)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "pydantic" not in sentence
    return sentence


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
