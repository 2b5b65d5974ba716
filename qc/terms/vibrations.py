"""Free energy of the vibrations that no unknown of the model carries, as a term."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fem.continuum import ContinuumEnergy

from ..unknowns.layout import Rows
from .term import PairBlocks, Pairs, Term


class VibrationTerm(Term):
    """sum_c theta_c Omega_c [f(F_c, T) - f(I, T)] / v0: theta_c is the part of a cell's modes that does not move by itself.

    Parameters
    ----------
    energy : ContinuumEnergy
        Of a `fem.vibrational.Vibrational` material; its weight is theta times the thickness.
    rows : Rows
        Of the nodes.

    Attributes
    ----------
    field : ContinuumEnergy
    """

    name = "vibrations"

    def __init__(self, energy: ContinuumEnergy, rows: Rows) -> None:
        self.field, self._rows = energy, rows

    @property
    def rows(self) -> Rows:
        """Rows of the nodes."""
        return self._rows

    def energy(self, z: np.ndarray) -> float:
        """Free energy of this rank's cells minus that of the undeformed crystal, eV."""
        return self.field.energy(z)

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient (n, components), eV/A."""
        return self.field.energy_gradient(z)

    def pattern(self) -> Pairs:
        """Row and column variables of `hessian_blocks`."""
        return self.field.pattern()

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks, eV/A^2; new, or written over ``out``."""
        return self.field.hessian_blocks(z, out)

    def pattern_chunks(self) -> Iterator[Pairs]:
        """Pairs of some cells at a time."""
        return self.field.pattern_chunks()

    def hessian_chunks(self, z: np.ndarray) -> Iterator[PairBlocks]:
        """The same with their blocks."""
        return self.field.hessian_chunks(z)
