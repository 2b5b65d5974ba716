"""Reading a case file and changing keys of it: what goes wrong is told with file and line."""

from qc.case.case import load_case
from qc.case.file import read_toml, toml_of
from tests.qc.case.cases import IRON, refusal


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


def test_a_byte_order_mark_is_no_key(tmp_path):
    path = tmp_path / "case.toml"
    path.write_bytes("\ufeff[crystal]\na = 2.0\n".encode())
    assert read_toml(path) == {"crystal": {"a": 2.0}}


def test_what_is_written_is_what_is_read(tmp_path):
    data = {
        "version": 2,
        "potential": {"file": 'a "b"\\n\n\tc.eam', "elements": ["Fe"], "parameters": {"alpha": 4.0, "a b": 1e-7}},
        "load": {"unload": True, "K_start": "auto"},
    }
    path = tmp_path / "case.toml"
    path.write_text(toml_of(data))
    assert read_toml(path) == data
