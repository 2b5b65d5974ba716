"""Output files: plain JSON and flat tables, each whole or not there."""

import csv
import json

import numpy as np
import pytest

from qc.commands import qm_sweep
from qc.crack import folds
from qc.crack.r_curve import CURVE_COLUMNS
from qc.output.files import STEP_COLUMNS, UNITS, replace_text, write_json, write_steps_csv
from tests.programs import ROOT


def test_json_has_no_nan_and_no_numpy(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    data = {
        "a": np.float64(1.5),
        "n": np.int64(3),
        "yes": np.bool_(True),
        "bad": [np.nan, np.inf, -float("inf")],
        "array": np.array([[1.0, np.nan]]),
        "where": tmp_path,
        "pair": (1, None),
    }
    write_json(path, data)
    expected = {
        "a": 1.5,
        "n": 3,
        "yes": True,
        "bad": [None] * 3,
        "array": [[1.0, None]],
        "where": str(tmp_path),
        "pair": [1, None],
    }
    assert json.loads(path.read_text()) == expected
    assert "NaN" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}


def test_steps_are_flat_and_in_order(tmp_path):
    steps = [
        {
            "K": 0.8,
            "K_over_KG": np.float64(0.95),
            "branch": "load",
            "energy": None,
            "energies": {"atoms": 1.0},
        },
        {"K": 0.81, "K_over_KG": 0.96, "branch": "load", "energy": -1.0, "tip_position": np.nan},
    ]
    write_steps_csv(tmp_path / "steps.csv", steps)
    with open(tmp_path / "steps.csv") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == STEP_COLUMNS
    assert [r["K"] for r in rows] == ["0.8", "0.81"]
    assert rows[0]["K_over_KG"] == "0.95"
    assert rows[0]["energy"] == rows[1]["tip_position"] == ""


def test_units_stand_beside_the_table(tmp_path):
    write_steps_csv(tmp_path / "curve.csv", [], ("K", "K_over_KG", "arc"))
    assert (tmp_path / "curve.csv").read_text() == "K,K_over_KG,arc\n"
    beside = json.loads((tmp_path / "curve.csv-metadata.json").read_text())
    assert beside["url"] == "curve.csv"
    units = {column["name"]: column["schema:unitText"] for column in beside["tableSchema"]["columns"]}
    assert units == {"K": "MPa m^1/2", "K_over_KG": "K_G", "arc": "A"}


def test_the_documentation_has_the_units():
    rows = [f"| {unit} | {', '.join(f'`{name}`' for name in names)} |" for unit, names in UNITS.items()]
    assert "\n".join(rows) in (ROOT / "docs" / "cli.md").read_text()


@pytest.mark.parametrize(
    "columns", [STEP_COLUMNS, CURVE_COLUMNS, folds.COLUMNS, qm_sweep.COLUMNS, ("stage", "rejected")]
)
def test_every_column_of_every_table_has_one_unit(columns):
    known = [name for names in UNITS.values() for name in names]
    assert [known.count(name) for name in columns] == [1] * len(columns)


def test_columns_of_the_steps():
    """They come from the fields of the record: a new one must not change the table unasked."""
    names = "K K_over_KG branch energy tip_position tip_stretch off_plane_broken new_neighbours slip newton_iterations robust_iterations"
    assert (*names.split(), "converged_reason", "residual", "J", "J_over_G") == STEP_COLUMNS


def test_a_text_takes_the_place_of_another_in_one_move(tmp_path):
    path = tmp_path / "new" / "notes.txt"
    replace_text(path, "first\n")
    before = path.stat().st_ino
    replace_text(path, "second\n")
    assert path.read_text() == "second\n"
    assert path.stat().st_ino != before  # a reader of the old one keeps it
    assert [p.name for p in path.parent.iterdir()] == ["notes.txt"]
