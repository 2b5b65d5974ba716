"""Blending functions beta: 0 in the atomistic region, 1 in the continuum, smooth in the handshake between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Step = Callable[[np.ndarray], np.ndarray]

STEPS: dict[str, Step] = {
    "linear": lambda s: s,
    "cubic": lambda s: s * s * (3.0 - 2.0 * s),
    "quintic": lambda s: s**3 * (10.0 + s * (-15.0 + 6.0 * s)),
}


@dataclass(frozen=True)
class BlendingFunction:
    """beta(x) = step(d(x) / width), d the Euclidean distance from the atomistic region.

    A kinked norm in d would spoil the decay of the ghost forces with the width (Luskin, Ortner & Van Koten 2013).

    Attributes
    ----------
    distance : callable
        (n, gdim) -> (n,), negative inside the atomistic region, A.
    width : float
        Width of the handshake, A; 0 is a sharp interface.
    kind : {"linear", "cubic", "quintic"}
    """

    distance: Callable[[np.ndarray], np.ndarray]
    width: float
    kind: str = "quintic"

    def __post_init__(self) -> None:
        if self.kind not in STEPS:
            raise ValueError(f"blending {self.kind!r} is not known: choose from {', '.join(STEPS)}")
        if not self.width >= 0:
            raise ValueError(f"the blending width must be 0 or more, got {self.width} A")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """beta at points (n, gdim)."""
        d = self.distance(x)
        if self.width == 0:
            return (d > 0).astype(float)
        return STEPS[self.kind](np.clip(d / self.width, 0.0, 1.0))
