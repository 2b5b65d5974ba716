"""Waves in the infinite harmonic crystal, exactly: what a coupled model's core is held against when a pulse leaves it."""

from __future__ import annotations

import numpy as np

from ..coupling.model import Model

Constants = tuple[np.ndarray, np.ndarray]
"""Lattice vectors in units of the cell (n, gdim) int, and force constants between a cell and the one there (n, m, m), eV/A^2."""


def force_constants(model: Model) -> Constants:
    """Those of the atom nearest to the centre of a model of atoms, on one rank, in its undeformed state."""
    q, m = model.parts.layout.create_unknowns(), model.parts.layout.components
    H, n = model.coupling.hessian(q), model.parts.layout.n_free
    centre = int(np.linalg.norm(model.X_free, axis=1).argmin())
    key = model.parts.key[:n, : model.lattice.gdim]
    rows = H.getValues(range(centre * m, (centre + 1) * m), range(n * m)).reshape(m, n, m).transpose(1, 0, 2)
    near = np.abs(rows).max((1, 2)) > 0
    return key[near] - key[centre], rows[near]


class InfiniteCrystal:
    """u_n = sum_k exp(i k.X) cos(n theta(k)) u(k), sin(theta / 2) = omega dt / 2: velocity Verlet on a periodic box of N^gdim cells.

    The exact solution of the difference equations, one atom in each cell, so that no error of the time step stands between it and
    a coupled model in steps of the same length. The box is that of the lattice's own vectors; it must be so large that nothing has
    come round within the time asked for.

    Parameters
    ----------
    constants : Constants
    mass : float
        Of an atom, eV ps^2/A^2.
    u : (N, ..., m) ndarray
        Displacements at rest at step 0, by cell index modulo N, A.
    time_step : float
        ps.
    """

    def __init__(self, constants: Constants, mass: float, u: np.ndarray, time_step: float) -> None:
        self._axes = tuple(range(u.ndim - 1))
        cells, phi = constants
        spread = np.zeros((*u.shape, u.shape[-1]))
        np.add.at(spread, tuple(cells.T), phi)
        D = np.fft.fftn(spread, axes=self._axes).real / mass  # phi(-R) = phi(R)^T, so that D(k) is real and symmetric
        square, self._vectors = np.linalg.eigh(0.5 * (D + D.swapaxes(-1, -2)))
        self._modes = np.einsum("...ij,...i->...j", self._vectors, np.fft.fftn(u, axes=self._axes))
        omega = np.sqrt(np.maximum(square, 0.0))
        self._angle = 2.0 * np.arcsin(0.5 * time_step * omega)
        self._speed = np.sin(self._angle) / time_step
        self.energy = 0.5 * mass * float((omega * np.abs(self._modes)).ravel() @ (omega * np.abs(self._modes)).ravel())
        self.energy /= np.prod(u.shape[:-1])

    def velocity(self, step: int) -> np.ndarray:
        """(N, ..., m) velocities after so many steps, A/ps."""
        modes = -self._speed * np.sin(self._angle * step) * self._modes
        found = np.einsum("...ij,...j->...i", self._vectors, modes)
        return np.asarray(np.fft.ifftn(found, axes=self._axes).real)
