"""Pictures of a path of equilibria: the snaking curve, and the barriers against the load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .drawing import BLACK, BLUE, GREY, RED, new_figure, save


def snake_picture(
    path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], folds: Sequence[Mapping[str, Any]]
) -> None:
    """Tip position against the load; stable parts full, unstable ones dashed, folds marked.

    Parameters
    ----------
    rows, folds : sequence of mappings
        As in curve.csv and folds.json.
    """
    figure, (axis,) = new_figure(5.2, 4.0, 1, 1)
    figure.set_layout_engine("constrained")
    _frame(axis, "tip position (Å)")
    _pieces(axis, rows, "tip_position")
    for fold in folds:
        at = fold["K_over_KG"], fold["tip_position"]
        axis.plot(*at, "o", ms=5, mfc="white", mec=BLACK, zorder=4)
        sign, aside, side = ("+", 6, "left") if fold["kind"] == "maximum" else ("−", -6, "right")
        text = f"K$_{{{sign}}}$ = {at[0]:.4f} K$_G$" if fold["name"] else f"{at[0]:.4f}"
        axis.annotate(text, at, (aside, 0), textcoords="offset points", fontsize=7.5, va="center", ha=side)
    axis.margins(x=0.42)
    kinds = [("-", BLUE, "stable"), ((0, (4, 2)), RED, "unstable")]
    handles = [Line2D([], [], ls=style, color=colour, label=text) for style, colour, text in kinds]
    handles.append(Line2D([], [], ls="", marker="o", ms=5, mfc="white", mec=BLACK, label="fold"))
    figure.legend(handles=handles, fontsize=8, frameon=False, loc="outside upper center", ncols=3)
    save(figure, path)


def barrier_picture(path: str | os.PathLike[str], barriers: Sequence[Mapping[str, Any]]) -> None:
    """Energy to be climbed for an advance and for closing against the load; where both states are equal."""
    figure, (axis,) = new_figure(4.6, 3.6, 1, 1)
    figure.set_layout_engine("constrained")
    _frame(axis, "barrier (eV per cell)")
    for number, one in enumerate(barriers):
        for name, colour, marker, text in (("forward", BLUE, ">", "advance"), ("backward", RED, "<", "closing")):
            x, y = [level["K_over_KG"] for level in one["levels"]], [level[name] for level in one["levels"]]
            label = text if number == 0 else None
            axis.plot(x, y, color=colour, marker=marker, ms=4, mfc="white", lw=1.1, label=label, alpha=0.5**number)
        if one["K_equal_over_KG"] is not None:
            label = f"equal energies: {one['K_equal_over_KG']:.3f} K$_G$"
            axis.axvline(one["K_equal_over_KG"], color=GREY, lw=0.9, ls=(0, (4, 3)), label=label)
    axis.set_ylim(bottom=0.0)
    figure.legend(fontsize=8, frameon=False, loc="outside upper center", ncols=2)
    save(figure, path)


def _frame(axis: Axes, label: str) -> None:
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    axis.set_xlabel("K / K$_G$", fontsize=9)
    axis.set_ylabel(label, fontsize=9)


def _pieces(axis: Axes, rows: Sequence[Mapping[str, Any]], name: str) -> None:
    """Neighbouring points joined; a line is unstable if either of its ends is, folds aside."""
    for a, b in pairwise(rows):
        unstable = any(r["negative_eigenvalues"] for r in (a, b) if not r["fold"])
        style: Any = (0, (4, 2)) if unstable else "-"
        axis.plot(
            [a["K_over_KG"], b["K_over_KG"]], [a[name], b[name]], ls=style, lw=1.4, color=RED if unstable else BLUE
        )
