"""The Cauchy-Born material, one core: W and P, and W, P and C, microseconds per quadrature point at strains of half a per cent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from atomistics import Crystal, load_potential
from benchmarks.measure import Report, cpu_seconds, in_turns
from fem.cauchy_born import CauchyBornMaterial

MATERIALS: dict[str, tuple[Callable[[], Crystal], str]] = {
    "EAM Cu": (lambda: Crystal.fcc("Cu", 3.615), "Cu_mishin1.eam.alloy"),
    "EAM Fe": (lambda: Crystal.bcc("Fe", 2.855312), "Fe_mm.eam.fs"),
    "SW Si, shifts relaxed": (lambda: Crystal.diamond("Si"), "stillinger-weber"),
    "Holland-Marder Si, shifts relaxed": (lambda: Crystal.diamond("Si"), "holland-marder"),
    "Tersoff Si, shifts relaxed": (lambda: Crystal.diamond("Si"), "tersoff-t3"),
}
TARGET = 15.0
"""Microseconds for W, P and C of EAM with 54 neighbours."""


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"material": "s", "bonds": "d", "W, P": ".1f", "W, P, C": ".1f", "C after W, P": ".1f", "target": ".0f"}
    report = Report("cauchy_born", "Cauchy-Born material, microseconds of CPU per quadrature point", columns)
    for name, (crystal, file) in MATERIALS.items():
        report.rows.append({"material": name, **measured(crystal(), file, 200 if quick else 5_000, repeats)})
    report.notes.append(
        "bonds: of an atom of the perfect crystal; EAM sums one of two opposite ones, Si one of two sublattices"
    )
    report.notes.append(
        "C after W, P: at the deformation gradients of the evaluation before, whose relaxed shifts are remembered"
    )
    return report


def measured(crystal: Crystal, file: str, n: int, repeats: int) -> dict[str, Any]:
    """All in turns, at other deformation gradients than the one before."""
    material = CauchyBornMaterial(crystal, load_potential(file))
    states = [np.eye(3) + 0.005 * np.random.default_rng(seed).normal(size=(n, 3, 3)) for seed in range(3)]
    tasks = {
        "W, P": partial(cpu_seconds, partial(material.energy_and_stress, states[0])),
        "W, P, C": partial(cpu_seconds, partial(material.evaluate, states[1])),
        "C after W, P": partial(cpu_seconds, partial(material.evaluate, states[1])),
    }
    seconds = in_turns(tasks, repeats)
    bonds = len(material.crystal.stencil(material.potential.cutoff))
    per_point = {what: 1e6 * t / n for what, t in seconds.items()}
    return {"points": n, "bonds": bonds, **per_point, "target": TARGET if material.n_basis == 1 else None}
