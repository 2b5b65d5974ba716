"""A growth law for a continuum code: the energy release rate that drives a crack at a velocity, as a table and as a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..drive.ledger import KB
from .front_velocity import FrontVelocity

FORM = "ln v = ln v0 - (q0 - q1 ln(G / G0 - 1)) / kT"
"""The formula fitted, v in m/s, q in eV, G0 where energies are equal: of each temperature.

A pair of kinks with the interaction (G h^2 / pi) ln d runs from a distance d ~ 1 / (G - G0) on, and v is as the root of the rate at which
pairs are made: q1 is about G h^2 / 2 pi.
"""

POINTS = 4
"""Least number of points for the three numbers of the formula."""


def usable(rows: Sequence[FrontVelocity]) -> list[FrontVelocity]:
    """What a growth law may be made of: fronts that advance where transition-state theory is not beyond its end."""
    return [row for row in rows if row.velocity > 0.0 and row.window != "outside"]


def growth_table(rows: Sequence[FrontVelocity], per_decade: int = 2) -> list[dict[str, float | None]]:
    """``G`` (J/m^2) and ``K_over_KG`` at round velocities (m/s) for each temperature (K), from points that rise with the load.

    ``K`` (MPa m^1/2) where the points have it.
    """
    table: list[dict[str, float | None]] = []
    for T in sorted({row.temperature for row in rows}):
        points = sorted((row for row in usable(rows) if row.temperature == T), key=lambda row: row.K_over_KG)
        log_v, G, K = _rising(points)
        if len(log_v) < 2:
            continue
        K_G = None if points[0].K is None else points[0].K / points[0].K_over_KG
        for n in range(int(np.ceil(log_v[0] * per_decade)), int(np.floor(log_v[-1] * per_decade)) + 1):
            at = n / per_decade
            entry: dict[str, float | None] = {"temperature": T, "velocity": float(10.0**at), "G": float(np.interp(at, log_v, G))}
            level = float(np.interp(at, log_v, K))
            table.append(entry | {"K_over_KG": level, "K": None if K_G is None else level * K_G})
    return table


def _rising(rows: Sequence[FrontVelocity]) -> tuple[list[float], list[float], list[float]]:
    """log10 v, G and K / K_G without the points that a scatter has put below the one before."""
    kept: list[FrontVelocity] = []
    for row in rows:
        if not kept or row.velocity > kept[-1].velocity:
            kept.append(row)
    return [float(np.log10(row.velocity)) for row in kept], [row.G for row in kept], [row.K_over_KG for row in kept]


def growth_fit(rows: Sequence[FrontVelocity], equal: float | None) -> dict[str, Any] | None:
    """The numbers of `FORM` by least squares on ln v, and ``residual``, the root mean square of what is left of ln v.

    Without the load of equal energies (``equal``, K / K_G) there is no fit, and none from fewer than `POINTS` points or from one
    temperature, which cannot tell v0 from q0.
    """
    points = [] if equal is None else [row for row in usable(rows) if row.K_over_KG > equal]
    T = np.array([row.temperature for row in points])
    if equal is None or len(points) < POINTS or len(set(T.tolist())) < 2:
        return None
    K, beta = np.array([row.K_over_KG for row in points]), 1.0 / (KB * T)
    A = np.column_stack([np.ones_like(K), -beta, beta * np.log((K / equal) ** 2 - 1.0)])
    b = np.log([row.velocity for row in points])
    found, _, rank, _ = np.linalg.lstsq(A, b, rcond=None)
    if rank < A.shape[1]:
        return None
    left = A @ found - b
    return {
        "form": FORM,
        "G0": {f"{row.temperature:g}": row.G * (equal / row.K_over_KG) ** 2 for row in points},
        "v0": float(np.exp(found[0])),
        "q": found[1:].tolist(),
        "residual": float(np.sqrt(np.mean(left**2))),
        "largest": float(np.abs(left).max()),
        "points": len(points),
        "K_over_KG": [float(min(row.K_over_KG for row in points)), float(max(row.K_over_KG for row in points))],
        "temperature": [float(T.min()), float(T.max())],
    }
