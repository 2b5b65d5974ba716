"""Fields on the mesh of all states of a run: displacement, weight and stress, for ParaView and for pyvista. All ranks write."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import numpy as np
from dolfinx.plot import vtk_mesh
from petsc4py import PETSc

from fem.cauchy_born import GPA
from fem.collective import on_root, together

from ..coupling.model import Model
from ..errors import InputError
from ..terms.continuum import ContinuumTerm
from .files import replace_text
from .vtu import read_piece, write_index, write_piece

PIECES = "fields"
"""Folder of the files that ``fields.pvd`` names."""
HEAD = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n  <Collection>\n'
TAIL = "  </Collection>\n</VTKFile>\n"
"""Of ``fields.pvd``, round its entries."""
TETRAHEDRA = (10, 71)
"""VTK's numbers of a tetrahedron, of first and of any order; the cells of other meshes are triangles."""


class FieldSeries:
    """The fields of a model, a state at a time. All methods are collective.

    ``fields.pvd`` is the series of all states, those before a resumed run included; its pieces, one file a rank with the rank's own
    cells, lie in the folder ``fields``. Its time is the number of the state, the row of ``steps.csv`` counted from 0: a load that
    falls again would be no time.

    Written are the displacement (A; 0 at nodes of the core, which belong to no cell of the continuum), ``beta`` and the Cauchy
    stress (GPa; a sheet counts as 1 A thick), the mean of each cell. The stress is that of the continuum alone, not weighted by
    beta; it is 0 in cells without a continuum, those of the core; ``continuum`` (0 or 1) tells which they are.

    Parameters
    ----------
    directory : Path
    model : Model
    """

    def __init__(self, directory: Path, model: Model) -> None:
        self.directory, self.model = directory, model
        self._last: int | None = None
        self.has_mesh = model.spec.facts.continuum
        if self.has_mesh:
            self._look_at_mesh()

    def _look_at_mesh(self) -> None:
        """Own cells and their points as VTK wants them, and what no state changes."""
        nodes = self.model.parts.nodes
        mesh, k = nodes.space.mesh, nodes.space.dofmap.dof_layout.num_dofs
        own = np.arange(mesh.topology.index_map(mesh.topology.dim).size_local)
        topology, kinds, x = vtk_mesh(nodes.space, own)
        corners = topology.reshape(len(own), k + 1)[:, 1:]
        self._used, cells = np.unique(corners, return_inverse=True)
        self._points, self._cells = x[self._used], cells.reshape(corners.shape)
        self._kind = int(kinds[0]) if len(kinds) else 0
        self._beta = np.asarray(nodes.beta)[self._used]

    def write(self, q: PETSc.Vec, number: int) -> None:
        """Append the state with unknowns q as state ``number``; of an atomistic model nothing is written."""
        if not self.has_mesh:
            return
        at_points, of_cells = self._fields(q)
        comm, folder = self.model.comm, self.directory / PIECES
        on_root(comm, lambda: folder.mkdir(exist_ok=True))
        name = f"{number:05d}-_p{comm.rank}_000000.vtu"
        together(comm, lambda: write_piece(folder / name, self._points, self._cells, self._kind, at_points, of_cells))
        pieces = [f"{number:05d}-_p{rank}_000000.vtu" for rank in range(comm.size)]
        on_root(comm, lambda: write_index(folder / f"{number:05d}-000000.pvtu", pieces, at_points, of_cells))
        on_root(comm, lambda: self._extend_series(number))

    def _fields(self, q: PETSc.Vec) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Fields at the points and of the cells."""
        z = self.model.coupling.variables(q)
        u = np.zeros((len(self._used), 3))
        u[:, : self.model.parts.layout.components] = z["continuum"][self._used]
        stress, there = np.zeros((len(self._cells), 9)), np.zeros(len(self._cells), dtype=np.uint8)
        for term in (term.unweighted for term in self.model.coupling.terms):
            if isinstance(term, ContinuumTerm):
                found = GPA * term.field.cauchy_stress(z[term.name]).reshape(-1, 9)
                own = term.field.cells < len(stress)
                stress[term.field.cells[own]], there[term.field.cells[own]] = found[own], 1
        return {"displacement": u, "beta": self._beta}, {"stress": stress, "continuum": there}

    def _extend_series(self, number: int) -> None:
        """Put one more state into ``fields.pvd``; the first one of this process writes all of it."""
        if self._last is None or number <= self._last:
            write_series(self.directory, number)
        else:
            with open(self.directory / "fields.pvd", "r+b") as file:
                file.seek(-len(TAIL), os.SEEK_END)
                file.write(f"{_entry(number, f"{number:05d}-000000.pvtu")}\n{TAIL}".encode())
        self._last = number


def read_fields(directory: Path, number: int | None = None) -> dict[str, np.ndarray] | None:
    """Points (n, 3), cells (m, 3 or 4) by their vertices, and fields of a state (the last one if none is named).

    It is None if there is no such state. Fields are those of `FieldSeries`: ``displacement``, ``beta`` (n), ``stress`` (m, 9)
    and ``continuum`` (m); points that several ranks had come several times. `InputError` if a file is damaged.
    """
    series = directory / "fields.pvd"
    if not series.exists():
        return None
    entries = ElementTree.parse(series).iter("DataSet")
    files = {int(entry.get("timestep", "0")): Path(entry.get("file", "")).name for entry in entries}
    number = max(files, default=None) if number is None else number
    if number is None or number not in files:
        return None
    state = directory / PIECES / files[number]
    sources = [piece.get("Source", "") for piece in ElementTree.parse(state).iter("Piece")]
    parts = [_read_piece(state.with_name(Path(source).name)) for source in sources]
    before = np.cumsum([0, *(len(part["points"]) for part in parts)])
    for part, first in zip(parts, before, strict=False):
        part["cells"] = part["cells"] + first
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _read_piece(path: Path) -> dict[str, np.ndarray]:
    """Points, cells that are this rank's own, and fields of one rank's file."""
    found = read_piece(path)
    try:
        kinds, offsets = found["types"].astype(int), found["offsets"].astype(int)
        own = found["vtkGhostType"] == 0 if "vtkGhostType" in found else np.ones(len(kinds), dtype=bool)  # of older code
        corners = 4 if np.isin(kinds, TETRAHEDRA).any() else 3
        first = np.concatenate([[0], offsets])[:-1]
        cells = found["connectivity"].astype(int)[first[:, None] + np.arange(corners)]
        return {
            "points": found["points"].reshape(-1, 3),
            "cells": cells[own],
            "displacement": found["displacement"].reshape(-1, 3),
            "beta": found["beta"],
            "stress": found["stress"].reshape(-1, 9)[own],
            "continuum": found["continuum"][own],
        }
    except KeyError as error:
        raise InputError(f"{path} has no {error.args[0]}") from None


def write_series(directory: Path, last: int) -> None:
    """Write ``fields.pvd``: the pieces of all states up to ``last`` that are there."""
    pieces = (directory / PIECES).glob("[0-9]*-*.pvtu")
    numbered = sorted((int(piece.name.partition("-")[0]), piece.name) for piece in pieces)
    entries = [f"{_entry(number, name)}\n" for number, name in numbered if number <= last]
    replace_text(directory / "fields.pvd", HEAD + "".join(entries) + TAIL)


def _entry(number: int, name: str) -> str:
    return f'    <DataSet timestep="{number}" part="0" file={quoteattr(f"{PIECES}/{name}")} />'
