"""Solvers of small models, and states that they start from."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from qc.coupling.coupling import Coupling
from qc.coupling.model import Model
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.unknowns.names import hashed_noise
from tests.qc.models import deform, shared_model, wave

SHEET = np.eye(3) + 0.01 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0, 0, 0]])


def sheet(method: str = "bgfc") -> Model:
    """A plane crystal without a crack."""
    return shared_model("toy", method)


def disturbed(m: Model, size: float = 0.05) -> PETSc.Vec:
    """Unknowns beside the uniform state that the model is loaded for, by ``size`` A."""
    q = deform(m, SHEET)
    q.axpy(size, wave(m, 3))
    return q


def noise_of(m: Model) -> np.ndarray:
    """What breaks the symmetry of its atoms."""
    n = m.parts.layout.n_free
    return np.asarray(hashed_noise(m.parts.key[:n], m.parts.layout.components) * m.parts.is_atom[:n, None])


def solver_of(m: Model, guide: Coupling | None = None, **options: object) -> EquilibriumSolver:
    """The solver that a ladder would make, and that of the guide."""
    rest = (m.parts, noise_of(m), SolverOptions(**options), m.lattice.gdim == 2)  # type: ignore[arg-type]
    return EquilibriumSolver(m.coupling, *rest, None if guide is None else EquilibriumSolver(guide, *rest))
