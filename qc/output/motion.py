"""Checkpoints of a dynamic run: a run that goes on is the one that was not interrupted, bit for bit on as many ranks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from petsc4py import PETSc

from ..coupling.load import Load
from ..coupling.model import Model
from ..drive.dynamics import Boundary, Dynamics
from ..drive.motion import DynamicsSpec, Progress
from ..errors import InputError
from ..unknowns.prolongation import Prolongation
from .checkpoint import Checkpoints
from .kept import read_fields
from .sealed import entries_of


def save_motion(checkpoints: Checkpoints, dynamics: Dynamics) -> None:
    """Write displacements, velocities and accounts, whole or not at all; the checkpoint before is kept. Collective.

    Neighbours are found anew for the run itself, too: it goes on as one that is read back does.
    """
    progress, spec = dynamics.progress(), dynamics.spec
    state = {"motion": asdict(progress), "time_step": dynamics.time_step, "seed": spec.seed, "temperature": spec.temperature}
    checkpoints.save(dynamics.steps, dynamics.model.parts, state, *fields_of(dynamics))


def fields_of(dynamics: Dynamics) -> tuple[np.ndarray, np.ndarray]:
    """Displacements (A) and velocities (A/ps) of all blocks of this rank, for a checkpoint."""
    u = dynamics.model.coupling.displacement(dynamics.q)
    v = np.zeros_like(u)
    v[: dynamics.model.parts.layout.n_free] = dynamics.velocity
    return u, v


def read_motion(path: Path, parts: Prolongation) -> tuple[PETSc.Vec, np.ndarray, np.ndarray]:
    """Unknowns, what is prescribed, and velocities of the unknowns that `fields_of` gave, whatever ranks wrote them. Collective."""
    (u, v), layout = read_fields(path, parts, 2), parts.layout
    q = layout.create_unknowns()
    q.array[:] = u[: layout.n_free].ravel()
    return q, u[layout.n_free :], v[: layout.n_free]


def load_motion(
    checkpoints: Checkpoints, model: Model, spec: DynamicsSpec, boundary: Boundary | None = None
) -> Dynamics | None:
    """The run of the newest whole checkpoint, in a model of the same case; None where there is none. Collective.

    The dead load is the model's own. Unknowns are found by name, so that the ranks may be others; then sums differ by rounding.

    Raises
    ------
    InputError
        Checkpoints are damaged, or of another run: model, time step, seed or temperature.
    """
    content = checkpoints.read()
    if content is None:
        return None
    directory = checkpoints.directory
    with entries_of(directory):
        progress = Progress(**content["motion"])
        kept = {name: content[name] for name in ("time_step", "seed", "temperature")}
    q, prescribed, velocity = read_motion(directory / content["displacements"], model.parts)
    model.coupling.impose(Load(prescribed=prescribed, dead_load=model.coupling.dead_load))
    run = Dynamics(model, q, spec, velocity=velocity, boundary=boundary, progress=progress)
    for name, now in (("time_step", run.time_step), ("seed", spec.seed), ("temperature", spec.temperature)):
        if kept[name] != now:
            raise InputError(f"{name} = {now:g} does not go on from the checkpoint in {directory}, which has {kept[name]:g}")
    return run
