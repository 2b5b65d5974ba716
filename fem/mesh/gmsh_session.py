"""gmsh, opened and closed, with the options that every mesh of this code shares (rank 0 only)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SizeField = Callable[[np.ndarray], np.ndarray]


@contextmanager
def gmsh_session(size: SizeField | None = None, gdim: int = 3) -> Iterator[Any]:
    """The module gmsh in a silent session whose meshes do not depend on the machine.

    Parameters
    ----------
    size : callable, optional
        Mesh size at points (n, gdim), A; nothing else sets it.
    """
    import gmsh  # only rank 0 comes here, and only when there is something to mesh or to read

    gmsh.initialize(interruptible=False, readConfigFiles=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.option.setNumber("Mesh.RandomSeed", 1)
        for key in ("MeshSizeFromPoints", "MeshSizeFromCurvature", "MeshSizeExtendFromBoundary"):
            gmsh.option.setNumber(f"Mesh.{key}", 0)
        if size is not None:
            gmsh.model.mesh.setSizeCallback(lambda d, t, x, y, z, lc: float(size(np.array([[x, y, z][:gdim]]))[0]))
        yield gmsh
    finally:
        gmsh.finalize()
