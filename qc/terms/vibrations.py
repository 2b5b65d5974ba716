"""Free energy of the vibrations that no unknown of the model carries, as a term."""

from __future__ import annotations

from .cells import CellTerm


class VibrationTerm(CellTerm):
    """sum_c theta_c Omega_c [f(F_c, T) - f(I, T)] / v0: theta_c is the part of a cell's modes that does not move by itself.

    Its energy is the `ContinuumEnergy` of a `fem.vibrational.Vibrational` material, with the weight theta times the thickness. It is no
    `ContinuumTerm`: stress, strain and J of the fields are those of the potential energy.
    """

    name = "vibrations"
