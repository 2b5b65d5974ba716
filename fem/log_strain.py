"""Energies of the logarithmic strain H = ln(F^T F) / 2, with stress and tangent by F."""

from __future__ import annotations

import numpy as np

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS, WEIGHTS = 0.5 * (POINTS + 1.0), 0.5 * WEIGHTS
"""Of ln C = int_0^1 (C - I) [I + s (C - I)]^-1 ds: to rounding where |H| < 0.2, and there is no case of equal stretches."""


def log_strain(F: np.ndarray) -> np.ndarray:
    """H (n, 3, 3) of F (n, 3, 3)."""
    X = F.swapaxes(1, 2) @ F - np.eye(3)
    H: np.ndarray = 0.5 * np.einsum("q,nij,qnjk->nik", WEIGHTS, X, _resolvents(X), optimize=True)
    return 0.5 * (H + H.swapaxes(1, 2))


def stretch(H: np.ndarray) -> np.ndarray:
    """U = exp(H) (n, 3, 3) of symmetric H (n, 3, 3)."""
    values, vectors = np.linalg.eigh(H)
    U: np.ndarray = np.einsum("nik,nk,njk->nij", vectors, np.exp(values), vectors)
    return U


def stress_and_tangent(
    F: np.ndarray, s: np.ndarray, c: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """P (n, 3, 3) and, if c is given, dP/dF (n, 3, 3, 3, 3) of psi(H(F)).

    Parameters
    ----------
    F : (n, 3, 3) ndarray
    s : (n, 3, 3) ndarray
        dpsi/dH, symmetric.
    c : (n, 3, 3, 3, 3) ndarray or None
        d2psi/dH2.
    """
    R = _resolvents(F.swapaxes(1, 2) @ F - np.eye(3))
    Rs = R @ s
    S = np.einsum("q,qnij,qnjk->nik", WEIGHTS, Rs, R)  # second Piola-Kirchhoff stress
    if c is None:
        return F @ S, np.zeros((0, 3, 3, 3, 3))
    T = np.einsum("q,qnik,qnjl->nijkl", WEIGHTS, R, R)  # 2 dH/dC
    C = np.einsum("nijab,nabcd,ncdkl->nijkl", T, c, T, optimize=True)
    bent = np.einsum("q,qnik,qnlj->nijkl", WEIGHTS * POINTS, R, Rs @ R)  # R Y R s R
    bent = bent + bent.transpose(0, 2, 1, 3, 4)
    C = C - (bent + bent.transpose(0, 1, 2, 4, 3))
    A = np.einsum("nim,nkp,nmjpl->nijkl", F, F, C, optimize=True) + np.einsum("ik,njl->nijkl", np.eye(3), S)
    return F @ S, A


def _resolvents(X: np.ndarray) -> np.ndarray:
    """(q, n, 3, 3) [I + s X]^-1 at the points of integration."""
    return np.linalg.inv(np.eye(3) + POINTS[:, None, None, None] * X)
