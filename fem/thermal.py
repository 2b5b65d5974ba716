"""The continuum at temperature: W_T(F) = W(F) + f(F, T) / v0, quasi-harmonic, with stress and tangent that are its derivatives.

f is known at some hundred strains, from all vibrations there. Between them it is a polynomial of the logarithmic strain which the turns
of the crystal leave as it is: frames do not matter, and what symmetry makes equal is equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .cauchy_born import GPA, VOIGT, CauchyBornMaterial
from .log_strain import log_strain, stress_and_tangent, stretch
from .phonons import Share, UnstableCrystalError, Vibrations, alone
from .polynomials import invariants, polynomials
from .symmetry import in_ball, turned_strains, turns, unit_strains

BEYOND = 1.3
"""|H| over the radius of what was sampled from which on the polynomial is not believed."""
DEGREES, MOST_TERMS = (4, 3), 60
"""Of the polynomial: the first that has so few terms, else the last."""
RADII = (0.045, 0.03, 0.02)
"""|H| up to which vibrations are sampled: the first at which the crystal is stable throughout."""
SPARE, LEAST = 4.0, 48
"""Strains for each term, and in all."""
UNSEEN = 8
"""Pairs of strains that are not fitted to: their differences tell the error of the stress."""
AT, APART = 0.45, 0.09
"""|H| of these pairs, and how far the two are from each other, in units of the radius."""
STILL = 1e-12
"""Stress at which a stretch is at rest, eV/A^3."""


class ThermalRangeError(ValueError):
    """A strain beyond those at which vibrations are known."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Vibrations at some strains, from which every temperature follows; see `sampled`.

    Attributes
    ----------
    vibrations : Vibrations
    strains : (n, d) ndarray
        Components of H, the first two `UNSEEN` in pairs.
    eigenvalues : (n_k, n, modes) ndarray
        eV/A^2/amu.
    radius : float
        |H| of the strain furthest out.
    degree : int
        Of the polynomial, whose coefficients are sums of ``basis`` (m, r).
    basis : ndarray
    """

    vibrations: Vibrations
    strains: np.ndarray
    eigenvalues: np.ndarray
    radius: float
    degree: int
    basis: np.ndarray

    def fitted(self, values: np.ndarray) -> tuple[np.ndarray, float, float]:
        """(m,) coefficients of the polynomial of values (n,) at the strains, and its errors.

        Returns
        -------
        coefficients : (m,) ndarray
        left : float
            Root mean square of what it leaves of the values, over that of the values less their mean.
        stress_error : float
            The same of the slopes between the two strains of each unseen pair, over the root mean square of all slopes.
        """
        whole = polynomials(self.strains.shape[1], self.degree)
        M = whole.monomials(self.strains)
        seen, unseen = slice(2 * UNSEEN, None), slice(0, 2 * UNSEEN)
        A = M[seen] @ self.basis
        scale = np.linalg.norm(A, axis=0)
        coefficients = self.basis @ (np.linalg.lstsq(A / scale, values[seen], rcond=1e-12)[0] / scale)
        wrong = values - M @ coefficients
        left = float(np.std(wrong[seen]) / max(float(np.std(values[seen])), 1e-300))
        slope, off = (np.subtract(*some[unseen].reshape(-1, 2).T) for some in (values, wrong))
        largest = float(np.sqrt(np.mean(slope**2)))
        return coefficients, left, float(np.sqrt(np.mean(off**2))) / max(largest, 1e-300)


def sampled(vibrations: Vibrations, share: Share = alone, group: np.ndarray | None = None) -> Sampled:
    """Vibrations of a crystal at strains in a ball, always the same ones: the largest of `RADII` in which it is stable.

    Parameters
    ----------
    vibrations : Vibrations
    share : callable
        As for `Vibrations.eigenvalues`.
    group : (g, 3, 3) ndarray, optional
        Turns that leave the wave vectors as they are; those of the crystal by default.

    Raises
    ------
    UnstableCrystalError
        A wave grows by itself at no strain, or in each of the balls.
    """
    crystal = vibrations.material.crystal
    unit = unit_strains(crystal.dimension)
    on_strains, basis = turned_strains(turns(crystal) if group is None else group, unit), np.zeros((0, 0))
    for degree in DEGREES:
        basis = invariants(on_strains, degree, 0)
        if basis.shape[1] <= MOST_TERMS:
            break
    n = max(LEAST, int(np.ceil(SPARE * basis.shape[1])))
    vibrations.eigenvalues(np.eye(3)[None], share=share)
    for radius in RADII:
        strains = _strains(n, len(unit), radius)
        F = stretch(np.einsum("nk,kij->nij", strains, unit))
        try:
            eigenvalues = vibrations.eigenvalues(F, share=share)
        except UnstableCrystalError:
            if radius == RADII[-1]:
                raise
            continue
        return Sampled(vibrations=vibrations, strains=strains, eigenvalues=eigenvalues, radius=radius, degree=degree, basis=basis)
    raise AssertionError("the last radius returns or raises")


def _strains(n: int, d: int, radius: float) -> np.ndarray:
    """The unseen pairs and n strains in the ball, (2 UNSEEN + n, d)."""
    rng = np.random.default_rng(11)
    middle, way = rng.normal(size=(2, UNSEEN, d))
    middle *= AT * radius / np.linalg.norm(middle, axis=1)[:, None]
    way *= 0.5 * APART * radius / np.linalg.norm(way, axis=1)[:, None]
    pairs = np.stack([middle + way, middle - way], axis=1).reshape(-1, d)
    return np.concatenate([pairs, in_ball(rng, n, d, radius)])


class ThermalMaterial(CauchyBornMaterial):
    """W_T(F, p) = W(F, p) + f(F, T) / v0: the Cauchy-Born material with the free energy of its vibrations.

    f is that of the inner shifts which the static energy relaxes at F, whatever p is given: an error of the second order in T, for f
    is even in a shift that symmetry does not ask for.

    Parameters
    ----------
    sampled : Sampled
        Of the material's crystal; one serves all temperatures.
    temperature : float
        K.
    quantum : bool
        Vibrations as quanta; classical by default, as atoms that move are.

    Attributes
    ----------
    temperature, quantum
        As given.
    left, stress_error : float
        See `Sampled.fitted`.
    radius : float
        |H| beyond which W_T is refused with `ThermalRangeError`.

    References
    ----------
    G. Leibfried & W. Ludwig, Solid State Physics 12 (1961) 275 (quasi-harmonic theory).
    """

    def __init__(self, sampled: Sampled, temperature: float, quantum: bool = False) -> None:
        if not (np.isfinite(temperature) and temperature >= 0):
            raise ValueError(f"temperature = {temperature:g} K is not allowed: a number of at least 0 is expected")
        static = sampled.vibrations.material
        super().__init__(static.crystal, static.potential)
        self.temperature, self.quantum = float(temperature), quantum
        vibrations = sampled.vibrations
        self._unit, self._polynomials = unit_strains(self.crystal.dimension), polynomials(sampled.strains.shape[1], sampled.degree)
        values = vibrations.free_energy(sampled.eigenvalues, temperature, quantum) / self.volume
        self._coefficients, self.left, self.stress_error = sampled.fitted(values)
        self.radius = BEYOND * sampled.radius

    def vibrational(self, F_kij: np.ndarray, second: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """f / v0 (n,), its P (n, 3, 3) and, if ``second``, dP/dF (n, 3, 3, 3, 3) alone, eV/A^3."""
        F = np.asarray(F_kij, dtype=float)
        h = np.einsum("nij,kij->nk", log_strain(F), self._unit)
        size = np.linalg.norm(h, axis=1)
        if len(size) and not size.max() <= self.radius:
            k = int(np.nanargmax(size)) if np.isfinite(size).any() else 0
            raise ThermalRangeError(
                f"at F = {F[k].tolist()} the logarithmic strain is {size[k]:.3g}, and vibrations are known up to {self.radius:.3g}: "
                "expected is a smaller strain of the continuum, or a crystal whose lattice constant is that of the temperature"
            )
        f, s, c = self.by_strain(h, second)
        s = np.einsum("nk,kij->nij", s, self._unit)
        tangent = np.einsum("nkl,kij,lab->nijab", c, self._unit, self._unit, optimize=True) if second else None
        return f, *stress_and_tangent(F, s, tangent)

    def by_strain(self, h: np.ndarray, second: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """f / v0 (n,), its gradient (n, d) and Hessian (n, d, d) by components h (n, d) of ln U in `unit_strains`, eV/A^3."""
        return self._polynomials.evaluate(self._coefficients, h, second)

    def _evaluate(self, G_kid: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        W, dG, ddG = super()._evaluate(G_kid, second)
        f, P, A = self.vibrational(G_kid[:, :, :3], second)
        dG[:, :, :3] += P
        if second:
            ddG[:, :, :3, :, :3] += A
        return W + f, dG, ddG

    def at_rest(self) -> np.ndarray:
        """U (3, 3): the stretch of the reference crystal at which all stress vanishes, by Newton's method.

        Raises
        ------
        ThermalRangeError
            The crystal would have to be larger than the strains at which its vibrations are known.
        """
        U, unit = np.eye(3), self._unit
        for _ in range(30):
            try:
                _, P, A = self.evaluate(U[None])
            except ThermalRangeError:
                break
            r = np.einsum("kij,ij->k", unit, P[0])
            if np.abs(r).max() < STILL:
                return U
            K = np.einsum("kij,ijab,lab->kl", unit, A[0], unit)
            U = U - np.einsum("k,kij->ij", np.linalg.solve(K, r), unit)
        raise ThermalRangeError(
            f"at {self.temperature:g} K the crystal finds no size at rest among the strains of up to {self.radius:.3g} at which its "
            "vibrations are known: expected is a lower temperature"
        )

    def constants_at(self, U: np.ndarray, crystal_axes: bool = True) -> np.ndarray:
        """(6, 6) isothermal elastic constants of the crystal at rest at the stretch U, Voigt order, GPa; in laboratory axes if asked."""
        C = spatial_tangent(U, *(part[0] for part in self.evaluate(U[None])[1:]))
        Q = self.crystal.rotation.T if crystal_axes else np.eye(3)
        return voigt(np.einsum("ai,bj,ck,dl,ijkl->abcd", Q, Q, Q, Q, C, optimize=True))


def spatial_tangent(F: np.ndarray, P: np.ndarray, A: np.ndarray) -> np.ndarray:
    """c_ijkl = F_jb F_ld A_ibkd / J - delta_ik sigma_jl (3, 3, 3, 3), symmetrised: the stiffness at F against further small strain."""
    J = float(np.linalg.det(F))
    c = np.einsum("jb,ld,ibkd->ijkl", F, F, A) / J - np.einsum("ik,jl->ijkl", np.eye(3), P @ F.T / J)
    out: np.ndarray = 0.25 * (c + c.transpose(1, 0, 2, 3) + c.transpose(0, 1, 3, 2) + c.transpose(1, 0, 3, 2))
    return out


def voigt(C: np.ndarray) -> np.ndarray:
    """(6, 6) of (3, 3, 3, 3), GPa for eV/A^3."""
    out: Any = GPA * np.array([[C[i, j, k, l] for k, l in VOIGT] for i, j in VOIGT])
    return np.asarray(out)
