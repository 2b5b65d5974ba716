"""Small models in motion for the tests."""

from __future__ import annotations

from functools import cache

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from qc.coupling.model import Model
from qc.unknowns.regions import Core
from tests.qc.models import model

SIZES = {"core": Core(3.0), "blend_width": 3.0, "radius": 9.0}


@cache
def tiny(method: str) -> Model:
    """The 2-D crystal, nearest-neighbour distance about 1, on all ranks: core 3, handshake 3, domain 9."""
    return tiny_on(MPI.COMM_WORLD, method)


def tiny_on(comm: MPI.Comm, method: str = "bgrac", **given: object) -> Model:
    """The same on some ranks, of one's own."""
    return model("morse", method, comm, **SIZES, **given)


def bump(m: Model, amplitude: float = 0.01, width: float = 2.0) -> PETSc.Vec:
    """A smooth displacement away from the centre; inner shifts stay."""
    q, X = m.parts.layout.create_unknowns(), m.X_free[:, :2]
    u = q.array.reshape(len(X), -1)
    u[:, :2] = amplitude * X / width * np.exp(-((X / width) ** 2).sum(1, keepdims=True))
    u[m.parts.is_shift[: len(X)]] = 0.0
    return q
