"""The index of a trajectory: known, lost or wrong, the frames end where they end."""

import pytest

from qc.output.frame_index import frame_ends, write_index
from qc.output.trajectory import append_frame
from tests.qc.output.frames import frame, write


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


def test_ends_from_the_index_are_those_of_the_file(tmp_path):
    path = write(tmp_path / "t.extxyz", 4)
    with open(path, "rb") as file:
        known = frame_ends(path, file, 4)
        assert [k for k, _ in known] == [0, 1, 2, 3]
        assert known[-1][1] == path.stat().st_size
        write_index(path, known[:2])  # of an older moment: it does not know frame 3
        assert frame_ends(path, file, 4) == known
        assert frame_ends(path, file, 2) == known[:2]
        (tmp_path / ".t.extxyz.index").unlink()
        assert frame_ends(path, file, 4) == known
        assert frame_ends(path, file, 0) == []
