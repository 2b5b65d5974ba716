"""What theory says of each method, one function a claim: measure, compare, and say what was expected.

A claim returns a `Finding`. For a claim that a method must fail (QCE, BQCE) ``tolerance`` is the least that must be
seen; a failure that is not seen is a failed claim.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..model import PatchTest, volume, wave
from ..words import Deformation
from .finding import EXACT, WAVE, Claim, Finding, largest_of
from .forces import decay_rate, force_patch, newton_return
from .heat import HEAT_CLAIMS
from .nulls import null_atomistic, null_continuum
from .qm import QM_CLAIMS
from .waves import WAVE_CLAIMS

__all__ = ["CLAIMS", "Finding"]

ENERGY = 1e-12
"""Rounding of an energy per atom, in units of the larger of |V| and the elastic energy scale."""
ENERGY_ON_A_MESH = 1e-3
"""Where vertices are no lattice sites, the sum of the weights is a quadrature of the blending function."""
RANKS = 1e-12
PROBE = np.diag([1.04, 1.03, 1.0])
"""Deformation gradient whose energy tells how many sites were counted."""


def energy_patch(test: PatchTest, deformation: Deformation) -> Finding:
    """E(F X) = N v0 W(F): every site is counted once, by the atoms or by the continuum."""
    setup, F = test.setup, deformation.F
    V, V_probe = setup.cell_energy([F, PROBE])
    V0, n, n_basis = setup.reference_energy, _cells(test), setup.material.n_basis
    error = abs(test.energy(F) / n - (V - V0))
    counted = test.energy(PROBE) / (V_probe - V0)  # at F = I the energy does not tell how many sites were counted
    error = max(error, abs(counted / n - 1) * abs(V0)) / n_basis
    scale = max(abs(V0) / n_basis, setup.unit * setup.nn)
    exact = setup.mesh is None or not test.facts.coupled or test.facts.reconstructed
    tolerance = (ENERGY if exact else ENERGY_ON_A_MESH) * scale
    expected = EXACT if exact else "close: on this mesh the weights add up to the number of atoms up to quadrature"
    return Finding.at_most(measured=error, tolerance=tolerance, expected=expected, energy_error=error)


def _cells(test: PatchTest) -> float:
    """Number of crystal cells in the model: its volume over that of one, or the atoms with a site energy."""
    model = test.model(np.eye(3))
    if not test.facts.continuum:
        assert model.atomistic is not None
        return float(test.comm.allreduce(len(model.atomistic.sites))) / model.material.n_basis
    return volume(model) / model.material.volume


def rank_invariance(test: PatchTest, deformation: Deformation) -> Finding:
    """Energy and forces near F X are those of the same model built by each rank alone."""
    found, scale = _numbers(test, deformation.F)
    expected, _ = _numbers(test.alone(), deformation.F)
    difference = np.abs(found - expected) / scale
    worst = float(test.comm.allreduce(float(difference.max()), op=MPI.MAX))
    note = "" if test.comm.size > 1 else "one rank: compared with a second model on that rank"
    expectation = f"equal to the same model on one rank to {RANKS:g}, relative"
    return Finding.at_most(measured=worst, tolerance=RANKS, expected=expectation, note=note)


def _numbers(test: PatchTest, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energy (if there is one) and forces of a perturbed state in a few numbers, and the size of what they are sums of."""
    model, energy = test.model(F), test.setup.unit * test.setup.nn
    q = test.state(model, F)
    q.axpy(1.0, wave(model, 1, WAVE * test.setup.nn))
    g, w = q.duplicate(), wave(model, 2, 1.0)
    E = model.coupling.energy_gradient(q, g)
    E = E if model.coupling.has_energy else 0.0
    largest, l2 = float(g.norm(PETSc.NormType.NORM_INFINITY)), float(g.norm())
    return np.array([E, largest, l2, g.dot(w)]), np.array([max(abs(E), energy), largest, l2, l2 * w.norm()])


def objectivity(test: PatchTest, deformation: Deformation) -> Finding:
    """Turning a deformed state turns its forces and leaves its energy; a dead load counts apart, fixed in space."""
    setup, Q = test.setup, deformation.F
    found = []
    for turn in (np.eye(3), Q):
        model = test.model(turn)
        q = test.state(model, turn)
        m = model.parts.layout.components
        bend = wave(model, 4, WAVE * setup.nn).array_r.reshape(-1, m)
        q.array[:] += (bend @ turn[:m, :m].T).ravel()
        g = q.duplicate()
        E = model.coupling.energy_gradient(q, g) + model.coupling.dead_load.dot(q)
        g.axpy(1.0, model.coupling.dead_load)
        found.append((E, g.array_r.reshape(-1, m) @ turn[:m, :m]))
    (E, g), (E_turned, g_turned) = found
    difference = largest_of(test.comm, g_turned - g) / setup.unit
    if model.coupling.has_energy:
        difference = max(difference, abs(E_turned - E) / max(abs(E), setup.unit * setup.nn))
    tolerance = 10 * setup.tolerance / setup.unit
    expected = "forces turn with the crystal, the energy stays" + (
        " (without the dead load)" if test.facts.dead_load else ""
    )
    return Finding.at_most(measured=difference, tolerance=tolerance, expected=expected)


CLAIMS: dict[str, Claim] = {
    "force patch test": force_patch,
    "energy patch test": energy_patch,
    "decay rate": decay_rate,
    "rank invariance": rank_invariance,
    "null test: all atomistic": null_atomistic,
    "null test: all continuum": null_continuum,
    "objectivity": objectivity,
    "Newton from a perturbed state": newton_return,
    **WAVE_CLAIMS,
    **HEAT_CLAIMS,
    **QM_CLAIMS,
}
"""Claims by the names they have in records."""
