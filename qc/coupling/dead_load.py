"""The dead load of ghost-force correction (BGFC): the defect of blended energy against blended forces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from petsc4py import PETSc

from .coupling import Coupling
from .load import Load


class BlendingDefect:
    """f_dead = g_energy(y0) - g_bqcf(y0), the ghost force of energy blending at a reference state y0 (Ortner & Zhang 2014).

    Only sites near the handshake are summed: deeper in the core both gradients are the same. The two couplings are made when they are
    needed and kept when they are needed again, as under a crack's rising load: a crystal's reference never changes, and their
    neighbour lists would be much of the memory of a large one.
    """

    def __init__(self, energy: Callable[[], Coupling], bqcf: Callable[[], Coupling]) -> None:
        self._build = energy, bqcf
        self._asked = False
        self._kept: tuple[Coupling, Coupling] | None = None

    def dead_load(self, x: np.ndarray, out: PETSc.Vec) -> None:
        """Write the dead load at displacements x (n, components) of this rank's blocks into the vector ``out``, eV/A."""
        if self._asked and self._kept is None:
            self._kept = self._build[0](), self._build[1]()
        self._asked, bqcf = True, out.duplicate()
        for k, g in enumerate((out, bqcf)):
            _gradient(self._build[k]() if self._kept is None else self._kept[k], x, g)
        out.axpy(-1.0, bqcf)


def _gradient(coupling: Coupling, x: np.ndarray, out: PETSc.Vec) -> None:
    """Gradient at displacements x (n, components) of this rank's blocks."""
    n, q = coupling.layout.n_free, coupling.layout.create_unknowns()
    q.array[:] = x[:n].ravel()
    coupling.impose(Load(prescribed=x[n:]))
    coupling.energy_gradient(q, out)
