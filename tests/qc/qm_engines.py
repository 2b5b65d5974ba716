"""Cheap engines for the tests, loaded by the worker as ``ase:tests.qc.qm_engines.Class``; they use nothing but numpy and ASE."""

from __future__ import annotations

import os
import sys
import time
from typing import ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class Plain(Calculator):
    implemented_properties: ClassVar = ["energy", "forces", "stress"]

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        E, F = self.energy_forces(self.atoms)
        self.results = {"energy": E, "free_energy": E, "forces": F, "stress": np.zeros(6)}


class Zero(Plain):
    """Always zero: must fail an audit."""

    def energy_forces(self, atoms):
        return 0.0, np.zeros((len(atoms), 3))


class Strict(Zero):
    """Knows one parameter."""

    def __init__(self, depth=1.0):
        super().__init__()


class Capped(Plain):
    """A molecular force field for Si and H: Morse bonds within 1.35 lengths of equilibrium, so that link atoms carry force."""

    elements = ("Si", "H")
    length: ClassVar = {("Si", "Si"): (2.40, 2.0, 1.4), ("H", "Si"): (1.50, 3.0, 1.5)}

    def energy_forces(self, atoms):
        y, symbols = atoms.positions, np.array(atoms.get_chemical_symbols())
        d = y[:, None] - y[None]
        r = np.linalg.norm(d, axis=2) + 10.0 * np.eye(len(y))
        E, F = 0.0, np.zeros_like(y)
        for (a, b), (r0, depth, width) in self.length.items():
            pair = (symbols[:, None] == a) & (symbols[None] == b) | (symbols[:, None] == b) & (symbols[None] == a)
            x = np.exp(-width * (r - r0))
            c = np.clip((1.9 * r0 - r) / (0.6 * r0), 0.0, 1.0)  # smooth end
            fc, dfc = c**3 * (10 - 15 * c + 6 * c * c), -30 * c**2 * (1 - c) ** 2 / (0.6 * r0)
            v, dv = depth * (x * x - 2 * x), -2 * width * depth * (x * x - x)
            E += 0.5 * (pair * v * fc).sum()
            F -= ((pair * (dv * fc + v * dfc) / r)[:, :, None] * d).sum(1)
        return float(E), F


class Crash(Plain):
    """Its process dies."""

    def energy_forces(self, atoms):
        print("last words of the engine", file=sys.stderr, flush=True)
        os.abort()


class Hang(Plain):
    """Never answers."""

    def energy_forces(self, atoms):
        time.sleep(3600)


class Stubborn(Plain):
    """Does not converge."""

    def energy_forces(self, atoms):
        raise RuntimeError("SCF did not converge in 250 iterations")


class SecondTry(Capped):
    """Dies at the first attempt of each run of the test, works at the next: a file remembers."""

    def __init__(self, memory, **kwargs):
        super().__init__(**kwargs)
        if not os.path.exists(memory):
            open(memory, "w").close()
            os.abort()
