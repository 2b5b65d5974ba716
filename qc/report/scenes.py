"""What a report shows in space, as figures of plotly: the atoms at the tip, and the mesh with its stress."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..output.fields import read_fields
from ..output.trajectory import read_frame
from .curves import GREY, Figure
from .facts import at
from .source import Source

log = logging.getLogger(__name__)

REACH = 9.0
"""Atoms within so many lattice constants of the tip are shown ..."""
MOST_ATOMS = 4000
"""... and of these the nearest."""
MOST_CELLS = 40_000
"""Cells of a mesh that are shown, those nearest to the tip."""
MOST_UNKNOWNS = 3_000_000
"""Files of larger models are not read for a page."""
SCALED = 98.0
"""Percentage of the cells' stresses that the scale of colours covers: the few at the tip would take all of it."""
FACES = np.array([[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]])
ALONG, FROM_ABOVE = {"x": 0.0, "y": 0.0, "z": 1.35}, {"x": 0.7, "y": 0.9, "z": 1.0}
"""Where the eye is: on the front, or above it and ahead."""
MOST_FRONTS = 6
"""Fronts whose atoms are shown."""
YY = 4
"""Place of the stress across the plane among the nine of a cell ..."""
YY_VOIGT = 1
"""... and among the six of an atom."""


def scenes(source: Source) -> list[Figure]:
    """Figures in space of a ladder, a propagation, fronts or a crack that runs; none of other sources, or where the files are not there."""
    without_steps = source.kind in ("front", "dynamics")
    if not without_steps and (source.kind not in ("run", "propagation") or not source.steps):
        return []
    if (source.document.get("n_dofs") or 0) > MOST_UNKNOWNS:
        log.info("no views of the model in the report: it has more than %d unknowns", MOST_UNKNOWNS)
        return []
    made = (_atoms(source), _mesh(source) if source.steps else None)
    return [figure for figure in made if figure is not None]


def _atoms(source: Source) -> Figure | None:
    """The tip's atoms in two states, in colours of their stress across the plane or of their energy."""
    data: list[dict[str, Any]] = []
    reach = REACH * float(at(source.document, "lattice_constant") or 3.0)
    for number, label, tip in _frames(source):
        near = partial(_within, tip, reach)
        frame = read_frame(source.directory / "trajectory.extxyz", number, keep=near)
        if frame is not None and len(frame["positions"]):
            data.append(_atoms_of(frame, tip, label) | {"visible": not data})
    if not data:
        return None
    buttons = [
        {"label": one["name"], "method": "update", "args": [{"visible": [k == shown for k in range(len(data))]}]}
        for shown, one in enumerate(data)
    ]
    menu = {"type": "buttons", "direction": "right", "buttons": buttons, "x": 0.0, "xanchor": "left", "y": 1.08}
    layout = _space(data, FROM_ABOVE if source.kind == "front" else ALONG) | {"updatemenus": [menu], "showlegend": False}
    note = "Stress across the plane of each site, not weighted; dark where the site is not evaluated. Drag to turn, scroll to zoom."
    return {"title": "Atoms at the tip", "data": data, "layout": layout, "note": note}


def _within(tip: float, reach: float, X: np.ndarray) -> np.ndarray:
    """(n,) bool, which of the reference positions (n, 3) are near the tip."""
    near: np.ndarray = np.hypot(X[:, 0] - tip, X[:, 1]) <= reach
    return near


