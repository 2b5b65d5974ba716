"""What a run leaves behind of its states: trajectory, mesh fields, pictures. Collective; all ranks write, pictures are rank 0's."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
from dolfinx import fem
from dolfinx.io import VTXWriter
from petsc4py import PETSc

from atomistics import AtomisticEnergy

from ..crack.ladder import Ladder
from ..crack.system import CrackSystem
from ..pictures.model import ModelView, model_picture
from ..terms.reconstructed import ReconstructedEnergy
from ..unknowns.lookup import in_order
from .trajectory import append_frame

log = logging.getLogger(__name__)
Frame = dict[str, np.ndarray]
MOST_DRAWN = 1_000_000
"""Cells and atoms of a picture of the whole model: they meet on rank 0."""


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


def write_frame(directory: Path, ladder: Ladder, record: dict[str, Any], number: int | None = None) -> None:
    """Append the present state to ``trajectory.extxyz``, as frame ``number`` (that of the step if left out). Collective."""
    system = ladder.system
    frame = ordered_atoms(system, ladder.q)
    if frame is None:
        return
    moved = np.array([ladder.state.offset, 0.0, 0.0])  # a model that follows its tip, in the crystal's coordinates
    info = {
        name: record[name]
        for name in ("K", "K_over_KG", "branch", "energy", "tip_position")
        if record[name] is not None
    }
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
    with VTXWriter(nodes.space.mesh.comm, directory / "fields.bp", [u, beta]) as writer:
        writer.write(ladder.state.steps[-1]["K"] if ladder.state.steps else 0.0)


def model_parts(system: CrackSystem) -> tuple[np.ndarray, ...] | None:
    """Vertices, triangles and their beta, atoms in the plane, their weights, which are free, on rank 0. Collective.

    None on the other ranks, and on all of them for more triangles and atoms than a picture can show.
    """
    model, comm = system.model, system.model.comm
    mesh = model.domain.mesh
    n = mesh.topology.index_map(2).size_local
    size = comm.allreduce(n + len(model.parts.atoms))
    if size > MOST_DRAWN:
        log.info("no picture of the model: %d cells and atoms, and %d can be drawn", size, MOST_DRAWN)
        return None
    cells = np.asarray(mesh.geometry.dofmaps[0])[:n]
    beta = np.zeros(len(mesh.geometry.x))
    space_dofs = np.asarray(model.parts.nodes.space.dofmap.list)[:n, :3]
    beta[cells] = model.parts.nodes.beta[space_dofs]
    own = model.parts.atoms
    part = (mesh.geometry.x[:, :2], cells, beta, own.X[:, :2], 1.0 - own.beta, own.free)
    pieces = comm.gather(part, root=0)
    if pieces is None:
        return None
    offsets = np.cumsum([0, *(len(p[0]) for p in pieces)])
    triangles = np.concatenate([p[1] + o for p, o in zip(pieces, offsets, strict=False)])
    points, _, beta, xy, weight, free = (np.concatenate([p[k] for p in pieces]) for k in range(6))
    return points, triangles, beta, xy, weight, free


def draw_model(path: Path, system: CrackSystem, title: str) -> None:
    """Picture of mesh, regions and weights. Collective."""
    parts, s = model_parts(system), system.spec
    if parts is None:
        return
    points, triangles, beta, xy, weight, free = parts
    view = ModelView(
        points=points,
        triangles=triangles,
        beta=beta,
        atoms_xy=xy,
        weight=weight,
        free=free,
        core_radius=s.core_radius,
        blend_width=system.model.spec.width,
        domain_radius=s.domain_radius,
    )
    model_picture(path, view, title)


def panel(system: CrackSystem, frame: Frame, K_over_KG: float, label: str) -> dict[str, Any]:
    """What `pictures.tip_picture` needs of one state."""
    cell = system.crystal.atoms(cubic=False)
    bulk = AtomisticEnergy(system.potential, cell).site_energies()
    perfect = np.zeros(len(frame["symbols"]))
    for symbol in set(cell.symbols):  # the partition of the energy over the sites of a compound is the potential's own
        perfect[frame["symbols"] == symbol] = bulk[cell.symbols == symbol].mean()
    return {
        "positions": frame["positions"],
        "reference": frame["reference"],
        "excess": frame["site_energy"] - perfect,
        "K_over_KG": K_over_KG,
        "label": label,
    }
