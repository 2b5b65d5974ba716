"""What a mesh of the user's own allows: dimensions, and the sizes of the models in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.msh_file import mesh_dimension
from fem.mesh.user_mesh import disc_in_mesh

from ..coupling.spec import METHODS
from ..errors import InputError
from .crystals import CrystalWord
from .setup import PatchSetup


def dimensions_of_mesh(
    comm: MPI.Comm, mesh: str, crystals: Sequence[CrystalWord], dimensions: Sequence[float]
) -> list[float]:
    """Those asked for, or what the mesh can be used for."""
    if dimensions:
        return list(dimensions)
    try:
        gdim = on_root(comm, lambda: mesh_dimension(Path(mesh)))
    except ValueError as error:
        raise InputError(f"--mesh {mesh!r} is not usable: {error}") from None
    sheets = {word.dimension == 2 for word in crystals} or {True, False}
    return [3.0] if gdim == 3 else [*([2.0] if True in sheets else []), *([2.5] if False in sheets else [])]


def on_mesh(comm: MPI.Comm, setup: PatchSetup, mesh: str, methods: Sequence[str]) -> PatchSetup:
    """Sizes that fit into the mesh: the core holds some nodes, and the stencils of the handshake end inside. Collective."""
    gdim = 3 if setup.dimension == 3 else 2
    try:
        radius, centre_size = on_root(comm, lambda: disc_in_mesh(Path(mesh), gdim, setup.nn))
    except ValueError as error:
        raise InputError(f"--mesh {mesh!r} is not usable: {error}") from None
    nn = setup.nn
    setup = replace(setup, mesh=os.fspath(mesh), mesh_radius=radius / nn, core=max(setup.core, 1.5 * centre_size / nn))
    if not any(METHODS[m].atoms for m in methods):
        return setup
    width = setup.width if any(METHODS[m].handshake for m in methods) else 0.0
    needed = setup.resolved(setup.core, width) * nn
    if needed > radius:
        raise InputError(
            f"--mesh {mesh!r} is smaller than the model: the core ({setup.core * nn:.4g} A round the origin) with its handshake "
            f"({width * nn:.4g} A) and one stencil reaches {needed:.4g} A, but the mesh ends {radius:.4g} A from the origin"
        )
    return setup
