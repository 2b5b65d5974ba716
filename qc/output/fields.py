"""Fields on the mesh of all states of a run: displacement, weight and stress, for ParaView and for pyvista. All ranks write."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import numpy as np
from dolfinx import fem
from dolfinx.io import VTKFile, VTXMeshPolicy, VTXWriter
from petsc4py import PETSc

from fem.cauchy_born import GPA
from fem.collective import on_root, together

from ..coupling.model import Model
from ..terms.continuum import ContinuumTerm
from .files import replace_text

PIECES = "fields"
"""Folder of the files that ``fields.pvd`` names."""
HEAD = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n  <Collection>\n'
TAIL = "  </Collection>\n</VTKFile>\n"
"""Of ``fields.pvd``, round its entries."""
TETRAHEDRON = 71
"""VTK's number of a Lagrange tetrahedron; the cells of other meshes are triangles."""
_open: list[VTXWriter] = []
"""Writers that have not been closed. Closing one is collective, and so is dropping it, which garbage collection would do on one
rank while the others are elsewhere: those that a failed run leaves open stay until the process ends."""


class FieldSeries:
    """The fields of a model, a state at a time. All methods are collective.

    ``fields.pvd`` is the series of all states, those before a resumed run included; its pieces, one file a rank, lie in the
    folder ``fields``. ``fields.bp`` holds the states since the run was started: DOLFINx cannot append to such a file, so that a
    run that is resumed at state n, or writes it again, goes on in ``fields-<n>.bp``. The time of both is the number of the
    state, the row of ``steps.csv`` counted from 0: a load that falls again would be no time.

    Written are the displacement (A; 0 at nodes of the core, which belong to no cell of the continuum), ``beta`` and the Cauchy
    stress (GPa; a sheet counts as 1 A thick), the mean of each cell. The stress is that of the continuum alone, not weighted by
    beta; cells without a continuum, those of the core, have nan in ``fields.bp`` and 0 in ``fields.pvd``, whose readers know no
    nan; ``continuum`` (0 or 1) tells which they are.

    Parameters
    ----------
    directory : Path
    model : Model
    """

    def __init__(self, directory: Path, model: Model) -> None:
        self.directory, self.model = directory, model
        self._vtx: VTXWriter | None = None
        self._last: int | None = None
        self.has_mesh = model.spec.facts.continuum
        if self.has_mesh:
            self._make_functions()

    def _make_functions(self) -> None:
        nodes = self.model.parts.nodes
        mesh, degree = nodes.space.mesh, nodes.space.element.basix_element.degree
        self._u = fem.Function(nodes.space, name="displacement")
        self._beta = fem.Function(fem.functionspace(mesh, ("Lagrange", degree)), name="beta")
        self._beta.x.array[:] = nodes.beta
        self._stress = fem.Function(fem.functionspace(mesh, ("DG", 0, (3, 3))), name="stress")
        self._there = fem.Function(fem.functionspace(mesh, ("DG", 0)), name="continuum")

    def write(self, q: PETSc.Vec, number: int) -> None:
        """Append the state with unknowns q as state ``number``; of an atomistic model nothing is written."""
        if not self.has_mesh:
            return
        self._fill(q)
        self._write_vtx(number)
        self._write_vtk(number)
        self._last = number

    def close(self) -> None:
        """End ``fields.bp``."""
        if self._vtx is not None:
            self._vtx.close()
            _open.remove(self._vtx)
            self._vtx = None

    def _fill(self, q: PETSc.Vec) -> None:
        z = self.model.coupling.variables(q)
        u = self._u.x.array.reshape(-1, self.model.parts.layout.components)
        u[:] = z["continuum"]
        stress = self._stress.x.array.reshape(-1, 9)
        stress[:] = np.nan
        cells_of = np.asarray(self._stress.function_space.dofmap.list)
        for term in (term.unweighted for term in self.model.coupling.terms):
            if isinstance(term, ContinuumTerm):
                # inner shifts may find no rest on one rank alone
                found = together(self.model.comm, functools.partial(term.field.cauchy_stress, z[term.name]))
                stress[cells_of[term.field.cells, 0]] = GPA * found.reshape(-1, 9)
        self._stress.x.scatter_forward()
        self._there.x.array[:] = np.isfinite(stress).all(1)

    def _write_vtx(self, number: int) -> None:
        if self._last is not None and number <= self._last:  # a state that is written again
            self.close()
        if self._vtx is None:
            name = f"fields-{number:05d}.bp" if number else "fields.bp"
            os.environ.setdefault("HOME", tempfile.gettempdir())  # ADIOS2 looks for its settings there, and crashes without
            fields, path = [self._u, self._beta, self._stress, self._there], self.directory / name
            self._vtx = VTXWriter(self.model.comm, path, fields, mesh_policy=VTXMeshPolicy.reuse)
            _open.append(self._vtx)
        self._vtx.write(float(number))

    def _write_vtk(self, number: int) -> None:
        stress = self._stress.x.array
        stress[~np.isfinite(stress)] = 0.0
        self._write_pieces(number)  # whose writer ends with its own series, once it is dropped
        on_root(self.model.comm, lambda: self._extend_series(number))

    def _extend_series(self, number: int) -> None:
        """Put one more state into ``fields.pvd``; the first one of this process writes all of it."""
        if self._last is None or number <= self._last:
            write_series(self.directory, number)
        else:
            (self.directory / PIECES / f"{number:05d}-.pvd").unlink(missing_ok=True)
            with open(self.directory / "fields.pvd", "r+b") as file:
                file.seek(-len(TAIL), os.SEEK_END)
                file.write(f"{_entry(number, f"{number:05d}-000000.pvtu")}\n{TAIL}".encode())

    def _write_pieces(self, number: int) -> None:
        with VTKFile(self.model.comm, str(self.directory / PIECES / f"{number:05d}-.pvd"), "w") as file:
            file.write([function._cpp_object for function in (self._u, self._beta, self._stress, self._there)], number)


