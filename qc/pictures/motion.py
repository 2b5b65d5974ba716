"""The picture of a crack that runs: where its tip is, where the energy goes, and how much of it comes to the tip."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .drawing import BLACK, GREY, SHADES, new_figure, save

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
