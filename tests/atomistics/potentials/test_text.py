"""Files of potentials as text: what is no file is told, and not read for ever."""

import gzip
import os
from pathlib import Path

import pytest

from atomistics.potentials import text


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "too large", "too large unpacked"])
def test_what_never_ends_is_no_file(tmp_path, monkeypatch, kind):
    """Neither read for ever nor waited for."""
    path = tmp_path / "x.eam"
    monkeypatch.setattr(text, "LARGEST_FILE", 100)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "device":
        path.write_bytes(b"1 " * 80 if kind == "too large" else gzip.compress(b"1 " * 80))
    with pytest.raises((ValueError, IsADirectoryError), match=r"found a directory, a pipe or a device|found more|Is a directory"):
        text.read_lines(Path("/dev/zero") if kind == "device" else path)