def read_fields(directory: Path, number: int | None = None) -> dict[str, np.ndarray] | None:
    """Points (n, 3), cells (m, 3 or 4) by their vertices, and fields of a state (the last one if none is named).

    It is None if there is no such state. Fields are those of `FieldSeries`: ``displacement``, ``beta`` (n), ``stress`` (m, 9)
    and ``continuum`` (m); points that several ranks had come several times.
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
    piece = next(ElementTree.parse(path).iter("Piece"))
    points = _numbers(piece, "Points", None).reshape(-1, 3)
    offsets = _numbers(piece, "Cells", "offsets").astype(int)
    kinds = _numbers(piece, "Cells", "types").astype(int)
    own = _numbers(piece, "CellData", "vtkGhostType") == 0
    corners = 4 if (kinds == TETRAHEDRON).any() else 3
    first = np.concatenate([[0], offsets])[:-1]
    cells = _numbers(piece, "Cells", "connectivity").astype(int)[first[:, None] + np.arange(corners)]
    stress = _numbers(piece, "CellData", "stress").reshape(-1, 9)
    return {
        "points": points,
        "cells": cells[own],
        "displacement": _numbers(piece, "PointData", "displacement").reshape(-1, 3),
        "beta": _numbers(piece, "PointData", "beta"),
        "stress": stress[own],
        "continuum": _numbers(piece, "CellData", "continuum")[own],
    }


def _numbers(piece: ElementTree.Element, where: str, name: str | None) -> np.ndarray:
    """Values of one array of a piece of an ASCII .vtu file."""
    group = piece.find(where)
    found = [] if group is None else [a for a in group.iter("DataArray") if name is None or a.get("Name") == name]
    if not found:
        raise ValueError(f"a piece of fields.pvd has no {name or where}")
    return np.array((found[0].text or "").split(), dtype=float)


def write_series(directory: Path, last: int) -> None:
    """Write ``fields.pvd``: the pieces of all states up to ``last`` that are there."""
    pieces = (directory / PIECES).glob("[0-9]*-*.pvtu")
    (directory / PIECES / f"{last:05d}-.pvd").unlink(missing_ok=True)  # a series of this state alone
    numbered = sorted((int(piece.name.partition("-")[0]), piece.name) for piece in pieces)
    entries = [f"{_entry(number, name)}\n" for number, name in numbered if number <= last]
    replace_text(directory / "fields.pvd", HEAD + "".join(entries) + TAIL)


def _entry(number: int, name: str) -> str:
    return f'    <DataSet timestep="{number}" part="0" file={quoteattr(f"{PIECES}/{name}")} />'
