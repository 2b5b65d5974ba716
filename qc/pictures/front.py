"""Pictures of a crack front seen from above: bonds across the plane, open or closed, and the line of the front with its kinks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from .drawing import BLACK, GREY, RED, SHADES, UNKNOWN, Directions, colour_bar, legend_below, maps, new_figure, save

BESIDE = 5.0
"""Half width of a panel beside the front, columns of bonds."""

MOST = 6
"""Panels of a picture: a row of them can be read."""

LONGEST = 1.4
"""Stretch of a bond at the end of the scale of colours, nearest-neighbour distances: bonds beyond are open."""


def front_picture(
    path: str | os.PathLike[str], panels: Sequence[Mapping[str, Any]], directions: Directions = UNKNOWN
) -> None:
    """Fronts side by side, x to the right and z upward: closed bonds full in the colour of their stretch, open ones hollow.

    Parameters
    ----------
    panels : sequence of mappings
        ``x``, ``z``, ``stretch``, ``open`` (n,) of the bonds, ``line``: x and z of the front's staircase, A, ``length`` of the front,
        A, ``label``. Of more than `MOST` some are left out, evenly.
    directions : Directions
        Of the axes, in the crystal.
    """
    if not panels:
        raise ValueError("a picture of fronts has one panel or more, got none")
    shown = [panels[n] for n in np.unique(np.linspace(0, len(panels) - 1, MOST).astype(int))] if len(panels) > MOST else list(panels)
    window = _window(shown)
    tall = (window[3] - window[2]) / (window[1] - window[0])
    figure, axes = new_figure(1.2 + 2.3 * len(shown), 1.5 + float(np.clip(2.0 * tall, 1.5, 7.0)), 1, len(shown), sharey=True)
    norm = Normalize(1.0, LONGEST)
    for axis, panel in zip(axes, shown, strict=True):
        _panel(axis, panel, window, norm)
    colour_bar(figure, axes, norm, "stretch of closed bonds")
    legend_below(figure, _marks())
    maps(axes, directions, "xz")
    save(figure, path)


def _window(panels: Sequence[Mapping[str, Any]]) -> tuple[float, float, float, float]:
    """Left, right, lower and upper end round all the fronts, A."""
    line = np.concatenate([np.asarray(panel["line"][0], dtype=float) for panel in panels])
    columns = np.unique(np.round(np.concatenate([panel["x"] for panel in panels]), 3))
    spacing = float(np.diff(columns).min()) if len(columns) > 1 else 1.0
    line = line[np.isfinite(line)] if np.isfinite(line).any() else np.zeros(1)
    length = max(float(panel["length"]) for panel in panels)
    z = np.concatenate([panel["z"] for panel in panels])
    x0, x1, z0 = float(line.min()) - BESIDE * spacing, float(line.max()) + BESIDE * spacing, float(z.min())
    return x0, x1, z0 - 0.05 * length, z0 + 1.05 * length


def _panel(axis: Axes, panel: Mapping[str, Any], window: tuple[float, float, float, float], norm: Normalize) -> None:
    x, z, opened = (np.asarray(panel[name]) for name in ("x", "z", "open"))
    seen = (x > window[0]) & (x < window[1])
    closed = seen & ~opened
    axis.scatter(x[seen & opened], z[seen & opened], s=16, facecolors="none", edgecolors=GREY, linewidths=0.7, zorder=2)
    colours = SHADES(norm(np.asarray(panel["stretch"])[closed]))
    axis.scatter(x[closed], z[closed], s=18, c=colours, edgecolors=BLACK, linewidths=0.3, zorder=3)
    axis.plot(*panel["line"], color=RED, lw=1.3, zorder=4)
    axis.set(xlim=window[:2], ylim=window[2:])
    axis.set_title(str(panel["label"]), loc="left")


def _marks() -> list[Any]:
    dot: dict[str, Any] = {"ls": "", "marker": "o", "ms": 5}
    return [
        Line2D([], [], mfc=SHADES(0.3), mec=BLACK, mew=0.3, label="closed bond", **dot),
        Line2D([], [], mfc="none", mec=GREY, label="open bond", **dot),
        Line2D([], [], color=RED, lw=1.3, label="front"),
    ]
