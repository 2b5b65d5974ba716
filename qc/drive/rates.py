"""Rates of events over a saddle: the frequency of the reaction, determinants as its check, the harmonic rate at a temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError
from ..solve.factors import Inertia
from ..solve.options import PREFIX
from .frequencies import nearest_eigenpairs, weighted_hessian
from .ledger import KB

THZ = 1e12
"""1/ps, in 1/s."""

STATEMENT = (
    "prefactor of rates: the frequency |w-| / 2 pi of the reaction at the saddle, not the ratio of the determinants of the whole model, "
    "in which a lattice held at its size of 0 K presses on the crack, and which grows with the model (docs/fronts.md)"
)
"""What is printed beside the prefactor."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """An event over one saddle in harmonic transition-state theory.

    Attributes
    ----------
    barrier : float
        Energy of the saddle above the state, eV.
    frequency : float
        Prefactor |w-| / 2 pi, 1/s.
    """

    barrier: float
    frequency: float

    def at(self, temperature: float) -> float:
        """frequency exp(-barrier / kT) at a temperature (K), 1/s; a barrier below zero is none."""
        return self.frequency * float(np.exp(-max(self.barrier, 0.0) / (KB * temperature)))


def reaction_frequency(coupling: Coupling, q: PETSc.Vec, mass: np.ndarray) -> float:
    """|w-| / 2 pi of the one unstable mode at a saddle, 1/s. Collective.

    The eigenvalue below zero of M^-1/2 H M^-1/2, of which a saddle has one, by shift and invert. The shift lies as far below zero as the
    stiffest atoms are above: the eigenvalues nearest to zero are those of the continuum.

    Parameters
    ----------
    q : PETSc.Vec
        Unknowns of the saddle.
    mass : (n_own,) ndarray
        Of this rank's blocks, eV ps^2/A^2 (`qc.drive.masses.lumped_masses`).

    Raises
    ------
    ConvergenceError
        There is no negative eigenvalue, q is no saddle, or none was found.
    """
    D = weighted_hessian(coupling, q, mass)
    shift = -abs(float(D.getDiagonal().max()[1]))
    value = nearest_eigenpairs(D, 0.2 * shift, 1)[0][0]
    if value >= 0:  # the shift was nearer to the continuum than to the reaction
        value = nearest_eigenpairs(D, shift, 1)[0][0]
    if value >= 0:
        raise ConvergenceError("the state has no unstable mode: a rate needs a saddle")
    return float(np.sqrt(-value)) / (2.0 * np.pi) * THZ


def log_determinant(H: PETSc.Mat) -> float:
    """log |det H| of a symmetric matrix by the pivots of its LDL^T factors. Collective."""
    factors = Inertia(H.comm, PREFIX + "determinant_", determinant=True)
    factors.factor(H, object())
    return factors.log_abs_det


def partial_log_ratio(coupling: Coupling, state: PETSc.Vec, saddle: PETSc.Vec, blocks: np.ndarray) -> float:
    """log(|det H| at a saddle / det H at the state) of the principal block of some atoms, all others held. Collective.

    Among the atoms near a front it agrees between coupled models and all atoms; of a whole model it does not (docs/fronts.md).

    Parameters
    ----------
    state, saddle : PETSc.Vec
        Unknowns.
    blocks : (n,) int ndarray
        Numbers of this rank's blocks that belong to it.
    """
    m = coupling.layout.components
    first = state.getOwnershipRange()[0]
    numbers = first + (np.asarray(blocks)[:, None] * m + np.arange(m)).ravel()
    chosen = PETSc.IS().createGeneral(numbers.astype(PETSc.IntType), comm=state.comm)
    at = [log_determinant(coupling.hessian(q).createSubMatrix(chosen, chosen)) for q in (state, saddle)]
    return at[1] - at[0]
