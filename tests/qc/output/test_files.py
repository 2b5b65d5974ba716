"""Output files: plain JSON, flat table, and a trajectory that survives kills and resumes."""

import csv
import json

import ase.io
import numpy as np
import pytest

from qc.output.files import STEP_COLUMNS, write_json, write_steps_csv
from qc.output.trajectory import append_frame, read_frame
from qc.output.versions import versions


def frame(k, n=7, **changes):
    rng = np.random.default_rng(k)
    X = rng.normal(size=(n, 3)) * 10
    data = {
        "positions": X + 0.1,
        "reference": X,
        "weight": np.linspace(0, 1, n),
        "site_energy": np.where(np.arange(n) % 2, -4.0 - k, np.nan),
        "free": np.arange(n) < 3,
        "symbols": "Fe",
        "cell_z": 2.855,
        "info": {"K": 0.84 + k, "branch": "load", "case": "iron crack", "nothing": None},
    }
    return data | changes


def write(path, count):
    for k in range(count):
        append_frame(path, k, **frame(k))
    return path


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


def test_columns_of_the_steps():
    """They come from the fields of the record: a new one must not change the table unasked."""
    names = "K K_over_KG branch energy tip_position tip_stretch off_plane_broken new_neighbours newton_iterations robust_iterations"
    assert (*names.split(), "converged_reason", "residual", "J", "J_over_G") == STEP_COLUMNS


def test_ase_reads_the_trajectory_back(tmp_path):
    path = write(tmp_path / "t.extxyz", 3)
    frames = ase.io.read(path, ":")
    assert len(frames) == 3
    for k, atoms in enumerate(frames):
        data = frame(k)
        np.testing.assert_allclose(atoms.positions, data["positions"], atol=1e-9)
        np.testing.assert_allclose(atoms.arrays["reference"], data["reference"], atol=1e-9)
        np.testing.assert_allclose(atoms.arrays["weight"], data["weight"], atol=1e-7)
        np.testing.assert_allclose(atoms.arrays["site_energy"], data["site_energy"], atol=1e-8)
        np.testing.assert_array_equal(atoms.arrays["free"] == 1, data["free"])
        assert atoms.get_chemical_symbols() == ["Fe"] * 7
        assert atoms.cell[2, 2] == 2.855
        assert atoms.pbc.tolist() == [False, False, True]
        assert atoms.info["frame"] == k
        assert atoms.info["K"] == 0.84 + k
        assert atoms.info["case"] == "iron crack"
        assert "nothing" not in atoms.info


def test_a_resumed_run_cuts_back(tmp_path):
    whole = write(tmp_path / "whole.extxyz", 3).read_bytes()
    path = write(tmp_path / "t.extxyz", 5)
    append_frame(path, 2, **frame(2))
    assert path.read_bytes() == whole
    append_frame(path, 0, **frame(0))
    assert len(ase.io.read(path, ":")) == 1


@pytest.mark.parametrize("index", ["kept", "lost", "garbage", "other file"])
@pytest.mark.parametrize("torn", [0, 1, 9, 300])
def test_a_torn_frame_is_cut_off(tmp_path, index, torn):
    whole = write(tmp_path / "whole.extxyz", 4).read_bytes()
    path = write(tmp_path / "t.extxyz", 3)
    beside = tmp_path / ".t.extxyz.index"
    path.write_bytes(whole[: path.stat().st_size + torn])
    if index == "lost":
        beside.unlink()
    elif index == "garbage":
        beside.write_text("0 12\n1 thirteen\n")
    elif index == "other file":
        beside.write_text("0 40\n1 90\n2 140\n")
    append_frame(path, 3, **frame(3))
    assert path.read_bytes() == whole


def test_a_lost_trajectory_is_begun_again_with_its_numbers(tmp_path, caplog):
    path = write(tmp_path / "t.extxyz", 3)
    path.unlink()
    for k in (3, 4):
        append_frame(path, k, **frame(k))
    assert [atoms.info["frame"] for atoms in ase.io.read(path, ":")] == [3, 4]
    assert "lacks 3 frames before frame 3" in caplog.text


def test_general_cell_and_symbols(tmp_path):
    cell = np.array([[5.0, 0, 0], [1, 6, 0], [0, 0, 7]])
    symbols = ["Fe", "Fe", "Cu", "Fe", "Al", "C", "Fe"]
    data = frame(0, cell=cell, cell_z=None, pbc=(True, True, True), symbols=symbols)
    append_frame(tmp_path / "t.extxyz", 0, **data)
    atoms = ase.io.read(tmp_path / "t.extxyz")
    np.testing.assert_allclose(atoms.cell[:], cell)
    assert atoms.get_chemical_symbols() == symbols
    assert atoms.pbc.all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.ones(6)}, r"weight has shape \(6,\), expected \(7,\)"),
        ({"reference": np.ones((7, 2))}, "reference has shape"),
        ({"symbols": ["Fe"]}, "symbols has shape"),
        ({"cell": np.eye(3)}, "cell and cell_z"),
        ({"cell": np.eye(2), "cell_z": None}, "cell has shape"),
    ],
)
def test_bad_frames_are_refused_before_anything_is_written(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        append_frame(tmp_path / "t.extxyz", 0, **frame(0, **changes))
    assert not (tmp_path / "t.extxyz").exists()


def test_versions_name_what_the_result_depends_on():
    found = versions()
    assert {"python", "numpy", "ase", "numba", "matscipy"} <= found.keys()
    assert all(isinstance(v, str) and v for v in found.values())
    json.dumps(found)


def test_frames_are_read_back(tmp_path):
    path = write(tmp_path / "t.extxyz", 3)
    for _ in range(2):
        for k in (2, 0, 1):
            back = read_frame(path, k)
            assert (back.pop("symbols") == frame(k)["symbols"]).all()
            for name, values in back.items():
                assert np.allclose(values, frame(k)[name], atol=1e-8, equal_nan=True), name
        (tmp_path / ".t.extxyz.index").unlink(missing_ok=True)  # then the file is read through
    assert back["free"].dtype == bool
    assert read_frame(path, 3) is None
    assert read_frame(tmp_path / "absent.extxyz", 0) is None