def _frames(source: Source) -> list[tuple[int, str, float]]:
    """Numbers of some frames of the trajectory, what they show, and where the tip is, A."""
    if source.kind == "front":
        fronts = [state for state in source.document.get("states") or [] if state.get("found")]
        shown = [(n + 2, f"{state['advanced']} ahead", state["a"]) for n, state in enumerate(fronts)]
        return [(n, label, next((x for x in a if x is not None), 0.0)) for n, label, a in shown[:MOST_FRONTS]]
    if source.kind == "dynamics":
        seen = {row["steps"]: row for row in source.document.get("motion") or []}
        rows = [(n, seen[steps]) for n, steps in enumerate(source.document.get("frames") or []) if steps in seen]
        few = rows[:: max(1, len(rows) // (MOST_FRONTS - 1))]
        return [(n, f"{row['time']:.4g} ps", row["tip_position"]) for n, row in few]
    steps, bracket = source.steps, source.document.get("K_plus_bracket")
    if source.kind == "propagation":
        curve = source.document.get("r_curve") or []
        last = [(len(curve), "after the last event", curve[-1]["a_after"])] if curve else []
        return [(0, "first state", steps[0].get("tip_position") or 0.0), *last]
    after = next((n for n, s in enumerate(steps) if bracket and s["branch"] == "load" and s["K"] == bracket[1]), None)
    if after:
        chosen = [(after - 1, "before the first advance"), (after, "after it")]
    else:
        chosen = [(0, "first state")] + ([(len(steps) - 1, "last state")] if len(steps) > 1 else [])
    return [(n, f"{text}, {steps[n]['K_over_KG']:.4g} K_G", steps[n].get("tip_position") or 0.0) for n, text in chosen]


def _atoms_of(frame: dict[str, np.ndarray], tip: float, label: str) -> dict[str, Any]:
    y = frame["positions"]
    near = np.argsort(np.hypot(y[:, 0] - tip, y[:, 1]), kind="stable")[:MOST_ATOMS]
    stress = frame["virial_stress"][near, YY_VOIGT] if "virial_stress" in frame else frame["site_energy"][near]
    name = "σ<sub>yy</sub> (GPa)" if "virial_stress" in frame else "site energy (eV)"
    some = frame["site_energy"][near], frame["weight"][near]
    words = [
        f"{symbol}, weight {weight:.3g}<br>site energy {energy:.4f} eV<br>{name} {value:.2f}"
        for symbol, energy, weight, value in zip(frame["symbols"][near], *some, stress, strict=True)
    ]
    low, high = _range(stress)
    marker = {
        "size": 6,
        "color": _rounded(stress),
        "colorscale": "Viridis",
        "cmin": low,
        "cmax": high,
        "colorbar": {"title": {"text": name}, "len": 0.8},
        "line": {"width": 0.5, "color": GREY},
    }
    x = {axis: _rounded(y[near, k]) for k, axis in enumerate("xyz")}
    look = {"marker": marker, "text": words, "hoverinfo": "x+y+z+text", "name": label}
    return {"type": "scatter3d", "mode": "markers"} | x | look


def _mesh(source: Source) -> Figure | None:
    """The deformed mesh of the last state that has fields, in colours of the stress across the plane."""
    fields = read_fields(source.directory)
    if fields is None:
        return None
    y = fields["points"] + fields["displacement"]
    cells, stress = fields["cells"], fields["stress"][:, YY]
    tip = source.steps[-1].get("tip_position") or 0.0
    tip -= float(source.document.get("offset") or 0.0)
    near = np.argsort(np.linalg.norm(y[cells].mean(1)[:, :2] - [tip, 0.0], axis=1), kind="stable")[:MOST_CELLS]
    weight = fields["continuum"]
    there = near[weight[near] > 0]
    triangles, values = _surface(cells[there], stress[there])
    used, corners = np.unique(triangles, return_inverse=True)
    corners = corners.reshape(-1, 3)
    low, high = _range(values)
    data: dict[str, Any] = {"type": "mesh3d", "intensity": _rounded(values), "intensitymode": "cell"}
    data |= {axis: _rounded(y[used, k]) for k, axis in enumerate("xyz")}
    data |= {name: corners[:, k].tolist() for k, name in enumerate("ijk")}
    data |= {"colorscale": "Viridis", "cmin": low, "cmax": high, "flatshading": True}
    data |= {"colorbar": {"title": {"text": "σ<sub>yy</sub> (GPa)"}, "len": 0.8}, "lighting": {"ambient": 1.0}}
    note = "Deformed mesh in the coordinates of the model; the core, where there is no continuum, is left out."
    return {"title": "Mesh of the last state", "data": [data], "layout": _space([data]), "note": note}


def _surface(cells: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles that can be seen and the values of their cells: of tetrahedra the faces that one alone has."""
    if cells.shape[1] == 3:
        return cells, values
    faces = cells[:, FACES].reshape(-1, 3)
    _, first, count = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
    outer = first[count == 1]
    return faces[outer], values[outer // len(FACES)]


def _range(values: np.ndarray) -> tuple[float, float]:
    """Ends of the scale of colours."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = np.percentile(finite, [100.0 - SCALED, SCALED])
    return float(low), float(max(high, low + 1e-9))


def _rounded(values: np.ndarray) -> list[float | None]:
    """Numbers to three decimals, as JSON has them."""
    return [float(v) if np.isfinite(v) else None for v in np.round(values, 3)]


def _space(data: Sequence[Mapping[str, Any]], eye: Mapping[str, float] = ALONG) -> dict[str, Any]:
    """Layout of a figure in space, all of it in sight, in equal scales."""
    ranges = {axis: max(np.ptp([v for v in one[axis] if v is not None] or [0.0]) for one in data) for axis in "xyz"}
    largest = max(*ranges.values(), 1e-6)
    named = {f"{axis}axis": {"title": {"text": f"{axis} (Å)"}} for axis in "xyz"}
    ratio = {axis: max(float(extent / largest), 0.02) for axis, extent in ranges.items()}
    camera = {"eye": dict(eye), "up": {"x": 0, "y": 1, "z": 0}}
    return {
        "scene": named | {"aspectmode": "manual", "aspectratio": ratio, "camera": camera},
        "margin": {"l": 0, "r": 0, "t": 30, "b": 0},
        "height": 560,
    }
