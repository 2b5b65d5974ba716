"""Fronts of many periods for the tests: a disc of silicon with all its atoms, a coupled one, and plane openings by hand."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
from mpi4py import MPI

from atomistics import load_potential
from atomistics.potentials.stillinger_weber import SILICON
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from tests.lammps_engine import lammps_energy_forces
from tests.qc.models import material

COLUMN = 3.3258
"""Distance of the columns of bonds in silicon (111)[1-10], A."""


def silicon_front(periods: int, comm: MPI.Comm = MPI.COMM_WORLD, **changes: object) -> CrackSystem:
    """Holland-Marder silicon (111)[1-10]: all atoms of a disc of 15 A, or other settings."""
    crystal, potential = material("holland-marder")
    sizes = {"core_radius": 11.0, "blend_width": 3.0, "domain_radius": 15.0, "method": "atomistic", "face_strip": False, "order": 1}
    return CrackSystem(crystal, potential, CrackSpec(**(sizes | {"front_periods": periods} | changes)), comm=comm)  # type: ignore[arg-type]


SMALL = {"core_radius": 9.0, "blend_width": 5.0, "domain_radius": 26.0}
"""A coupled front of two thirds of the unknowns, for what is compared with itself."""


def coupled_front(periods: int, comm: MPI.Comm = MPI.COMM_WORLD, **changes: object) -> CrackSystem:
    """The same within a continuum: atoms, handshake, nodes and inner shifts."""
    sizes = {"core_radius": 12.5, "blend_width": 6.0, "domain_radius": 34.0, "method": "bgfc"}
    return silicon_front(periods, comm, **(sizes | changes))


def iron_front(periods: int, comm: MPI.Comm = MPI.COMM_WORLD) -> CrackSystem:
    """A disc of iron (110)[001], whose columns have two bonds a period."""
    crystal, _ = material("iron")
    sizes = {"core_radius": 9.0, "blend_width": 3.0, "domain_radius": 13.0, "method": "atomistic", "face_strip": False}
    spec = CrackSpec(**(sizes | {"front_periods": periods}))  # type: ignore[arg-type]
    return CrackSystem(crystal, load_potential("Fe_mm.eam.fs"), spec, comm=comm)


def opening(system: CrackSystem, reach: np.ndarray, gap: float = 3.0):  # type: ignore[no-untyped-def]
    """Displacements of the local atoms: above the plane up by a gap (A) where x is less than what ``reach`` says for the period."""
    atoms = system.model.atomistic
    assert atoms is not None
    X, period = atoms.halo.X, atoms.halo.key[:, 2]
    return np.outer((X[:, 1] > 0) & (X[:, 0] < np.asarray(reach)[period]), [0.0, gap, 0.0])


def lammps(system: CrackSystem, q, tmp_path: Path) -> tuple[float, np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """Sum of the site energies of the model and forces (n, 3) of all atoms at unknowns q; which atoms are free."""
    term, own = system.model.atomistic, system.model.parts.atoms
    y = term.positions(system.model.coupling.variables(q)["atoms"])
    atoms = ase.Atoms(["Si"] * len(y), y, cell=[0, 0, system.model.thickness], pbc=[False, False, True])
    eps, sigma, a, _, gamma, c0, A, B, p, q_ = SILICON[:10]
    numbers = (eps, sigma, a, 42.0, gamma, c0, A, B, p, q_, 0.0)
    path = tmp_path / "bent.sw"
    path.write_text("Si Si Si " + " ".join(repr(float(number)) for number in numbers) + "\n")
    energy, forces, _ = lammps_energy_forces(atoms, "sw", str(path), ["Si"])
    return float(np.sum(energy)), forces, own.free
