"""What is in a .msh file of gmsh: points and simplices of first order, each once (rank 0 only)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .far_field import CoarseMesh
from .gmsh_session import gmsh_session

CELLS = {2: (2, "triangles"), 3: (4, "tetrahedra")}
"""gmsh's number of the element type by dimension, and what the cells are called."""
LONGEST = 1e12
"""Coordinates beyond it are no lengths in A."""


def read_msh(path: Path, gdim: int) -> CoarseMesh:
    """Points and cells of a file, numbered from 0. Not collective.

    A cell that the file lists several times, because it belongs to several physical groups, is read once. ValueError for
    files that cannot be read, elements of another kind, and nodes that are no points of the model.
    """
    with _opened(path) as gmsh:
        tags, x, _ = gmsh.model.mesh.getNodes()
        cells = _cells(gmsh.model.mesh, path, gdim)
    lost = _declared_nodes(path) - len(tags)
    if lost > 0:  # of format 2.2 gmsh reads no nodes without elements
        raise ValueError(
            f"mesh {path} has {lost} nodes that belong to none of its {CELLS[gdim][1]}: save the mesh without them"
        )
    return _compact(path, gdim, tags.astype(np.int64), x.reshape(-1, 3), cells)


def mesh_dimension(path: Path) -> int:
    """3 if the file holds tetrahedra, else 2; ValueError for a file that is no mesh. Not collective."""
    with _opened(path) as gmsh:
        found = [gmsh.model.mesh.getElementProperties(kind)[1] for kind in gmsh.model.mesh.getElementTypes()]
    return 3 if 3 in found else 2


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The module gmsh with the file's mesh in it."""
    if path.suffix != ".msh":
        raise ValueError(f"mesh {path} must be a .msh file of gmsh")
    if not path.is_file():
        raise ValueError(f"mesh {path} does not exist")
    with gmsh_session() as gmsh:
        try:
            gmsh.open(str(path))
        except Exception as error:  # gmsh raises nothing more special
            raise ValueError(f"mesh {path} could not be read by gmsh: {error}") from None
        yield gmsh


def _declared_nodes(path: Path) -> int:
    """Number of nodes that the file says it holds; 0 if it does not say."""
    with path.open("rb") as file:
        for line in file:
            if line.strip() == b"$Nodes":
                numbers = next(file, b"").split()  # format 4: blocks, nodes, smallest and largest tag
                count = numbers[1 if len(numbers) == 4 else 0] if numbers else b""
                return int(count) if count.isdigit() else 0
    return 0


def _cells(mesh: Any, path: Path, gdim: int) -> np.ndarray:
    """(n, gdim + 1) node tags of the cells; ValueError for elements that are none."""
    wanted, name = CELLS[gdim]
    for kind in mesh.getElementTypes():
        found, dimension, *_ = mesh.getElementProperties(kind)
        if dimension > gdim:
            raise ValueError(
                f"mesh {path} holds elements of dimension {dimension} ({found}), but the model needs {name}"
            )
        if dimension == gdim and kind != wanted:
            raise ValueError(f"mesh {path} holds elements of type {found}, but only {name} of first order are allowed")
    cells = mesh.getElementsByType(wanted)[1].astype(np.int64).reshape(-1, gdim + 1)
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
