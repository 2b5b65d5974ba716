"""Calculators of forces for the tests: this code's own potentials behind ASE, with twins that are another potential."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, Morse, load_potential
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import ModelSpec
from qc.material.cleavage import crack_lattice
from qc.unknowns.regions import Core

ALPHA = 3.7
"""Of the twin of Morse's crystal (alpha = 4): as stiff, but softer when drawn out."""


def sheet() -> tuple[Crystal, Morse, ForcesOnly]:
    """The crystal of Morse, the potential, and its calculator with a twin."""
    real = Morse()
    twin = Morse(D=(4.0 / ALPHA) ** 2, alpha=ALPHA)
    return Crystal.hexagonal().resolved(real), real, ForcesOnly(real.calculator(), ("X",), 2 * real.cutoff, twin=twin)


def iron(calculator: Calculator | None = None) -> tuple[Crystal, object, ForcesOnly]:
    """As `sheet`, iron; its twin is the potential itself, so that only the calculator is looked at."""
    real = load_potential("Fe_mm.eam.fs")
    crystal = Crystal.bcc("Fe", 2.855325).oriented((1, 1, 0), (0, 0, 1))
    return crystal, real, ForcesOnly(calculator or real.calculator(), ("Fe",), 2 * real.cutoff, twin=real)


def small(crystal: Crystal, potential: object, comm: MPI.Comm = MPI.COMM_WORLD, method: str = "bqcf") -> Model:
    """A model of few atoms."""
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method=method, core=Core(3 * nn), blend_width=4 * nn, radius=18 * nn)
    return build_model(comm, crystal, potential, crack_lattice(crystal), spec)  # type: ignore[arg-type]


class Faulty(Calculator):
    """Does something wrong on structures of more than one atom, or always."""

    implemented_properties: ClassVar = ["energy", "forces", "stress"]

    def __init__(self, fault: str, least: int = 1) -> None:
        super().__init__()
        self.fault, self.least = fault, least

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        n, wrong = len(self.atoms), len(self.atoms) >= self.least
        if wrong and self.fault == "raises":
            raise RuntimeError("out of\nmemory")
        forces = np.full((n, 3), np.nan if wrong and self.fault == "nan" else 0.0)
        self.results = {"energy": 0.0, "forces": forces[:-1] if wrong and self.fault == "short" else forces}
        if not (wrong and self.fault == "no stress"):
            self.results["stress"] = np.zeros(6)
