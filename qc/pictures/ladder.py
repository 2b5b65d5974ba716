"""Picture of a ladder: energy and tip position against load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .drawing import (
    BLACK,
    BLUE,
    GREY,
    RED,
    new_figure,
    save,
)


def ladder_picture(
    path: str | os.PathLike[str],
    steps: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    K_plus_bracket: Sequence[float] | None,
    K_minus_bracket: Sequence[float] | None,
    K_G: float,
) -> None:
    """Tip position and stretch of the bond at the tip against the load.

    Parameters
    ----------
    steps, events : sequence of mappings
        As in the result file.
    K_plus_bracket, K_minus_bracket : two floats or None
        Loads between which the tip moved on, or back, for the first time, MPa m^1/2.
    K_G : float
        Griffith load, MPa m^1/2.
    """
    figure, (top, bottom) = new_figure(5.6, 4.8, 2, 1, sharex=True, height_ratios=(2.2, 1.0))
    figure.set_layout_engine("constrained")
    handles: list[Any] = []
    for axis, name in ((top, "tip_position"), (bottom, "tip_stretch")):
        axis.grid(True, color="#E6E6E6", lw=0.6)
        axis.set_axisbelow(True)
        axis.axvline(1.0, color=GREY, lw=0.9, ls=(0, (4, 3)), zorder=1)
        handles = _brackets(axis, K_plus_bracket, K_minus_bracket, K_G) + _branches(axis, steps, name)
    handles += _event_marks(top, steps, events)
    handles.append(Line2D([], [], color=GREY, lw=0.9, ls=(0, (4, 3)), label=f"K$_G$ = {K_G:.3f} MPa√m"))
    figure.legend(handles=handles, fontsize=7.5, frameon=False, loc="outside upper center", ncols=2)
    top.set_ylabel("tip position (Å)", fontsize=9)
    bottom.set_ylabel("stretch of\nbond at tip", fontsize=9)
    bottom.set_xlabel("K / K$_G$", fontsize=9)
    figure.align_ylabels([top, bottom])
    save(figure, path)


def _brackets(axis: Axes, plus: Sequence[float] | None, minus: Sequence[float] | None, K_G: float) -> list[Any]:
    """Shaded load ranges in which the tip moved on or back, in the colour of the branch where it did."""
    handles = []
    for bracket, colour, sign in ((plus, BLUE, "+"), (minus, RED, "−")):
        if bracket is not None:
            low, high = bracket[0] / K_G, bracket[1] / K_G
            text = f"K$_{{{sign}}}$ in {low:.3f} … {high:.3f} K$_G$"
            handles.append(axis.axvspan(low, high, color=colour, alpha=0.2, lw=0, zorder=0, label=text))
    return handles


def _branches(axis: Axes, steps: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """Loading and unloading, each a line with markers that point its way; unloading starts from the last load."""
    handles = []
    for branch, colour, marker in (("load", BLUE, ">"), ("unload", RED, "<")):
        some = [s for s in steps if s["branch"] == branch]
        if not some:
            continue
        x, y = _curve(some, name)
        if branch == "unload":
            start_x, start_y = _curve([s for s in steps if s["branch"] == "load"][-1:], name)
            axis.plot([*start_x, *x[:1]], [*start_y, *y[:1]], color=colour, lw=1.0, zorder=2)
        handles += axis.plot(
            x, y, color=colour, lw=1.0, marker=marker, ms=4.5, mfc="white", mew=1.0, zorder=3, label=f"{branch}ing"
        )
    return handles


def _curve(steps: Sequence[Mapping[str, Any]], name: str) -> tuple[list[float], list[float]]:
    values = [s.get(name) for s in steps]
    return [s["K_over_KG"] for s in steps], [float("nan") if v is None else float(v) for v in values]


def _event_marks(axis: Axes, steps: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Steps in which something other than the tip's own advance happened."""
    handles = []
    for kind, marker, text in (
        ("blunting", "D", "the tip blunts"),
        ("off_plane", "x", "bonds broken or joined off the plane"),
        ("rearrangement", "s", "rearrangement"),
        ("kinks", "^", "kinks of the front"),
    ):
        some = [e for e in events if e["kind"] == kind]
        hit = [s for s in steps if any(e["branch"] == s["branch"] and _ends_at(e, s) for e in some)]
        if hit:
            x, y = _curve(hit, "tip_position")
            handles += axis.plot(x, y, ls="", marker=marker, ms=8, mfc="none", mec=BLACK, mew=1.1, zorder=4, label=text)
    return handles


def _ends_at(event: Mapping[str, Any], step: Mapping[str, Any]) -> bool:
    end = event["bracket"][1] if event["branch"] == "load" else event["bracket"][0]
    return abs(end - step["K"]) < 1e-9
