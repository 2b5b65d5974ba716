"""One migration of a kink three ways: the driven bond, ASE's climbing NEB on the coupled model, the same NEB on LAMMPS' forces.

    python -m benchmarks.neb [--images 7] [--model disc coupled]

Holland-Marder silicon (111)[1-10] at 1.1 K_G: from one period ahead to two, in a disc of 15 A of three periods with all its atoms and in
a coupled model (core 12, radius 34 A) of four. LAMMPS' own ``neb`` needs a partition of processes for each image, which one process
does not have, so that its forces go through ASE's NEB, too; on all atoms only. Writes ``benchmarks/results/neb.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ase.calculators.calculator import Calculator, all_changes
from ase.mep import NEB
from ase.optimize import FIRE

from benchmarks.fronts import LEVEL, silicon
from benchmarks.measure import RESULTS
from qc.crack.front import FrontTracker
from qc.crack.kinks import growth
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from qc.crack.system import CrackSystem
from qc.drive.ase_view import CoupledCalculator
from qc.drive.bond_drive import BondDrive
from qc.drive.saddle import End, Saddle
from tests.qc.crack.fronts import lammps

if TYPE_CHECKING:
    from ase import Atoms
    from petsc4py import PETSc

MODELS: dict[str, tuple[int, str, float, float, float]] = {
    "disc": (3, "atomistic", 11.0, 15.0, 3.0),
    "coupled": (4, "bgfc", 12.0, 34.0, 6.0),
}
"""Periods along the front, method, core and domain radius, width of the handshake, A."""

FORCE = 0.005
"""Largest force on an image at the end, eV/A."""

STEPS = 600


def migration(system: CrackSystem, events: int = 2) -> tuple[Saddle, End, End]:
    """The last of so many bonds that break one after the other from the straight front on, by driving them."""
    one = one_period(system)
    _, ends = straight_fronts(one, LEVEL)
    system.load(LEVEL * system.K_G)
    drive, q = BondDrive(system), Replica(one, system).unknowns(ends[0])
    for period in growth(system.spec.front_periods)[:events]:
        tracker = FrontTracker(system)
        front = tracker.measure(system.model.coupling.variables(q)["atoms"])
        saddle = drive.saddle(q, tracker.pull(front.next_bond(period)))
        assert saddle is not None
        back, on = drive.ends(saddle)
        q = on.q
    return saddle, back, on


def climbing(images: list[Atoms], calculators: Sequence[Calculator], force: float = FORCE) -> tuple[float, float, int]:
    """Barriers there and back, eV, by a climbing NEB between the first and the last image; steps it took.

    It climbs once forces are below ten times the limit: first the path, then its top, as Henkelman, Uberuaga & Jonsson
    (J. Chem. Phys. 113 (2000) 9901) advise.
    """
    for image, calculator in zip(images, calculators, strict=True):
        image.calc = calculator
    steps = 0
    for climb, least in ((False, 10 * force), (True, force)):
        neb = NEB(images, climb=climb, method="improvedtangent", k=1.0)
        if not climb:
            neb.interpolate()
        optimiser = FIRE(neb, logfile=None)
        optimiser.run(fmax=least, steps=STEPS)
        steps += optimiser.nsteps
    energies = [image.get_potential_energy() for image in images]
    return max(energies) - energies[0], max(energies) - energies[-1], steps


def by_coupled(system: CrackSystem, back: PETSc.Vec, on: PETSc.Vec, count: int) -> tuple[float, float, int]:
    """The NEB on the free atoms of the model, the continuum relaxed round each image."""
    K = LEVEL * system.K_G
    starts = [back] * (count - 1) + [on]
    calculators = [CoupledCalculator(system, K, q) for q in starts]
    return climbing([calculator.make_atoms() for calculator in calculators], calculators)


def by_lammps(system: CrackSystem, back: PETSc.Vec, on: PETSc.Vec, count: int) -> tuple[float, float, int]:
    """The same NEB on the energies and forces of LAMMPS for the disc of all atoms."""
    K = LEVEL * system.K_G
    with TemporaryDirectory() as folder:
        calculators = [LammpsOnDisc(system, K, q, Path(folder)) for q in [back] * (count - 1) + [on]]
        return climbing([calculator.make_atoms() for calculator in calculators], calculators)


class LammpsOnDisc(CoupledCalculator):
    """LAMMPS' energies of all atoms of a disc, and its forces on the free ones."""

    def __init__(self, system: CrackSystem, K: float, q: PETSc.Vec, folder: Path) -> None:
        super().__init__(system, K, q)
        self._folder, self._crack = folder, system
        names = [tuple(key) for key in system.model.atomistic.halo.key.tolist()]
        number = {name: n for n, name in enumerate(names)}
        self._free = [number[tuple(key)] for key in self.keys.tolist()]

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """See ASE's."""
        Calculator.calculate(self, atoms, properties, system_changes)
        self.place(self.atoms.positions)
        self.system.load(self.K)
        energy, forces, _ = lammps(self._crack, self.q, self._folder)
        self.results = {"energy": energy, "free_energy": energy, "forces": forces[self._free]}


def row(name: str, count: int) -> dict[str, Any]:
    """One model."""
    system = silicon(*MODELS[name])
    begin = time.process_time()
    saddle, back, on = migration(system)
    driven = time.process_time() - begin
    begin = time.process_time()
    there, home, steps = by_coupled(system, back.q, on.q, count)
    found = {
        "model": name,
        "unknowns": system.model.parts.layout.n_unknowns,
        "images": count,
        "drive": [saddle.energy - back.energy, saddle.energy - on.energy],
        "drive_factorisations": saddle.factorisations,
        "drive_seconds": driven,
        "neb": [there, home],
        "neb_steps": steps,
        "neb_seconds": time.process_time() - begin,
    }
    if name == "disc":
        begin = time.process_time()
        there, home, steps = by_lammps(system, back.q, on.q, count)
        found |= {"lammps": [there, home], "lammps_steps": steps, "lammps_seconds": time.process_time() - begin}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the models that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=7, help="images, both ends included")
    parser.add_argument("--model", nargs="+", choices=list(MODELS), default=list(MODELS))
    options = parser.parse_args(arguments)
    rows = [row(name, options.images) for name in options.model]
    (RESULTS / "neb.json").write_text(json.dumps({"level": LEVEL, "rows": rows}, indent=1) + "\n")
    for made in rows:
        sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
