"""What the pictures are made of: figures, meshes, atoms and bonds drawn to scale, files replaced in one step."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.spatial import cKDTree

BLACK, BLUE, RED, GREY = "#000000", "#0072B2", "#D55E00", "#8C8C8C"
"""From Okabe and Ito's palette: told apart with any colour vision."""

SHADES: Colormap = matplotlib.colormaps["viridis"]

DPI = 220

matplotlib.rcParams["text.usetex"] = False  # a matplotlibrc of the working directory may ask for it, and LaTeX is a program

Window = tuple[float, float, float, float]
"""Left, right, lower and upper end, A."""

NEAR = 1.05
"""Atoms closer than this, nearest-neighbour distances, are nearest neighbours: second ones in bcc are at 1.155."""


def new_figure(width: float, height: float, rows: int, columns: int, **subplots: Any) -> tuple[Figure, list[Axes]]:
    """Figure of width x height inches with its axes, ticks inward."""
    figure = Figure(figsize=(width, height), layout="compressed")  # for axes of equal scales
    FigureCanvasAgg(figure)
    axes = list(np.atleast_1d(figure.subplots(rows, columns, **subplots)).flat)
    for axis in axes:
        axis.tick_params(direction="in", labelsize=8, top=True, right=True, width=0.6, length=3)
        for side in axis.spines.values():
            side.set_linewidth(0.7)
    return figure, axes


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write the picture under another name first: it is whole or not there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        figure.savefig(fresh, dpi=DPI, facecolor="white")
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class Directions:
    """What the laboratory axes are in the crystal, as ``[1 -1 0]`` along them or ``(1 1 0)`` of the plane across; "" unknown."""

    x: str = ""
    y: str = ""
    z: str = ""

    def label(self, name: str) -> str:
        """Label of the axis "x", "y" or "z", with its direction in the crystal."""
        return f"{name} (Å)" + self._direction(name)

    def towards_viewer(self) -> list[str]:
        """What points at the viewer of a map of x and y, where it is known."""
        return [f"towards the viewer: z{self._direction('z')}"] if self.z else []

    def _direction(self, name: str) -> str:
        direction: str = getattr(self, name)
        return direction and f"  {'⊥' if direction.startswith('(') else '∥'} {direction}"


UNKNOWN = Directions()


def maps(axes: Sequence[Axes], directions: Directions = UNKNOWN, names: str = "xy") -> None:
    """Make the axes, their limits set, maps: equal scales, scale bars, shared labels, letters if there are several."""
    for number, axis in enumerate(axes):
        axis.set_aspect("equal")
        axis.set_xlabel(directions.label(names[0]), fontsize=9)
        if number == 0:
            axis.set_ylabel(directions.label(names[1]), fontsize=9)
        scale_bar(axis)
        letter = f"({'abcdef'[number]})  " if len(axes) > 1 else ""
        axis.set_title(letter + axis.get_title(loc="left"), fontsize=9, loc="left")


def scale_bar(axis: Axes) -> None:
    """A bar of a round length above the right end of a map, on the line of its title, where it covers nothing."""
    left, right = axis.get_xlim()
    most = 0.25 * (right - left)
    power = 10.0 ** math.floor(math.log10(most))
    length = power * max(m for m in (1, 2, 5) if m * power <= most)
    place: dict[str, Any] = {"transform": axis.get_xaxis_transform(), "clip_on": False, "gid": "scale bar"}
    axis.plot([right - length, right], [1.03, 1.03], color=BLACK, lw=2.0, solid_capstyle="butt", **place)
    del place["clip_on"]
    axis.text(right - 1.08 * length, 1.015, f"{length:g} Å", fontsize=8, ha="right", va="bottom", **place)


