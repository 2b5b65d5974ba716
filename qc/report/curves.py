"""Curves of a report as figures of plotly, plain dicts: tip, J and energies against the load, R-curve, folds, study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..output.files import read_table
from .source import Source

Figure = dict[str, Any]
"""``title``, perhaps a ``note``, and ``data`` and ``layout`` of plotly."""

BLUE, RED, GREY, BLACK = "#0072B2", "#D55E00", "#8C8C8C", "#000000"
BRANCHES = (("load", "loading", BLUE, "triangle-right"), ("unload", "unloading", RED, "triangle-left"))


def curves(source: Source) -> list[Figure]:
    """Figures of a source, those with nothing to show left out."""
    made: dict[str, Callable[[Source], Iterable[Figure]]] = {
        "run": _of_ladder,
        "propagation": _of_propagation,
        "folds": _of_folds,
        "study": _of_study,
        "dynamics": _of_dynamics,
    }
    return [figure for figure in made.get(source.kind, lambda source: [])(source) if figure["data"]]


def _of_ladder(source: Source) -> list[Figure]:
    return [
        _against_load(source, "tip_position", "Tip position", "tip position (Å)"),
        _against_load(source, "J_over_G", "J-integral over the energy release rate of the load", "J / G"),
        _energies(source),
    ]


def _of_propagation(source: Source) -> list[Figure]:
    return [_r_curve(source), *_of_ladder(source)]


def _against_load(source: Source, name: str, title: str, label: str) -> Figure:
    data = []
    for branch, text, colour, symbol in BRANCHES:
        steps = [s for s in source.steps if s.get("branch") == branch and s.get(name) is not None]
        x, y = [s["K_over_KG"] for s in steps], [s[name] for s in steps]
        if steps:
            data.append(line(x, y, text, colour, symbol))
    layout = axes("K / K<sub>G</sub>", label)
    shapes = []
    for key, colour in (("K_plus_bracket", BLUE), ("K_minus_bracket", RED)):
        bracket, K_G = source.document.get(key), source.document.get("K_G")
        if bracket and K_G:
            ends = {"x0": bracket[0] / K_G, "x1": bracket[1] / K_G, "y0": 0, "y1": 1, "yref": "paper"}
            shapes.append({"type": "rect", "fillcolor": colour, "opacity": 0.15, "line": {"width": 0}} | ends)
    return {"title": title, "data": data, "layout": layout | {"shapes": shapes}}


def _energies(source: Source) -> Figure:
    steps = [s for s in source.steps if s.get("energy") is not None]
    level = [s["K_over_KG"] for s in steps]
    data = [line(level, [s["energy"] for s in steps], "sum", BLACK, "circle")] if steps else []
    names = dict.fromkeys(name for s in steps for name in s.get("energies") or {})
    for name in names:
        y = [(s.get("energies") or {}).get(name) for s in steps]
        data.append(line(level, y, name.replace("_", " "), None, "circle-open"))
    return {"title": "Energies", "data": data, "layout": axes("K / K<sub>G</sub>", "energy (eV per cell)")}


def _r_curve(source: Source) -> Figure:
    K_G, data = source.document.get("K_G"), []
    for branch, text, colour, symbol in BRANCHES:
        rows = [r for r in source.document.get("r_curve") or [] if r["branch"] == branch]
        if rows and K_G:
            one = line([r["a"] for r in rows], [r["K"] / K_G for r in rows], text, colour, symbol)
            one["error_y"] = {"array": [0.5 * (r["K_high"] - r["K_low"]) / K_G for r in rows], "thickness": 1}
            data.append(one)
    return {"title": "R-curve", "data": data, "layout": axes("tip position a (Å)", "K / K<sub>G</sub>")}


def _of_folds(source: Source) -> list[Figure]:
    rows = read_table(source.directory / "curve.csv")
    layout = axes("K / K<sub>G</sub>", "tip position (Å)")
    data = []
    if rows:
        data.append(line(_column(rows, "K_over_KG"), _column(rows, "tip_position"), "equilibria", BLUE, "circle"))
    folds = source.document.get("folds") or []
    if folds:
        found = line(_column(folds, "K_over_KG"), _column(folds, "tip_position"), "folds", RED, "diamond")
        data.append(found | {"mode": "markers"})
    barriers = []
    for number, one in enumerate(source.document.get("barriers") or []):
        for name, text, colour in (("forward", "advance", BLUE), ("backward", "closing", RED)):
            levels = one["levels"]
            x, y = _column(levels, "K_over_KG"), _column(levels, name)
            barriers.append(line(x, y, f"{text} {number + 1}", colour, "circle"))
    energy = axes("K / K<sub>G</sub>", "barrier (eV per cell)")
    return [
        {"title": "Path of equilibria", "data": data, "layout": layout},
        {"title": "Energy barriers", "data": barriers, "layout": energy},
    ]


def _of_dynamics(source: Source) -> list[Figure]:
    """Tip and energies against time; the time from which waves of the boundary are at the tip is shaded."""
    rows, undisturbed = source.document.get("motion") or [], source.document.get("undisturbed")
    time = _column(rows, "time")
    shapes = []
    if rows and undisturbed is not None and undisturbed < time[-1]:
        ends = {"x0": undisturbed, "x1": time[-1], "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append({"type": "rect", "fillcolor": GREY, "opacity": 0.15, "line": {"width": 0}} | ends)
    tip = [line(time, _column(rows, "tip_position"), "tip", BLACK, "circle") | {"mode": "lines"}] if rows else []
    names = ("kinetic_energy", "dissipated", "heat", "work")
    energies = [line(time, _column(rows, name), name.replace("_", " "), None, "circle") | {"mode": "lines"} for name in names if rows]
    return [
        {"title": "Tip position", "data": tip, "layout": axes("time (ps)", "tip position (Å)") | {"shapes": shapes}},
        {"title": "Energies", "data": energies, "layout": axes("time (ps)", "energy (eV per cell)") | {"shapes": shapes}},
    ]


def _of_study(source: Source) -> list[Figure]:
    figures = []
    for key, title in (("K_plus", "K+"), ("K_minus", "K-")):
        rows = [r for r in source.document.get("members") or [] if r.get(f"{key}_over_KG") is not None]
        data = []
        for label in dict.fromkeys(r["label"] for r in rows):
            some = [r for r in rows if r["label"] == label]
            x, y = _column(some, "domain_radius"), _column(some, f"{key}_over_KG")
            one = line(x, y, label or "members", None, "circle") | {"mode": "markers"}
            brackets = [r.get(f"{key}_bracket_over_KG") or [0.0, 0.0] for r in some]
            one["error_y"] = {"array": [0.5 * (b[1] - b[0]) for b in brackets], "thickness": 1}
            data.append(one)
        layout = axes("domain radius (Å)", f"{title} / K<sub>G</sub>")
        layout["xaxis"]["type"] = "log"
        figures.append({"title": f"{title} against the size of the domain", "data": data, "layout": layout})
    return figures


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in rows]


def line(x: list[Any], y: list[Any], name: str, colour: str | None, symbol: str) -> dict[str, Any]:
    """A line with markers; plotly chooses the colour if there is none."""
    look: dict[str, Any] = {} if colour is None else {"color": colour}
    markers = {"marker": look | {"symbol": symbol, "size": 7}, "line": look | {"width": 1.3}}
    return {"type": "scatter", "mode": "lines+markers", "x": x, "y": y, "name": name} | markers


def axes(x: str, y: str) -> dict[str, Any]:
    """Layout of a plane figure."""
    style = {"gridcolor": "#E6E6E6", "zeroline": False, "linecolor": BLACK, "ticks": "inside"}
    return {
        "xaxis": {"title": {"text": x}, **style},
        "yaxis": {"title": {"text": y}, **style},
        "plot_bgcolor": "white",
        "margin": {"l": 70, "r": 20, "t": 20, "b": 55},
        "height": 340,
        "legend": {"orientation": "h", "y": 1.08},
        "showlegend": True,
    }
