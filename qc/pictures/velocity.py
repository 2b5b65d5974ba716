"""The picture of a crack's velocity against its load, a line a temperature."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.lines import Line2D

from .drawing import BLACK, GREY, SHADES, legend_below, new_figure, save

MARKS = {"holds": ("o", "filled"), "edge": ("o", "white"), "outside": ("x", "filled")}
"""Mark and filling by the window of transition-state theory."""

WORDS = {"holds": "barriers above 5 kT", "edge": "3 to 5 kT", "outside": "below 3 kT: no rate theory"}


def velocity_picture(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], equal: float | None) -> None:
    """Velocity of a long front against the load on a logarithmic axis.

    Parameters
    ----------
    rows : sequence of mappings
        ``K_over_KG``, ``temperature`` (K), ``velocity`` (m/s) and ``window``, as in velocity.json. Only fronts that advance are shown.
    equal : float or None
        The load (K / K_G) below which a front does not advance.
    """
    figure, (axis,) = new_figure(5.2, 4.1, 1, 1)
    figure.set_layout_engine("constrained")
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    axis.set_yscale("log")
    temperatures = sorted({row["temperature"] for row in rows})
    handles = []
    for number, T in enumerate(temperatures):
        colour = SHADES(number / max(len(temperatures), 2))
        line = sorted((row for row in rows if row["temperature"] == T and row["velocity"] > 0), key=lambda row: row["K_over_KG"])
        axis.plot([row["K_over_KG"] for row in line], [row["velocity"] for row in line], color=colour, lw=0.8)
        for window, (mark, filling) in MARKS.items():
            chosen = [row for row in line if row["window"] == window]
            face = colour if filling == "filled" else "white"
            axis.plot([r["K_over_KG"] for r in chosen], [r["velocity"] for r in chosen], mark, ms=5, mfc=face, mec=colour, ls="")
        handles.append(Line2D([], [], color=colour, label=f"{T:g} K"))
    if equal is not None:
        axis.axvline(equal, color=BLACK, lw=0.8, ls=":")
        handles.append(Line2D([], [], color=BLACK, lw=0.8, ls=":", label="equal energies"))
    for window in {row["window"]: None for row in rows}:
        mark, filling = MARKS[window]
        face = GREY if filling == "filled" else "white"
        handles.append(Line2D([], [], ls="", marker=mark, ms=5, mec=GREY, mfc=face, label=WORDS[window]))
    axis.set_xlabel("load (K$_G$)", fontsize=9)
    axis.set_ylabel("velocity of a long front (m/s)", fontsize=9)
    legend_below(figure, handles)
    save(figure, path)
