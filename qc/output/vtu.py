"""Pieces of a mesh with fields in VTK's XML format for unstructured grids: written packed, read packed or as text.

The format is that of W. Schroeder et al., VTK File Formats (docs.vtk.org): of an array compressed by zlib, first counts of blocks and
bytes, then the block, each in base64.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..errors import InputError

TYPES = {"f8": "Float64", "i4": "Int32", "u1": "UInt8"}
"""VTK's words for kinds of numbers."""
LEVEL = 1
"""Of zlib: the fastest; the next ones make noise hardly shorter."""
SECTIONS = ("Points", "Cells", "PointData", "CellData")
COUNTS = 44
"""Characters of the four counts before a block: blocks, bytes of each, of the last, and packed."""


def write_piece(
    path: Path, points: np.ndarray, cells: np.ndarray, kind: int, at_points: Mapping[str, np.ndarray], of_cells: Mapping[str, np.ndarray]
) -> None:
    """Write one rank's part of a mesh.

    Parameters
    ----------
    path : Path
    points : (n, 3) ndarray
    cells : (m, k) ndarray
        Their points, in VTK's order.
    kind : int
        VTK's number of the cells.
    at_points, of_cells : dict of str to ndarray
        Fields by name, (n,) or (n, c), and (m,) or (m, c).
    """
    m, k = cells.shape
    connected = {"connectivity": cells.ravel(), "offsets": k * np.arange(1, m + 1), "types": np.full(m, kind, np.uint8)}
    sections = {"Points": {"": points}, "Cells": connected, "PointData": at_points, "CellData": of_cells}
    body = "".join(f"<{name}>\n{''.join(map(_array, fields, fields.values()))}</{name}>\n" for name, fields in sections.items())
    counts = f'NumberOfPoints="{len(points)}" NumberOfCells="{m}"'
    path.write_text(_document("UnstructuredGrid", "", f"<Piece {counts}>\n{body}</Piece>\n"), encoding="ascii")


def write_index(path: Path, pieces: Sequence[str], at_points: Mapping[str, np.ndarray], of_cells: Mapping[str, np.ndarray]) -> None:
    """Write the file that names the pieces of all ranks and their fields, of which those of any rank are examples."""
    sections = {"PPoints": {"": np.empty((0, 3))}, "PPointData": at_points, "PCellData": of_cells}
    body = "".join(
        f"<{section}>\n{''.join(f'<PDataArray {_described(name, field)} />\n' for name, field in fields.items())}</{section}>\n"
        for section, fields in sections.items()
    )
    body += "".join(f'<Piece Source="{name}" />\n' for name in pieces)
    path.write_text(_document("PUnstructuredGrid", ' GhostLevel="0"', body), encoding="ascii")


def _document(kind: str, more: str, body: str) -> str:
    how = 'version="1.0" byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor"'
    return f'<?xml version="1.0"?>\n<VTKFile type="{kind}" {how}>\n<{kind}{more}>\n{body}</{kind}>\n</VTKFile>\n'


def _kind(values: np.ndarray) -> str:
    return "f8" if values.dtype.kind == "f" else "u1" if values.dtype == np.uint8 else "i4"


def _described(name: str, values: np.ndarray) -> str:
    named = f' Name="{name}"' if name else ""
    return f'type="{TYPES[_kind(values)]}"{named} NumberOfComponents="{values.shape[1] if values.ndim > 1 else 1}"'


def _array(name: str, values: np.ndarray) -> str:
    raw = np.ascontiguousarray(values, dtype=f"<{_kind(values)}").tobytes()
    block = zlib.compress(raw, LEVEL) if raw else b""
    counts = np.array([1, len(raw), 0, len(block)] if raw else [0, 0, 0], dtype="<u8").tobytes()
    packed = (base64.b64encode(counts) + base64.b64encode(block)).decode("ascii")
    return f'<DataArray {_described(name, values)} format="binary">{packed}</DataArray>\n'


def read_piece(path: Path) -> dict[str, np.ndarray]:
    """Numbers of all arrays of a piece by name, those of the points as "points"; `InputError` if it is not whole."""
    try:
        found = next(ElementTree.parse(path).iter("Piece"))
        return {array.get("Name") or "points": _numbers(array) for section in SECTIONS for array in found.iterfind(f"{section}/DataArray")}
    except (ElementTree.ParseError, StopIteration, OSError, ValueError, KeyError, zlib.error) as error:
        raise InputError(f"{path} is no whole piece of a mesh ({error})") from None


def _numbers(array: ElementTree.Element) -> np.ndarray:
    """Values of an array as text, as older code wrote it, or packed in one block."""
    text = (array.text or "").strip()
    if array.get("format") == "ascii":
        return np.array(text.split(), dtype=float)
    kinds = {word: kind for kind, word in TYPES.items()}
    dtype = np.dtype(f"<{kinds[array.get('type', '')]}")
    counts = np.frombuffer(base64.b64decode(text[:COUNTS]), dtype="<u8")
    if counts[0] == 0:
        return np.empty(0, dtype)
    raw = zlib.decompressobj().decompress(base64.b64decode(text[COUNTS:]), int(counts[1]))
    if len(raw) != counts[1]:
        raise ValueError(f"an array has {len(raw)} bytes instead of {counts[1]}")
    return np.frombuffer(raw, dtype)
