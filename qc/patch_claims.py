"""What theory says of each method, one function a claim: measure, compare, and say what was expected.

A claim returns a `Finding`. For a claim that a method must fail (QCE, BQCE) ``tolerance`` is the least that must be
seen; a failure that is not seen is a failed claim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import NeighbourList

from .methods import Model
from .patch_input import Deformation
from .patch_setup import WITHOUT_HANDSHAKE
from .patch_test import GhostForce, PatchTest, model_gradient, volume, wave
from .solver import EquilibriumSolver, SolverOptions

EXACT = "machine precision"
BASELINE = "fails: baseline"
DECAY = "O(K^-2)"
AT_REFERENCE = "exact at the reference, linear in F - F0 elsewhere"
FORCE_FREE = "machine precision: no bond carries a force at this F"
EXPECTED = {
    "atomistic": EXACT,
    "continuum": EXACT,
    "qce": BASELINE,
    "bqce": f"{BASELINE}, {DECAY}",
    "bgfc": AT_REFERENCE,
    "bqcf": EXACT,
    "bgrac": EXACT,
}
"""Ghost force of each method at a uniform deformation."""

SEEN = 1e3
"""An expected ghost force must exceed what counts as none by this factor."""
ENERGY = 1e-12
"""Rounding of an energy per atom, in units of the larger of |V| and the elastic energy scale."""
ENERGY_ON_A_MESH = 1e-3
"""Where vertices are no lattice sites, the sum of the weights is a quadrature of the blending function."""
RANKS = 1e-12
RETURNED = 1e-7
"""Newton's method is back if no component is further from F X than this, in nearest-neighbour distances."""
SLOPE = -1.7
"""Steeper than this counts as K^-2."""
WAVE = 0.01
"""Amplitude of the perturbations, in nearest-neighbour distances."""


@dataclass(frozen=True)
class Finding:
    """What was measured for a claim.

    Attributes
    ----------
    measured : float
        What the verdict was passed on: compare with ``tolerance`` as ``expected`` says.
    tolerance : float
    expected : str
    passed : bool
    ghost : GhostForce or None
        Forces left at F X, where the claim looks at them.
    energy_error : float or None
        Energy per atom at F X minus that of the perfect crystal, eV.
    note : str
        What else is worth knowing.
    """

    measured: float
    tolerance: float
    expected: str
    passed: bool
    ghost: GhostForce | None = None
    energy_error: float | None = None
    note: str = ""


Claim = Callable[[PatchTest, Deformation], Finding]


def force_patch(test: PatchTest, deformation: Deformation) -> Finding:
    """Ghost forces of a perfect crystal under uniform deformation."""
    F, tolerance = deformation.F, test.setup.tolerance
    ghost = test.ghost_force(F)
    expected = EXPECTED[test.method]
    if expected == EXACT:
        return Finding(ghost.largest, tolerance, expected, ghost.largest <= tolerance, ghost)
    if expected == AT_REFERENCE:
        return _at_reference(test, F, ghost)
    if test.setup.bond_forces(F) < SEEN * tolerance:  # ghost forces are made of bond forces
        return Finding(ghost.largest, SEEN * tolerance, FORCE_FREE, ghost.largest <= SEEN * tolerance, ghost)
    return Finding(ghost.largest, SEEN * tolerance, expected, _seen(ghost.largest, SEEN * tolerance), ghost)


def _seen(value: float, least: float) -> bool:
    return bool(np.isfinite(value) and value > least)


def _at_reference(test: PatchTest, F: np.ndarray, ghost: GhostForce) -> Finding:
    """BGFC: nothing at its reference; elsewhere the slope of log |g| against log |F - F0| is 1 for small strains."""
    tolerance = test.setup.tolerance
    if test.reference == "far_field" or np.allclose(F, np.eye(3), atol=1e-14, rtol=0):
        return Finding(ghost.largest, tolerance, AT_REFERENCE, ghost.largest <= tolerance, ghost)
    G = F - np.eye(3)
    size = min(1.0, 0.01 / float(np.linalg.norm(G, 2)))
    steps = size * np.array([1.0, 0.5, 0.25])
    forces = [test.ghost_force(np.eye(3) + t * G).l2 for t in steps]
    if max(forces) <= SEEN * tolerance * size:
        return Finding(
            max(forces), SEEN * tolerance * size, AT_REFERENCE, True, ghost, note="no ghost force in this direction"
        )
    slope = float(np.polyfit(np.log(steps), np.log(np.maximum(forces, 1e-300)), 1)[0])
    note = f"|g| grows like |F - F0|^{slope:.2f}"
    return Finding(slope, 1.25, AT_REFERENCE, abs(slope - 1.0) <= 0.25, ghost, note=note)


