"""The three layers in one picture: quantum mechanics in atoms in continuum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from fem.collective import on_root

from ..crack.system import CrackSystem
from ..pictures.drawing import NEAR, colour_bar, discs, legend_below, maps, mesh_edges, new_figure, save
from ..pictures.model import BLACK, GREY, RED, region_arcs, weighted_atoms
from ..qm.build import QM
from .pictures import arms_of, directions_of, drawn, model_parts

ROOM = 6.0
"""Beyond the cluster, in the pictures of it, A."""


def draw_layers(path: Path, system: CrackSystem, qm: QM, title: str) -> None:
    """Mesh, atoms and weights with the QM atoms on top; the cluster with its link atoms, along and across the front. Collective."""
    parts = model_parts(system)
    on_root(system.model.comm, lambda: None if parts is None else drawn(_draw, path, system, qm, title, parts))


def _draw(path: Path, system: CrackSystem, qm: QM, title: str, parts: tuple[np.ndarray, ...]) -> None:
    points, triangles, beta, xy, weight, free = parts
    cluster, nn = qm.cluster, system.crystal.nearest_neighbour_distance
    half = 1.15 * (system.spec.core + system.model.spec.width)
    norm = Normalize(0.0, 1.0)
    figure, (layers, front, plan) = new_figure(14.0, 5.2, 1, 3)
    near = np.abs(points[triangles].mean(1)).max(1) < 1.1 * half if len(triangles) else np.empty(0, dtype=int)
    mesh_edges(layers, points, triangles[near], 4.0 / (2 * half), GREY)
    weighted_atoms(layers, xy, weight, free, half, norm)
    discs(layers, cluster.X[: cluster.n, :2], 0.7 * nn, facecolors=RED, edgecolors="none", zorder=7)
    arcs = (
        region_arcs(layers, points, beta, system.spec.core, system.model.spec.width, arms_of(system))
        if len(triangles) and np.ptp(beta)
        else []
    )
    layers.set(xlim=(-half, half), ylim=(-half, half))
    layers.set_title("quantum mechanics in atoms in continuum", loc="left")
    _cluster(front, system, qm, (0, 1), xy)
    front.set_title(f"{cluster.formula}, seen along the front", loc="left")
    _cluster(plan, system, qm, (0, 2), None)
    plan.set_title("(c)  seen from above; lines: period of the front", loc="left")
    for k in (-1, 0, 1, 2):
        plan.axhline(k * system.model.thickness, color=GREY, lw=0.9, ls=":")
    dot = {"ls": "", "marker": "o", "mec": BLACK, "mew": 0.5}
    kinds = [("QM atom", RED, 7), ("link atom (H)", "white", 4), ("host of a link atom", "0.75", 6)]
    handles = [Line2D([], [], ms=size, mfc=colour, label=text, **dot) for text, colour, size in kinds]  # type: ignore[arg-type]
    legend_below(figure, handles + arcs)
    colour_bar(figure, [layers], norm, "blending weight β")
    directions = directions_of(system)
    maps([layers, front], directions)
    maps([plan], directions, "xz")
    for axis in (front, plan):
        axis.set_aspect("equal")
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def _cluster(axis: Any, system: CrackSystem, qm: QM, axes: tuple[int, int], xy: np.ndarray | None) -> None:
    """QM atoms, hosts and link atoms in projection, joined to their nearest neighbours; other atoms in grey where they are given."""
    cluster, nn = qm.cluster, system.crystal.nearest_neighbour_distance
    X, n = cluster.X, cluster.n
    links = cluster.engine_positions(X)[n:]
    flat = np.column_stack([X[:, axes[0]], X[:, axes[1]]])
    apart = np.linalg.norm(X[:, None] - X[None], axis=2)
    i, j = np.nonzero(np.triu(apart < NEAR * nn, 1))
    keep = (i < n) | (j < n)
    for a, b in zip(flat[i[keep]], flat[j[keep]], strict=True):
        axis.plot(*zip(a, b, strict=True), color=BLACK, lw=0.7, zorder=2)
    if xy is not None:
        discs(axis, xy, 0.35 * nn, facecolors="0.88", edgecolors="none", zorder=1)
    style: dict[str, Any] = {"edgecolors": BLACK, "linewidths": 0.5}
    discs(axis, flat[n:], 0.4 * nn, facecolors="0.75", zorder=3, **style)
    discs(axis, flat[:n], 0.5 * nn, facecolors=RED, zorder=4, **style)
    discs(axis, links[:, list(axes)], 0.25 * nn, facecolors="white", zorder=5, **style)
    low, high = flat.min(0) - ROOM, flat.max(0) + ROOM
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
