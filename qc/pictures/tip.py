"""Pictures of the tip: atoms and torn bonds, before and after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from .drawing import (
    BLACK,
    NEAR,
    RED,
    SHADES,
    UNKNOWN,
    Directions,
    Window,
    bonds,
    broken_bonds,
    colour_bar,
    discs,
    inside,
    legend_below,
    maps,
    new_figure,
    save,
)

VIEW = 7.5
"""Half width of the picture of the tip, nearest-neighbour distances."""

TORN = 1.5
"""A bond is drawn up to this length, nearest-neighbour distances; a longer one across the plane as torn ..."""

FAR = 2.6
"""... up to this length: further behind the tip the open faces speak for themselves."""

DASHES = (0, (3, 2))
BOND, UNEVALUATED = "#9A9A9A", (0.85, 0.85, 0.85, 1.0)


def tip_picture(
    path: str | os.PathLike[str],
    panels: Sequence[Mapping[str, Any]],
    nn: float,
    window: Window | None = None,
    period: float | None = None,
    directions: Directions = UNKNOWN,
) -> None:
    """The atoms round the crack tip in one or two states, coloured by the excess of their site energy.

    Bonds of the crystal across the plane y = 0 that have been torn are dashed as far as they fit between the faces.

    Parameters
    ----------
    panels : sequence of one or two mappings
        ``positions`` and ``reference`` (n, 3) in A, ``excess`` (n,) site energy minus bulk in eV (NaN where not
        evaluated), ``K_over_KG``, ``label``; beside a dislocation ``slip`` (n,), the length of the slip vectors in A, which then
        gives the colour, and ``arrows``: (start, end, words) with x and y of the reference in A.
    nn : float
        Nearest-neighbour distance, A; nearest neighbours are joined.
    window : (x0, x1, y0, y1), optional
        What is shown, A; default: `VIEW` neighbour distances to each side of the tip.
    period : float, optional
        Of the crystal along the front, A: bonds through the periodic boundary are drawn too.
    directions : Directions
        Of the axes, in the crystal.
    """
    if not 1 <= len(panels) <= 2:
        raise ValueError(f"a tip picture has one or two panels, got {len(panels)}")
    if window is None:
        tips = [_tip(panel, nn, period) for panel in panels]
        x, half = float(np.mean(tips)), VIEW * nn
        window = _with_arrows((x - half, x + half, -half, half), panels, 2.0 * nn)
    x0, x1, y0, y1 = window
    shape = (y1 - y0) / (x1 - x0)
    legend = 1.7 if len(panels) == 1 else 1.1  # inches: a narrow picture has it in more rows
    figure, axes = new_figure(4.5 * len(panels) + 1.0, legend + 4.3 * shape, 1, len(panels))
    norm = _excess_norm(panels, window)
    for axis, panel in zip(axes, panels, strict=True):
        _tip_panel(axis, panel, nn, window, period, norm)
    colour_bar(figure, axes, norm, "slip (Å)" if _slipped(panels) else "site energy above bulk (eV)")
    legend_below(figure, _marks(panels, window, nn), directions.towards_viewer())
    maps(axes, directions)
    save(figure, path)


def _marks(panels: Sequence[Mapping[str, Any]], window: Window, nn: float) -> list[Any]:
    """Entries of the legend: which disc lies in front, what the lines are."""
    y, X = (np.concatenate([np.asarray(p[k]) for p in panels]) for k in ("positions", "reference"))
    excess = np.concatenate([_values(p) for p in panels])
    shown = inside(y, window)
    heights = _heights(X[shown])
    words = ["atom"]
    if len(heights) == 2:
        words = [f"atom at z = {heights[0]:.2f} Å (behind)", f"atom at z = {heights[1]:.2f} Å (in front)"]
    elif len(heights) > 2:
        words = ["atom of layer 1, 3, … from behind", "atom of layer 2, 4, …"]
    dot: dict[str, Any] = {"ls": "", "marker": "o"}
    looks: list[dict[str, Any]] = [{"ms": 8.0, "mec": "white", "mew": 0.3}, {"ms": 5.5, "mec": BLACK, "mew": 0.5}]
    marks = [
        Line2D([], [], mfc=SHADES(0.35), label=text, **dot, **look) for text, look in zip(words, looks, strict=False)
    ]
    if not np.isfinite(excess[shown]).all():
        marks.append(Line2D([], [], ms=8.0, mec="white", mfc=UNEVALUATED, label="energy not evaluated", **dot))
    return [
        *marks,
        Line2D([], [], color=BOND, lw=0.8, label="nearest neighbours"),
        Line2D([], [], color=RED, lw=1.1, ls=DASHES, label=f"torn bond, {TORN * nn:.1f} to {FAR * nn:.1f} Å long"),
    ]


def _slipped(panels: Sequence[Mapping[str, Any]]) -> bool:
    return any("slip" in panel for panel in panels)


def _values(panel: Mapping[str, Any]) -> np.ndarray:
    """What colours the atoms of a panel: slip where it is known, else the excess of the energy."""
    return np.asarray(panel.get("slip", panel["excess"]), dtype=float)


def _with_arrows(window: Window, panels: Sequence[Mapping[str, Any]], margin: float) -> Window:
    """The window, larger where an arrow would leave it: of the same height and width above and below, in front and behind."""
    ends = np.array([end for panel in panels for _, end, _ in panel.get("arrows", ())]).reshape(-1, 2)
    x, half = 0.5 * (window[0] + window[1]), 0.5 * (window[1] - window[0])
    half = max(half, margin + float(np.abs(ends - [x, 0.0]).max(initial=0.0)))
    return x - half, x + half, -half, half


def _heights(X: np.ndarray) -> np.ndarray:
    """Heights of the layers of atoms along the front, A."""
    return np.unique(np.round(X[:, 2], 2))


def _excess_norm(panels: Sequence[Mapping[str, Any]], window: Window) -> Normalize:
    """One scale for all panels, from 0 (or the lowest value) to the highest in the window."""
    shown = [_values(p)[inside(np.asarray(p["positions"]), window)] for p in panels]
    values = np.concatenate(shown)
    values = values[np.isfinite(values)]
    if not len(values):
        return Normalize(0.0, 1.0)
    return Normalize(min(0.0, float(values.min())), max(float(values.max()), 1e-3))


def _tip(panel: Mapping[str, Any], nn: float, period: float | None) -> float:
    """x of the foremost torn bond across the crack plane (deformed), 0 if there is none, A."""
    y, X = np.asarray(panel["positions"], dtype=float), np.asarray(panel["reference"], dtype=float)
    torn = broken_bonds(y, X, NEAR * nn, TORN * nn, np.inf, period)
    return float(torn[:, :, 0].mean(1).max()) if len(torn) else 0.0


def _tip_panel(
    axis: Axes, panel: Mapping[str, Any], nn: float, window: Window, period: float | None, norm: Normalize
) -> None:
    y, X = np.asarray(panel["positions"], dtype=float), np.asarray(panel["reference"], dtype=float)
    excess = _values(panel)
    seen = inside(y, window, 2 * nn)
    y, X, excess = y[seen], X[seen], excess[seen]
    lines = bonds(y, X, NEAR * nn, TORN * nn, period)
    axis.add_collection(LineCollection(list(lines), colors=BOND, linewidths=0.6, zorder=1), autolim=False)
    torn = broken_bonds(y, X, NEAR * nn, TORN * nn, FAR * nn, period)
    upward = np.where((torn[:, :1, 1:] < torn[:, 1:, 1:]), torn, torn[:, ::-1])
    torn = np.unique(np.round(upward, 3), axis=0)  # two of one projection would fill each other's dashes
    axis.add_collection(
        LineCollection(list(torn), colors=RED, linewidths=1.1, linestyles=[DASHES], zorder=1), autolim=False
    )
    colours = SHADES(norm(np.nan_to_num(excess)))
    colours[~np.isfinite(excess)] = UNEVALUATED
    heights, layer = np.unique(np.round(X[:, 2], 2), return_inverse=True)
    for number in range(len(heights)):  # nearer the viewer: smaller, in front, with a rim
        some = layer == number
        front = number % 2 == 1
        discs(
            axis, y[some, :2], (0.52 if front else 0.72) * nn, facecolors=colours[some],
            edgecolors=BLACK if front else "white", linewidths=0.5 if front else 0.3, zorder=2 + number,
        )  # fmt: skip
    for start, end, words in panel.get("arrows", ()):
        style = {"arrowstyle": "-|>", "color": RED, "lw": 1.6, "shrinkA": 0.0, "shrinkB": 0.0}
        axis.annotate(words, xy=tuple(end), xytext=tuple(start), arrowprops=style, color=RED, ha="right", zorder=100)
    axis.set(xlim=window[:2], ylim=window[2:])
    axis.set_title(f"{panel['label']},  K = {panel['K_over_KG']:.3f} K$_G$", loc="left")