def energy_patch(test: PatchTest, deformation: Deformation) -> Finding:
    """E(F X) = N v0 W(F): every site is counted once, by the atoms or by the continuum."""
    setup, F = test.setup, deformation.F
    V = setup.material.energy_density(np.stack([np.eye(3), F, PROBE])) * setup.material.volume
    n = _sites(test)
    error = abs(_energy(test, F) / n - (V[1] - V[0]))
    counted = _energy(test, PROBE) / (V[2] - V[0])  # at F = I the energy does not tell how many sites were counted
    error = max(error, abs(counted / n - 1) * abs(V[0]))
    scale = max(abs(float(V[0])), setup.unit * setup.nn)
    exact = setup.mesh is None or test.method in ("atomistic", "continuum", "bgrac")
    tolerance = (ENERGY if exact else ENERGY_ON_A_MESH) * scale
    expected = EXACT if exact else "close: on this mesh the weights add up to the number of atoms up to quadrature"
    return Finding(error, tolerance, expected, error <= tolerance, energy_error=error)


PROBE = np.diag([1.04, 1.03, 1.0])


def _energy(test: PatchTest, F: np.ndarray) -> float:
    """Energy at F X minus that of the perfect crystal, eV."""
    model = test.model(F)
    return float(model.coupling.energy(test.state(model, F)))


def _sites(test: PatchTest) -> float:
    """Number of sites that the model stands for: its volume over that of a site, or the atoms with a site energy."""
    model = test.model(np.eye(3))
    if test.method == "atomistic":
        assert model.atomistic is not None
        return float(test.comm.allreduce(len(model.atomistic.sites)))
    return volume(model) / model.material.volume


def decay_rate(test: PatchTest, deformation: Deformation) -> Finding:
    """BQCE: the largest ghost force falls at least like K^-2 with the width K of the handshake."""
    F, K = deformation.F, test.setup.width
    widths = K * np.array([1.0, 2.0, 4.0] if test.setup.dimension == 2 else [1.0, 2.0])
    forces = []
    for width in widths:
        model = test.model(F, width=float(width))
        g = test.gradient(model, test.state(model, F))
        forces.append(float(g.norm(PETSc.NormType.NORM_INFINITY)))
    slope = float(np.polyfit(np.log(widths), np.log(np.maximum(forces, 1e-300)), 1)[0])
    note = ", ".join(f"K = {w:g}: {f:.2e}" for w, f in zip(widths, forces, strict=True)) + f" eV/A, K^{slope:.2f}"
    passed = slope <= SLOPE and _seen(forces[-1], test.setup.tolerance)
    return Finding(slope, SLOPE, DECAY, passed, GhostForce(forces[0], np.nan), note=note)


def rank_invariance(test: PatchTest, deformation: Deformation) -> Finding:
    """Energy and forces near F X are those of the same model built by each rank alone."""
    found, scale = _numbers(test, deformation.F)
    expected, _ = _numbers(test.alone(), deformation.F)
    difference = np.abs(found - expected) / scale
    worst = float(test.comm.allreduce(float(difference.max()), op=MPI.MAX))
    note = "" if test.comm.size > 1 else "one rank: compared with a second model on that rank"
    expectation = f"equal to the same model on one rank to {RANKS:g}, relative"
    return Finding(worst, RANKS, expectation, worst <= RANKS, note=note)


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


def null_atomistic(test: PatchTest, deformation: Deformation) -> Finding:
    """With beta = 0 everywhere the coupled model is the plain sum of site energies, at any state."""
    setup, F = test.setup, deformation.F
    radius = 3.5 if setup.dimension == 3 else 8.0
    model = test.model(F, core=10 * radius, radius=radius)
    q = test.state(model, F, reference=np.eye(3))
    q.axpy(1.0, wave(model, 3, WAVE * setup.nn))
    g = q.duplicate()
    E = model.coupling.energy_gradient(q, g)
    plain, forces, counted = _plain_sum(model, q)
    difference = _largest(test.comm, g.array_r - forces) / setup.unit
    if model.coupling.has_energy:
        difference = max(difference, abs(E - plain) / (counted * setup.unit * setup.nn))
    tolerance = setup.tolerance / setup.unit
    return Finding(difference, tolerance, "equal to the plain sum of site energies", difference <= tolerance)


