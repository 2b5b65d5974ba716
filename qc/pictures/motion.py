"""The picture of a crack that runs: where its tip is, where the energy goes, and how much of it comes to the tip."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm

from .drawing import BLACK, GREY, SHADES, Directions, colour_bar, maps, new_figure, save

FAINTEST = 1e-5
"""Lowest temperature of the scale, in the highest."""
ENERGIES = {
    "kinetic_energy": "kinetic",
    "dissipated": "taken by friction",
    "work": "work of the load",
    "potential_energy": "potential",
}


def motion_picture(path: str | os.PathLike[str], made: Mapping[str, Any]) -> None:
    """Tip against time beside the energies and J, with the time from which waves of the boundary are at the tip.

    Parameters
    ----------
    made : mapping
        As in dynamics.json.
    """
    rows = made["motion"]
    time = [row["time"] for row in rows]
    J = np.array([row["J"] for row in rows], dtype=float) / (2.0 * made["gamma"])
    known = bool(np.isfinite(J).all())
    figure, (tip, energy, *flux) = new_figure(12.0 if known else 8.4, 3.6, 1, 3 if known else 2)
    figure.set_layout_engine("constrained")
    tip.plot(time, [row["tip_position"] for row in rows], color=BLACK, lw=1.0, label="tip")
    speed = made["speed"]
    if speed is not None:
        mean = 0.5 * (speed["begins"] + speed["ends"])
        seen = [row["tip_position"] for row in rows if speed["begins"] <= row["time"] <= speed["ends"]]
        at = sum(seen) / len(seen)
        ends = [speed["begins"], speed["ends"]]
        share = f"{made['speed_over_rayleigh']:.3f} c$_R$"
        tip.plot(ends, [at + speed["value"] * (t - mean) for t in ends], color=SHADES(0.6), lw=2.5, alpha=0.6, label=share)
    tip.set_ylabel("tip (A)", fontsize=9)
    first = rows[0]
    for number, (name, words) in enumerate(ENERGIES.items()):
        change = [row[name] - first[name] - (row["by_moves"] if name == "potential_energy" else 0.0) for row in rows]
        energy.plot(time, change, color=SHADES(number / len(ENERGIES)), lw=1.2, label=words)
    energy.set_ylabel("energy since the start (eV)", fontsize=9)
    for axis in flux:
        axis.plot(time, J, color=BLACK, lw=1.0, label="J with the kinetic energy")
        axis.plot(time, [made["G"] / (2.0 * made["gamma"]) * (row["K_over_KG"] / made["K_over_KG"]) ** 2 for row in rows],
                  color=SHADES(0.6), lw=1.2, label="G of the load")  # fmt: skip
        axis.axhline(1.0, color=GREY, lw=0.8)
        axis.margins(y=0.2)
        axis.set_ylabel(r"energy release rate / 2$\gamma$", fontsize=9)
    for axis in (tip, energy, *flux):
        axis.set_xlabel("time (ps)", fontsize=9)
        axis.grid(True, color="#E6E6E6", lw=0.6)
        axis.set_axisbelow(True)
        if made["undisturbed"] < time[-1]:
            axis.axvspan(made["undisturbed"], time[-1], color=GREY, alpha=0.15, lw=0, label="waves of the boundary")
        axis.legend(fontsize=7, frameon=False, loc="upper left")
    save(figure, path)


def warmth_picture(path: str | os.PathLike[str], x: np.ndarray, T: np.ndarray, tip: float, directions: Directions) -> None:
    """The kinetic temperature T (n,) in K at places x (n, 2) in A, of the last looks, in powers of ten below the warmest; nothing at rest.

    Parameters
    ----------
    tip : float
        x of the tip now, A.
    """
    top = float(T.max(initial=0.0))
    if not top > 0 or len(x) < 4:
        return
    figure, (axis,) = new_figure(6.4, 5.4, 1, 1)
    norm = LogNorm(top * FAINTEST, top)
    axis.tripcolor(x[:, 0], x[:, 1], np.maximum(T, top * FAINTEST), cmap=SHADES, norm=norm, shading="gouraud", rasterized=True)
    axis.plot([tip], [0.0], marker="o", ms=7, mfc="none", mec="white", mew=1.2, ls="")
    axis.set(xlim=(x[:, 0].min(), x[:, 0].max()), ylim=(x[:, 1].min(), x[:, 1].max()))
    maps([axis], directions)
    colour_bar(figure, [axis], norm, "kinetic temperature (K)")
    save(figure, path)
