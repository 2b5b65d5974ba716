"""Inner shifts at rest as a polynomial of the strain: where a relaxation begins so close to its end that one Newton step ends it."""

from __future__ import annotations

from typing import Self

import numpy as np

from atomistics.kernels.series import shifts_of_strains

from .polynomials import polynomials
from .symmetry import in_ball, unit_strains

STRAINS = 0.05
"""Largest norm of (F^T F - I) / 2 up to which the polynomial is fitted and asked."""
DEGREE = 4
SPARE = 4
"""Strains relaxed for each coefficient of the fit."""
PAYS = 0.1
"""A fit whose residual is a larger part of the shifts' own size is of no use."""


class ShiftSeries:
    """p(F) = F sigma(E) with sigma a polynomial of E = (F^T F - I) / 2: it turns with the crystal, and depends on F alone.

    Parameters
    ----------
    unit : (d, 3, 3) ndarray
        Orthonormal components of the strain.
    coefficients : (m, 3 n_basis) ndarray
        Of the monomials of sigma, A.
    """

    def __init__(self, unit: np.ndarray, coefficients: np.ndarray) -> None:
        made = np.array([(0, 0), *polynomials(len(unit), DEGREE).made], dtype=np.int32)
        self._made, self._unit, self._coefficients = made, unit, np.ascontiguousarray(coefficients)

    @classmethod
    def fitted(cls, U_kij: np.ndarray, p_kai: np.ndarray, dimension: int) -> Self | None:
        """Fitted to the shifts (n, n_basis, 3) at rest, A, of the stretches of `stretches`; None where that is of no use."""
        unit = unit_strains(dimension)
        e = np.einsum("dij,kij->kd", unit, 0.5 * (U_kij @ U_kij - np.eye(3)))
        sigma = np.linalg.solve(U_kij[:, None], p_kai[..., None])[..., 0].reshape(len(p_kai), -1)
        all_of = polynomials(len(unit), DEGREE)
        rows = all_of.monomials(e / STRAINS)
        found = np.linalg.lstsq(rows, sigma, rcond=None)[0]
        if not np.abs(rows @ found - sigma).max() <= PAYS * np.abs(sigma - sigma.mean(0)).max():
            return None
        return cls(unit, found / STRAINS ** all_of.degrees[:, None])

    def put(self, F_kij: np.ndarray, p_kai: np.ndarray) -> None:
        """Write the shifts of deformation gradients (k, 3, 3) into p (k, n_basis, 3), A, where the strain is not too large for them."""
        shifts_of_strains(np.ascontiguousarray(F_kij), self._unit, self._made, self._coefficients, STRAINS, p_kai)


def stretches(dimension: int) -> np.ndarray:
    """(n, 3, 3) symmetric F with strains in a ball, the same ones each time; of a sheet in its plane."""
    unit = unit_strains(dimension)
    e = in_ball(np.random.default_rng(0), SPARE * len(polynomials(len(unit), DEGREE).powers), len(unit), STRAINS)
    values, vectors = np.linalg.eigh(np.eye(3) + 2.0 * np.einsum("kd,dij->kij", e, unit))
    return np.ascontiguousarray(vectors @ (np.sqrt(values)[:, :, None] * vectors.swapaxes(1, 2)))
