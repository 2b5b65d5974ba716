"""Pieces of meshes: what is written comes back, from older code's text as well, and pyvista reads the same."""

import numpy as np
import pytest

from qc.errors import InputError
from qc.output.vtu import read_piece, write_index, write_piece

POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1.1, 0]])
CELLS = np.array([[0, 1, 2], [1, 3, 2]])
AT_POINTS = {"displacement": np.random.default_rng(1).normal(size=(4, 3)), "beta": np.array([0, 0.5, 1, np.nan])}
OF_CELLS = {"stress": np.arange(18.0).reshape(2, 9), "continuum": np.array([1, 0], dtype=np.uint8)}
TRIANGLE = 5
TEXT = """<?xml version="1.0"?>
<VTKFile type="UnstructuredGrid" version="2.2">
  <UnstructuredGrid>
    <Piece NumberOfPoints="3" NumberOfCells="1">
      <Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">0 0 0 1 0 0 0 1e-17 0 </DataArray></Points>
      <Cells><DataArray type="Int32" Name="connectivity" format="ascii">0 1 2</DataArray></Cells>
    </Piece>
  </UnstructuredGrid>
</VTKFile>
"""


def test_what_is_written_comes_back(tmp_path):
    write_piece(tmp_path / "a.vtu", POINTS, CELLS, TRIANGLE, AT_POINTS, OF_CELLS)
    back = read_piece(tmp_path / "a.vtu")
    for name, values in (AT_POINTS | OF_CELLS | {"points": POINTS, "connectivity": CELLS}).items():
        assert np.array_equal(back[name], values.ravel(), equal_nan=values.dtype.kind == "f"), name
    assert back["offsets"].tolist() == [3, 6]
    assert back["types"].tolist() == [TRIANGLE] * 2


def test_pyvista_reads_the_pieces_of_all_ranks_one_of_them_empty(tmp_path):
    pyvista = pytest.importorskip("pyvista")
    none = {name: {key: values[:0] for key, values in fields.items()} for name, fields in (("at", AT_POINTS), ("of", OF_CELLS))}
    write_piece(tmp_path / "a.vtu", POINTS, CELLS, TRIANGLE, AT_POINTS, OF_CELLS)
    write_piece(tmp_path / "b.vtu", POINTS[:0], CELLS[:0], 0, none["at"], none["of"])
    write_index(tmp_path / "all.pvtu", ["a.vtu", "b.vtu"], none["at"], none["of"])
    grid = pyvista.read(tmp_path / "all.pvtu")
    assert np.array_equal(grid.points, POINTS)
    assert np.array_equal(grid["displacement"], AT_POINTS["displacement"])
    assert np.array_equal(grid["stress"], OF_CELLS["stress"])
    assert np.array_equal(grid["continuum"], OF_CELLS["continuum"])
    assert read_piece(tmp_path / "b.vtu")["stress"].size == 0


def test_text_of_older_code(tmp_path):
    (tmp_path / "old.vtu").write_text(TEXT)
    back = read_piece(tmp_path / "old.vtu")
    assert back["points"].tolist() == [0, 0, 0, 1, 0, 0, 0, 1e-17, 0]
    assert back["connectivity"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.6, 0.95])
def test_a_torn_piece_is_one_sentence(tmp_path, keep):
    write_piece(tmp_path / "a.vtu", POINTS, CELLS, TRIANGLE, AT_POINTS, OF_CELLS)
    data = (tmp_path / "a.vtu").read_bytes()
    (tmp_path / "a.vtu").write_bytes(data[: int(keep * len(data))])
    with pytest.raises(InputError, match="is no whole piece"):
        read_piece(tmp_path / "a.vtu")


def test_a_packed_array_that_is_damaged_is_one_sentence(tmp_path):
    write_piece(tmp_path / "a.vtu", POINTS, CELLS, TRIANGLE, AT_POINTS, OF_CELLS)
    text = (tmp_path / "a.vtu").read_text()
    at = text.index('format="binary">') + 90
    (tmp_path / "a.vtu").write_text(text[:at] + text[at + 4 :])
    with pytest.raises(InputError, match="is no whole piece"):
        read_piece(tmp_path / "a.vtu")