def _plain_sum(model: Model, q: PETSc.Vec) -> tuple[float, np.ndarray, int]:
    """Energy, gradient of this rank's free atoms and number of sites, from one neighbour list of all atoms. Collective."""
    term = model.atomistic
    assert term is not None
    comm, potential = model.comm, model.potential
    y = term.positions(model.coupling.variables(q)["atoms"])[: term.halo.n_own]
    counts = comm.allgather(len(y))
    weight = np.zeros(len(y))
    weight[term.sites] = 1.0  # which sites beyond the boundary are summed is the model's choice, their weight is not
    X, y, weight = (np.concatenate(comm.allgather(a)) for a in (model.parts.atoms.X, y, weight))
    weight[np.linalg.norm(X[:, : model.lattice.gdim], axis=1) < model.spec.radius] = 1.0
    types = np.full(len(X), potential.types_of(model.crystal.species)[0], dtype=np.int32)
    plane = model.lattice.gdim == 2 and model.crystal.dimension == 3
    sums = []
    for positions, gradient in ((X, np.eye(3)), (y, model_gradient(model))):
        cell = np.eye(3)
        if plane:
            cell[2] = gradient @ np.array([0.0, 0.0, model.thickness])
        listed, box = (X, np.eye(3)) if potential.fixed_topology else (positions, cell)
        nl = NeighbourList(listed, potential.cutoff, skin=0.0, cell=box, pbc=(False, False, plane))
        sums.append(potential.energy_gradient(positions, types, nl, weight, cell))
    mine = slice(sum(counts[: comm.rank]), sum(counts[: comm.rank + 1]))
    g = sums[1][2][mine][model.parts.atoms.free]
    return sums[1][0] - sums[0][0], g[:, : model.parts.layout.components].ravel(), int(weight.sum())


def null_continuum(test: PatchTest, deformation: Deformation) -> Finding:
    """With beta = 1 everywhere the coupled model is the finite-element one: no force at F X and energy W(F) times volume."""
    setup, F = test.setup, deformation.F
    blended = 0.0 if test.method in WITHOUT_HANDSHAKE else setup.width
    core = -0.01 - 1.001 * blended  # the handshake ends before the first site
    model = test.model(F, core=None if test.method == "continuum" else core)
    q = test.state(model, F)
    g = q.duplicate()
    E = model.coupling.energy_gradient(q, g)
    largest = float(g.norm(PETSc.NormType.NORM_INFINITY))
    W = setup.material.energy_density(np.stack([F, np.eye(3)]))
    V = volume(model)
    difference = largest / setup.unit
    if model.coupling.has_energy:
        difference = max(
            difference, abs(E - V * float(W[0] - W[1])) / (V / setup.material.volume * setup.unit * setup.nn)
        )
    tolerance = setup.tolerance / setup.unit
    ghost = GhostForce(largest, float(g.norm()))
    return Finding(difference, tolerance, "equal to the finite-element model", difference <= tolerance, ghost)


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
    difference = _largest(test.comm, g_turned - g) / setup.unit
    if model.coupling.has_energy:
        difference = max(difference, abs(E_turned - E) / max(abs(E), setup.unit * setup.nn))
    tolerance = 10 * setup.tolerance / setup.unit
    expected = "forces turn with the crystal, the energy stays" + (
        " (without the dead load)" if test.method == "bgfc" else ""
    )
    return Finding(difference, tolerance, expected, difference <= tolerance)


def newton_return(test: PatchTest, deformation: Deformation) -> Finding:
    """Newton's method from a perturbed homogeneous state goes back to it, unless ghost forces hold it off."""
    setup = test.setup
    F = np.eye(3) if test.reference == "lattice" else deformation.F
    model = test.model(F)
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
    if EXPECTED[test.method].startswith(BASELINE) and setup.bond_forces(F) >= SEEN * setup.tolerance:
        return Finding(away, RETURNED, BASELINE, converged and _seen(away, RETURNED), note=note)
    return Finding(away, RETURNED, "returns to F X", converged and away <= RETURNED, note=note)


def _largest(comm: MPI.Comm, values: np.ndarray) -> float:
    """Largest absolute value on any rank; nan if there is one."""
    local = float(np.abs(values).max(initial=0.0))
    return float(max(comm.allgather(local), key=lambda v: np.inf if np.isnan(v) else v))


CLAIMS: dict[str, Claim] = {
    "force patch test": force_patch,
    "energy patch test": energy_patch,
    "decay rate": decay_rate,
    "rank invariance": rank_invariance,
    "null test: all atomistic": null_atomistic,
    "null test: all continuum": null_continuum,
    "objectivity": objectivity,
    "Newton from a perturbed state": newton_return,
}
"""Claims by the names they have in records."""
