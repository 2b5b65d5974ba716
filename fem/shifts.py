"""Inner shifts of a multilattice: second derivatives in blocks, and the algebra of what is relaxed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

ROUNDING = 1e-12
"""Relative rise of the energy that a relaxation takes for rounding: the last Newton steps gain less than this."""
NEARLY = 1e3
"""Where forces stay above the tolerance by rounding, this many tolerances are rest too."""


@dataclass(frozen=True, kw_only=True)
class ShiftDerivatives:
    """W(F, p) and its derivatives at given deformation gradients and inner shifts, per volume; atoms sit at F X_a + p_a.

    A common shift of all atoms costs nothing: the sums over a and b of every block vanish.

    Attributes
    ----------
    W : (k,) ndarray
        eV/A^3.
    dF : (k, 3, 3) ndarray
        dW/dF at fixed p, eV/A^3.
    dp : (k, n_basis, 3) ndarray
        dW/dp, eV/A^4.
    dFdF : (k, 3, 3, 3, 3) ndarray
    dFdp : (k, 3, 3, n_basis, 3) ndarray
    dpdp : (k, n_basis, 3, n_basis, 3) ndarray
        Empty if only first derivatives were asked for.
    """

    W: np.ndarray
    dF: np.ndarray
    dp: np.ndarray
    dFdF: np.ndarray
    dFdp: np.ndarray
    dpdp: np.ndarray

    def put(self, k: np.ndarray, other: ShiftDerivatives, which: np.ndarray) -> None:
        """Overwrite those of the points k by those of ``other`` at its points ``which``."""
        for f in fields(self):
            getattr(self, f.name)[k] = getattr(other, f.name)[slice(None) if which.all() else which]

    def shift_tangent(self) -> np.ndarray:
        """(k, n_basis, 3, 3, 3) dp/dF of shifts that stay relaxed, A: -W_pp^-1 W_pF."""
        k, n = self.dp.shape[:2]
        rhs = self.dFdp.transpose(0, 3, 4, 1, 2).reshape(k, 3 * n, 9)
        return -_solved(_regular(self.dpdp), rhs).reshape(k, n, 3, 3, 3)

    def condensed(self) -> np.ndarray:
        """(k, 3, 3, 3, 3) tangent with relaxed shifts, the Schur complement W_FF - W_Fp W_pp^-1 W_pF, eV/A^3."""
        return self.dFdF + np.einsum("kijax,kaxlm->kijlm", self.dFdp, self.shift_tangent(), optimize=True)


def joined(F_kij: np.ndarray, p_kai: np.ndarray) -> np.ndarray:
    """(k, 3, 3 + n_basis) G = [F | p^T], by which a kernel differentiates."""
    return np.concatenate([F_kij, p_kai.transpose(0, 2, 1)], axis=2)


def blocks(W: np.ndarray, dG: np.ndarray, ddG: np.ndarray) -> ShiftDerivatives:
    """Derivatives by F and by the shifts from those by G."""
    n = dG.shape[2] - 3
    return ShiftDerivatives(
        W=W,
        dF=dG[:, :, :3],
        dp=dG[:, :, 3:].transpose(0, 2, 1),
        dFdF=ddG[:, :, :3, :, :3],
        dFdp=ddG[:, :, :3, :, 3:].transpose(0, 1, 2, 4, 3),
        dpdp=ddG[:, :, 3:, :, 3:].transpose(0, 2, 1, 4, 3).reshape(-1, n, 3, n, 3),
    )


def newton_step(dp: np.ndarray, dpdp: np.ndarray) -> np.ndarray:
    """(k, n_basis, 3) shifts towards less energy, without a common part, A: Newton's, with |eigenvalues| where W_pp is indefinite."""
    k, n = dp.shape[:2]
    H, g = _regular(dpdp), dp.reshape(k, 3 * n, 1)
    try:
        np.linalg.cholesky(H)
        step = np.linalg.solve(H, g)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(H)
        size = np.abs(values)
        size = np.maximum(size, 1e-3 * size.max(1, keepdims=True))
        step = vectors @ ((vectors.transpose(0, 2, 1) @ g) / size[..., None])
    return -step.reshape(k, n, 3)


