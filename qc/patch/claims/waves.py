"""A pulse that leaves the core: what comes back of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root

from ...coupling.model import Model
from ...drive.dynamics import Dynamics
from ...drive.masses import lumped_masses
from ...drive.motion import DynamicsSpec
from ...drive.stadium import SMOOTH, StadiumSpec
from ..infinite import InfiniteCrystal, force_constants
from ..model import PatchTest
from ..words import Deformation
from .finding import Finding

CORE, PROBE, MARGIN, PULSE = 12.0, 10.0, 6.0, 4.0
"""Radii of the core and of where energy is measured, what the domain has beyond the handshake, width of the pulse; in nn."""
GROWTH = 0.3
"""Of the mesh beyond the handshake: so coarse that without friction most of a wave comes back."""
AMPLITUDE = 1e-3
"""Of the pulse, in nn: 1e-6 of its energy is not harmonic."""
STEP = 0.9
"""Time step by the largest frequency; the infinite crystal has the same."""
LATE = (48.0, 120.0)
"""When energy is measured: times the largest speed of sound by nn. A wave has left by the first and come back by the second."""
EVERY = 3
"""Steps between two measurements."""
ALLOWED = {3.5: 0.05, 6.0: 0.05, 12.0: 0.12}
"""Largest relative difference from the infinite crystal, by the wavelength in nn."""
LEAST = 10.0
"""Times the energy that is left without friction, or the test tests nothing."""


def no_reflection(test: PatchTest, deformation: Deformation) -> Finding:
    """Late energy in the core after a pulse of 6 nn has left is the infinite crystal's; without friction it is ten times as large."""
    return _finding(test, (6.0,))


def no_reflection_of_any(test: PatchTest, deformation: Deformation) -> Finding:
    """The same for pulses of 3.5, 6 and 12 nn; what is left of one of 24 nn is told."""
    return _finding(test, (3.5, 6.0, 12.0, 24.0))


def _finding(test: PatchTest, wavelengths: Sequence[float]) -> Finding:
    trial = Trial(test)
    numbers: dict[str, dict[str, float]] = {}
    worst, echo = 0.0, np.inf
    for length in wavelengths:
        crystal, damped = trial.crystal(length), trial.model_share(length, StadiumSpec())
        numbers[f"{length:g}"] = {"infinite": crystal, "stadium": damped}
        if length in ALLOWED:
            free = trial.model_share(length, None)
            numbers[f"{length:g}"]["undamped"] = free
            worst = max(worst, abs(damped / crystal - 1.0) / ALLOWED[length])
            echo = min(echo, free / damped)
    note = "; ".join(
        f"{name} nn: " + ", ".join(f"{where} {value:.3g}" for where, value in shares.items()) for name, shares in numbers.items()
    )
    return Finding(
        measured=worst,
        tolerance=1.0,
        expected="energy left in the core is the infinite crystal's (5 %; 12 nn: 12 %); without friction ten times as much",
        passed=bool(worst <= 1.0 and echo >= LEAST),
        note=note,
        numbers=numbers,
    )


class Trial:
    """Pulses in a coupled model and in the infinite crystal, by the same steps. Construction and use are collective."""

    def __init__(self, test: PatchTest) -> None:
        setup, self._comm = test.setup, test.comm
        self._nn = setup.nn
        radius = CORE + SMOOTH + MARGIN
        spec = setup.spec(test.method, np.eye(3), CORE, SMOOTH, radius)
        self._model: Model = test.build(replace(spec, mesh_growth=GROWTH))
        atoms = PatchTest(setup, "atomistic", comm=MPI.COMM_SELF)
        small = atoms.model(np.eye(3), radius=2.0 + 2.0 * setup.potential.cutoff / setup.nn)
        self._constants = force_constants(small)
        self._mass = float(lumped_masses(small)[0])
        rest = self._model.parts.layout.create_unknowns()
        self._step = STEP / Dynamics(self._model, rest, DynamicsSpec()).frequency
        speed = np.sqrt(setup.unit / setup.nn ** (setup.crystal.dimension - 1) * setup.crystal.cell_volume / self._mass)
        first, last = (int(t * setup.nn / speed / self._step) for t in LATE)
        self._measured = range(first, last, EVERY)
        self._lattice = setup.lattice
        self._n = 2 * int(np.ceil((PROBE + LATE[1]) * 0.8))

    def _pulse(self, length: float) -> PETSc.Vec:
        q = self._model.parts.layout.create_unknowns()
        q.array[:] = self._field(self._model.X_free[:, :2], length).ravel()
        return q

    def _field(self, x: np.ndarray, length: float) -> np.ndarray:
        """Displacements away from the centre, (n, 2)."""
        r = np.linalg.norm(x, axis=1, keepdims=True) / self._nn
        u = AMPLITUDE * np.exp(-0.5 * (r / PULSE) ** 2) * np.cos(2.0 * np.pi * r / length)
        return np.asarray(u * x / np.maximum(r, 1e-9))

    def crystal(self, length: float) -> float:
        """Mean share of the energy that is kinetic and within the probe, in the infinite crystal."""

        def share() -> float:
            cell = np.stack(np.meshgrid(*[np.arange(self._n)] * 2, indexing="ij"), -1).reshape(-1, 2)
            x = self._lattice.vertices((cell + self._n // 2) % self._n - self._n // 2)
            waves = InfiniteCrystal(self._constants, self._mass, self._field(x, length).reshape(self._n, self._n, 2), self._step)
            inside = np.linalg.norm(x, axis=1) < PROBE * self._nn
            found = [0.5 * self._mass * (waves.velocity(s).reshape(-1, 2)[inside] ** 2).sum() for s in self._measured]
            return float(np.mean(found)) / waves.energy

        return float(on_root(self._comm, share))

    def model_share(self, length: float, stadium: StadiumSpec | None) -> float:
        """The same in the coupled model."""
        run = Dynamics(self._model, self._pulse(length), DynamicsSpec(time_step=self._step, stadium=stadium))
        whole = run.ledger().balance
        inside = np.linalg.norm(self._model.X_free[:, :2], axis=1) < PROBE * self._nn
        found = []
        for s in self._measured:
            run.step(s - run.steps)
            found.append(run.kinetic_energy(inside))
        return float(np.mean(found)) / whole


ALL_WAVES = "no reflection of any wavelength"
"""Takes a minute: made only where methods are named, the other everywhere."""
WAVE_CLAIMS = {"no reflection": no_reflection, ALL_WAVES: no_reflection_of_any}
"""Claims about waves by the names they have in records."""
