"""A trajectory that ASE reads, and that survives kills and resumes."""

import ase.io
import numpy as np
import pytest

from atomistics.species import species_of
from qc.output.trajectory import append_frame, cut_frames, read_frame
from tests.qc.output.frames import frame, write


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
        np.testing.assert_allclose(atoms.arrays["virial_stress"], data["virial_stress"], rtol=1e-5)
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
        ({"virial_stress": np.ones((7, 3))}, r"virial_stress has shape \(7, 3\), expected \(7, 6\)"),
        ({"cell": np.eye(3)}, "cell and cell_z"),
        ({"cell": np.eye(2), "cell_z": None}, "cell has shape"),
    ],
)
def test_bad_frames_are_refused_before_anything_is_written(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        append_frame(tmp_path / "t.extxyz", 0, **frame(0, **changes))
    assert not (tmp_path / "t.extxyz").exists()


def test_frames_are_read_back(tmp_path):
    path = write(tmp_path / "t.extxyz", 3)
    for _ in range(2):
        for k in (2, 0, 1):
            back = read_frame(path, k)
            assert (back.pop("symbols") == frame(k)["symbols"]).all()
            for name, values in back.items():
                assert np.allclose(values, frame(k)[name], atol=1e-8, rtol=1e-5, equal_nan=True), name
        (tmp_path / ".t.extxyz.index").unlink(missing_ok=True)  # then the file is read through
    assert back["free"].dtype == bool
    assert read_frame(path, 3) is None
    assert read_frame(tmp_path / "absent.extxyz", 0) is None


def test_a_frame_without_stress(tmp_path):
    append_frame(tmp_path / "t.extxyz", 0, **frame(0, virial_stress=None))
    back = read_frame(tmp_path / "t.extxyz", 0)
    assert "virial_stress" not in back
    assert back["site_energy"] == pytest.approx(frame(0)["site_energy"], nan_ok=True)


def test_species_that_are_no_chemical_symbols(tmp_path):
    """ASE reads chemical symbols, the potential's names stand beside them and come back."""
    names = ["FeA", "Si(D)", "Fe", "O2-", "Type1", "Fe", "FeA"]
    path = tmp_path / "t.extxyz"
    append_frame(path, 0, **frame(0) | {"symbols": names})
    atoms = ase.io.read(path)
    assert atoms.get_chemical_symbols() == ["Fe", "Si", "Fe", "O", "X", "Fe", "Fe"]
    assert species_of(atoms) == names
    assert read_frame(path, 0)["symbols"].tolist() == names
    append_frame(path, 1, **frame(1))
    assert read_frame(path, 1)["symbols"].tolist() == ["Fe"] * 7


@pytest.mark.parametrize("count", ["1000000000000", "-1", "nan", "9" * 5000])
@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_frame_that_names_another_count(tmp_path, caplog, count, index):
    """Reading ends with the file. The damaged trajectory is kept whole under another name: none of its frames is lost."""
    path = write(tmp_path / "t.extxyz", 4)
    text = f"{count}\n" + path.read_text().partition("\n")[2]
    path.write_text(text)
    if index == "lost":
        (tmp_path / ".t.extxyz.index").unlink()
    assert read_frame(path, 0) is None
    cut_frames(path, 3)
    assert "is damaged, its frame 0 is not whole: it is kept as t.damaged.extxyz, and frame 3 is the first of a new one" in caplog.text
    assert (tmp_path / "t.damaged.extxyz").read_text() == text
    append_frame(path, 3, **frame(3))
    assert [atoms.info["frame"] for atoms in ase.io.read(path, ":")] == [3]
    path.write_text(text)
    cut_frames(path, 3)
    assert (tmp_path / "t.damaged2.extxyz").exists()


def test_frames_beyond_a_state_are_cut_off(tmp_path):
    whole = write(tmp_path / "whole.extxyz", 3).read_bytes()
    path = write(tmp_path / "t.extxyz", 5)
    for _ in range(2):
        cut_frames(path, 3)
        assert path.read_bytes() == whole
    cut_frames(path, 0)
    assert path.read_bytes() == b""
    cut_frames(tmp_path / "absent.extxyz", 3)
