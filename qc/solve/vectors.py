"""Sizes of vectors by their largest component."""

from __future__ import annotations

from petsc4py import PETSc


def largest(v: PETSc.Vec) -> float:
    """Largest component of a vector by magnitude. Collective."""
    return float(v.norm(PETSc.NormType.NORM_INFINITY))


def distance(a: PETSc.Vec, b: PETSc.Vec) -> float:
    """Largest component of a - b by magnitude. Collective."""
    difference = a.copy()
    difference.axpy(-1.0, b)
    return largest(difference)
