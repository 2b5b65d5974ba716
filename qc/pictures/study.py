"""The picture of a study: K+ and K- against 1 / sqrt(R), R the domain's radius, with the curves that extrapolate them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .drawing import BLACK, GREY, SHADES, legend_below, new_figure, save

LABELS = {"K_plus": "K$_+$ / K$_G$", "K_minus": "K$_-$ / K$_G$"}


def study_picture(path: str | os.PathLike[str], document: Mapping[str, Any]) -> None:
    """One panel for each of K+ and K- that was found; brackets as error bars, the atomistic reference in black."""
    rows = [row for row in document["members"] if row["state"] == "done"]
    names = [name for name in LABELS if any(row[f"{name}_over_KG"] is not None for row in rows)]
    if not names:
        return
    figure, axes = new_figure(4.6 * len(names), 3.8, 1, len(names))
    figure.set_layout_engine("constrained")
    for axis, name in zip(axes, names, strict=True):
        _panel(axis, name, [row for row in rows if row[f"{name}_over_KG"] is not None], document["fits"])
    legend_below(figure, _marks(rows, document["fits"]))
    save(figure, path)


def _series(rows: list[dict[str, Any]]) -> list[tuple[str, bool, Any]]:
    """Label, whether it is the atomistic reference, and colour of what is joined by one law."""
    labels = list(dict.fromkeys((row["label"], row["reference"]) for row in rows))
    return [
        (label, reference, BLACK if reference else SHADES(number / max(len(labels), 2)))
        for number, (label, reference) in enumerate(labels)
    ]


def _marks(rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> list[Any]:
    """Entries of the legend: the series, and what bars and lines are."""
    marks = [
        Line2D([], [], ls="", marker="s" if reference else "o", ms=4.5, mfc="white", mec=colour,
               label=label or ("all atoms" if reference else "members of the study"))
        for label, reference, colour in _series(rows)
    ]  # fmt: skip
    marks.append(Line2D([], [], ls="", marker="|", ms=9, mec=GREY, label="bracket of the load"))
    if fits:
        marks.append(Line2D([], [], color=GREY, lw=1.0, label="law that extrapolates; its error at R → ∞"))
    return marks


def _panel(axis: Axes, name: str, rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> None:
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    for label, reference, colour in _series(rows):
        some = [row for row in rows if row["label"] == label and row["reference"] == reference]
        x, y = [row["domain_radius"] ** -0.5 for row in some], [row[f"{name}_over_KG"] for row in some]
        half = [0.0 if b is None else 0.5 * (b[1] - b[0]) for b in (row[f"{name}_bracket_over_KG"] for row in some)]
        marker = "s" if reference else "o"
        axis.errorbar(x, y, half, color=colour, ls="", marker=marker, ms=4.5, mfc="white", capsize=2, lw=1.0)
        for fit in fits:
            if fit["which"] == name and fit["of"] == label:
                _curve(axis, fit, max(x), colour)
    axis.set_xlim(left=0.0)
    axis.set_xlabel("(domain radius)$^{-1/2}$ (Å$^{-1/2}$)", fontsize=9)
    axis.set_ylabel(LABELS[name], fontsize=9)


def _curve(axis: Axes, fit: Mapping[str, Any], end: float, colour: Any) -> None:
    """The law of a fit down to an infinite domain, with its error there."""
    x = np.linspace(0.0, end, 100)
    terms = zip(fit["coefficients"], fit["powers"], strict=True)
    axis.plot(x, fit["K_inf_over_KG"] + sum(c * x ** (2.0 * p) for c, p in terms), color=colour, lw=1.0)
    axis.errorbar([0.0], fit["K_inf_over_KG"], fit["error"], color=colour, capsize=3, lw=1.0, clip_on=False)
