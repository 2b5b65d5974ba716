"""Near-tip field of a straight crack in an anisotropic crystal: Stroh's formalism, no DOLFINx.

The crack lies on the negative x axis, its front along z, the medium is infinite and generally anisotropic, so
that in-plane and anti-plane displacements may couple. With Stroh's matrix ``N [a, b] = p [a, b]``, its three
eigenvalues of positive imaginary part in P and their eigenvectors in the columns of A and B,

    u = sqrt(2/pi) Re{ A sqrt(x + P y) B^-1 } k,    phi = sqrt(2/pi) Re{ B sqrt(x + P y) B^-1 } k,

k = (K_II, K_I, K_III), sigma_i1 = -d phi_i/dy, sigma_i2 = d phi_i/dx. Isotropic materials (and some others)
have no complete set of eigenvectors. A, B, P are therefore taken from a Schur form of N; P is triangular,
and the square root of ``x + P y`` needs divided differences, closed expressions without any cancellation:
``f[p,q] = y / (f_p + f_q)`` for f_p = sqrt(x + p y). One formula thus serves every material to rounding.

References
----------
G. C. Sih, P. C. Paris, G. R. Irwin, Int. J. Fract. Mech. 1 (1965) 189.
T. C. T. Ting, Anisotropic Elasticity: Theory and Applications (Oxford, 1996), chapters 5, 6, 11.
N. J. Higham, Functions of Matrices (SIAM, 2008), section 4.6 (triangular matrices and divided differences).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

VOIGT = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
GPA_SQRT_A = 100.0
"""1 MPa m^1/2 in GPa A^1/2."""
J_PER_M2 = 1e3
"""(MPa m^1/2)^2 / GPa in J/m^2."""
SOFTEST = 1e-6
"""Stiffness that no crystal falls below, GPa: far smaller ones are rounding, and their field is no number."""


class NearTipField:
    """Displacement, stress and energy release rate of the K-field, modes I, II, III.

    Parameters
    ----------
    C_voigt : (6, 6) array_like
        Elastic constants in the laboratory frame (x along the crack, y its normal, z its front), Voigt order
        xx, yy, zz, yz, xz, xy, GPa.
    dimension : {2, 2.5, 3}
        2.5 and 3 are plane strain. 2 is a sheet: its in-plane constants, per 1 A of thickness, are all that
        enters (numbers in eV/A^2 read as eV/A^3, times 160.2177 in GPa); nothing moves along z, no K_III.

    Attributes
    ----------
    C : (6, 6) ndarray
        The constants used, GPa.
    compliance : (3, 3) ndarray
        Inverse of the Barnett-Lothe tensor L, 1/GPa: G = k.L^-1.k / 2 with k = (K_II, K_I, K_III).
    effective_modulus : float
        E' of G = K_I^2 / E', GPa.
    """

    def __init__(self, C_voigt: np.ndarray | Sequence[Sequence[float]], dimension: float = 2.5) -> None:
        if dimension not in (2, 2.5, 3):
            raise ValueError(f"dimension is {dimension}, expected 2 (a sheet), 2.5 or 3 (plane strain)")
        self.dimension = dimension
        self.C = _checked(C_voigt, sheet=dimension == 2)
        self._A, self._B, self._P = _stroh(self.C[VOIGT[:, :, None, None], VOIGT])
        self.compliance = -np.imag(self._A @ np.linalg.inv(self._B))
        self.effective_modulus = 2.0 / float(self.compliance[1, 1])

    def displacement(self, x: np.ndarray, y: np.ndarray, K: Sequence[float] = (1.0, 0.0, 0.0)) -> np.ndarray:
        """Displacement u(x, y).

        Parameters
        ----------
        x, y : (n,) array_like
            Positions relative to the tip, A. On the crack (x < 0) the sign bit of y tells the faces apart:
            +0.0 is the upper, -0.0 the lower face.
        K : (K_I, K_II, K_III)
            Stress intensity factors, MPa m^1/2; missing ones are zero.

        Returns
        -------
        (n, 3) ndarray
            u, A; exactly zero at the tip.
        """
        f, y = _roots(x, y, np.diagonal(self._P))
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs = [y / (f[i] + f[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
            triple = -y * y / ((f[0] + f[1]) * (f[1] + f[2]) * (f[0] + f[2]))
        w = _apply(self._P, f, pairs, triple, self._coefficients(K))
        u: np.ndarray = np.sqrt(2.0 / np.pi) * np.real(w @ self._A.T)
        u[f[0] == 0.0] = 0.0
        return u

    def displacement_gradient(self, x: np.ndarray, y: np.ndarray, K: Sequence[float] = (1.0, 0.0, 0.0)) -> np.ndarray:
        """du_i/dx_j at (x, y), arguments as for ``displacement``.

        Returns
        -------
        (n, 3, 2) ndarray
            Derivatives with respect to x and y (nothing varies along z). At the tip, where they are infinite,
            it raises ValueError.
        """
        w = self._gradient_coefficients(x, y, K)
        grad = np.stack([np.real(w @ self._A.T), np.real(w @ (self._A @ self._P).T)], axis=-1)
        return np.asarray(grad / np.sqrt(2.0 * np.pi))

    def stress(self, x: np.ndarray, y: np.ndarray, K: Sequence[float] = (1.0, 0.0, 0.0)) -> np.ndarray:
        """Stress sigma(x, y), (n, 3, 3), GPa; arguments as for ``displacement``."""
        C = self.C[VOIGT[:, :, None, None], VOIGT[:, :2]]
        return np.asarray(np.einsum("ijkl,nkl->nij", C, self.displacement_gradient(x, y, K)))

    def uniform_gradient(self, T: float) -> np.ndarray:
        """du_i/dx_j of the T-stress, (3, 3): sigma_xx = T (GPa) everywhere, no traction on planes along the crack.

        The field's second term (M. L. Williams, J. Appl. Mech. 24 (1957) 109). Nothing varies along z; the shear sigma_xz that would
        leave the faces free as well is zero, and the line of the crack stays where it is.
        """
        free = [0, 1, 3, 4, 5]  # strains that are not prescribed; sigma_zz follows
        strain = np.zeros(6)
        strain[free] = np.linalg.solve(self.C[np.ix_(free, free)], [T, 0.0, 0.0, 0.0, 0.0])
        H = np.zeros((3, 3))
        H[0, 0], H[1, 1], H[0, 1], H[2, 0], H[2, 1] = strain[[0, 1, 5, 4, 3]]
        return H

    def energy_release_rate(self, K: Sequence[float]) -> float:
        """G = k . L^-1 . k / 2 of a straight advance, J/m^2, for K = (K_I, K_II, K_III) in MPa m^1/2."""
        k = self._intensities(K)
        return float(0.5 * J_PER_M2 * k @ self.compliance @ k)

    def stress_intensity(self, G: float) -> float:
        """K_I = sqrt(G E') of pure mode I, MPa m^1/2, G in J/m^2; the Griffith value K_G for G = 2 gamma."""
        if not G >= 0:
            raise ValueError(f"energy release rate is {G}, expected a number >= 0 in J/m^2")
        return float(np.sqrt(G * self.effective_modulus / J_PER_M2))

    def _intensities(self, K: Sequence[float]) -> np.ndarray:
        """k = (K_II, K_I, K_III), the order of the traction (x, y, z) on the plane ahead of the tip."""
        values = np.atleast_1d(np.asarray(K, dtype=float))
        if values.ndim != 1 or not 1 <= len(values) <= 3 or not np.isfinite(values).all():
            raise ValueError(f"K is {K!r}, expected up to three finite numbers (K_I, K_II, K_III)")
        K_I, K_II, K_III = np.append(values, np.zeros(3 - len(values)))
        if self.dimension == 2 and K_III != 0.0:
            raise ValueError(f"K_III is {K_III}, expected 0 in two dimensions")
        return np.array([K_II, K_I, K_III])

    def _coefficients(self, K: Sequence[float]) -> np.ndarray:
        """B^-1 k in GPa A^1/2."""
        return np.asarray(np.linalg.solve(self._B, GPA_SQRT_A * self._intensities(K)))

    def _gradient_coefficients(self, x: np.ndarray, y: np.ndarray, K: Sequence[float]) -> np.ndarray:
        """(x + P y)^-1/2 B^-1 k, (n, 3) complex."""
        f, y = _roots(x, y, np.diagonal(self._P))
        if (f[0] == 0.0).any():
            raise ValueError("a point lies at the tip (0, 0), where strain and stress are infinite")
        pairs = [-y / (f[i] * f[j] * (f[i] + f[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
        triple = y * y * (f[0] + f[1] + f[2])
        triple /= f[0] * f[1] * f[2] * (f[0] + f[1]) * (f[1] + f[2]) * (f[0] + f[2])
        return _apply(self._P, 1.0 / f, pairs, triple, self._coefficients(K))


def _checked(C_voigt: np.ndarray | Sequence[Sequence[float]], sheet: bool) -> np.ndarray:
    """The constants as (6, 6); a sheet gets decoupled unit constants out of plane, which carry no load."""
    C = np.array(C_voigt, dtype=float)
    if C.shape != (6, 6):
        raise ValueError(f"elastic constants have shape {C.shape}, expected (6, 6) in Voigt order")
    if sheet:
        plane = np.ix_([0, 1, 5], [0, 1, 5])
        in_plane, C = C[plane], np.eye(6)
        C[plane] = in_plane
    if not np.isfinite(C).all() or np.abs(C - C.T).max() > 1e-6 * np.abs(C).max():
        raise ValueError("elastic constants are not a finite symmetric matrix, expected one in GPa")
    C = 0.5 * (C + C.T)
    lowest = float(np.linalg.eigvalsh(C)[0])
    if lowest <= SOFTEST:
        raise ValueError(f"elastic constants have the eigenvalue {lowest:.6g} GPa, expected all of them > {SOFTEST:g}")
    return C


def _stroh(C: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, B, P of the module's docstring from C_ijkl: an ordered Schur form of Ting's N (equation 5.5-3)."""
    Q, R, T = C[:, 0, :, 0], C[:, 0, :, 1], C[:, 1, :, 1]
    scale = float(np.trace(T)) / 3.0  # stress functions in units of the stiffness: N without dimension
    Q, R, T = Q / scale, R / scale, T / scale
    N2 = np.linalg.inv(T)
    N1 = -N2 @ R.T
    N = np.block([[N1, N2], [R @ N2 @ R.T - Q, N1.T]])
    P, vectors, count = scipy.linalg.schur(N, output="complex", sort=lambda p: p.imag > 0.0)
    if count != 3:
        raise ValueError("elastic constants are too close to instability for a near-tip field")
    return vectors[:3, :3], scale * vectors[3:, :3], P[:3, :3]


def _roots(x: np.ndarray, y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f = sqrt(x + p y), (3, n), and y. By parts: complex arithmetic would lose the sign of y = -0.0."""
    x, y = np.broadcast_arrays(np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float)))
    z = np.empty((3, *x.shape), dtype=complex)
    z.real = x + p.real[:, None] * y
    z.imag = p.imag[:, None] * y
    return np.sqrt(z), y


def _apply(P: np.ndarray, f: np.ndarray, pairs: list[np.ndarray], triple: np.ndarray, c: np.ndarray) -> np.ndarray:
    """f(P) c for upper triangular P: f (3, n) at its diagonal, divided differences (01, 02, 12) and 012."""
    w = f.T * c
    w[:, 0] += P[0, 1] * pairs[0] * c[1] + (P[0, 2] * pairs[1] + P[0, 1] * P[1, 2] * triple) * c[2]
    w[:, 1] += P[1, 2] * pairs[2] * c[2]
    return np.asarray(w)