def legend_below(figure: Figure, handles: Sequence[Any], notes: Sequence[str] = (), fontsize: float = 8) -> None:
    """One legend under all axes, in as many columns as the figure is wide; notes are entries without a mark."""
    entries = [*handles, *(Line2D([], [], ls="", label=note) for note in notes)]
    if not entries:
        return
    widest = max(len(str(entry.get_label())) for entry in entries) * 0.0082 * fontsize + 0.45
    columns = int(np.clip(figure.get_figwidth() // widest, 1, len(entries)))
    figure.legend(handles=entries, fontsize=fontsize, frameon=False, loc="outside lower center", ncols=columns)


def colour_bar(figure: Figure, axes: Sequence[Axes], norm: Normalize, label: str) -> None:
    """One scale beside all axes."""
    bar = figure.colorbar(ScalarMappable(norm, SHADES), ax=list(axes), shrink=0.9, pad=0.015)
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=8, direction="in", width=0.6, length=3)


def filled_mesh(axis: Axes, points: np.ndarray, triangles: np.ndarray, values: np.ndarray, norm: Normalize) -> None:
    """Each triangle (m, 3) of points (n, 2) in the colour of its mean value."""
    if len(triangles):
        axis.tripcolor(
            points[:, 0], points[:, 1], triangles, facecolors=values[triangles].mean(1),
            cmap=SHADES, norm=norm, edgecolors="none", antialiased=False, rasterized=True, zorder=1,
        )  # fmt: skip


def mesh_edges(axis: Axes, points: np.ndarray, triangles: np.ndarray, scale: float, colour: str) -> None:
    """Edges, drawn thinner where they are short, so that a fine mesh does not turn black; scale in inches per A."""
    if not len(triangles):
        return
    pairs = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    pairs = np.unique(pairs, axis=0)
    ends = points[pairs]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * scale * 72.0
    widths = np.clip(0.06 * length, 0.0, 0.45)
    seen = widths > 0.05
    axis.add_collection(
        LineCollection(list(ends[seen]), linewidths=widths[seen], colors=colour, zorder=2, rasterized=True),
        autolim=False,
    )


def discs(axis: Axes, centres: np.ndarray, diameter: float | np.ndarray, **style: Any) -> EllipseCollection:
    """Circles of a diameter in A at centres (n, 2)."""
    d = np.broadcast_to(np.asarray(diameter, dtype=float), len(centres))
    circles = EllipseCollection(
        d, d, np.zeros(len(centres)), units="xy", offsets=centres, offset_transform=axis.transData, **style
    )
    axis.add_collection(circles, autolim=False)
    return circles


def bonds(y: np.ndarray, X: np.ndarray, reach: float, longest: float, period: float | None) -> np.ndarray:
    """Ends (m, 2, 2), in projection, of bonds not longer than `longest`, A.

    A bond joins atoms y (n, 3) closer than `reach`, in A, in the reference X (n, 3) or now; so second neighbours,
    close behind the first in bcc, are not joined. With a period along z the images above and below count too; a bond
    that projects on a point is left out.
    """
    first, second, image = _pairs(y, longest, period)
    up = np.outer(image, [0.0, 0.0, 1.0])
    before = np.linalg.norm(X[second] - X[first] + up, axis=1)
    now = np.linalg.norm(y[second] - y[first] + up, axis=1)
    bound = np.minimum(before, now) < reach
    lines = np.stack([y[first[bound], :2], y[second[bound], :2]], axis=1)
    return lines[np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1) > 0.1 * reach]


def slip_of_atoms(y: np.ndarray, X: np.ndarray, reach: float, least: float, period: float | None) -> np.ndarray:
    """(n,) length of the slip vectors, A: mean displacement of an atom against those of its neighbours that it has left by `least`.

    J. A. Zimmermann et al., Phys. Rev. Lett. 87 (2001) 165507.

    Parameters
    ----------
    y, X : (n, 3) array
        Deformed and reference positions, A.
    reach, least : float
        Reference pairs closer than `reach` are neighbours; of these count the ones moved by more than `least`, A.
    """
    first, second, _ = _pairs(X, reach, period)
    moved = (y - X)[second] - (y - X)[first]
    slipped = np.linalg.norm(moved, axis=1) > least
    first, second, moved = first[slipped], second[slipped], moved[slipped]
    total, count = np.zeros((len(X), 3)), np.zeros(len(X))
    for ends, sign in ((first, -1.0), (second, 1.0)):
        np.add.at(total, ends, sign * moved)
        np.add.at(count, ends, 1.0)
    found: np.ndarray = np.linalg.norm(total, axis=1) / np.maximum(count, 1.0)
    return found


