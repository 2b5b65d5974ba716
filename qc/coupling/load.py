"""What loads a coupled model: prescribed displacements, and the dead load of methods that have one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ..unknowns.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Load:
    """A load, to be imposed on a coupling.

    Attributes
    ----------
    prescribed : (n_prescribed, components) ndarray
        Displacements of this rank's prescribed blocks, A.
    dead_load : PETSc.Vec or None
        Forces on the unknowns that no state changes, eV/A; None: there are none.
    """

    prescribed: np.ndarray
    dead_load: PETSc.Vec | None = None

    @classmethod
    def none(cls, layout: Layout) -> Load:
        """Nothing is displaced, no force acts."""
        return cls(prescribed=np.zeros((layout.n_prescribed, layout.components)))
