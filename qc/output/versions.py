"""Versions of what a result depends on."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import platform
from typing import Any

_PACKAGES = (
    "numpy",
    "scipy",
    "ase",
    "numba",
    "matscipy",
    "gmsh",
    "matplotlib",
    "pydantic",
    "mpi4py",
    "petsc4py",
)


def versions() -> dict[str, str]:
    """Version of everything a result depends on, by name; what is not installed is left out."""
    return dict(_versions())


@functools.cache
def _versions() -> dict[str, str]:
    """As `versions`; looking takes a twentieth of a second, a run asks at many steps."""
    found = {"python": platform.python_version()}
    for key, names in {"qc": ("qc-fracture",), "dolfinx": ("fenics-dolfinx", "dolfinx-solver-real")}.items():
        version = next((v for v in map(_distribution, names) if v), None)
        if version:
            found[key] = version
    found |= {name: v for name in _PACKAGES if (v := _distribution(name))}
    return found | _libraries()


def _libraries() -> dict[str, str]:
    """Versions of the compiled libraries behind the Python packages."""
    found = {}
    _module("dolfinx_solver")  # brings its own MPI and PETSc, if it is there it must come first
    if dolfinx := _module("dolfinx"):
        found["dolfinx"] = str(dolfinx.__version__)
    if petsc := _module("petsc4py.PETSc"):
        found["petsc"] = ".".join(map(str, petsc.Sys.getVersion()))
    if slepc := _module("slepc4py.SLEPc"):
        found["slepc"] = ".".join(map(str, slepc.Sys.getVersion()))
    if mpi := _module("mpi4py.MPI"):
        lines = [" ".join(line.split()) for line in mpi.Get_library_version().splitlines() if line.strip()]
        found["mpi"] = lines[0].rstrip("\0") if lines else "unknown"
    return found


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError, RuntimeError):  # absent, or there without its library
        return None


def _distribution(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
