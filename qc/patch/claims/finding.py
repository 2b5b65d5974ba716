"""What a claim returns, and what theory says of the ghost force of each method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mpi4py import MPI

from ...coupling.spec import Method
from ..model import GhostForce, PatchTest
from ..words import Deformation

EXACT = "machine precision"
BASELINE = "fails: baseline"
DECAY = "O(K^-2)"
SLOW_DECAY = "O(K^-1): no inversion exchanges the sublattices"
AT_REFERENCE = "exact at the reference, linear in F - F0 elsewhere"
FORCE_FREE = "machine precision: no bond carries a force at this F"


SEEN = 1e3
"""An expected ghost force must exceed what counts as none by this factor."""
WAVE = 0.01
"""Amplitude of the perturbations, in nearest-neighbour distances."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was measured for a claim.

    Attributes
    ----------
    measured : float
        What the verdict was passed on: compare with ``tolerance`` as ``expected`` says.
    tolerance : float
    expected : str
    passed : bool
    ghost : GhostForce or None
        Forces left at F X, where the claim looks at them.
    energy_error : float or None
        Energy per atom at F X minus that of the perfect crystal, eV.
    note : str
        What else is worth knowing.
    numbers : dict
        Everything measured, for the record.
    skipped : bool
        Nothing could be measured here; the note says why.
    """

    measured: float
    tolerance: float
    expected: str
    passed: bool
    ghost: GhostForce | None = None
    energy_error: float | None = None
    note: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)
    skipped: bool = False

    @classmethod
    def at_most(cls, *, measured: float, tolerance: float, expected: str, **more: Any) -> Finding:
        """The finding of a claim that holds where what was measured is no more than the tolerance; nan is no such number."""
        return cls(measured=measured, tolerance=tolerance, expected=expected, passed=measured <= tolerance, **more)


Claim = Callable[[PatchTest, Deformation], Finding]


def expected_ghost_force(method: Method) -> str:
    """What theory says of the ghost force of a method at a uniform deformation."""
    if method.ghost_forces:
        return f"{BASELINE}, {DECAY}" if method.handshake else BASELINE
    return AT_REFERENCE if method.dead_load else EXACT


def largest_of(comm: MPI.Comm, values: np.ndarray) -> float:
    """Largest absolute value on any rank; nan if there is one."""
    local = float(np.abs(values).max(initial=0.0))
    return float(max(comm.allgather(local), key=lambda v: np.inf if np.isnan(v) else v))


def is_seen(value: float, least: float) -> bool:
    """Whether an expected failure shows."""
    return bool(np.isfinite(value) and value > least)
