"""Regions of the model, as signed distances from the atomistic core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Core:
    """Atomistic core: a disc (2-D, 2.5-D) or ball (3-D), with strips along the crack faces if there is a crack.

    Attributes
    ----------
    radius : float
        Radius of the disc, A; infinite: everything is atomistic, -infinite: nothing is.
    strip : float
        Half thickness of the fully atomistic strip along negative x, A; 0: no strip.
    centre : tuple of float
        Centre of the disc, A.
    """

    radius: float
    strip: float = 0.0
    centre: tuple[float, ...] = (0.0, 0.0)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Signed distance of points (n, gdim), negative inside, A (inside the union: a bound on the depth)."""
        if np.isinf(self.radius):
            return np.full(len(x), -self.radius)
        offset = x - np.resize(np.array([*self.centre, 0.0]), x.shape[1])
        d = np.linalg.norm(offset, axis=1) - self.radius
        if self.strip > 0:
            beside = np.hypot(np.maximum(offset[:, 0], 0.0), np.maximum(np.abs(x[:, 1]) - self.strip, 0.0))
            depth = np.where(offset[:, 0] < 0, np.abs(x[:, 1]) - self.strip, np.inf)
            d = np.minimum(d, np.where(beside > 0, beside, depth))
        return d
