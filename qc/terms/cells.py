"""What terms whose energy is a sum over cells have in common."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..unknowns.layout import Rows
from .term import PairBlocks, Pairs, Term


class CellTerm(Term):
    """The energy of a field of cells with the map of its variables: a term whose lists never change.

    Parameters
    ----------
    energy : ContinuumEnergy or ShiftedContinuumEnergy
    rows : Rows
        Of its variables: nodes, and with shifts those of the vertices behind them.

    Attributes
    ----------
    field : ContinuumEnergy or ShiftedContinuumEnergy
    """

    def __init__(self, energy: ContinuumEnergy | ShiftedContinuumEnergy, rows: Rows) -> None:
        self.field, self._rows = energy, rows

    @property
    def rows(self) -> Rows:
        """Rows of the nodes."""
        return self._rows

    def energy(self, z: np.ndarray) -> float:
        """Energy of this rank's cells minus that of the perfect crystal, eV."""
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
        """Pairs of some cells at a time; with shifts as unknowns there are few cells, and they come all at once."""
        if isinstance(self.field, ContinuumEnergy):
            return self.field.pattern_chunks()
        return super().pattern_chunks()

    def hessian_chunks(self, z: np.ndarray) -> Iterator[PairBlocks]:
        """The same with their blocks."""
        if isinstance(self.field, ContinuumEnergy):
            return self.field.hessian_chunks(z)
        return super().hessian_chunks(z)
