"""A crystal at temperature: the size, shape and elastic constants at which its free energy is least, quasi-harmonic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomistics import Crystal
from fem.log_strain import log_strain
from fem.phonons import Share, alone, terahertz
from fem.thermal import Sampled, ThermalMaterial, ThermalRangeError

from .griffith import named_constants
from .rest import axial_ratio, deformed

STEP = 5.0
"""K on either side for the coefficient of expansion."""


@dataclass(frozen=True, kw_only=True)
class Warm:
    """A crystal at temperature, at zero pressure.

    Attributes
    ----------
    temperature : float
        K.
    crystal : Crystal
        Lattice constant, shape and inner shifts of this temperature.
    stretch : (3, 3) ndarray
        U of the crystal at rest at 0 K, classical.
    strain : float
        Mean linear thermal strain, tr ln U over the dimension.
    expansion : float
        Its slope by temperature, 1/K.
    constants : (6, 6) ndarray
        Isothermal, crystal axes, GPa.
    stiffness : (6, 6) ndarray
        The same in laboratory axes, of which y is the normal of the cleavage plane.
    free_energy : float
        Of the vibrations, eV per cell.
    highest : float
        Frequency, THz.
    amplitude : float or None
        Root mean square displacement of an atom over the nearest-neighbour distance, classical; None of a sheet, where it
        grows with the size.
    stress_error : float
        Part of the thermal stress that the polynomial of strain misses.
    """

    temperature: float
    crystal: Crystal
    stretch: np.ndarray
    strain: float
    expansion: float
    constants: np.ndarray
    stiffness: np.ndarray
    free_energy: float
    highest: float
    amplitude: float | None
    stress_error: float

    def row(self) -> dict[str, float | None]:
        """Plain numbers for tables: A, GPa, 1/K, THz."""
        hcp = self.crystal.structure == "hcp"
        return {
            "temperature": self.temperature,
            "lattice_constant": self.crystal.a,
            "axial_ratio": axial_ratio(self.crystal) if hcp else None,
            "strain": self.strain,
            "expansion": self.expansion,
            **named_constants(self.constants, self.crystal.dimension),
            "highest_frequency": self.highest,
            "amplitude": self.amplitude,
        }


def warm_crystal(sampled: Sampled, temperature: float, quantum: bool = False, share: Share = alone) -> Warm:
    """The crystal at a temperature in K.

    Parameters
    ----------
    sampled : Sampled
        Vibrations of the crystal at rest at 0 K.
    temperature : float
    quantum : bool
    share : callable
        As for `Vibrations.eigenvalues`.

    Raises
    ------
    ThermalRangeError
        It would have to be larger than the strains at which its vibrations are known.
    UnstableCrystalError
        At the size of the temperature a wave grows by itself.
    """
    material = ThermalMaterial(sampled, temperature, quantum)
    U = material.at_rest()
    crystal = deformed(material.crystal, U, material.relaxed_shifts(U[None])[0])
    vibrations = sampled.vibrations
    eigenvalues = vibrations.eigenvalues(U[None], share=share)
    moved = vibrations.mean_squares(U[None], share)[0] if material.crystal.dimension == 3 else None
    nearest = crystal.nearest_neighbour_distance
    return Warm(
        temperature=temperature,
        crystal=crystal,
        stretch=U,
        strain=_linear(material, U),
        expansion=_expansion(sampled, temperature, quantum),
        constants=material.constants_at(U),
        stiffness=material.constants_at(U, crystal_axes=False),
        free_energy=float(vibrations.free_energy(eigenvalues, temperature, quantum)[0]),
        highest=float(terahertz(eigenvalues.max())),
        amplitude=None if moved is None else float(np.sqrt(moved * temperature)) / nearest,
        stress_error=material.stress_error,
    )


def _linear(material: ThermalMaterial, U: np.ndarray) -> float:
    """Mean linear strain of a stretch."""
    return float(np.trace(log_strain(U[None])[0])) / material.crystal.dimension


def _expansion(sampled: Sampled, temperature: float, quantum: bool) -> float:
    """d strain / dT, 1/K; near 0 K from above."""
    low, high = max(temperature - STEP, 0.0), temperature + STEP
    strains = []
    for T in (low, high):
        material = ThermalMaterial(sampled, T, quantum)
        try:
            strains.append(_linear(material, material.at_rest()))
        except ThermalRangeError:
            return float("nan")
    return (strains[1] - strains[0]) / (high - low)
