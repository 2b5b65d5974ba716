"""What is in a .msh file of gmsh: points and simplices of first order, each once (rank 0 only).

A mesh is data, and may be anybody's: gmsh sees a copy of it whose sections have been checked, with no file of options beside it, and
reads that in a process of its own.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ..outside import outside
from .far_field import CoarseMesh
from .msh_sections import check_sections

READER = Path(__file__).with_name("msh_reader.py")
CELLS = {2: (2, "triangles"), 3: (4, "tetrahedra")}
"""gmsh's number of the element type by dimension, and what the cells are called."""
LONGEST = 1e12
"""Coordinates beyond it are no lengths in A."""
MOST_BYTES = 4 << 30
"""Of a file: some 3e7 nodes in the plane with their cells."""
SECONDS, SECONDS_A_BYTE = 60.0, 1e-5
"""Longest time that gmsh may take; it reads some 1e7 bytes a second."""
MEMORY, MEMORY_A_BYTE = 2 << 30, 200
"""Most address space that gmsh may take, bytes; a node or an element of it takes some 100, of a file some 30."""


def read_msh(path: Path, gdim: int) -> CoarseMesh:
    """Points and cells of a file, numbered from 0. Not collective.

    A cell that the file lists several times, because it belongs to several physical groups, is read once. ValueError for
    files that cannot be read, elements of another kind, and nodes that are no points of the model.
    """
    declared, found = _contents(path)
    cells = _cells(found, path, gdim)
    lost = declared - len(found["tags"])
    if lost > 0:  # of format 2.2 gmsh reads no nodes without elements
        raise ValueError(
            f"mesh {path} has {lost} nodes that belong to none of its {CELLS[gdim][1]}: save the mesh without them"
        )
    return _compact(path, gdim, found["tags"], found["x"], cells)


def mesh_dimension(path: Path) -> int:
    """3 if the file holds tetrahedra, else 2; ValueError for a file that is no mesh. Not collective."""
    return 3 if 3 in _contents(path)[1]["dimensions"] else 2


def _contents(path: Path) -> tuple[int, dict[str, np.ndarray]]:
    """Number of nodes that a file says it has, and the arrays of `fem.mesh.msh_reader`."""
    if path.suffix != ".msh":
        raise ValueError(f"mesh {path} must be a .msh file of gmsh")
    if not path.is_file():
        raise ValueError(f"mesh {path} does not exist")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"mesh {path} is {size / 2**30:.0f} GiB long: at most {MOST_BYTES / 2**30:.0f} GiB are allowed")
    with tempfile.TemporaryDirectory(prefix="qc-mesh-") as folder:
        copy = Path(folder) / "mesh.msh"  # gmsh runs what it finds in mesh.msh.opt beside the file
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise ValueError(f"mesh {path} cannot be read or copied to {folder}: {error.strerror}") from None
        declared = check_sections(copy, path)
        return declared, _read_by_gmsh(copy, path)


def _read_by_gmsh(copy: Path, path: Path) -> dict[str, np.ndarray]:
    """What gmsh finds in a file, in a process of its own; ValueError if it refuses, crashes or does not end."""
    size, arrays = copy.stat().st_size, copy.with_name("arrays.npz")
    limit = SECONDS + SECONDS_A_BYTE * size
    words = [sys.executable, "-P", str(READER), str(copy), str(arrays), str(MEMORY + MEMORY_A_BYTE * size)]
    try:
        run = subprocess.run(
            words, env=outside(), stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"mesh {path} could not be read: gmsh has not ended after {limit:.0f} s") from None
    said = run.stderr.decode(errors="replace").replace(str(copy), path.name).strip().splitlines()
    if run.returncode == 2 and said:
        raise ValueError(f"mesh {path} could not be read by gmsh: {said[-1]}")
    if run.returncode:
        how = f"by {signal.Signals(-run.returncode).name}" if run.returncode < 0 else f"with exit code {run.returncode}"
        raise ValueError(f"mesh {path} could not be read: gmsh ended {how}; the file is damaged, save it again")
    with np.load(arrays, allow_pickle=False) as found:
        return dict(found)


def _cells(found: dict[str, np.ndarray], path: Path, gdim: int) -> np.ndarray:
    """(n, gdim + 1) node tags of the cells; ValueError for elements that are none."""
    wanted, name = CELLS[gdim]
    for kind, element, dimension in zip(found["kinds"], found["names"], found["dimensions"], strict=True):
        if dimension > gdim:
            raise ValueError(
                f"mesh {path} holds elements of dimension {dimension} ({element}), but the model needs {name}"
            )
        if dimension == gdim and kind != wanted:
            raise ValueError(
                f"mesh {path} holds elements of type {element}, but only {name} of first order are allowed"
            )
    cells = found[name].reshape(-1, gdim + 1)
    if not len(cells):
        raise ValueError(f"mesh {path} holds no {name}, which a model of dimension {gdim} needs")
    first = np.unique(np.sort(cells, axis=1), axis=0, return_index=True)[1]
    return cells[np.sort(first)]


def _compact(path: Path, gdim: int, tags: np.ndarray, x: np.ndarray, cells: np.ndarray) -> CoarseMesh:
    """Points and cells numbered from 0; ValueError for nodes that are nan, without cells, or off the plane."""
    name = CELLS[gdim][1]
    order = np.argsort(tags)
    tags, x = tags[order], x[order]
    bad = np.flatnonzero(~(np.abs(x) < LONGEST).all(1))
    if len(bad):
        at = ", ".join(f"{c:g}" for c in x[bad[0]])
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise ValueError(
            f"mesh {path} has node {tags[bad[0]]} at ({at}){more}: coordinates must be finite lengths in A"
        )
    orphans = np.flatnonzero(~np.isin(tags, cells))
    if len(orphans):
        at = ", ".join(f"{c:.6g}" for c in x[orphans[0]])
        raise ValueError(
            f"mesh {path} has {len(orphans)} nodes that belong to none of its {name}, the first at ({at}): save the mesh without them"
        )
    off = float(np.abs(x[:, gdim:]).max(initial=0.0))
    extent = float(np.ptp(x, axis=0).max())
    if off > 1e-9 * extent:
        raise ValueError(f"mesh {path} must lie in the plane z = 0, but has a node at |z| = {off:.3g} A")
    return CoarseMesh(np.ascontiguousarray(x[:, :gdim]), np.searchsorted(tags, cells))
