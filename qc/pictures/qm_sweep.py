"""The picture of a sweep: bond lengths with and without the QM tip, and the opening forces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from .drawing import BLACK, GREY, SHADES, legend_below, new_figure, save


def sweep_picture(path: Path, document: dict[str, Any]) -> None:
    """Lengths (a) and opening forces (b) against the load, a colour for each row of bonds (means along the front)."""
    rows = sorted({round(b["x"], 2) for record in document["loads"] for b in record["bonds"]})
    levels = [record["K_over_KG"] for record in document["loads"]]
    figure, axes = new_figure(10.0, 4.6, 1, 2)
    figure.set_layout_engine("constrained")
    handles = []
    for x, colour in zip(rows, SHADES(np.linspace(0.0, 0.85, len(rows))), strict=True):
        mean = {
            name: [_mean(record, x, name) for record in document["loads"]]
            for name in ("potential", "qm", "opening_force")
        }
        axes[0].plot(levels, mean["potential"], "o--", color=colour, mfc="white", lw=1.1)
        handles += axes[0].plot(levels, mean["qm"], "s-", color=colour, lw=1.4, label=f"bonds at x = {x:.1f} Å")
        axes[1].plot(levels, mean["opening_force"], "s-", color=colour, lw=1.4)
    handles += [
        Line2D([], [], color=BLACK, marker="o", ls="--", mfc="white", label="(a) potential"),
        Line2D([], [], color=BLACK, marker="s", label=f"(a) {document['qm']['engine']}"),
    ]
    axes[1].axhline(0.0, color=GREY, lw=0.8)
    axes[0].set_title("(a)  relaxed with and without the QM tip", fontsize=9, loc="left")
    axes[1].set_title("(b)  at the potential's own equilibrium", fontsize=9, loc="left")
    labels = ("bond across the plane (Å)", "opening force of the QM tip (eV/Å)")
    for axis, label in zip(axes, labels, strict=True):
        axis.grid(True, color="#E6E6E6", lw=0.6)
        axis.set_axisbelow(True)
        axis.set_xlabel("K / K$_G$", fontsize=9)
        axis.set_ylabel(label, fontsize=9)
    legend_below(figure, handles)
    save(figure, path)


def _mean(record: dict[str, Any], x: float, name: str) -> float:
    return float(np.mean([b[name] for b in record["bonds"] if round(b["x"], 2) == x]))
