"""J integral of finite deformation, in its domain form on rings of finite elements.

    J = -int Sigma_1j dq/dX_j dV,    Sigma_1j = (W - W_0) delta_1j - H_i1 P_ij,    H = F - F_0,

with q = 1 inside a ring and 0 outside, linear in the radius between, as a function of the elements' own space: the
derivative of the discrete energy as the ring's inside is pushed along x through the mesh, in plane models per length of
the front. On traction-free faces
along x there is no other term.

Round a crack that runs the kinetic energy density comes to W, and J is the flux of energy into the ring over the speed, where the
motion is steady: then no ring differs from another.

References
----------
J. R. Rice, J. Appl. Mech. 35 (1968) 379.
F. Z. Li, C. F. Shih, A. Needleman, Eng. Fract. Mech. 21 (1985) 405 (domain form).
J. D. Eshelby, J. Elasticity 5 (1975) 321 (energy-momentum tensor).
L. B. Freund, Dynamic Fracture Mechanics (1990), section 5.2 (energy flux into a moving tip).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mpi4py import MPI

from .continuum import ContinuumEnergy
from .shifted_continuum import ShiftedContinuumEnergy

Ring = tuple[float, float]
LAYER = 4.0
"""Height, in half thicknesses of a strip without cells, up to which cells beside it are extrapolated into it."""


class JIntegral:
    """J on rings round a point, from the nodal displacements of continuum energies.

    Cells count with their whole area, those of a handshake too. Where atoms carry the crack faces there are no cells.
    That strip's share is extrapolated from the cells beside it: r Sigma_11 as a + b (y/r)^2, as in any near-tip field,
    fitted to a layer `LAYER` times as thick. (Tractions are small there: b alone in mode I, a in mode II; dq/dy is of the
    order of strip over radius.) How much is missing follows from int dq/dx = 0 over a whole ring.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    energies : sequence of ContinuumEnergy or ShiftedContinuumEnergy
        All continuum there is in the rings.
    rings : sequence of (float, float)
        Inner and outer radius, A.
    centre : (float, float)
    strip : float
        Half thickness of the strip along negative x that has no cells, A; 0: nothing is missing.
    """

    def __init__(
        self,
        comm: MPI.Comm,
        energies: Sequence[ContinuumEnergy | ShiftedContinuumEnergy],
        rings: Sequence[Ring],
        centre: tuple[float, float],
        strip: float = 0.0,
    ) -> None:
        if not rings or not energies:
            raise ValueError("J needs a ring and a continuum in it")
        for inner, outer in rings:
            if not 0 <= inner < outer:
                raise ValueError(f"a ring has radii {inner:g} and {outer:g} A: the second must be the larger one")
        self._comm = comm
        self._parts = [_RingCells(e, rings, np.asarray(centre)) for e in energies]
        if strip > 0:
            missing = -self._sum([part.slope() for part in self._parts])
            moments = self._sum([part.moments(LAYER * strip) for part in self._parts])
            wanted = np.array([_strip_means(ring, strip) for ring in rings])
            share = missing[:, None] * (np.linalg.pinv(moments) @ wanted[:, :, None])[:, :, 0]
            for part in self._parts:
                part.stand_in(LAYER * strip, share)

    def evaluate(
        self, displacements: Sequence[np.ndarray], velocities: Sequence[np.ndarray] | None = None, density: float = 0.0
    ) -> np.ndarray:
        """J of each ring, eV/A^2, for the nodal displacements (n_blocks, components) of each energy, A. Collective.

        With nodal velocities, A/ps, and the density, eV ps^2/A^5 (2-D: by area), of a crack that runs.
        """
        moving = [None] * len(displacements) if velocities is None else velocities
        parts = zip(self._parts, displacements, moving, strict=True)
        return -self._sum([part.integrals(u, v, density) for part, u, v in parts])

    def _sum(self, values: list[np.ndarray]) -> np.ndarray:
        return np.asarray(self._comm.allreduce(np.sum(values, axis=0), op=MPI.SUM))


def _strip_means(ring: Ring, strip: float) -> tuple[float, float]:
    """Means of 1/r and s^2/r over the part of a ring within a thin strip."""
    inner, outer = ring
    return float(np.log(outer / inner) / (outer - inner)), strip**2 / 6.0 * (inner**-2 - outer**-2) / (outer - inner)


class _RingCells:
    """Cells of one energy in which any ring's q varies."""

    def __init__(
        self, energy: ContinuumEnergy | ShiftedContinuumEnergy, rings: Sequence[Ring], centre: np.ndarray
    ) -> None:
        n, _, nd, gdim = energy.gradients.shape
        self._energy, self._dofs = energy, energy.dofs[:, :nd]
        x = energy.X[self._dofs] - centre
        r = np.linalg.norm(x, axis=2)
        q = np.stack([np.clip((outer - r) / (outer - inner), 0.0, 1.0) for inner, outer in rings])  # (ring, cell, node)
        cells = np.flatnonzero((np.ptp(q, axis=2) > 0).any(0)) if n else np.empty(0, dtype=int)
        self._dofs, self._gradients = self._dofs[cells], energy.gradients[cells]
        edges = x[cells, 1 : gdim + 1] - x[cells, :1]
        volume = np.abs(np.linalg.det(edges)) / (2.0 if gdim == 2 else 6.0)
        rule = energy.omega[cells] / energy.omega[cells].sum(1, keepdims=True)
        slope = np.einsum("rca,cqai->rcqi", q[:, cells], self._gradients)
        self._weighted = slope * (volume[:, None] * rule)[None, ..., None]
        self._middle = x[cells, : gdim + 1].mean(1)

    def slope(self) -> np.ndarray:
        """(rings,) int dq/dx."""
        return np.asarray(self._weighted[..., 0].sum((1, 2)))

    def moments(self, height: float) -> np.ndarray:
        """(rings, 2, 2) int dq/dx [[1, s^2], [s^2, s^4]] / r, s = y/r, over the cells behind the centre up to a height."""
        return np.einsum(
            "rc,ca,cb->rab", self._beside(height), self._shapes(), self._shapes() / self._radius()[:, None]
        )

    def stand_in(self, height: float, share: np.ndarray) -> None:
        """Give these cells a weight (a + b s^2) more in the part that depends on dq/dx, share (rings, 2) = a, b."""
        more = np.einsum("ra,ca->rc", share, self._shapes()) * (self._beside(height) != 0)
        self._weighted[..., 0] *= 1.0 + more[:, :, None]

    def _radius(self) -> np.ndarray:
        return np.asarray(np.linalg.norm(self._middle, axis=1))

    def _shapes(self) -> np.ndarray:
        """(cells, 2) 1 and s^2."""
        s = self._middle[:, 1] / self._radius()
        return np.stack([np.ones_like(s), s * s], axis=1)

    def _beside(self, height: float) -> np.ndarray:
        """(rings, cells) int dq/dx of the cells behind the centre up to a height above the crack plane, 0 of others."""
        layer = (self._middle[:, 0] < 0) & (np.abs(self._middle[:, 1]) < np.minimum(height, 0.5 * self._radius()))
        return np.where(layer, self._weighted[..., 0].sum(2), 0.0)

    def integrals(self, u: np.ndarray, velocity: np.ndarray | None = None, density: float = 0.0) -> np.ndarray:
        """(rings,) int Sigma_1j dq/dX_j, with the kinetic energy of a velocity in Sigma_11."""
        n, q = self._weighted.shape[1:3]
        d = self._gradients.shape[-1]
        if not n:
            return np.zeros(len(self._weighted))
        H = np.zeros((n, q, 3, 3))
        H[..., : u.shape[1], :d] = np.einsum("cam,cqai->cqmi", u[self._dofs], self._gradients)
        W, P = self._energy.material.energy_and_stress((H + self._energy.F0).reshape(-1, 3, 3))
        sigma = -np.einsum("cqi,cqij->cqj", H[..., 0], P.reshape(n, q, 3, 3))[..., :d]
        sigma[..., 0] += W.reshape(n, q) - self._energy.reference_density
        if velocity is not None:
            v = np.einsum("qa,cam->cqm", self._energy.values, velocity[self._dofs])
            sigma[..., 0] += 0.5 * density * (v * v).sum(2)
        return np.einsum("rcqj,cqj->r", self._weighted, sigma)
