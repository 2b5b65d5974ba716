"""The continuum as a term."""

from __future__ import annotations

import numpy as np

from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..unknowns.layout import Rows


class ContinuumTerm:
    """The continuum energy with the map of its nodes: a term whose lists never change."""

    def __init__(self, energy: ContinuumEnergy | ShiftedContinuumEnergy, rows: Rows) -> None:
        self.name, self.rows, self.field = energy.name, rows, energy
        self.energy, self.energy_gradient = energy.energy, energy.energy_gradient
        self.pattern, self.hessian_blocks = energy.pattern, energy.hessian_blocks
        if isinstance(energy, ContinuumEnergy):
            self.pattern_chunks, self.hessian_chunks = energy.pattern_chunks, energy.hessian_chunks

    def refresh(self, z: np.ndarray) -> bool:
        """Never too old."""
        return False

    def update(self, z: np.ndarray) -> None:
        """Nothing to do."""
