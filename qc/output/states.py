"""States of a crack on disk as frames of the trajectory. All ranks write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from petsc4py import PETSc

from atomistics import Crystal
from fem.cauchy_born import GPA, VOIGT

from ..crack.ladder import Ladder
from ..crack.records import StepRecord
from ..crack.system import CrackSystem
from ..terms.reconstructed import ReconstructedEnergy
from ..unknowns.lookup import in_order
from .fields import write_series
from .trajectory import append_frame, cut_frames

TRAJECTORY = "trajectory.extxyz"
Frame = dict[str, np.ndarray]
"""Columns of all atoms of a state by name."""


def ordered_atoms(system: CrackSystem, q: PETSc.Vec, velocity: np.ndarray | None = None) -> Frame | None:
    """All atoms of the model in the order of their names, each rank a part of them; None without atoms. Collective.

    ``velocity`` (n, components), A/ps, of this rank's atoms; without it they are at rest.
    """
    model = system.model
    term = model.atomistic
    if term is None:
        return None
    z = model.coupling.variables(q)
    n, own = term.halo.n_own, model.parts.atoms
    weight = np.zeros(n)
    weight[term.sites] = 1.0 - own.beta[term.sites]  # the others only lend their positions to these
    if model.potential.forces_only:  # a calculator's forces belong to no site
        energy, virial = np.full(n, np.nan), np.full((n, 3, 3), np.nan)
    else:
        energy, virial = term.site_energies(z["atoms"]), term.site_virials(z["atoms"])
    for handshake in model.coupling.terms:
        if isinstance(handshake, ReconstructedEnergy):
            sites = handshake.own_sites
            weight[sites] = 1.0 - own.beta[sites]
            energy[sites] = handshake.site_energies(z[handshake.name])
            virial[sites] = handshake.site_virials(z[handshake.name])
    stress = virial_stress(virial, model.crystal)
    moving = np.zeros((n, 3))
    if velocity is not None:
        moving[:, : velocity.shape[1]] = velocity
    columns = (term.positions(z["atoms"])[:n], own.X, weight, energy, own.free, stress, moving)
    key, values = in_order(model.comm, own.key, np.column_stack(columns))
    return {
        "positions": values[:, :3],
        "reference": values[:, 3:6],
        "weight": values[:, 6],
        "site_energy": values[:, 7],
        "free": values[:, 8] > 0,
        "virial_stress": values[:, 9:15],
        "velocity": values[:, 15:18],
        "species": key[:, 3],
    }


def virial_stress(virial: np.ndarray, crystal: Crystal) -> np.ndarray:
    """(n, 6) stress xx yy zz yz xz xy of atoms with virials (n, 3, 3) in eV, GPa.

    The volume of each is that of a cell of the undeformed crystal over its atoms, so that under a uniform deformation the
    mean over a cell is det F times the Cauchy stress. A two-dimensional crystal counts as a sheet 1 A thick.
    """
    volume = crystal.cell_volume / len(crystal.species)
    return GPA / volume * np.stack([virial[:, i, j] for i, j in VOIGT], axis=1)


def write_frame(directory: Path, ladder: Ladder, record: StepRecord, number: int | None = None) -> None:
    """Append the present state to ``trajectory.extxyz``, as frame ``number`` (that of the step if left out). Collective."""
    told = {name: getattr(record, name) for name in ("K", "K_over_KG", "branch", "energy", "tip_position")}
    if record.front is not None:
        told["front"] = record.front["a"]
    info = {name: value for name, value in told.items() if value is not None}
    number = len(ladder.state.steps) - 1 if number is None else number
    append_state(directory, ladder.system, ladder.q, number, info, ladder.state.offset)


def append_state(
    directory: Path, system: CrackSystem, q: PETSc.Vec, number: int, info: Mapping[str, Any], offset: float = 0.0,
    velocity: np.ndarray | None = None,
) -> None:  # fmt: skip
    """Append a state to ``trajectory.extxyz`` as frame ``number``; nothing without atoms. Collective.

    Parameters
    ----------
    directory : Path
    system : CrackSystem
    q : PETSc.Vec
    number : int
    info : mapping
        Entries of the frame's comment.
    offset : float
        x of the model's origin in the crystal, A.
    velocity : (n, components) ndarray, optional
        Of this rank's atoms, A/ps: the frame has momenta then.
    """
    frame = ordered_atoms(system, q, velocity)
    if frame is None:
        return
    moved = np.array([offset, 0.0, 0.0])  # a model that follows its tip, in the crystal's coordinates
    append_frame(
        directory / TRAJECTORY,
        number,
        comm=system.model.comm,
        positions=frame["positions"] + moved,
        reference=frame["reference"] + moved,
        weight=frame["weight"],
        site_energy=frame["site_energy"],
        free=frame["free"],
        virial_stress=frame["virial_stress"],
        velocity=None if velocity is None else frame["velocity"],
        symbols=[system.crystal.species[s] for s in frame["species"]],
        cell_z=system.model.thickness if system.crystal.dimension == 3 else None,
        info=info,
    )


def cut_states(directory: Path, n: int) -> None:
    """Leave the first n states in trajectory and ``fields.pvd``: those beyond are of a run that did not get to keep them. On one rank."""
    cut_frames(directory / TRAJECTORY, n)
    if (directory / "fields.pvd").exists():
        write_series(directory, n - 1)
