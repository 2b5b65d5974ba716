"""Second derivatives of atoms beside energy and forces of the same potential, one core, microseconds per atom.

The lists are those of the solver (skin 0.6 A) and as short as can be (none). Ratios are to energy and forces, over half of the list
and, for EAM, site by site.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from atomistics import NeighbourList, load_potential
from benchmarks.kernels import CASES, Case
from benchmarks.measure import Report, cpu_seconds, in_turns

TARGETS = {"H v, factored": 0.7, "H, assembled": 25.0, "H, pair part": 4.0}
"""In evaluations of energy and forces, for EAM."""


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {
        "case": "s",
        "skin": ".1f",
        "what": "s",
        "us/atom": ".2f",
        "forces": ".1f",
        "forces by site": ".1f",
        "target": ".1f",
    }
    report = Report(
        "hessian", "Hessians, microseconds of CPU per atom and in evaluations of energy and forces", columns
    )
    for name in ("EAM Cu", "EAM Fe", "SW Si"):
        for skin in (0.0, 0.6):
            report.rows += measured(name, CASES[name], 1_000 if quick else 7_000, skin, repeats)
    report.notes.append(
        "assembled: values into an array that is there, for a pattern that is known; pattern: once for a list"
    )
    return report


def measured(name: str, case: Case, size: int, skin: float, repeats: int) -> list[dict[str, Any]]:
    """All tasks in turns."""
    atoms, potential = case.atoms(size), load_potential(case.file, (case.element,))
    n, y, cell = len(atoms), atoms.positions, np.array(atoms.cell)
    lists = [NeighbourList(y, potential.cutoff, skin, cell, atoms.pbc) for _ in range(2)]
    lists[1].half = None  # site by site
    nl, w, v = lists[0], np.ones(n), np.random.default_rng(0).normal(size=(n, 3))
    args = (y, potential.types_of(atoms.get_chemical_symbols()), nl, w)
    factors, pattern = potential.factors(*args), potential.hessian_pattern(nl, n, w)
    tasks: dict[str, Any] = {
        "energy and forces": partial(potential.energy_gradient, *args),
        "site by site": partial(potential.energy_gradient, *args[:2], lists[1], w),
        "factors": partial(potential.factors, *args),
        "H v, factored": partial(potential.hessian_vector, factors, nl, v),
        "H, assembled": partial(potential.hessian_blocks, *args, pattern, np.empty((len(pattern.cols), 3, 3))),
        "pattern": partial(potential.hessian_pattern, nl, n, w),
    }
    if potential.radial:
        pairs = potential.hessian_pattern(nl, n, w, many_body=False)
        tasks["H, pair part"] = partial(potential.hessian_blocks, *args, pairs, np.empty((len(pairs.cols), 3, 3)))
    else:
        del tasks["site by site"]
    seconds = in_turns({what: partial(cpu_seconds, task) for what, task in tasks.items()}, repeats)
    force, by_site = seconds["energy and forces"], seconds.get("site by site")
    return [
        {
            "case": name, "atoms": n, "skin": skin, "what": what, "us/atom": 1e6 * t / n, "forces": t / force,
            "forces by site": t / by_site if by_site else None,
            "target": TARGETS.get(what) if potential.radial else None, "blocks a row": len(pattern.cols) / n,
        }
        for what, t in seconds.items()
    ]  # fmt: skip
