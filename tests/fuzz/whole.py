"""Whole files that the mutations begin with."""

from __future__ import annotations

import functools

import numpy as np

POTENTIALS = {
    "setfl": ("toy.eam.alloy", "fcc", "Xx"),
    "sw": ("Si.sw", "diamond", "Si"),
    "tersoff": ("Si.tersoff", "diamond", "Si"),
}
"""File, structure and element of each kind."""


@functools.cache
def text_of(kind: str) -> bytes:
    """A whole file of a kind."""
    return _setfl() if kind == "setfl" else SW if kind == "sw" else TERSOFF


def _setfl() -> bytes:
    """A small table of a pair functional: a file of some kB is changed in more telling places than one of MB."""
    n, cutoff = 60, 4.0
    r, rho = np.linspace(0, cutoff, n), np.linspace(0, 30, n)
    tail = (1 - r / cutoff) ** 3 * (r < cutoff)
    columns = [-2.0 * np.sqrt(rho), 8 * np.exp(-1.2 * r) * tail, r * 900 * np.exp(-2.8 * r) * tail]
    head = f"toy\n\n\n1 Xx\n{n} {rho[1]:.10g} {n} {r[1]:.10g} {cutoff}\n29 63.5 3.6 fcc\n"
    return (head + "\n".join("\n".join(f"{v:.10g}" for v in column) for column in columns) + "\n").encode()


SW = b"""# DATE: 2007-06-11 UNITS: metal
Si Si Si 2.1683  2.0951  1.80  21.0  1.20  -0.333333333333
         7.049556277  0.6022245584  4.0  0.0 0.0
"""
TERSOFF = b"""# UNITS: metal
Si Si Si 3.0 1.0 1.7322 1.0039e5 16.218 -0.59826 0.78734 1.0999e-6
         1.7322 471.18 2.85 0.15 2.4799 1830.8
"""
