"""Picture of a model: mesh, regions and weights. Arrays in, a file out; the suffix chooses the format."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from scipy.spatial import cKDTree

from .drawing import (
    BLACK,
    GREY,
    RED,
    SHADES,
    UNKNOWN,
    Directions,
    atom_kinds,
    colour_bar,
    discs,
    filled_mesh,
    legend_below,
    maps,
    mesh_edges,
    new_figure,
    save,
)

NO_ARMS = np.empty((0, 3))
INCHES = 4.0
"""Width of a panel, for the thickness of lines."""


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """What there is to see of a model, lengths in A.

    Attributes
    ----------
    points : (n, 2) array
        Mesh vertices.
    triangles : (m, 3) int array
        May be empty (no continuum).
    beta : (n,) array
        Blending weight at the vertices, 0 atomistic, 1 continuum.
    atoms_xy : (k, 2) array
        Reference positions; may be empty (no atoms).
    weight : (k,) array
        What the site energy counts with, 1 - beta.
    free : (k,) bool array
        Atoms with unknowns of their own; the others follow the mesh or are prescribed.
    core_radius, blend_width, domain_radius : float
        The regions, marked where mesh and atoms meet.
    directions : Directions
        Of the axes, in the crystal.
    arms : (p, 3) array
        Angle (degrees), length and width (A) of the core's arms.
    """

    points: np.ndarray
    triangles: np.ndarray
    beta: np.ndarray
    atoms_xy: np.ndarray
    weight: np.ndarray
    free: np.ndarray
    core_radius: float
    blend_width: float
    domain_radius: float
    directions: Directions = UNKNOWN
    arms: np.ndarray = field(default_factory=lambda: NO_ARMS)

    @property
    def outer(self) -> float:
        """Half width of the panel of the whole domain."""
        return 1.04 * self.domain_radius

    @property
    def half(self) -> float:
        """Half width of the panel of core and handshake."""
        reach = max([self.core_radius, *(self.arms[:, 1] + 0.5 * self.arms[:, 2])]) + self.blend_width
        return min(1.2 * reach, self.outer) if np.isfinite(reach) and reach > 0 else self.outer


def model_picture(path: str | os.PathLike[str], view: ModelView, title: str = "") -> None:
    """The whole domain with its mesh, and the core with its atoms."""
    norm = Normalize(0.0, 1.0)
    figure, (whole, zoom) = new_figure(10.2, 5.5, 1, 2)
    _draw_whole(whole, view, norm)
    _draw_core(zoom, view, norm)
    handles = atom_kinds(view.free)
    if view.half < 0.95 * view.outer:
        handles.append(Rectangle((0, 0), 1, 1, fill=False, ec=RED, lw=1.3, label="what (b) shows"))
    if len(view.triangles) and np.ptp(view.beta) > 0:
        handles += region_arcs(zoom, view.points, view.beta, view.core_radius, view.blend_width, view.arms)
    legend_below(figure, handles, view.directions.towards_viewer())
    colour_bar(figure, [whole, zoom], norm, "blending weight β = 1 − w   (0 atoms, 1 continuum)")
    maps([whole, zoom], view.directions)
    if title:
        figure.suptitle(title, fontsize=10)
    save(figure, path)


def _draw_whole(axis: Axes, view: ModelView, norm: Normalize) -> None:
    """The whole domain, with a frame round what the other panel shows."""
    outer, half = view.outer, view.half
    filled_mesh(axis, view.points, view.triangles, view.beta, norm)
    mesh_edges(axis, view.points, view.triangles, INCHES / (2 * outer), "white")
    if not len(view.triangles):
        weighted_atoms(axis, view.atoms_xy, view.weight, view.free, outer, norm)
    axis.set(xlim=(-outer, outer), ylim=(-outer, outer))
    axis.set_title("whole domain", loc="left")
    if half < 0.95 * outer:
        axis.add_patch(Rectangle((-half, -half), 2 * half, 2 * half, fill=False, ec=RED, lw=1.3, zorder=5))


def _draw_core(axis: Axes, view: ModelView, norm: Normalize) -> None:
    """Core and handshake with their atoms over the edges of the mesh."""
    half = view.half
    near = np.abs(view.points[view.triangles].mean(1)).max(1) < 1.1 * half
    mesh_edges(axis, view.points, view.triangles[near], INCHES / (2 * half), GREY)
    weighted_atoms(axis, view.atoms_xy, view.weight, view.free, half, norm)
    axis.set(xlim=(-half, half), ylim=(-half, half))
    axis.set_title("core and handshake", loc="left")


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


def region_arcs(
    axis: Axes, points: np.ndarray, beta: np.ndarray, core: float, width: float, arms: np.ndarray = NO_ARMS
) -> list[Any]:
    """Lines that bound core and handshake, left out where a strip along the crack faces runs across them."""
    tree = cKDTree(points)
    angle = np.linspace(-np.pi, np.pi, 721)
    ray = np.column_stack([np.cos(angle), np.sin(angle)])
    middle = _edge(angle, core, arms, 0.5 * width)[:, None] * ray
    expected = beta[tree.query(middle[[360]])[1]]
    inside = np.abs(beta[tree.query(middle)[1]] - expected) > 0.3
    handles = []
    for beyond, style, text in ((0.0, "-", "core"), (width, "--", "handshake")):
        if text == "core" or width > 0:
            arc = np.where(inside[:, None], np.nan, _edge(angle, core, arms, beyond)[:, None] * ray)
            label = f"{text}, r = {core + beyond:.4g} Å{', and arms' if len(arms) else ''}"
            handles += axis.plot(arc[:, 0], arc[:, 1], color=BLACK, lw=1.1, ls=style, zorder=6, label=label)
    return handles


def _edge(angle: np.ndarray, core: float, arms: np.ndarray, beyond: float) -> np.ndarray:
    """How far from the tip, A, in directions (n,) lies what is a distance ``beyond`` from the core of radius ``core`` with its arms."""
    edge = np.full(len(angle), core + beyond)
    for theta, length, width in arms:
        half, across = 0.5 * width + beyond, np.abs(np.sin(angle - np.radians(theta)))
        along = np.cos(angle - np.radians(theta))
        side = half / np.maximum(across, 1e-9)
        end = length * along + np.sqrt(np.maximum(half**2 - (length * across) ** 2, 0.0))
        edge = np.maximum(edge, np.where(along <= 0, half, np.where(side * along <= length, side, end)))
    return edge
