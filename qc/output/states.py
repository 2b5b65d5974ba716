"""States of a crack on disk: frames of the trajectory, fields on the mesh. All ranks write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
from dolfinx import fem
from dolfinx.io import VTXWriter
from petsc4py import PETSc

from fem.collective import on_root

from ..crack.ladder import Ladder
from ..crack.records import StepRecord
from ..crack.system import CrackSystem
from ..terms.reconstructed import ReconstructedEnergy
from ..unknowns.lookup import in_order
from .trajectory import append_frame

FRESH = "fields.tmp.bp"
"""What ``fields.bp`` is called while it is written."""

Frame = dict[str, np.ndarray]
"""Columns of all atoms of a state by name."""


def ordered_atoms(system: CrackSystem, q: PETSc.Vec) -> Frame | None:
    """All atoms of the model in the order of their names, each rank a part of them; None without atoms. Collective."""
    model = system.model
    term = model.atomistic
    if term is None:
        return None
    z = model.coupling.variables(q)
    n, own = term.halo.n_own, model.parts.atoms
    weight = np.zeros(n)
    weight[term.sites] = 1.0 - own.beta[term.sites]  # the others only lend their positions to these
    energy = term.site_energies(z["atoms"])
    for handshake in model.coupling.terms:
        if isinstance(handshake, ReconstructedEnergy):
            sites = handshake.own_sites
            weight[sites] = 1.0 - own.beta[sites]
            energy[sites] = handshake.site_energies(z[handshake.name])
    columns = (term.positions(z["atoms"])[:n], own.X, weight, energy, own.free)
    key, values = in_order(model.comm, own.key, np.column_stack(columns))
    return {
        "positions": values[:, :3],
        "reference": values[:, 3:6],
        "weight": values[:, 6],
        "site_energy": values[:, 7],
        "free": values[:, 8] > 0,
        "species": key[:, 3],
    }


def write_frame(directory: Path, ladder: Ladder, record: StepRecord, number: int | None = None) -> None:
    """Append the present state to ``trajectory.extxyz``, as frame ``number`` (that of the step if left out). Collective."""
    system = ladder.system
    frame = ordered_atoms(system, ladder.q)
    if frame is None:
        return
    moved = np.array([ladder.state.offset, 0.0, 0.0])  # a model that follows its tip, in the crystal's coordinates
    told = {name: getattr(record, name) for name in ("K", "K_over_KG", "branch", "energy", "tip_position")}
    info = {name: value for name, value in told.items() if value is not None}
    append_frame(
        directory / "trajectory.extxyz",
        len(ladder.state.steps) - 1 if number is None else number,
        comm=system.model.comm,
        positions=frame["positions"] + moved,
        reference=frame["reference"] + moved,
        weight=frame["weight"],
        site_energy=frame["site_energy"],
        free=frame["free"],
        symbols=[system.crystal.species[s] for s in frame["species"]],
        cell_z=system.model.thickness if system.crystal.dimension == 3 else None,
        info=info,
    )


def write_fields(directory: Path, ladder: Ladder) -> None:
    """Displacement and blending weight on the mesh, for ParaView (``fields.bp``). Collective."""
    parts, coupling = ladder.system.model.parts, ladder.system.model.coupling
    if "continuum" not in coupling.variables(ladder.q):
        return
    nodes = parts.nodes
    u = fem.Function(nodes.space, name="displacement")
    m = parts.layout.components
    values = u.x.array.reshape(-1, m)
    values[:] = coupling.variables(ladder.q)["continuum"]
    scalar = fem.functionspace(nodes.space.mesh, ("Lagrange", nodes.space.element.basix_element.degree))
    beta = fem.Function(scalar, name="beta")
    beta.x.array[:] = nodes.beta
    comm, fresh = nodes.space.mesh.comm, directory / FRESH
    with VTXWriter(comm, fresh, [u, beta]) as writer:
        writer.write(ladder.state.steps[-1].K if ladder.state.steps else 0.0)
    on_root(comm, lambda: _put_in_place(fresh, directory / "fields.bp"))


def _put_in_place(fresh: Path, old: Path) -> None:
    """A folder cannot replace another in one move: a kill between the two leaves none, never half of one."""
    if old.exists():
        shutil.rmtree(old)
    os.replace(fresh, old)
