"""Claims about ghost forces: how large they are, how they fall with the handshake, and what Newton's method makes of them."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from ...coupling.model import Model
from ...solve.equilibrium import EquilibriumSolver
from ...solve.options import SolverOptions
from ..model import GhostForce, PatchTest, wave
from ..words import Deformation
from .finding import (
    AT_REFERENCE,
    BASELINE,
    DECAY,
    EXACT,
    FORCE_FREE,
    SEEN,
    SLOW_DECAY,
    WAVE,
    Finding,
    expected_ghost_force,
    is_seen,
)

RETURNED = 1e-7
"""Newton's method is back if no component is further from F X than this, in nearest-neighbour distances."""
EDGES = (6.0, 5.0)
"""Narrowest handshake of a multilattice in the decay test, in edges of the mesh: in the plane, in 3-D."""
LEAST_CORE = 1.2
"""Of the model for Newton's method in 3-D, nearest-neighbour distances: an atom and its neighbours."""
SLOPE = -1.7
"""Steeper than this counts as K^-2."""
SLOW_SLOPE = -0.8
"""Steeper than this counts as K^-1."""


def force_patch(test: PatchTest, deformation: Deformation) -> Finding:
    """Ghost forces of a perfect crystal under uniform deformation."""
    F, tolerance = deformation.F, test.setup.tolerance
    ghost = test.ghost_force(F)
    expected = expected_ghost_force(test.facts)
    if expected == EXACT:
        return Finding.at_most(measured=ghost.largest, tolerance=tolerance, expected=expected, ghost=ghost)
    if expected == AT_REFERENCE:
        return _at_reference(test, F, ghost)
    if test.setup.bond_forces(F) < SEEN * tolerance:  # ghost forces are made of bond forces
        return Finding.at_most(measured=ghost.largest, tolerance=SEEN * tolerance, expected=FORCE_FREE, ghost=ghost)
    return Finding(
        measured=ghost.largest,
        tolerance=SEEN * tolerance,
        expected=expected,
        passed=is_seen(ghost.largest, SEEN * tolerance),
        ghost=ghost,
    )


def _at_reference(test: PatchTest, F: np.ndarray, ghost: GhostForce) -> Finding:
    """BGFC: nothing at its reference; elsewhere the slope of log |g| against log |F - F0| is 1 for small strains."""
    tolerance = test.setup.tolerance
    if test.reference == "far_field" or np.allclose(F, np.eye(3), atol=1e-14, rtol=0):
        return Finding.at_most(measured=ghost.largest, tolerance=tolerance, expected=AT_REFERENCE, ghost=ghost)
    G = F - np.eye(3)
    size = min(1.0, 0.01 / float(np.linalg.norm(G, 2)))
    steps = size * np.array([1.0, 0.5, 0.25])
    forces = [test.ghost_force(np.eye(3) + t * G).l2 for t in steps]
    if max(forces) <= SEEN * tolerance * size:
        return Finding(
            measured=max(forces),
            tolerance=SEEN * tolerance * size,
            expected=AT_REFERENCE,
            passed=True,
            ghost=ghost,
            note="no ghost force in this direction",
        )
    slope = float(np.polyfit(np.log(steps), np.log(np.maximum(forces, 1e-300)), 1)[0])
    note = f"|g| grows like |F - F0|^{slope:.2f}"
    return Finding(
        measured=slope, tolerance=1.25, expected=AT_REFERENCE, passed=abs(slope - 1.0) <= 0.25, ghost=ghost, note=note
    )


def decay_rate(test: PatchTest, deformation: Deformation) -> Finding:
    """BQCE: the largest ghost force falls at least like K^-2 with the width K of the handshake.

    It falls only like K^-1 in a crystal such as zincblende, where no inversion maps the sites of a cell on each other: what the
    gradient of the weights leaves of the bond forces of one site is not taken away by another.
    """
    F, setup = deformation.F, test.setup
    widths = _first_width(test) * np.array([1.0, 2.0, 4.0] if setup.dimension == 2 else [1.0, 2.0])
    forces = []
    for width in widths:
        g = test.residual(test.model(F, width=float(width)), F)
        forces.append(float(g.norm(PETSc.NormType.NORM_INFINITY)))
    slope = float(np.polyfit(np.log(widths), np.log(np.maximum(forces, 1e-300)), 1)[0])
    note = ", ".join(f"K = {w:.4g}: {f:.2e}" for w, f in zip(widths, forces, strict=True)) + f" eV/A, K^{slope:.2f}"
    expected, steepest = (DECAY, SLOPE) if setup.no_inversion is None else (SLOW_DECAY, SLOW_SLOPE)
    passed = slope <= steepest and is_seen(forces[-1], setup.tolerance)
    return Finding(
        measured=slope,
        tolerance=steepest,
        expected=expected,
        passed=passed,
        ghost=GhostForce(forces[0], np.nan),
        note=note,
    )


def _first_width(test: PatchTest) -> float:
    """Narrowest handshake, in nearest-neighbour distances: with few cells of a multilattice in it the rate is not reached."""
    setup = test.setup
    edges = 0.0 if setup.shifts is None else EDGES[setup.dimension == 3]
    return max(setup.width, edges * setup.edge)


def _least_model(test: PatchTest, F: np.ndarray) -> Model:
    """The model of the test; in 3-D the smallest that has atoms, handshake and continuum: rows of its matrix have hundreds of entries."""
    s = test.setup
    if s.dimension != 3 or s.mesh is not None:
        return test.model(F)
    return test.model(F, core=LEAST_CORE, width=1.01 * s.potential.cutoff / s.nn)


def newton_return(test: PatchTest, deformation: Deformation) -> Finding:
    """Newton's method from a perturbed homogeneous state goes back to it, unless ghost forces hold it off."""
    setup = test.setup
    F = np.eye(3) if test.reference == "lattice" else deformation.F
    model = _least_model(test, F)
    q = test.state(model, F)
    start = q.copy()
    q.axpy(1.0, wave(model, 5, 0.1 * WAVE * setup.nn))
    three = setup.dimension == 3
    options = SolverOptions(
        force_tolerance=1e-8 * setup.unit,
        linear="gamg" if three else "mumps",
        max_newton=30,
        petsc={"snes_linesearch_type": "basic"} | ({"ksp_rtol": "1e-5"} if three else {}),
    )
    noise = np.zeros((model.parts.layout.n_free, model.parts.layout.components))
    solver = EquilibriumSolver(model.coupling, model.parts, noise, options, in_plane=not three)
    solver.snes.solve(None, q)
    converged = solver.snes.getConvergedReason() > 0
    q.axpy(-1.0, start)
    away = float(q.norm(PETSc.NormType.NORM_INFINITY)) / setup.nn
    note = f"{solver.snes.getIterationNumber()} iterations" + ("" if converged else ", not converged")
    if test.facts.ghost_forces and setup.bond_forces(F) >= SEEN * setup.tolerance:
        return Finding(
            measured=away,
            tolerance=RETURNED,
            expected=BASELINE,
            passed=converged and is_seen(away, RETURNED),
            note=note,
        )
    return Finding(
        measured=away, tolerance=RETURNED, expected="returns to F X", passed=converged and away <= RETURNED, note=note
    )
