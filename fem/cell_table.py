"""The Cauchy-Born response of a calculator of forces: its stress of unit cells, tabulated in strain.

A table is a polynomial Psi(E) of the Green-Lagrange strain whose slope is fitted to the second Piola-Kirchhoff stress S at some
strains: W = Psi, P = F dPsi/dE. Stress and elastic constants of the crystal at rest are those of the calculator exactly, frames do not
matter, and what the crystal's symmetry makes equal is equal. A table holds in a ball of strains; it is made when the first strain of
it occurs, always from the same strains, so that all ranks have the same. Whether the forces of atoms and continuum agree in a patch
test does not depend on it: a uniform stress, right or wrong, leaves no force.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from atomistics import Crystal
from atomistics.potentials.forces_only import ForcesOnly

from .polynomials import invariants, polynomials
from .symmetry import in_ball, turned_strains, turns, unit_strains

log = logging.getLogger(__name__)

RADII = (0.02, 0.04, 0.07, 0.12, 0.2)
"""|E| up to which each table holds; from the last `OVERLAP` of it on the next one takes over."""
OVERLAP = 0.8
DEGREES = (5, 6)
"""Of the polynomial: the first that is exact enough."""
ENOUGH = 1e-3
"""Bound of the error of the stress over the largest stress of the table that is exact enough."""
ROUGH = 3e-2
"""The same, of a table that is worth a warning."""
SPARE = 4.0
"""Equations for each coefficient."""
UNSEEN = 12
"""Strains that are not fitted to, but tell the error."""
CAUTION = 4.0
"""The bound of the error is so many times the largest seen there."""
STEP = 2e-4
"""Strain of the differences that give the elastic constants."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A polynomial of strain and how good it is.

    Attributes
    ----------
    radius : float
        |E| up to which it holds.
    degree : int
        Of the polynomial.
    coefficients : (m,) ndarray
        Of its monomials, eV/A^3.
    calls : int
        Unit cells that the calculator was asked about for it.
    error, largest : float
        Bound of the error of a stress, from strains that it was not fitted to, and the largest stress there, eV/A^3.
    """

    radius: float
    degree: int
    coefficients: np.ndarray
    calls: int
    error: float
    largest: float


class CellTable:
    """W, P and C of a calculator's perfect crystal.

    Parameters
    ----------
    crystal : Crystal
        With one atom a cell.
    potential : ForcesOnly
        Tables are kept in it, for whoever asks for the same crystal again.

    Attributes
    ----------
    tables : list of Table
        Those that were needed so far.
    """

    def __init__(self, crystal: Crystal, potential: ForcesOnly) -> None:
        if len(crystal.species) > 1:
            raise ValueError(
                f"the calculator {potential.name} gives forces only, and then crystals may have one atom a cell (fcc, bcc): "
                f"{crystal.structure} has {len(crystal.species)}, whose shifts would need an energy of sites"
            )
        self._crystal, self._potential = crystal, potential
        self._unit = unit_strains(crystal.dimension)
        key = crystal.cell_ij.tobytes() + repr(crystal.species).encode()
        self._kept: dict[object, Table] = potential.tables.setdefault(key, {})

    @property
    def tables(self) -> list[Table]:
        """See the class."""
        return [table for table in self._kept.values() if table.radius > 0]

    def __call__(self, F: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W (n,), P (n, 3, 3) and, if asked for, dP/dF of deformation gradients (n, 3, 3)."""
        E = 0.5 * (np.einsum("nki,nkj->nij", F, F) - np.eye(3))
        e = self._components(E)
        W, s, c = self._interpolated(e, second)
        S = np.einsum("nk,kij->nij", s, self._unit)
        C = np.zeros((0, 3, 3, 3, 3))
        if second:
            C = np.einsum("nkl,kij,lab->nijab", c, self._unit, self._unit, optimize=True)
            C = np.einsum("nim,nkp,nmjpl->nijkl", F, F, C, optimize=True)
            C += np.einsum("ik,njl->nijkl", np.eye(3), S)
        return W, F @ S, C

    def _components(self, E: np.ndarray) -> np.ndarray:
        """(n, d) components of strains (n, 3, 3), so that their square sums are those of all nine."""
        return np.einsum("nij,kij->nk", E, self._unit)

    def _interpolated(self, e: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Psi (n,), its gradient (n, d) and, if asked for, its Hessian (n, d, d), each from the table of its strain."""
        d, size = e.shape[1], np.sqrt((e**2).sum(1))
        out = np.zeros(len(e)), np.zeros((len(e), d)), np.zeros((len(e) if second else 0, d, d))
        last = len(RADII) - 1
        shell = np.minimum(np.searchsorted(RADII, size), last)
        for k in np.unique(shell).tolist():
            here = np.flatnonzero(shell == k)
            if k == 0 and (size[here] < 1e-12).all():  # the crystal at rest asks for no table
                _add(out, self._at_rest(), e, here, None, second)
                continue
            alone = here[(size[here] <= OVERLAP * RADII[k]) | (k == last)]
            both = here[(size[here] > OVERLAP * RADII[k]) & (k < last)]
            _add(out, self._table(k), e, alone, None, second)
            if len(both):
                share = _share(size[both], RADII[k])
                _add(out, self._table(k), e, both, share, second)
                _add(out, self._table(k + 1), e, both, (1.0 - share[0], -share[1], -share[2]), second)
        return out

    def _at_rest(self) -> Table:
        """Stress and elastic constants of the crystal as it is, by central differences of the calculator's stress."""
        if "rest" not in self._kept:
            before = self._potential.calls.cells
            d = len(self._unit)
            e = np.concatenate([np.zeros((1, d)), STEP * np.eye(d), -STEP * np.eye(d)])
            s = self._stress(e)
            c = (s[1 : d + 1] - s[d + 1 :]) / (2 * STEP)
            powers = polynomials(d, 2).powers
            quadratic = [0.0, *(_quadratic(power, s[0], 0.5 * (c + c.T)) for power in powers[1:])]
            calls = self._potential.calls.cells - before
            self._kept["rest"] = Table(
                radius=0.0, degree=2, coefficients=np.array(quadratic), calls=calls, error=0.0, largest=0.0
            )
        return self._kept["rest"]

    def _table(self, k: int) -> Table:
        if k not in self._kept:
            self._kept[k] = self._fitted(RADII[k])
            table = self._kept[k]
            what = (table.radius, table.error, table.largest)
            log.info("stress of the calculator's crystal: strains up to %g by %d unit cells, error up to %.1e of %.3g eV/A^3",
                     what[0], table.calls, *what[1:])  # fmt: skip
            if table.error > ROUGH * table.largest:
                log.warning("the stress of the calculator's crystal is no smooth function of strain up to %g: its table errs by up to "
                            "%.1e of %.3g eV/A^3", *what)  # fmt: skip
        return self._kept[k]

    def _fitted(self, radius: float) -> Table:
        """The table of a ball of strains, of the least degree that is exact enough."""
        rest, before = self._at_rest(), self._potential.calls.cells
        rng = np.random.default_rng(7)
        unseen = in_ball(rng, UNSEEN, len(self._unit), radius)
        wanted, e, s = self._stress(unseen), np.empty((0, unseen.shape[1])), np.empty((0, unseen.shape[1]))
        largest = float(np.abs(wanted).max())
        best: Table | None = None
        group = turned_strains(turns(self._crystal), self._unit)
        for degree in DEGREES:
            basis = invariants(group, degree, 3)
            missing = int(np.ceil(SPARE * basis.shape[1] / unseen.shape[1])) - len(e)
            if missing > 0:
                new = in_ball(rng, missing, unseen.shape[1], radius)
                e, s = np.concatenate([e, new]), np.concatenate([s, self._stress(new)])
            found = _fit(e, s, rest, basis, degree)
            there = polynomials(e.shape[1], degree).evaluate(found, unseen, False)[1]
            error = CAUTION * float(np.abs(there - wanted).max())
            if best is None or error < best.error:
                calls = self._potential.calls.cells - before
                best = Table(radius=radius, degree=degree, coefficients=found, calls=calls, error=error, largest=largest)
            if error < ENOUGH * largest:
                break
        assert best is not None
        return best

    def _stress(self, e: np.ndarray) -> np.ndarray:
        """(n, d) second Piola-Kirchhoff stress of the calculator, a call each, eV/A^3."""
        found = []
        for U in self._stretches(e):
            tau, inverse = self._potential.virial(self._crystal, U) / self._crystal.cell_volume, np.linalg.inv(U)
            found.append(inverse @ tau @ inverse)
        return self._components(np.array(found))

    def _stretches(self, e: np.ndarray) -> np.ndarray:
        """(n, 3, 3) U with U^2 = I + 2 E."""
        values, vectors = np.linalg.eigh(np.eye(3) + 2.0 * np.einsum("nk,kij->nij", e, self._unit))
        return np.einsum("nik,nk,njk->nij", vectors, np.sqrt(values), vectors)


def _quadratic(power: np.ndarray, s: np.ndarray, c: np.ndarray) -> float:
    """Coefficient of a monomial of degree 1 or 2 in s e + e c e / 2."""
    k = np.repeat(np.arange(len(power)), power)
    if len(k) == 1:
        return float(s[k[0]])
    return float(c[k[0], k[1]]) * (0.5 if k[0] == k[1] else 1.0)


def _fit(e: np.ndarray, s: np.ndarray, rest: Table, basis: np.ndarray, degree: int) -> np.ndarray:
    """(m,) coefficients of a polynomial with slopes s (n, d) at e (n, d): those of a crystal at rest, and a sum of basis (m, r)."""
    whole = polynomials(e.shape[1], degree)
    start = np.zeros(len(whole.powers))
    start[: len(rest.coefficients)] = rest.coefficients
    slopes = whole.slopes(e)
    A = (slopes @ basis).reshape(-1, basis.shape[1])
    scale = np.linalg.norm(A, axis=0)
    found = np.linalg.lstsq(A / scale, (s - slopes @ start).ravel(), rcond=1e-10)[0] / scale
    return np.asarray(start + basis @ found)


Share = tuple[np.ndarray, np.ndarray, np.ndarray]
"""A function of |e|, its slope and its second derivative."""


def _add(
    out: tuple[np.ndarray, ...], table: Table, e: np.ndarray, here: np.ndarray, share: Share | None, second: bool
) -> None:
    """Add a table's polynomial at the strains ``here``, times a share of it."""
    x = e[here]
    psi, s, c = polynomials(e.shape[1], table.degree).evaluate(table.coefficients, x, second)
    if share is not None:
        w, dw, ddw = share
        size = np.sqrt((x**2).sum(1))
        n = x / size[:, None]
        if second:
            along, pair = n[:, :, None] * n[:, None, :], s[:, :, None] * n[:, None, :]
            across = (np.eye(x.shape[1]) - along) / size[:, None, None]
            c = w[:, None, None] * c + dw[:, None, None] * (pair + pair.transpose(0, 2, 1))
            c += psi[:, None, None] * (ddw[:, None, None] * along + dw[:, None, None] * across)
        psi, s = w * psi, w[:, None] * s + (dw * psi)[:, None] * n
    out[0][here] += psi
    out[1][here] += s
    if second:
        out[2][here] += c


def _share(size: np.ndarray, radius: float) -> Share:
    """1 up to `OVERLAP` of a radius, 0 at it, smooth (C2) between."""
    width = (1.0 - OVERLAP) * radius
    t = np.clip((size - OVERLAP * radius) / width, 0.0, 1.0)
    w = 1.0 - t**3 * (10.0 - 15.0 * t + 6.0 * t * t)
    return w, -30.0 * t**2 * (1.0 - t) ** 2 / width, -60.0 * t * (1.0 - t) * (1.0 - 2.0 * t) / width**2
