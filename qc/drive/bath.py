"""Friction and noise of Langevin dynamics: the O step of BAOAB."""

from __future__ import annotations

import numpy as np

from ..coupling.model import Model
from .ledger import KB
from .motion import DynamicsSpec
from .noise import HashedNormal


class Bath:
    """Friction and noise of a step: v <- c v + sqrt(kT (1 - c^2) / m) xi with c = exp(-gamma dt), where gamma > 0."""

    def __init__(self, model: Model, mass: np.ndarray, friction: np.ndarray, time_step: float, spec: DynamicsSpec) -> None:
        self._where = np.flatnonzero(friction > 0)
        n, m = len(self._where), model.parts.layout.components
        self._half_mass = 0.5 * mass[self._where]
        c = np.exp(-friction[self._where] * time_step)
        self._keep = np.repeat(c, m).reshape(n, m)
        kT = KB * spec.temperature
        self._size = np.repeat(np.sqrt(kT * (1.0 - c**2) / mass[self._where]), m).reshape(n, m)
        self._noise = HashedNormal(model.parts.key[self._where], m, spec.seed) if kT > 0 else None
        self._v, self._room = np.empty((n, m)), np.empty((n, m))

    def __call__(self, velocity: np.ndarray, step: int) -> tuple[float, float]:
        """Change velocities in place; (energy taken by friction, energy given by the noise) on this rank, eV."""
        v = np.take(velocity, self._where, axis=0, out=self._v, mode="clip")
        before = self._kinetic()
        v *= self._keep
        after = self._kinetic()
        heat = 0.0
        if self._noise is not None:
            np.multiply(self._noise(step), self._size, out=self._room)
            v += self._room
            heat = self._kinetic() - after
        velocity[self._where] = v
        return before - after, heat

    def _kinetic(self) -> float:
        np.multiply(self._v, self._v, out=self._room)
        return float(np.dot(self._half_mass, self._room).sum())
