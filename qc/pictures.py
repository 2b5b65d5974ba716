"""Pictures of a run: the model, the crack tip, the load ladder. Arrays in, a file out; the suffix chooses the format."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from scipy.spatial import cKDTree

from .drawing import (
    BLACK,
    BLUE,
    GREY,
    RED,
    SHADES,
    bonds,
    broken_bonds,
    colour_bar,
    discs,
    filled_mesh,
    maps,
    mesh_edges,
    new_figure,
    save,
)

Window = tuple[float, float, float, float]
NEAR = 1.05
"""Atoms closer than this, nearest-neighbour distances, are nearest neighbours: second ones in bcc are at 1.155."""
VIEW = 7.5
"""Half width of the picture of the tip, nearest-neighbour distances."""
TORN = 1.5
"""A bond is drawn up to this length, nearest-neighbour distances; a longer one across the plane as torn ..."""
FAR = 2.6
"""... up to this length: further behind the tip the open faces speak for themselves."""


def model_picture(
    path: str | os.PathLike[str],
    points: np.ndarray,
    triangles: np.ndarray,
    beta: np.ndarray,
    atoms_xy: np.ndarray,
    weight: np.ndarray,
    free: np.ndarray,
    core_radius: float,
    blend_width: float,
    domain_radius: float,
    title: str = "",
) -> None:
    """The whole domain with its mesh, and the core with its atoms.

    Parameters
    ----------
    points : (n, 2) array
        Mesh vertices, A.
    triangles : (m, 3) int array
        May be empty (no continuum).
    beta : (n,) array
        Blending weight at the vertices, 0 atomistic, 1 continuum.
    atoms_xy : (k, 2) array
        Reference positions, A; may be empty (no atoms).
    weight : (k,) array
        What the site energy counts with, 1 - beta.
    free : (k,) bool array
        Atoms with unknowns of their own; the others follow the mesh or are prescribed.
    core_radius, blend_width, domain_radius : float
        A; the regions are marked where mesh and atoms meet.
    """
    points, atoms_xy = np.asarray(points, dtype=float)[:, :2], np.asarray(atoms_xy, dtype=float)[:, :2]
    triangles, beta = np.asarray(triangles, dtype=int).reshape(-1, 3), np.asarray(beta, dtype=float)
    weight, free = np.asarray(weight, dtype=float), np.asarray(free, dtype=bool)
    outer, reach = 1.04 * domain_radius, core_radius + blend_width
    half = min(1.2 * reach, outer) if np.isfinite(reach) and reach > 0 else outer
    norm, inches = Normalize(0.0, 1.0), 4.0
    figure, (whole, zoom) = new_figure(10.2, 5.5, 1, 2)

    filled_mesh(whole, points, triangles, beta, norm)
    mesh_edges(whole, points, triangles, inches / (2 * outer), "white")
    if not len(triangles):
        weighted_atoms(whole, atoms_xy, weight, free, outer, norm)
    whole.set(xlim=(-outer, outer), ylim=(-outer, outer))
    whole.set_title("whole domain", loc="left")
    if half < 0.95 * outer:
        whole.add_patch(Rectangle((-half, -half), 2 * half, 2 * half, fill=False, ec=RED, lw=1.3, zorder=5))
        whole.text(half, half, " (b)", color=RED, fontsize=9, va="bottom", ha="left")

    near = np.abs(points[triangles].mean(1)).max(1) < 1.1 * half
    mesh_edges(zoom, points, triangles[near], inches / (2 * half), GREY)
    weighted_atoms(zoom, atoms_xy, weight, free, half, norm)
    zoom.set(xlim=(-half, half), ylim=(-half, half))
    zoom.set_title("core and handshake", loc="left")
    marked = len(triangles) and np.ptp(beta) > 0
    handles = _atom_kinds(free) + (region_arcs(zoom, points, beta, core_radius, blend_width) if marked else [])
    if handles:
        figure.legend(handles=handles, fontsize=8, frameon=False, loc="outside lower center", ncols=len(handles))
    colour_bar(figure, [whole, zoom], norm, "blending weight β = 1 − w   (0 atoms, 1 continuum)")
    maps([whole, zoom], "x (Å)", "y (Å)")
    if title:
        figure.suptitle(title, fontsize=10)
    save(figure, path)


def tip_picture(
    path: str | os.PathLike[str],
    panels: Sequence[Mapping[str, Any]],
    nn: float,
    window: Window | None = None,
    period: float | None = None,
) -> None:
    """The atoms round the crack tip in one or two states, coloured by the excess of their site energy.

    Bonds of the crystal across the plane y = 0 that have been torn are dashed as far as they fit between the faces.

    Parameters
    ----------
    panels : sequence of one or two mappings
        ``positions`` and ``reference`` (n, 3) in A, ``excess`` (n,) site energy minus bulk in eV (NaN where not
        evaluated), ``K_over_KG``, ``label``.
    nn : float
        Nearest-neighbour distance, A; nearest neighbours are joined.
    window : (x0, x1, y0, y1), optional
        What is shown, A; default: `VIEW` neighbour distances to each side of the tip.
    period : float, optional
        Of the crystal along the front, A: bonds through the periodic boundary are drawn too.
    """
    if not 1 <= len(panels) <= 2:
        raise ValueError(f"a tip picture has one or two panels, got {len(panels)}")
    if window is None:
        tips = [_tip(panel, nn, period) for panel in panels]
        x, half = float(np.mean(tips)), VIEW * nn
        window = (x - half, x + half, -half, half)
    x0, x1, y0, y1 = window
    shape = (y1 - y0) / (x1 - x0)
    figure, axes = new_figure(4.5 * len(panels) + 1.0, 0.7 + 4.3 * shape, 1, len(panels))
    norm = _excess_norm(panels, window)
    for axis, panel in zip(axes, panels, strict=True):
        _tip_panel(axis, panel, nn, window, period, norm)
    colour_bar(figure, axes, norm, "site energy above bulk (eV)")
    maps(axes, "x (Å)", "y (Å)")
    save(figure, path)


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


def weighted_atoms(
    axis: Axes, xy: np.ndarray, weight: np.ndarray, free: np.ndarray, half: float, norm: Normalize
) -> None:
    """Free atoms filled, the others open; only those within the window."""
    seen = np.abs(xy).max(1, initial=0.0) < 1.05 * half
    size = _diameter(xy[seen])
    colours = SHADES(norm(1.0 - weight))
    line = float(np.clip(72 * 4.0 / (2 * half) * size * 0.12, 0.1, 0.7))
    follow = seen & ~free
    discs(axis, xy[follow], 0.8 * size, facecolors="none", edgecolors=colours[follow], linewidths=line, zorder=3)
    held = seen & free
    discs(axis, xy[held], size, facecolors=colours[held], edgecolors="none", zorder=4)


def _diameter(xy: np.ndarray) -> float:
    """0.8 of the smallest usual distance between projected atoms, so that circles do not touch."""
    if len(xy) < 2:
        return 1.0
    distance = cKDTree(np.unique(np.round(xy, 3), axis=0)).query(np.round(xy, 3), k=2)[0][:, 1]
    distance = distance[np.isfinite(distance)]
    return 0.8 * float(np.median(distance)) if len(distance) else 1.0


def region_arcs(axis: Axes, points: np.ndarray, beta: np.ndarray, core: float, width: float) -> list[Any]:
    """Circles that bound core and handshake, left out where a strip along the crack faces runs across them."""
    tree = cKDTree(points)
    angle = np.linspace(-np.pi, np.pi, 721)
    ray = np.column_stack([np.cos(angle), np.sin(angle)])
    expected = beta[tree.query((core + 0.5 * width) * ray[[360]])[1]]
    inside = np.abs(beta[tree.query((core + 0.5 * width) * ray)[1]] - expected) > 0.3
    handles = []
    for radius, style, text in ((core, "-", "core"), (core + width, "--", "handshake")):
        if text == "core" or width > 0:
            arc = np.where(inside[:, None], np.nan, radius * ray)
            label = f"{text}, r = {radius:.4g} Å"
            handles += axis.plot(arc[:, 0], arc[:, 1], color=BLACK, lw=1.1, ls=style, zorder=6, label=label)
    return handles


def _atom_kinds(free: np.ndarray) -> list[Any]:
    kinds = [(True, GREY, "free atom"), (False, "none", "atom that follows the mesh or is held")]
    return [
        Line2D([], [], ls="", marker="o", ms=5, mfc=fill, mec=GREY, label=text)
        for kind, fill, text in kinds
        if (free == kind).any()
    ]


def _inside(y: np.ndarray, window: Window, margin: float = 0.0) -> np.ndarray:
    x0, x1, y0, y1 = window
    across, up = np.abs(y[:, 0] - 0.5 * (x0 + x1)), np.abs(y[:, 1] - 0.5 * (y0 + y1))
    inside: np.ndarray = (across <= 0.5 * (x1 - x0) + margin) & (up <= 0.5 * (y1 - y0) + margin)
    return inside


def _excess_norm(panels: Sequence[Mapping[str, Any]], window: Window) -> Normalize:
    """One scale for all panels, from 0 (or the lowest value) to the highest in the window."""
    shown = [np.asarray(p["excess"])[_inside(np.asarray(p["positions"]), window)] for p in panels]
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
    excess = np.asarray(panel["excess"], dtype=float)
    seen = _inside(y, window, 2 * nn)
    y, X, excess = y[seen], X[seen], excess[seen]
    lines = bonds(y, X, NEAR * nn, TORN * nn, period)
    axis.add_collection(LineCollection(list(lines), colors="#9A9A9A", linewidths=0.6, zorder=1), autolim=False)
    torn = broken_bonds(y, X, NEAR * nn, TORN * nn, FAR * nn, period)
    axis.add_collection(
        LineCollection(list(torn), colors=RED, linewidths=1.1, linestyles=[(0, (3, 2))], zorder=1), autolim=False
    )
    colours = SHADES(norm(np.nan_to_num(excess)))
    colours[~np.isfinite(excess)] = (0.85, 0.85, 0.85, 1.0)
    heights, layer = np.unique(np.round(X[:, 2], 2), return_inverse=True)
    for number in range(len(heights)):  # nearer the viewer: smaller, in front, with a rim
        some = layer == number
        front = number % 2 == 1
        discs(
            axis, y[some, :2], (0.52 if front else 0.72) * nn, facecolors=colours[some],
            edgecolors=BLACK if front else "white", linewidths=0.5 if front else 0.3, zorder=2 + number,
        )  # fmt: skip
    axis.set(xlim=window[:2], ylim=window[2:])
    axis.set_title(f"{panel['label']},  K = {panel['K_over_KG']:.3f} K$_G$", loc="left")


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
