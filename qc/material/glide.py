"""A dislocation that glides away from a crack tip: what drives it, and where it comes to rest."""

from __future__ import annotations

import numpy as np

from fem.near_tip import GPA_SQRT_A, NearTipField

GPA_A = 0.1
"""1 GPa A in J/m^2."""


def direction(theta: float, phi: float) -> tuple[np.ndarray, np.ndarray]:
    """Direction s of slip (3,) on a half plane, and the plane's normal n (3,), unit vectors.

    Parameters
    ----------
    theta : float
        Angle of the half plane to the direction of the crack, degrees.
    phi : float
        Angle of s to the plane normal to the front, degrees. What lies on the side of n slips along s.
    """
    t, p = np.radians(theta), np.radians(phi)
    e, n = np.array([np.cos(t), np.sin(t), 0.0]), np.array([-np.sin(t), np.cos(t), 0.0])
    return np.cos(p) * e + np.array([0.0, 0.0, np.sin(p)]), n


def resolved_factors(field: NearTipField, theta: float, s: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Shear stress along s on a half plane times sqrt(2 pi r) over K: of the modes I, II, III (a sheet has two); theta in degrees."""
    t = np.radians(theta)
    modes = np.eye(3)[: 3 if field.dimension != 2 else 2]
    at = np.array([np.cos(t)]), np.array([np.sin(t)])
    return np.array([s @ field.stress(*at, K)[0] @ n for K in modes]) * np.sqrt(2.0 * np.pi) / GPA_SQRT_A


def stiffness(field: NearTipField, s: np.ndarray) -> float:
    """p = s . Lambda^-1 . s of slip along s, GPa, with the Lambda of G = k . Lambda . k."""
    return float(s @ np.linalg.inv(0.5 * field.compliance) @ s)


def rest_distance(drive: float, p: float, b: float, fault: float) -> float:
    """r of f K b / sqrt(2 pi r) - p b^2 / (8 pi r) = gamma_sf: how far from the tip a dislocation comes to rest, A.

    The load drives it out, its image in the crack faces and its fault draw it back; of two roots the outer one is stable. It is infinite
    without a fault, as of a full dislocation: only friction and the boundary stop that. Where the fault outweighs the load
    everywhere it is the place where it does so least.

    Parameters
    ----------
    drive : float
        f K, MPa m^1/2.
    p : float
        `stiffness`, GPa.
    b : float
        Length of the Burgers vector, A.
    fault : float
        Energy of the stacking fault behind it, gamma_sf, J/m^2.

    References
    ----------
    J. R. Rice & R. Thomson, Phil. Mag. 29 (1974) 73 (driving force and image), with the fault of a partial.
    """
    image = p * b**2 / (8.0 * np.pi)
    load = drive * GPA_SQRT_A * b / np.sqrt(2.0 * np.pi)
    held = fault / GPA_A
    if held <= 0.0:
        return np.inf
    root = load - np.sqrt(max(load**2 - 4.0 * image * held, 0.0))  # image x^2 - load x + held = 0, x = r^(-1/2)
    return float((2.0 * image / root) ** 2)
