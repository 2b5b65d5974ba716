"""The picture of bonds that break one after the other: energies of the states and of the saddles between them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .drawing import GREY, SHADES, legend_below, new_figure, save


def kinks_picture(path: str | os.PathLike[str], levels: Sequence[Mapping[str, Any]]) -> None:
    """Energy above the straight front against the number of periods ahead, one line a load; saddles between the states.

    Parameters
    ----------
    levels : sequence of mappings
        ``K_over_KG`` and ``events`` with ``before``, ``saddle``, ``after`` in eV, as in kinks.json.
    """
    figure, (axis,) = new_figure(5.2, 3.9, 1, 1)
    figure.set_layout_engine("constrained")
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    marks = []
    for number, level in enumerate(levels):
        events, colour = level["events"], SHADES(number / max(len(levels), 2))
        if not events:
            continue
        x = 0.5 * np.arange(2 * len(events) + 1)
        y = [events[0]["before"], *(value for event in events for value in (event["saddle"], event["after"]))]
        axis.plot(x, y, color=colour, lw=0.8)
        axis.plot(x[::2], y[::2], "o", ms=5, color=colour)
        axis.plot(x[1::2], y[1::2], "^", ms=5.5, mfc="white", mec=colour)
        marks.append(Line2D([], [], color=colour, marker="o", ms=5, label=f"{level['K_over_KG']:g} K$_G$"))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("periods ahead", fontsize=9)
    axis.set_ylabel("energy above the straight front (eV)", fontsize=9)
    marks.append(Line2D([], [], ls="", marker="^", ms=5.5, mfc="white", mec=GREY, label="saddle"))
    legend_below(figure, marks)
    save(figure, path)
