"""Null tests: a coupled model that is nothing but atoms, or nothing but continuum."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from atomistics import NeighbourList

from ...coupling.model import Model
from ..model import GhostForce, PatchTest, volume, wave
from ..words import Deformation
from .finding import WAVE, Finding, largest_of


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
    difference = largest_of(test.comm, g.array_r - forces) / setup.unit
    if model.coupling.has_energy:
        difference = max(difference, abs(E - plain) / (counted * setup.unit * setup.nn))
    tolerance = setup.tolerance / setup.unit
    return Finding.at_most(measured=difference, tolerance=tolerance, expected="equal to the plain sum of site energies")


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
    species = np.concatenate(comm.allgather(model.parts.atoms.species))
    types = np.asarray(potential.types_of(model.crystal.species), dtype=np.int32)[species]
    plane = model.lattice.gdim == 2 and model.crystal.dimension == 3
    gradient, cell = model.perfect.F0, np.eye(3)
    if plane:
        cell[2] = gradient @ np.array([0.0, 0.0, model.thickness])
    listed, box = (X, np.eye(3)) if potential.fixed_topology else (y, cell)
    nl = NeighbourList(listed, potential.cutoff, skin=0.0, cell=box, pbc=(False, False, plane))
    E, _, g = potential.energy_gradient(y, types, nl, weight, cell)
    perfect = float(model.material.energy_density(np.eye(3)[None])[0]) * model.material.volume / model.material.n_basis
    mine = slice(sum(counts[: comm.rank]), sum(counts[: comm.rank + 1]))
    g = g[mine][model.parts.atoms.free]
    return E - perfect * float(weight.sum()), g[:, : model.parts.layout.components].ravel(), int(weight.sum())


def null_continuum(test: PatchTest, deformation: Deformation) -> Finding:
    """With beta = 1 everywhere the coupled model is the finite-element one: no force at F X and energy W(F) times volume."""
    setup, F = test.setup, deformation.F
    blended = setup.width if test.facts.handshake else 0.0
    core = -0.01 - 1.001 * blended  # the handshake ends before the first site
    model = test.model(F, core=core if test.facts.atoms else None)
    q = test.state(model, F)
    g = test.residual(model, F)
    E = model.coupling.energy(q) if model.coupling.has_energy else 0.0
    largest = float(g.norm(PETSc.NormType.NORM_INFINITY))
    W, W_reference = setup.cell_energy([F])[0], setup.reference_energy
    cells = volume(model) / setup.material.volume
    difference = largest / setup.unit
    if model.coupling.has_energy:
        difference = max(difference, abs(E - cells * (W - W_reference)) / (cells * setup.unit * setup.nn))
    tolerance = setup.tolerance / setup.unit
    ghost = GhostForce(largest, float(g.norm()))
    return Finding.at_most(
        measured=difference, tolerance=tolerance, expected="equal to the finite-element model", ghost=ghost
    )
