"""A coupled model under a load that can be changed: all that the drives know of a crack."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from petsc4py import PETSc

from ..coupling.model import Model


class Loaded(Protocol):
    """A model and one load parameter K.

    A level is K / K_G, without a unit: K of level 1 is K_G.

    Attributes
    ----------
    model : Model
    """

    model: Model

    @property
    def K_G(self) -> float:
        """Load of level 1, MPa m^1/2."""

    def imposed_displacement(self, K: float) -> np.ndarray:
        """(n, components) values of this rank's blocks in the field that load K (MPa m^1/2) imposes, A.

        It is prescribed on the outer boundary and a first guess inside.
        """

    def imposed_rate(self) -> np.ndarray:
        """(n, components) by how much that grows with K, the same at every K, A per MPa m^1/2."""

    def load(self, K: float) -> None:
        """Put the model under load K: prescribed blocks, and the dead load of methods that have one."""

    def start(self, K: float) -> PETSc.Vec:
        """Unknowns in the imposed field at K."""