def relax(
    p_kai: np.ndarray,
    derivatives: Callable[[np.ndarray, np.ndarray], ShiftDerivatives],
    tolerance: float,
    longest: float,
    steps: int = 50,
) -> tuple[np.ndarray, ShiftDerivatives, np.ndarray]:
    """Shifts of least energy at many points at once: Newton's method, each step halved until the energy falls.

    Parameters
    ----------
    p_kai : (k, n_basis, 3) ndarray
        Where to begin, A.
    derivatives : callable
        Of chosen points (indices) and their shifts.
    tolerance : float
        Of dW/dp, eV/A^4.
    longest : float
        Largest change of a shift in one step, A.

    Returns
    -------
    (k, n_basis, 3) ndarray, the derivatives there, and the indices of the points that found no rest.
    """
    p, left = p_kai.copy(), np.arange(len(p_kai))
    d = derivatives(left, p)
    for _ in range(steps):
        left = left[~(_force(d)[left] < tolerance)]
        if not len(left):
            break
        left = left[_descend(left, p, d, derivatives, longest)]
    return p, d, np.flatnonzero(~(_force(d) < NEARLY * tolerance))


def _force(d: ShiftDerivatives) -> np.ndarray:
    """(k,) largest component of dW/dp."""
    return np.abs(d.dp).max((1, 2))


def _descend(
    points: np.ndarray,
    p: np.ndarray,
    d: ShiftDerivatives,
    derivatives: Callable[[np.ndarray, np.ndarray], ShiftDerivatives],
    longest: float,
) -> np.ndarray:
    """One step of some points, written into p and d; which of them have moved."""
    W, dp = d.W[points], d.dp[points]
    step = newton_step(dp, d.dpdp[points])
    size = np.sqrt((step**2).sum(2).max(1))
    step *= np.minimum(1.0, longest / np.maximum(size, 1e-300))[:, None, None]
    slope = (dp * step).sum((1, 2))
    todo, moved = np.arange(len(points)), np.zeros(len(points), dtype=bool)
    for _ in range(30):
        trial = p[points[todo]] + step[todo]
        there = derivatives(points[todo], trial)
        highest = W[todo] + 1e-4 * slope[todo] + ROUNDING * np.abs(W[todo])
        falls = there.W - highest <= 0.0
        p[points[todo[falls]]] = trial[falls]
        d.put(points[todo[falls]], there, falls)
        moved[todo[falls]] = True
        todo = todo[~falls]
        if not len(todo):
            break
        step[todo] *= 0.5
        slope[todo] *= 0.5
    return moved


def independent(n_basis: int) -> np.ndarray:
    """(n_basis, n_basis - 1) matrix N of p = N pi: all shifts of sum zero from n_basis - 1 independent ones, pi_m = p_m - p_0."""
    return np.eye(n_basis)[:, 1:] - 1.0 / n_basis


def largest_gap(p_kai: np.ndarray) -> np.ndarray:
    """(k,) largest distance between the shifts of two atoms of the cell: how much closer they may have come, A."""
    apart = p_kai[:, :, None] - p_kai[:, None]
    return np.sqrt((apart**2).sum(-1).max((1, 2), initial=0.0))


def without_translation(p_kai: np.ndarray) -> np.ndarray:
    """Shifts less their mean over the atoms of the cell."""
    return p_kai - p_kai.mean(1, keepdims=True)


def _solved(H: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """H^-1 rhs; what nothing holds does not move: the shifts of a cell that a solver's trial state has torn apart."""
    try:
        return np.linalg.solve(H, rhs)
    except np.linalg.LinAlgError:
        finite = np.isfinite(H).all((1, 2))
        inverse = np.linalg.pinv(np.where(finite[:, None, None], H, 0.0), hermitian=True)
        return np.where(finite[:, None, None], inverse @ rhs, np.nan)


def _regular(dpdp: np.ndarray) -> np.ndarray:
    """(k, 3n, 3n) W_pp with a stiffness of its own size against common translations, which cost nothing."""
    k, n = dpdp.shape[:2]
    H = dpdp.reshape(k, 3 * n, 3 * n)
    size = np.abs(np.einsum("kii->k", H)) / (3 * n) + 1e-30
    return H + (size / n)[:, None, None] * np.tile(np.eye(3), (n, n))