def broken_bonds(
    y: np.ndarray, X: np.ndarray, reach: float, shortest: float, longest: float, period: float | None
) -> np.ndarray:
    """Ends (m, 2, 2), in projection, of bonds of the crystal across y = 0 that are now between two lengths, A.

    Parameters
    ----------
    y, X : (n, 3) array
        Deformed and reference positions, A.
    reach : float
        Reference pairs closer than this are bonds, A.
    """
    first, second, up = _across(X, reach, period)
    length = np.linalg.norm(y[second] - y[first] + up, axis=1)
    torn = (length > shortest) & (length < longest)
    return np.stack([y[first[torn], :2], y[second[torn], :2]], axis=1)


def bonds_across(y: np.ndarray, X: np.ndarray, reach: float, period: float) -> dict[str, np.ndarray]:
    """Bonds of the crystal across y = 0: ``x``, ``z`` of their middles in the reference and ``length`` now (m,), A.

    Parameters
    ----------
    y, X : (n, 3) array
        Deformed and reference positions, A.
    reach : float
        Reference pairs closer than this are bonds, A.
    period : float
        Of the model along z, A.
    """
    first, second, up = _across(X, reach, period)
    middle = 0.5 * (X[first] + X[second] + up)
    length = np.linalg.norm(y[second] - y[first] + up, axis=1)
    return {"x": middle[:, 0], "z": np.mod(np.round(middle[:, 2], 9), period), "length": length}


def _across(X: np.ndarray, reach: float, period: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bonds of the reference across y = 0: first, second, and the shift (m, 3) of the second, A."""
    near = np.flatnonzero(np.abs(X[:, 1]) < reach)
    first, second, image = _pairs(X[near], reach, period)
    first, second = near[first], near[second]
    across = (X[first, 1] > 0) != (X[second, 1] > 0)
    return first[across], second[across], np.outer(image[across], [0.0, 0.0, 1.0])


def _pairs(y: np.ndarray, reach: float, period: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of points closer than reach, each once: first, second, and the shift of the second along z, A."""
    tree = cKDTree(y)
    found = []
    for shift in [0.0] if period is None else [0.0, period]:
        near = tree.query_ball_tree(cKDTree(y + np.array([0.0, 0.0, shift])), reach)
        first = np.repeat(np.arange(len(y)), [len(row) for row in near])
        second = np.array([j for row in near for j in row], dtype=int)
        keep = first < second if shift == 0.0 else np.ones(len(first), dtype=bool)
        found.append((first[keep], second[keep], np.full(np.count_nonzero(keep), shift)))
    first, second, image = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return first, second, image


def atom_kinds(free: np.ndarray) -> list[Any]:
    """Entries of the legend for the kinds of atoms that there are."""
    kinds = [(True, GREY, "free atom"), (False, "none", "atom that follows the mesh or is held")]
    return [
        Line2D([], [], ls="", marker="o", ms=5, mfc=fill, mec=GREY, label=text)
        for kind, fill, text in kinds
        if (free == kind).any()
    ]


def inside(y: np.ndarray, window: Window, margin: float = 0.0) -> np.ndarray:
    """(n,) bool, which of the points (n, 2 or 3) lie within a window and a margin (A) round it."""
    x0, x1, y0, y1 = window
    across, up = np.abs(y[:, 0] - 0.5 * (x0 + x1)), np.abs(y[:, 1] - 0.5 * (y0 + y1))
    within: np.ndarray = (across <= 0.5 * (x1 - x0) + margin) & (up <= 0.5 * (y1 - y0) + margin)
    return within
