"""The picture of where the ghost forces live: one map a method, same crystal, same deformation."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from ..pictures.drawing import (
    BLACK,
    GREY,
    SHADES,
    UNKNOWN,
    Directions,
    discs,
    legend_below,
    mesh_edges,
    new_figure,
    save,
    scale_bar,
)
from .model import ForceMap

QUIET = "#E4E4E4"
"""Colour of what no force acts on."""
PANELS_A_ROW = 4
PANEL = 2.35
"""Width of a panel, inches."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Map of one method.

    Attributes
    ----------
    name : str
    forces : ForceMap
    points, triangles : ndarray
        Mesh behind it, (n, 2) in A and (m, 3); empty in 3-D.
    core, width : float
        Radius of the core and width of its handshake, A; 0: there is none.
    """

    name: str
    forces: ForceMap
    points: np.ndarray
    triangles: np.ndarray
    core: float
    width: float


def force_picture(
    path: str | os.PathLike[str],
    panels: Sequence[Panel],
    nn: float,
    tolerance: float,
    title: str,
    solid: bool = False,
    directions: Directions = UNKNOWN,
) -> None:
    """Draw the panels side by side, in one scale of colour.

    Parameters
    ----------
    nn : float
        Nearest-neighbour distance, A.
    tolerance : float
        Forces up to this count as none and stay grey, eV/A.
    solid : bool
        3-D: draw the slice through the middle, two neighbour distances thick.
    directions : Directions
        Of the axes, in the crystal.
    """
    columns = min(PANELS_A_ROW, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure, axes = new_figure(
        PANEL * columns + 0.9, PANEL * rows * 1.16 + 0.75, rows, columns, sharex=True, sharey=True
    )
    window = 1.12 * max(p.core + p.width for p in panels) + 2.5 * nn
    norm = _norm(panels, tolerance)
    style = Style(nn=nn, tolerance=tolerance, norm=norm, window=window, solid=solid)
    for axis, panel in zip(axes, panels, strict=False):
        _draw(axis, panel, style)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    for k, axis in enumerate(axes[: len(panels)]):
        if k + columns >= len(panels):
            axis.set_xlabel(directions.label("x"), fontsize=9)
            axis.tick_params(labelbottom=True)
        if k % columns == 0:
            axis.set_ylabel(directions.label("y"), fontsize=9)
    scale_bar(axes[0])
    bar = figure.colorbar(ScalarMappable(norm, SHADES), ax=axes, shrink=0.85, pad=0.015, aspect=30, extend="min")
    bar.set_label("ghost force (eV/Å)", fontsize=9)
    bar.ax.tick_params(labelsize=8, direction="in", width=0.6, length=3)
    figure.suptitle(textwrap.fill(title, int(15 * figure.get_figwidth())), fontsize=9.5)
    legend_below(figure, _marks(tolerance), directions.towards_viewer())
    save(figure, path)


def _norm(panels: Sequence[Panel], tolerance: float) -> LogNorm:
    """At least four decades, up to the largest force."""
    largest = max((float(np.nanmax(p.forces.force, initial=0.0)) for p in panels), default=0.0)
    top = max(largest, 1e2 * tolerance)
    return LogNorm(max(1e-4 * top, tolerance), top)


@dataclass(frozen=True, kw_only=True)
class Style:
    """What all panels share.

    Attributes
    ----------
    nn : float
        Nearest-neighbour distance, A.
    tolerance : float
        Forces up to this count as none, eV/A.
    norm : LogNorm
    window : float
        Half width of what is shown, A.
    solid : bool
        Only a slice of a crystal in 3-D is shown.
    """

    nn: float
    tolerance: float
    norm: LogNorm
    window: float
    solid: bool


def _draw(axis: Axes, panel: Panel, style: Style) -> None:
    """One panel: mesh, forces on atoms and nodes, regions."""
    f, nn, window = panel.forces, style.nn, style.window
    shown = (np.abs(f.X[:, :2]) < window + nn).all(1)
    if style.solid:
        shown &= np.abs(f.X[:, 2]) < nn
    order = np.flatnonzero(shown)[np.argsort(f.force[shown])]  # the largest on top
    mesh_edges(axis, panel.points, panel.triangles, PANEL / (2 * window), "#BBBBBB")
    is_quiet = f.force[order] <= style.tolerance
    quiet, loud = order[is_quiet], order[~is_quiet]
    size = np.where(f.is_atom, 0.8, 0.5) * nn
    for chosen, colours in ((quiet, QUIET), (loud, SHADES(style.norm(f.force[loud])))):
        edge = np.where(f.is_atom[chosen], 0.0, 0.35)
        look = {"edgecolors": GREY, "linewidths": edge, "zorder": 3, "rasterized": True}
        discs(axis, f.X[chosen, :2], size[chosen], facecolors=colours, **look)
    for radius, line in ((panel.core, "-"), (panel.core + panel.width, "--")):
        if panel.core > 0:
            axis.add_patch(Circle((0, 0), radius, fill=False, color=BLACK, linewidth=0.7, linestyle=line, zorder=4))
    largest = float(f.force.max(initial=0.0))
    axis.set_title(f"{panel.name}\nlargest {largest:.1e} eV/Å", fontsize=8.5, loc="left", linespacing=1.35)
    axis.set_xlim(-window, window)
    axis.set_ylim(-window, window)
    axis.set_aspect("equal")


def _marks(tolerance: float) -> list[Line2D]:
    """Entries of the legend."""
    atom, node = (
        Line2D([], [], linestyle="none", marker="o", markersize=size, markeredgewidth=edge, markeredgecolor=GREY,
               markerfacecolor=QUIET, label=label)
        for size, edge, label in ((6, 0.0, f"atom, force ≤ {tolerance:.0e} eV/Å"), (4, 0.5, "the same, node of the mesh"))
    )  # fmt: skip
    return [
        Line2D([], [], color=BLACK, linewidth=0.8, label="end of the core"),
        Line2D([], [], color=BLACK, linewidth=0.8, linestyle="--", label="end of the handshake"),
        atom,
        node,
    ]
