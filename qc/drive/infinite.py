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
    """u(t) = sum_k exp(i k.X) cos(omega(k) t) u(k) on a periodic box of N^gdim cells, one atom in each.

    The box is that of the lattice's own vectors; it must be so large that nothing has come round within the time asked for.

    Parameters
    ----------
    constants : Constants
    mass : float
        Of an atom, eV ps^2/A^2.
    u : (N, ..., m) ndarray
        Displacements at rest at time 0, by cell index modulo N, A.
    """

    def __init__(self, constants: Constants, mass: float, u: np.ndarray) -> None:
        self._axes = tuple(range(u.ndim - 1))
        cells, phi = constants
        spread = np.zeros((*u.shape, u.shape[-1]))
        np.add.at(spread, tuple(cells.T), phi)
        D = np.fft.fftn(spread, axes=self._axes).real / mass  # phi(-R) = phi(R)^T, so that D(k) is real and symmetric
        square, self._vectors = np.linalg.eigh(0.5 * (D + D.swapaxes(-1, -2)))
        self._omega = np.sqrt(np.maximum(square, 0.0))
        self._modes = np.einsum("...ij,...i->...j", self._vectors, np.fft.fftn(u, axes=self._axes))

    def velocity(self, t: float) -> np.ndarray:
        """(N, ..., m) velocities at time t (ps), A/ps."""
        modes = -self._omega * np.sin(self._omega * t) * self._modes
        found = np.einsum("...ij,...j->...i", self._vectors, modes)
        return np.asarray(np.fft.ifftn(found, axes=self._axes).real)
