"""Frames of an animation are all in the file."""

import numpy as np
import PIL.Image
import pytest

from qc.pictures.animation import tip_animation


def frames(count):
    grid = np.array([[i, j, 0.0] for i in range(6) for j in range(3)], dtype=float)
    moved = [grid + np.array([0.1 * n, 0.0, 0.0]) for n in range(count)]
    return [{"positions": y, "stress": np.linspace(-1, 1 + n, 18), "label": f"{n} ps"} for n, y in enumerate(moved)]


def test_every_frame_is_a_picture_of_its_own(tmp_path):
    tip_animation(tmp_path / "a.png", frames(3))
    with PIL.Image.open(tmp_path / "a.png") as picture:
        assert picture.n_frames == 3
        seen = []
        for n in range(3):
            picture.seek(n)
            seen.append(np.asarray(picture.convert("RGB")).copy())
    assert not np.array_equal(seen[0], seen[2])
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_without_frames_or_stresses_nothing_breaks(tmp_path):
    tip_animation(tmp_path / "none.png", [])
    assert not (tmp_path / "none.png").exists()
    unknown = [frame | {"stress": np.full(18, np.nan)} for frame in frames(2)]
    tip_animation(tmp_path / "nan.png", unknown)
    assert (tmp_path / "nan.png").stat().st_size > 1000


def test_a_picture_that_fails_leaves_nothing(tmp_path):
    good, bad = frames(2)
    with pytest.raises(IndexError, match="out of bounds"):
        tip_animation(tmp_path / "b.png", [good, bad | {"stress": np.zeros(3)}])
    assert not list(tmp_path.iterdir())


def test_a_film_where_there_is_something_to_write_it_with(tmp_path, monkeypatch):
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed")
    tip_animation(tmp_path / "a.mp4", frames(3))
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    tip_animation(tmp_path / "b.mp4", frames(3))
    assert not (tmp_path / "b.mp4").exists()
