"""The verdict on one claim, as JSON has it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Record:
    """The verdict on one claim; what the JSON holds.

    Attributes
    ----------
    method, crystal, potential, claim, expected : str
    verdict : str
        "pass", "fail", or "skip" where something is not installed.
    reference : str or None
        Where BGFC took its dead load.
    dimension : float
    mesh : str
        The user's file, or "lattice-resolved".
    deformation : list of list of float
        F, (3, 3).
    ranks : int
    ghost_force_max, ghost_force_l2 : float or None
        Largest component and root of the sum of squares over the free degrees of freedom, eV/A.
    energy_error_per_atom : float or None
        eV.
    tolerance : float
        In the unit of what the claim is about; for an expected failure the least that must be seen.
    measured : float
        What was compared with the tolerance.
    seconds : float
    deformation_name, note : str
    width : float
        Of the handshake, in nearest-neighbour distances.
    shifts : str or None
        Inner shifts of a multilattice: "relaxed", or "given" by the test; None for a Bravais crystal.
    setup : dict
        Cost of a reconstruction: seconds, memory, sizes, residual.
    numbers : dict
        Whatever else was measured, for claims with more than one number.
    """

    method: str
    reference: str | None
    crystal: str
    potential: str
    dimension: float
    mesh: str
    deformation: list[list[float]]
    ranks: int
    claim: str
    ghost_force_max: float | None
    ghost_force_l2: float | None
    energy_error_per_atom: float | None
    tolerance: float
    expected: str
    verdict: str
    seconds: float
    measured: float | None = None
    deformation_name: str = ""
    width: float = 0.0
    note: str = ""
    shifts: str | None = None
    setup: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON has it: what is not a finite number becomes None."""
        return {key: _finite(value) for key, value in asdict(self).items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
