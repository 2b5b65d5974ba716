"""The R-curve: load, length and energy of each bond that a propagating crack has broken."""

from __future__ import annotations

CURVE_COLUMNS = (
    "event",
    "branch",
    "bonds",
    "a",
    "a_after",
    "K",
    "K_over_KG",
    "K_low",
    "K_high",
    "J_before",
    "J_after",
    "dE_da",
    "two_gamma_minus_J",
    "off_plane_broken",
    "new_neighbours",
)
"""Columns of ``r_curve.csv``: tip position before and after in the crystal, A; K and its bracket, MPa m^1/2; J/m^2."""
