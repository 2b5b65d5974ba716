"""Case files of an iron crack, a sheet and a silicon crack."""

import pytest

from tests.qc.case.cases import IRON, SHEET_TABLES, SILICON


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


@pytest.fixture
def silicon(tmp_path):
    path = tmp_path / "silicon.toml"
    path.write_text(SILICON)
    return path
