"""Checkpoints of a dynamic run: a run that goes on is the one that was not interrupted, bit for bit on as many ranks."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from ..coupling.load import Load
from ..coupling.model import Model
from ..drive.dynamics import Boundary, Dynamics
from ..drive.motion import DynamicsSpec, Progress
from ..errors import InputError
from .checkpoint import Checkpoints
from .kept import read_fields
from .sealed import entries_of


def save_motion(checkpoints: Checkpoints, dynamics: Dynamics) -> None:
    """Write displacements, velocities and accounts, whole or not at all; the checkpoint before is kept. Collective.

    Neighbours are found anew for the run itself, too: it goes on as one that is read back does.
    """
    progress, spec, parts = dynamics.progress(), dynamics.spec, dynamics.model.parts
    u = dynamics.model.coupling.displacement(dynamics.q)
    v = np.zeros_like(u)
    v[: parts.layout.n_free] = dynamics.velocity
    state = {"motion": asdict(progress), "time_step": dynamics.time_step, "seed": spec.seed, "temperature": spec.temperature}
    checkpoints.save(dynamics.steps, parts, state, u, v)


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
    directory, layout = checkpoints.directory, model.parts.layout
    with entries_of(directory):
        progress = Progress(**content["motion"])
        kept = {name: content[name] for name in ("time_step", "seed", "temperature")}
    u, v = read_fields(directory / content["displacements"], model.parts, 2)
    q = layout.create_unknowns()
    q.array[:] = u[: layout.n_free].ravel()
    model.coupling.impose(Load(prescribed=u[layout.n_free :], dead_load=model.coupling.dead_load))
    run = Dynamics(model, q, spec, velocity=v[: layout.n_free], boundary=boundary, progress=progress)
    for name, now in (("time_step", run.time_step), ("seed", spec.seed), ("temperature", spec.temperature)):
        if kept[name] != now:
            raise InputError(f"{name} = {now:g} does not go on from the checkpoint in {directory}, which has {kept[name]:g}")
    return run
