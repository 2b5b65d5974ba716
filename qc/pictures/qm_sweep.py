"""The picture of a sweep: bond lengths with and without the QM tip, and the opening forces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from .drawing import save


def sweep_picture(path: Path, document: dict[str, Any]) -> None:
    """Lengths (a) and opening forces (b) against the load, a colour for each row of bonds (means along the front)."""
    rows = sorted({round(b["x"], 2) for record in document["loads"] for b in record["bonds"]})
    levels = [record["K_over_KG"] for record in document["loads"]]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    colours = plt.get_cmap("viridis")(np.linspace(0.0, 0.85, len(rows)))
    for x, colour in zip(rows, colours, strict=True):
        mean = {
            name: [_mean(record, x, name) for record in document["loads"]]
            for name in ("potential", "qm", "opening_force")
        }
        axes[0].plot(levels, mean["potential"], "o--", color=colour, mfc="white", lw=1.1)
        axes[0].plot(levels, mean["qm"], "s-", color=colour, lw=1.4, label=f"x = {x:.1f} Å")
        axes[1].plot(levels, mean["opening_force"], "s-", color=colour, lw=1.4)
    axes[0].plot([], [], "ko--", mfc="white", label="potential")
    axes[0].plot([], [], "ks-", label=document["qm"]["engine"])
    axes[0].set(
        xlabel=r"K / K$_G$", ylabel="bond across the plane (Å)", title="(a)  relaxed with and without the QM tip"
    )
    axes[1].axhline(0.0, color="0.6", lw=0.8)
    axes[1].set(
        xlabel=r"K / K$_G$",
        ylabel="opening force of the QM tip (eV/Å)",
        title="(b)  at the potential's own equilibrium",
    )
    axes[0].legend(fontsize=8, frameon=False)
    for axis in axes:
        axis.grid(color="0.9")
    save(figure, path)
    plt.close(figure)


def _mean(record: dict[str, Any], x: float, name: str) -> float:
    return float(np.mean([b[name] for b in record["bonds"] if round(b["x"], 2) == x]))
