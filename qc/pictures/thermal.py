"""The picture of a crystal at temperature: size, elastic constants, surface energy, Griffith load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .drawing import BLACK, SHADES, legend_below, new_figure, save


def thermal_picture(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]], constants: Sequence[str]) -> None:
    """Four maps of lines over the temperature.

    Parameters
    ----------
    rows : sequence of mappings
        ``temperature`` (K), ``lattice_constant`` (A), the elastic constants (GPa), ``gamma`` (J/m^2) and ``K_G`` (MPa m^1/2), as in
        thermal.json.
    constants : sequence of str
        Names of the elastic constants.
    """
    figure, (size, stiffness, surface, load) = new_figure(7.2, 5.6, 2, 2)
    figure.set_layout_engine("constrained")
    _line(size, rows, "lattice_constant", "lattice constant (A)")
    handles = []
    for number, name in enumerate(constants):
        colour = SHADES(number / max(len(constants), 2))
        _line(stiffness, rows, name, "elastic constants (GPa)", colour)
        handles.append(Line2D([], [], color=colour, marker="o", ms=4, label=name))
    stiffness.set_ylim(bottom=min(0.0, stiffness.get_ylim()[0]))
    _line(surface, rows, "gamma", "surface energy (J/m$^2$)")
    _line(load, rows, "K_G", "K$_G$ (MPa m$^{1/2}$)")
    legend_below(figure, handles)
    save(figure, path)


def _line(axis: Axes, rows: Sequence[Mapping[str, Any]], name: str, label: str, colour: Any = BLACK) -> None:
    """One number over the temperature; where it is missing there is no point."""
    known = [row for row in rows if row.get(name) is not None]
    axis.grid(True, color="#E6E6E6", lw=0.6)
    axis.set_axisbelow(True)
    axis.plot([row["temperature"] for row in known], [row[name] for row in known], "o-", ms=4, lw=1.0, color=colour)
    axis.set_xlabel("temperature (K)", fontsize=9)
    axis.set_ylabel(label, fontsize=9)
