"""``qc info``: versions, folders, keys of a case."""

from tests.qc.cli.commands import qc


def test_info(monkeypatch, tmp_path):
    monkeypatch.setenv("QC_POTENTIALS", str(tmp_path / "absent"))
    result = qc("info")
    assert result.exit_code == 0
    for part in ("python", "numpy", "petsc", "mumps", f"{tmp_path}/absent  (does not exist)", "lennard-jones"):
        assert part in result.stdout


def test_the_schema_is_shown_with_its_brackets(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    result = qc("info", "--schema")
    assert result.exit_code == 0
    for part in ("model.face_strip_thickness", "required", "first_advance", '["Fe"]', "[h, k]"):
        assert part in result.stdout
