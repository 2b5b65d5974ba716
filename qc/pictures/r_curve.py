"""Picture of a propagation: the load of every event against the position of the tip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.lines import Line2D

from .drawing import BLUE, GREY, RED, new_figure, save


def curve_picture(
    path: str | os.PathLike[str], curve: Sequence[Mapping[str, Any]], K_G: float, title: str = ""
) -> None:
    """K+ and K- with their brackets; a full line while the load rises, a dashed one while it falls.

    Parameters
    ----------
    curve : sequence of mappings
        Rows of ``r_curve.csv``.
    """
    figure, (axis,) = new_figure(6.0, 3.8, 1, 1)
    figure.set_layout_engine("constrained")
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    handles = []
    for branch, colour, style, marker, label in (
        ("load", BLUE, "-", ">", "K$_+$, bonds break"),
        ("unload", RED, (0, (4, 2)), "<", "K$_-$, bonds close"),
    ):
        rows = [e for e in curve if e["branch"] == branch]
        if not rows:
            continue
        a, K = [e["a"] for e in rows], [e["K"] / K_G for e in rows]
        half = [0.5 * (e["K_high"] - e["K_low"]) / K_G for e in rows]
        axis.errorbar(a, K, yerr=half, color=colour, ls=style, lw=1.1, marker=marker, ms=4, mfc="white", capsize=2)
        for e in rows:  # where a jump went
            axis.plot([e["a"], e["a_after"]], [e["K"] / K_G] * 2, color=GREY, lw=0.8)
        handles.append(Line2D([], [], color=colour, ls=style, marker=marker, ms=4, mfc="white", label=label))
    axis.set_xlabel("tip position a (Å)", fontsize=9)
    axis.set_ylabel("K / K$_G$", fontsize=9)
    axis.margins(y=0.15)
    if handles:
        figure.legend(
            handles=handles,
            fontsize=8,
            frameon=False,
            loc="outside upper center",
            ncols=2,
            title=title,
            title_fontsize=9,
        )
    save(figure, path)
