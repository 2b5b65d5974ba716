"""Continuum side: Cauchy-Born material, continuum term, meshes, near-tip fields. DOLFINx only in the mesh modules."""

import importlib.util

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  brings its own MPI and PETSc: before the mesh modules load DOLFINx

from .cauchy_born import CauchyBornMaterial

__all__ = ["CauchyBornMaterial"]
