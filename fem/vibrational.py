"""The vibrations of a material as a material of their own: what the continuum term sums with weights that are not those of W."""

from __future__ import annotations

import numpy as np

from .thermal import ThermalMaterial


class Vibrational:
    """f(F, T) / v0 of a `ThermalMaterial`, without W; the part of `CauchyBornMaterial` that `ContinuumEnergy` asks for.

    Parameters
    ----------
    material : ThermalMaterial

    Attributes
    ----------
    material : ThermalMaterial
        As given. `ThermalRangeError` beyond its ``radius``.
    """

    def __init__(self, material: ThermalMaterial) -> None:
        self.material = material

    def energy_density(self, F_kij: np.ndarray) -> np.ndarray:
        """f / v0 (n,) for deformation gradients (n, 3, 3), eV/A^3 (2-D: eV/A^2)."""
        return self.material.vibrational(F_kij, second=False)[0]

    def energy_and_stress(self, F_kij: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same, and its first Piola-Kirchhoff stress (n, 3, 3)."""
        return self.material.vibrational(F_kij, second=False)[:2]

    def stress(self, F_kij: np.ndarray) -> np.ndarray:
        """First Piola-Kirchhoff stress (n, 3, 3), eV/A^3."""
        return self.material.vibrational(F_kij, second=False)[1]

    def tangent(self, F_kij: np.ndarray) -> np.ndarray:
        """dP/dF (n, 3, 3, 3, 3), eV/A^3."""
        return self.material.vibrational(F_kij)[2]
