"""Newton's method by PETSc's SNES."""

from __future__ import annotations

from petsc4py import PETSc

WHOLE_STEPS = 1e-4
"""Largest force (eV/A) below which Newton's steps are not shortened any more."""

REASONS = {v: k for k, v in vars(PETSc.SNES.ConvergedReason).items() if isinstance(v, int)}


def _cause(error: PETSc.Error) -> BaseException:
    """What a callback of ours raised inside PETSc: a failed engine, say; PETSc's own error if it was none of ours."""
    cause = error.__cause__
    return error if cause is None else _cause(cause) if isinstance(cause, PETSc.Error) else cause
