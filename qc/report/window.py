"""The tip's atoms and the mesh in a window of pyvista, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..output.fields import read_fields
from ..output.trajectory import read_frame
from .source import Source, read_source

HOW = "pip install 'qc-fracture[view]'"
STRESS = "stress yy (GPa)"


def show(path: Path, number: int | None = None, picture: Path | None = None) -> None:
    """Open the state of a run, a propagation or a front in a window, or draw it into a picture without one.

    Parameters
    ----------
    path : Path
        Directory of results.
    number : int, optional
        Of the state, counted from 0; the last one by default.
    picture : Path, optional
        A .png file.

    Raises
    ------
    InputError
        pyvista is missing, or there is no such state.
    """
    try:
        import pyvista
    except ModuleNotFoundError:
        raise InputError(f"qc view needs the package pyvista, which is not installed: {HOW}") from None
    source = read_source(path)
    number = _last(source) if number is None else number
    fields = read_fields(path, number)
    frame = read_frame(path / "trajectory.extxyz", number)
    if fields is None and frame is None:
        raise InputError(f"{path} has no state {number}: the states are numbered from 0 to {_last(source)}")
    plotter: Any = pyvista.Plotter(shape=(1, 2), off_screen=picture is not None, window_size=[1600, 800])
    if fields is not None:
        plotter.subplot(0, 0)
        plotter.add_mesh(_mesh(pyvista, fields), scalars=STRESS, nan_color="white", show_edges=False)
        plotter.add_text(f"{source.name}: mesh, state {number}", font_size=10)
        plotter.view_xy()
    if frame is not None:
        plotter.subplot(0, 1)
        plotter.add_mesh(
            _atoms(pyvista, frame), scalars=STRESS, render_points_as_spheres=True, point_size=9, nan_color="lightgrey"
        )
        plotter.add_text("atoms", font_size=10)
        if source.kind == "front":
            plotter.view_isometric()
        else:
            plotter.view_xy()
    plotter.add_axes()
    if picture is None:
        plotter.show()
    else:
        plotter.screenshot(str(picture))
    plotter.close()


def _last(source: Source) -> int:
    """Number of the last state that is kept."""
    if source.kind == "front":
        return 1 + sum(bool(state.get("found")) for state in source.document.get("states") or [])
    if source.kind == "propagation":
        return len(source.document.get("r_curve") or [])
    return max(len(source.steps) - 1, 0)


def _mesh(pyvista: Any, fields: dict[str, np.ndarray]) -> Any:
    """The deformed mesh; cells without a continuum have no stress."""
    cells = fields["cells"]
    kind = pyvista.CellType.TRIANGLE if cells.shape[1] == 3 else pyvista.CellType.TETRA
    grid = pyvista.UnstructuredGrid({kind: cells}, fields["points"] + fields["displacement"])
    weight = fields["continuum"]
    grid.cell_data[STRESS] = np.where(weight > 0, fields["stress"][:, 4], np.nan)
    return grid


def _atoms(pyvista: Any, frame: dict[str, np.ndarray]) -> Any:
    """Atoms as points."""
    cloud = pyvista.PolyData(frame["positions"])
    known = "virial_stress" in frame
    cloud.point_data[STRESS] = frame["virial_stress"][:, 1] if known else np.full(len(frame["positions"]), np.nan)
    return cloud
