"""The continuum as a term."""

from __future__ import annotations

from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..unknowns.layout import Rows
from .cells import CellTerm


class ContinuumTerm(CellTerm):
    """The continuum's energy: of cells whose inner shifts relax, or that have them as unknowns, which give the term its name."""

    def __init__(self, energy: ContinuumEnergy | ShiftedContinuumEnergy, rows: Rows) -> None:
        super().__init__(energy, rows)
        self.name = energy.name
