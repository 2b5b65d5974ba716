"""The vibrations of a material as a material of their own: what the continuum term sums with weights that are not those of W."""

from __future__ import annotations

import numpy as np

from .log_strain import log_strain, stress_and_tangent
from .symmetry import unit_strains
from .thermal import ThermalMaterial


class Vibrational:
    """f(F, T) / v0 of a `ThermalMaterial`, without W; the part of `CauchyBornMaterial` that `ContinuumEnergy` asks for.

    Parameters
    ----------
    material : ThermalMaterial
    about : (3, 3) ndarray, optional
        f is taken to the second order in the logarithmic strain about this deformation, which has no range: the strains of cells that
        move go beyond that of the polynomial for moments. Without it strains beyond the material's range are refused.

    Attributes
    ----------
    material : ThermalMaterial
        As given.

    Raises
    ------
    ThermalRangeError
        A strain beyond ``material.radius``, where f is the polynomial itself.
    """

    def __init__(self, material: ThermalMaterial, about: np.ndarray | None = None) -> None:
        self.material = material
        self._unit = unit_strains(material.crystal.dimension)
        self._middle = None if about is None else self._components(np.asarray(about, dtype=float)[None])
        self._known = None if self._middle is None else material.by_strain(self._middle)

    def energy_density(self, F_kij: np.ndarray) -> np.ndarray:
        """f / v0 (n,) for deformation gradients (n, 3, 3), eV/A^3 (2-D: eV/A^2)."""
        return self._evaluate(F_kij, False)[0]

    def energy_and_stress(self, F_kij: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same, and its first Piola-Kirchhoff stress (n, 3, 3)."""
        return self._evaluate(F_kij, False)[:2]

    def stress(self, F_kij: np.ndarray) -> np.ndarray:
        """First Piola-Kirchhoff stress (n, 3, 3), eV/A^3."""
        return self._evaluate(F_kij, False)[1]

    def tangent(self, F_kij: np.ndarray) -> np.ndarray:
        """dP/dF (n, 3, 3, 3, 3), eV/A^3."""
        return self._evaluate(F_kij, True)[2]

    def _components(self, F: np.ndarray) -> np.ndarray:
        return np.einsum("nij,kij->nk", log_strain(F), self._unit)

    def _evaluate(self, F_kij: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if self._known is None:
            return self.material.vibrational(F_kij, second)
        f, s, c = (part[0] for part in self._known)
        h = self._components(F_kij) - self._middle
        slope = h @ c
        stress = np.einsum("nk,kij->nij", s + slope, self._unit)
        tangent = np.einsum("kl,kij,lab->ijab", c, self._unit, self._unit)
        every = np.broadcast_to(tangent, (len(h), *tangent.shape)) if second else None
        return f + h @ s + 0.5 * np.einsum("nk,nk->n", slope, h), *stress_and_tangent(F_kij, stress, every)
