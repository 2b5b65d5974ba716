"""How a model is to move: settings, start, and what a run that goes on needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..coupling.model import Model
from ..errors import InputError
from .ledger import KB
from .masses import lumped_masses
from .noise import HashedNormal
from .stadium import StadiumSpec

USUAL, LARGEST = 0.3, 1.0
"""Time step where none is given, and the largest allowed, in units of 1 / omega_max: Verlet's method is unstable from 2 on, and
frequencies rise where bonds are compressed."""
NUDGE = 1e-3
"""Time over which velocities are added to displacements to see how what follows them moves, ps: no list of neighbours minds."""


@dataclass(frozen=True, kw_only=True)
class DynamicsSpec:
    """How a model moves.

    Attributes
    ----------
    time_step : float or None
        ps; None: 0.3 / omega_max.
    stadium : StadiumSpec or None
        Friction outside the core; None: there is none, and energy is conserved.
    temperature : float
        K of the noise where there is friction.
    seed : int
        Of the noise.
    masses : mapping
        amu by species, in place of the atomic weights.
    """

    time_step: float | None = None
    stadium: StadiumSpec | None = None
    temperature: float = 0.0
    seed: int = 0
    masses: Mapping[str, float] = field(default_factory=dict)

    def check(self, model: Model) -> None:
        """`InputError` for what makes no sense with a model."""
        if self.time_step is not None and not (np.isfinite(self.time_step) and self.time_step > 0):
            raise InputError(f"time_step = {self.time_step:g} ps is not allowed: a number > 0 is expected")
        if not (np.isfinite(self.temperature) and self.temperature >= 0):
            raise InputError(f"temperature = {self.temperature:g} K is not allowed: a number >= 0 is expected")
        if self.temperature > 0 and not model.coupling.has_energy:
            raise InputError(
                f"temperature = {self.temperature:g} K does not go with method {model.spec.method}, which blends forces: they heat "
                "without end; bgrac, bgfc or 0 is expected"
            )
        if self.temperature > 0 and self.stadium is None:
            raise InputError(f"temperature = {self.temperature:g} K needs a stadium: noise acts where there is friction")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    steps : int
    frequency : float
        The largest about its start, 1/ps: time step and stadium follow from it.
    sums : list of float
        Dissipated energy, heat and work since the start, eV.
    """

    steps: int
    frequency: float
    sums: list[float]


def thermal_velocities(model: Model, temperature: float, seed: int = 0, masses: Mapping[str, float] | None = None) -> np.ndarray:
    """(n_free, components) velocities of Maxwell's distribution, hashed from the names, A/ps. Collective."""
    n = model.parts.layout.n_free
    mass = lumped_masses(model, masses)[:n]
    noise = HashedNormal(model.parts.key[:n], model.parts.layout.components, seed)(-1)
    return noise * np.sqrt(KB * temperature / mass)[:, None]


def rates(coupling: Coupling, q: PETSc.Vec, velocity: np.ndarray) -> dict[str, np.ndarray]:
    """Velocities of each term's variables by its name, also of those that follow others, A/ps, under a boundary at rest. Collective."""
    nudged = q.copy()
    nudged.array[:] += NUDGE * velocity.ravel()
    there, here = coupling.variables(nudged), coupling.variables(q)
    return {name: (there[name] - z) / NUDGE for name, z in here.items()}


def start_velocity(model: Model, given: np.ndarray | None) -> np.ndarray:
    """(n_free, components) velocities, A/ps, 0 where none are given; `InputError` if one is no number. Collective."""
    layout = model.parts.layout
    velocity = np.zeros((layout.n_free, layout.components))
    if given is not None:
        velocity[:] = given
    if not model.comm.allreduce(bool(np.isfinite(velocity).all()), op=MPI.LAND):
        raise InputError("velocities to start from must be finite numbers")
    return velocity


def time_step_of(given: float | None, frequency: float) -> float:
    """The time step given, or the usual one, ps; `InputError` if it is too large for the largest frequency, 1/ps."""
    if given is None:
        return USUAL / frequency
    largest = LARGEST / frequency
    if given > largest:
        raise InputError(
            f"time_step = {given:g} ps is too large: the largest allowed is {largest:.4g} ps, 1 over the largest frequency "
            f"{frequency:.4g}/ps"
        )
    return given
