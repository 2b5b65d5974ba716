"""Picture of a propagation: the load of every event against the position of the tip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .drawing import BLUE, GREY, RED, new_figure, save

BRANCHES = (
    ("load", BLUE, "-", ">", "K$_+$, bonds break"),
    ("unload", RED, (0, (4, 2)), "<", "K$_-$, bonds close"),
)
"""Branch, colour, line, marker and label."""


def curve_picture(
    path: str | os.PathLike[str], curve: Sequence[Mapping[str, Any]], K_G: float, title: str = ""
) -> None:
    """K+ and K- with their brackets; a full line while the load rises, a dashed one while it falls.

    Parameters
    ----------
    curve : sequence of mappings
        Rows of ``r_curve.csv``.
    K_G : float
        Griffith load, MPa m^1/2.
    """
    figure, (axis,) = new_figure(6.0, 3.8, 1, 1)
    figure.set_layout_engine("constrained")
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    handles = []
    for branch, colour, style, marker, label in BRANCHES:
        rows = [e for e in curve if e["branch"] == branch]
        if rows:
            look: dict[str, Any] = {"color": colour, "ls": style, "marker": marker, "ms": 4, "mfc": "white"}
            _draw(axis, rows, K_G, look)
            handles.append(Line2D([], [], label=label, **look))
    axis.set_xlabel("tip position a (Å)", fontsize=9)
    axis.set_ylabel("K / K$_G$", fontsize=9)
    axis.margins(y=0.15)
    if handles:
        handles.append(Line2D([], [], color=GREY, lw=0.8, label="where the tip goes at that load"))
        handles.append(Line2D([], [], ls="", marker="|", ms=9, mec=GREY, label="bracket of the load"))
        names: dict[str, Any] = {"title": title, "title_fontsize": 9}
        figure.legend(handles=handles, fontsize=8, frameon=False, loc="outside upper center", ncols=2, **names)
    save(figure, path)


def _draw(axis: Axes, rows: Sequence[Mapping[str, Any]], K_G: float, look: Mapping[str, Any]) -> None:
    """The events of a branch, and for each where the tip went."""
    a, level = [e["a"] for e in rows], [e["K"] / K_G for e in rows]
    half = [0.5 * (e["K_high"] - e["K_low"]) / K_G for e in rows]
    axis.errorbar(a, level, yerr=half, lw=1.1, capsize=2, **look)
    for e in rows:
        axis.plot([e["a"], e["a_after"]], [e["K"] / K_G] * 2, color=GREY, lw=0.8)
