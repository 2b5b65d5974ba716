"""Pictures of a run: the model, the crack tip, the load ladder. Arrays in, a file out; the suffix chooses the format."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.transforms import Bbox
from scipy.spatial import cKDTree

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, GREY = "#0072B2", "#D55E00", "#8C8C8C"
"""Okabe and Ito's colours: told apart with any colour vision."""
DPI = 220


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
        Reference positions, A. May be empty (no atoms).
    weight : (k,) array
        What the site energy counts with, 1 - beta.
    free : (k,) bool array
        Atoms with unknowns of their own; the others follow the mesh or are prescribed.
    core_radius, blend_width, domain_radius : float
        A; what is not finite is not drawn.
    """
    points, atoms_xy = np.asarray(points, dtype=float)[:, :2], np.asarray(atoms_xy, dtype=float)[:, :2]
    triangles = np.asarray(triangles, dtype=int).reshape(-1, 3)
    reach = core_radius + blend_width
    half = min(1.18 * reach, 1.04 * domain_radius) if np.isfinite(reach) and reach > 0 else 1.04 * domain_radius
    figure, (whole, zoom) = _figure(10.4, 4.9, 1, 2)
    shades = _colours("viridis")
    norm = Normalize(0.0, 1.0)

    _mesh(whole, points, triangles, beta, shades, norm, inches_per_length=4.0 / (2.08 * domain_radius))
    if not len(triangles):
        _discs(whole, atoms_xy, 1.2, norm(1.0 - np.asarray(weight)), shades)
    whole.set(xlim=(-1.04 * domain_radius, 1.04 * domain_radius), ylim=(-1.04 * domain_radius, 1.04 * domain_radius))
    if half < 0.95 * domain_radius:
        whole.add_patch(Rectangle((-half, -half), 2 * half, 2 * half, fill=False, ec=RED, lw=1.2))
        _label(whole, (half, half), "b", RED)

    near = np.abs(points[triangles].mean(1)).max(1) < 1.1 * half if len(triangles) else np.zeros(0, dtype=bool)
    _edges(zoom, points, triangles[near], 4.0 / (2 * half), GREY)
    _model_atoms(zoom, atoms_xy, np.asarray(weight), np.asarray(free, dtype=bool), half, shades, norm)
    zoom.set(xlim=(-half, half), ylim=(-half, half))
    if len(triangles) and np.ptp(beta) > 0:
        _region_circles(zoom, points, np.asarray(beta), core_radius, blend_width)

    bar = figure.colorbar(ScalarMappable(norm, shades), ax=[whole, zoom], shrink=0.82, pad=0.015)
    bar.set_label("blending weight β  (0: atoms, 1: continuum)")
    _panels([whole, zoom], "reference x (Å)", "reference y (Å)")
    if title:
        figure.suptitle(title, fontsize=10)
    _save(figure, path)


def tip_picture(
    path: str | os.PathLike[str],
    panels: Sequence[Mapping[str, Any]],
    nn: float,
    window: tuple[float, float, float, float] | None = None,
    period: float | None = None,
) -> None:
    """The atoms round the crack tip in one or two states, coloured by the excess of their site energy.

    Parameters
    ----------
    panels : sequence of one or two mappings
        ``positions`` and ``reference`` (n, 3) in A, ``excess`` (n,) site energy minus bulk in eV (NaN where not
        evaluated), ``K_over_KG``, ``label``.
    nn : float
        Nearest-neighbour distance, A; atoms within 1.25 nn are joined.
    window : (x0, x1, y0, y1), optional
        What is shown, A; default: 25 A to each side of the tip.
    period : float, optional
        Of the crystal along the front, A: bonds through the periodic boundary are drawn too.
    """
    if not 1 <= len(panels) <= 2:
        raise ValueError(f"a tip picture has one or two panels, got {len(panels)}")
    x0, x1, y0, y1 = window or (-25.0, 25.0, -25.0, 25.0)
    figure, axes = _figure(4.6 * len(panels) + 1.0, 0.7 + 4.3 * (y1 - y0) / (x1 - x0), 1, len(panels))
    norm = _excess_norm(panels, (x0, x1, y0, y1))
    shades = _colours("viridis")
    for axis, panel in zip(axes, panels, strict=True):
        _tip_panel(axis, panel, nn, (x0, x1, y0, y1), period, shades, norm)
    bar = figure.colorbar(ScalarMappable(norm, shades), ax=list(axes), shrink=0.86, pad=0.015, extend="max")
    bar.set_label("site energy above bulk (eV)")
    _panels(list(axes), "x (Å)", "y (Å)", letters=len(panels) > 1)
    _save(figure, path)


def ladder_picture(
    path: str | os.PathLike[str],
    steps: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    K_plus_bracket: Sequence[float] | None,
    K_minus_bracket: Sequence[float] | None,
    K_G: float,
) -> None:
    """Tip position and tip bond stretch against the load.

    Parameters
    ----------
    steps, events : sequence of mappings
        As in the result file.
    K_plus_bracket, K_minus_bracket : two floats or None
        Loads between which the tip moved on, or back, for the first time, MPa m^1/2.
    K_G : float
        Griffith load, MPa m^1/2.
    """
    figure, (top, bottom) = _figure(6.0, 5.0, 2, 1, sharex=True, height_ratios=(2.2, 1.0))
    for axis in (top, bottom):
        _brackets(axis, K_plus_bracket, K_minus_bracket, K_G)
        axis.axvline(1.0, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
    for branch, colour, marker in (("load", BLUE, ">"), ("unload", RED, "<")):
        some = [s for s in steps if s["branch"] == branch]
        before = [s for s in steps if s["branch"] == "load"][-1:] if branch == "unload" and some else []
        for axis, name in ((top, "tip_position"), (bottom, "tip_stretch")):
            x, y = _curve(some, name)
            joined_x, joined_y = _curve([*before, *some], name)
            axis.plot(joined_x, joined_y, color=colour, lw=1.0, alpha=0.6, zorder=2)
            axis.plot(x, y, ls="", marker=marker, ms=4.5, mfc="white", mec=colour, mew=1.1, zorder=3, label=f"{branch}ing")
    _event_marks(top, steps, events, K_G)
    top.set_ylabel("tip position (Å)")
    bottom.set_ylabel("stretch of\nthe tip bond")
    bottom.set_xlabel("K / K$_\\mathrm{G}$")
    _ladder_legend(top, bottom, K_G)
    for axis in (top, bottom):
        axis.grid(True, color="#E6E6E6", lw=0.6)
        axis.set_axisbelow(True)
    _save(figure, path)


def _figure(width: float, height: float, rows: int, columns: int, **settings: Any) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(rows, columns, **_subplot_settings(settings)))
    for axis in axes.flat:
        axis.tick_params(direction="in", labelsize=8, top=True, right=True, width=0.6, length=3)
        for side in axis.spines.values():
            side.set_linewidth(0.7)
    return figure, axes


def _subplot_settings(settings: dict[str, Any]) -> dict[str, Any]:
    ratios = settings.pop("height_ratios", None)
    return settings if ratios is None else settings | {"height_ratios": ratios}


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Into a file of another name first: a picture is whole or not there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        figure.savefig(fresh, dpi=DPI, facecolor="white")
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _colours(name: str) -> Colormap:
    import matplotlib

    return matplotlib.colormaps[name]


def _panels(axes: Sequence[Axes], x: str, y: str, letters: bool = True) -> None:
    for number, axis in enumerate(axes):
        axis.set_aspect("equal")
        axis.set_xlabel(x, fontsize=9)
        if number == 0:
            axis.set_ylabel(y, fontsize=9)
        if letters:
            _label(axis, (0.02, 0.98), "ab"[number], BLACK, axis.transAxes, "top")


def _label(
    axis: Axes, at: tuple[float, float], text: str, colour: str, transform: Any = None, align: str = "bottom"
) -> None:
    axis.text(
        *at, text, color=colour, fontsize=10, fontweight="bold", va=align, ha="left", zorder=9,
        transform=transform or axis.transData,
    )  # fmt: skip
