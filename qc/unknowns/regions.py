"""Regions of the model: the atomistic core as a signed distance, and what lies where round it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A part of the core that reaches out along a slip plane: all points within half its width of a segment from the centre.

    Attributes
    ----------
    angle : float
        Of the segment to the direction of the crack, degrees.
    length : float
        Of the segment, A; the arm ends half its width further out, in a round end.
    width : float
        A.
    """

    angle: float
    length: float
    width: float

    @property
    def reach(self) -> float:
        """Distance of the furthest point from the centre, A."""
        return self.length + 0.5 * self.width

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector along the segment."""
        return math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle)), 0.0

    def __str__(self) -> str:
        return f"{self.length:.1f} A at {self.angle:g} deg, {self.width:.1f} A wide"

    def __call__(self, offset: np.ndarray) -> np.ndarray:
        """Signed distance of points (n, gdim) relative to the centre, negative inside, A."""
        along = np.resize(self.direction, offset.shape[1])
        foot = np.clip(offset @ along, 0.0, self.length)
        return np.linalg.norm(offset - foot[:, None] * along, axis=1) - 0.5 * self.width


@dataclass(frozen=True)
class Core:
    """Atomistic core: a disc (2-D, 2.5-D) or ball (3-D), with strips along the crack faces if there is a crack, and arms.

    Attributes
    ----------
    radius : float
        Radius of the disc, A; infinite: everything is atomistic, -infinite: nothing is.
    strip : float
        Half thickness of the fully atomistic strip along negative x, A; 0: no strip.
    centre : tuple of float
        Centre of the disc, A.
    arms : tuple of Arm
        They begin at the centre.
    """

    radius: float
    strip: float = 0.0
    centre: tuple[float, ...] = (0.0, 0.0)
    arms: tuple[Arm, ...] = ()

    @property
    def reach(self) -> float:
        """Distance of the furthest point of disc and arms from the centre, A."""
        return max(self.radius, *(arm.reach for arm in self.arms)) if np.isfinite(self.radius) and self.arms else self.radius

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Signed distance of points (n, gdim), negative inside, A (inside the union: a bound on the depth)."""
        if np.isinf(self.radius):
            return np.full(len(x), -self.radius)
        offset = x - np.array((*self.centre, 0.0)[: x.shape[1]])
        d = np.sqrt((offset * offset).sum(1)) - self.radius
        for arm in self.arms:
            d = np.minimum(d, arm(offset))
        return np.minimum(d, self._from_strip(offset[:, 0], np.abs(x[:, 1]))) if self.strip > 0 else d

    def _from_strip(self, ahead: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Signed distance from the strip of points so far ahead of the centre and above or below the crack plane (n,), A."""
        above = height - self.strip
        beside = np.hypot(np.maximum(ahead, 0.0), np.maximum(above, 0.0))
        return np.where(beside > 0, beside, np.where(ahead < 0, above, np.inf))


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Which points of the lattice are atoms, how they are blended, and where the model ends.

    Attributes
    ----------
    beta : callable
        Blending function of positions (n, gdim), taken at the mesh vertices; sites interpolate it (P1), so that the
        energy patch test is exact on any mesh.
    wanted : callable
        Which lattice points (n, gdim) are needed as atoms.
    radius : float
        Nodes and free atoms at or beyond it are prescribed, A.
    extent : float
        No wanted point is further from the origin, A.
    front_periods : int
        Periods of the crystal along the front that a plane mesh has.
    removed : callable or None
        Which sites (n, 3) are vacant.
    """

    beta: Field
    wanted: Field
    radius: float
    extent: float = np.inf
    front_periods: int = 1
    removed: Field | None = None

    def prescribed(self, x: np.ndarray) -> np.ndarray:
        """(n,) bool: which points (n, gdim) lie at or beyond the radius."""
        return np.linalg.norm(x, axis=1) >= self.radius * (1 - 1e-9)
