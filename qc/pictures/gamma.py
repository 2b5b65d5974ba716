"""The picture of stacking faults: gamma lines of a crystal's slip systems."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.lines import Line2D

from .drawing import GREY, SHADES, legend_below, new_figure, save


def gamma_picture(path: str | os.PathLike[str], faults: Sequence[Mapping[str, Any]]) -> None:
    """Energy against slip, a colour a system: relaxed along the normal, and as shifted (dashed); rings at gamma_us."""
    figure, axes = new_figure(6.4, 4.2, 1, 1)
    figure.set_layout_engine("constrained")
    (axis,) = axes
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    marks = []
    for number, fault in enumerate(faults):
        colour = SHADES(number / max(len(faults), 2))
        axis.plot(fault["slip"], fault["relaxed"], color=colour, lw=1.6)
        axis.plot(fault["slip"], fault["unrelaxed"], color=colour, lw=0.9, ls="--")
        axis.plot(fault["at"], fault["gamma_us"], "o", ms=6, mfc="white", mec=colour)
        marks.append(Line2D([], [], color=colour, lw=1.6, label=fault["family"]))
    marks.append(Line2D([], [], color=GREY, lw=0.9, ls="--", label="as shifted, not relaxed"))
    marks.append(Line2D([], [], ls="", marker="o", ms=6, mfc="white", mec=GREY, label="unstable fault"))
    axis.set(xlabel="slip, in Burgers vectors", ylabel="energy of the fault (J/m$^2$)", xlim=(0.0, 1.0))
    axis.set_ylim(bottom=min(0.0, *(min(fault["relaxed"]) for fault in faults)))
    legend_below(figure, marks)
    save(figure, path)
