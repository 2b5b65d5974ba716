"""Speeds of waves in an anisotropic solid: the fastest in the plane, and Rayleigh's surface wave, which no crack that opens outruns.

The surface impedance Z(v) = -i B A^-1 of the half space, from Stroh's eigenproblem with C_i1k1 - rho v^2 delta_ik in place of
C_i1k1 (A. N. Stroh, J. Math. and Phys. 41, 77 (1962); T. C. T. Ting, Anisotropic Elasticity (1996), section 12.2), is
Hermitian, positive definite at rest, and falls with v: the wave has the speed at which its lowest eigenvalue is zero.
"""

from __future__ import annotations

import numpy as np

from .cauchy_born import GPA
from .near_tip import VOIGT

DIRECTIONS = 180
"""Of bulk waves that are looked at."""
HALVINGS = 60
"""Of the interval of speeds."""
COUPLED = 1e-8
"""Constants that couple the plane to the antiplane count from here on, in the largest of them."""


def rayleigh_speed(C_voigt: np.ndarray, density: float, dimension: float = 2.5) -> float:
    """Speed along x of the surface wave of the half space y < 0, A/ps.

    Parameters
    ----------
    C_voigt : (6, 6) ndarray
        Elastic constants in the laboratory frame (x along the crack, y its normal, z its front), as of `NearTipField`, GPa.
    density : float
        Mass of a volume, eV ps^2/A^5; of a sheet (dimension 2) 1 A thick.
    dimension : {2, 2.5, 3}
        2: nothing moves along z.

    Raises
    ------
    ValueError
        The density is not positive, or the solid is not stable.
    """
    C = _tensor(C_voigt, density)
    coupling = np.abs(C[:2, :2, 2, :2]).max()
    n = 2 if dimension == 2 or coupling < COUPLED * np.abs(C).max() else 3
    Q, R, T = C[:n, 0, :n, 0], C[:n, 0, :n, 1], C[:n, 1, :n, 1]
    if np.linalg.eigvalsh(T)[0] <= 0 or not _subsonic(Q, R, T):
        raise ValueError("elastic constants are not those of a stable solid")
    low, high = 0.0, float(np.sqrt(np.linalg.eigvalsh(Q)[0] / density))
    for _ in range(HALVINGS):
        v = 0.5 * (low + high)
        low, high = (v, high) if _subsonic(Q - density * v**2 * np.eye(n), R, T) else (low, v)
    return low


def fastest_speed(C_voigt: np.ndarray, density: float, dimension: float = 2.5) -> float:
    """Largest speed of a bulk wave in the plane, A/ps; parameters and errors as for `rayleigh_speed`."""
    C, n = _tensor(C_voigt, density), 2 if dimension == 2 else 3
    angle = np.linspace(0.0, np.pi, DIRECTIONS, endpoint=False)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    stiffness = np.einsum("da,iakb,db->dik", along, C[:n, :2, :n, :2], along)
    return float(np.sqrt(np.linalg.eigvalsh(stiffness).max() / density))


def _tensor(C_voigt: np.ndarray, density: float) -> np.ndarray:
    """(3, 3, 3, 3) constants, eV/A^3."""
    if not density > 0:
        raise ValueError(f"density is {density:g} eV ps^2/A^5, expected a number > 0")
    return np.asarray(C_voigt, float)[VOIGT[:, :, None, None], VOIGT] / GPA


def _subsonic(Q: np.ndarray, R: np.ndarray, T: np.ndarray) -> bool:
    """Whether the half space still resists: no bulk wave runs along, and the surface impedance is positive definite."""
    n, scale = len(T), float(np.trace(T)) / len(T)
    N2 = np.linalg.inv(T / scale)
    N1 = -N2 @ R.T / scale
    p, vectors = np.linalg.eig(np.block([[N1, N2], [R @ N2 @ R.T / scale**2 - Q / scale, N1.T]]))
    up = p.imag > 1e-9
    if np.count_nonzero(up) != n:
        return False
    A, B = vectors[:n, up], vectors[n:, up]
    if np.linalg.cond(A) > 1e10:  # an isotropic solid at rest: two roots are one
        return _subsonic(Q - 1e-6 * scale * np.eye(n), R, T)
    Z = -1j * B @ np.linalg.inv(A)
    return bool(np.linalg.eigvalsh(0.5 * (Z + Z.conj().T))[0] > 0)
