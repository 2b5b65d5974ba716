"""Tables of MEAM: pair energies and backgrounds that follow from the energies of reference structures, as LAMMPS works them out."""

from __future__ import annotations

import math

import numpy as np

from .meam_file import NEIGHBOURS
from .meam_parameters import Parameters

KNOTS, REACH, SERIES = 1000, 1.1, 10
"""Knots of the table of phi, its reach over the cutoff, terms of the sum over further neighbours in line."""
BOHR, COULOMB = 0.4685, 14.3997
"""LAMMPS' numbers of the repulsion of Ziegler, Biersack and Littmark, A and eV A."""
ZBL = ((0.028171, 0.20162), (0.28022, 0.40290), (0.50986, 0.94229), (0.18175, 3.1998))
SECOND = {
    "fcc": (6, math.sqrt(2.0), 4), "bcc": (6, 2.0 / math.sqrt(3.0), 4), "hcp": (6, math.sqrt(2.0), 4), "b1": (12, math.sqrt(2.0), 2),
    "dia": (12, math.sqrt(8.0 / 3.0), 1), "l12": (6, math.sqrt(2.0), 4), "b2": (6, 2.0 / math.sqrt(3.0), 4), "dim": (0, 1.0, 0),
    "sc": (12, math.sqrt(2.0), 2),
}  # fmt: skip
"""Second neighbours, their distance over that of the first, and how many of those screen one."""
SHAPE = {"hcp": (0.0, 0.0, 1.0 / 3.0), "dia": (0.0, 0.0, 32.0 / 9.0), "dim": (1.0, 2.0 / 3.0, 0.4)}
"""Squares of the vectorial, quadratic and cubic densities of first neighbours, where they do not vanish."""


class Reference:
    """phi(r) and background densities.

    Parameters
    ----------
    p : Parameters
    """

    def __init__(self, p: Parameters) -> None:
        self.p = p
        self.background = np.array([self._background(a) for a in range(len(p.rho0))])

    def table(self, a: int, b: int) -> tuple[np.ndarray, float]:
        """phi at `KNOTS` distances (a <= b), eV, and their spacing, A."""
        spacing = REACH * self.p.rc / KNOTS
        r = np.maximum(spacing * np.arange(KNOTS), 1e-3 * spacing)  # no bond is that short
        with np.errstate(all="ignore"):  # what is not finite is told by those who ask
            return self._screened(r, a, b), spacing

    def _screened(self, r: np.ndarray, a: int, b: int) -> np.ndarray:
        """phi with second neighbours and the repulsion at short range."""
        p, phi = self.p, self.phi(r, a, b)
        if p.nn2[a, b]:
            phi = self._without_second(phi, r, a, b)
        if p.zbl[a, b]:
            astar = p.alpha[a, b] * (r / p.re[a, b] - 1.0)
            share = smooth(1.0 - (astar + 1.0) / -2.0)
            phi = np.where(astar <= -3.0, self._zbl(r, a, b), np.where(astar < -1.0, share * phi + (1.0 - share) * self._zbl(r, a, b), phi))
        return np.asarray(phi)

    def phi(self, r: np.ndarray, a: int, b: int) -> np.ndarray:
        """Pair energy that makes the energy of the reference structure that of Rose's equation, first neighbours only."""
        p, lattice = self.p, self.p.lattice[a][b]
        rho_a, rho_b = self._densities(r, a, b)
        t_a, t_b = self._means(r, a, b)
        F = [self._embedding(c, rho, t) for c, rho, t in ((a, rho_a, t_a), (b, rho_b, t_b))]
        Eu = self._rose(r, a, b)
        if lattice == "l12":
            like = self.phi(r, a, a)
            count, ratio, screened = self._second(a, a, a)
            like = like + self._series(screened, NEIGHBOURS[p.lattice[a][a]], count, a, a, r, ratio)
            found = Eu / 3.0 - F[0] / 4.0 - F[1] / 12.0 - like
        else:
            found = (2.0 * Eu - F[0] - F[1]) / NEIGHBOURS[lattice]
        return np.where((rho_a[0] <= 1e-14) & (rho_b[0] <= 1e-14), 0.0, found)

    def _without_second(self, phi: np.ndarray, r: np.ndarray, a: int, b: int) -> np.ndarray:
        """phi less what second neighbours of the reference structure have of its energy (Lee & Baskes, eq. 21)."""
        p, lattice = self.p, self.p.lattice[a][b]
        first, (count, ratio, screened) = NEIGHBOURS[lattice], self._second(a, a, b, lattice)
        if lattice not in ("b1", "b2", "l12"):
            return phi + self._series(screened, first, count, a, b, r, ratio)
        like = []
        for c in (a, b):
            n, own, s = self._second(c, c, c)
            far = ratio * r
            like.append(self.phi(far, c, c) + self._series(s, NEIGHBOURS[p.lattice[c][c]], n, c, c, far, own))
        if lattice == "l12":
            S = self._l12_screening(a, b)
            return phi - 0.75 * S[0] * like[0] - 0.25 * S[1] * like[1]
        other = self._second(b, b, a, lattice)[2]
        return phi - count * screened / (2.0 * first) * like[0] - count * other / (2.0 * first) * like[1]

    def _series(self, screened: float, first: int, second: int, a: int, b: int, r: np.ndarray, ratio: float) -> np.ndarray:
        """Sum over neighbours twice, four times, .. as far."""
        if screened <= 0.0:
            return np.zeros_like(r)
        share = -second * screened / first
        total: np.ndarray = np.sum([share**k * self.phi(r * ratio**k, a, b) for k in range(1, SERIES + 1)], axis=0)
        return total

    def _second(self, i: int, j: int, k: int, lattice: str | None = None) -> tuple[int, float, float]:
        """Second neighbours, their relative distance, and how much of one is not screened by atoms of kind k."""
        count, ratio, screening = SECOND[lattice or self.p.lattice[i][i]]
        return count, ratio, float(self._unscreened(4.0 / ratio**2 - 1.0, i, j, k)) ** screening

    def _unscreened(self, C: float, i: int, j: int, k: int) -> float:
        low, high = self.p.Cmin[i, j, k], self.p.Cmax[i, j, k]
        return float(smooth(np.array((C - low) / (high - low))))

    def _l12_screening(self, a: int, b: int) -> tuple[float, float]:
        like, unlike, other = self._unscreened(1.0, a, a, a), self._unscreened(1.0, a, a, b), self._unscreened(1.0, b, b, a)
        return like**2 * unlike**2, other**4

    def _atomic(self, r: np.ndarray, a: int) -> np.ndarray:
        """(4, n) densities of an atom at a distance."""
        x = r / self.p.re[a, a] - 1.0
        return self.p.rho0[a] * np.exp(-self.p.beta[:, a, None] * x)

    def _densities(self, r: np.ndarray, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
        """(4, n) rho_0 and the squares of the others at an atom a and at an atom b of their reference structure."""
        p, lattice = self.p, self.p.lattice[a][b]
        A, B = self._atomic(r, a), self._atomic(r, b)
        at_a, at_b = np.zeros_like(A), np.zeros_like(B)
        if lattice == "l12":
            at_a[0], at_b[0] = 8.0 * A[0] + 4.0 * B[0], 12.0 * A[0]
            if p.ialloy == 1:
                t_a, t_b = float(p.t[1, a]), float(p.t[1, b])
                weight = 8.0 * A[0] * t_a**2 + 4.0 * B[0] * t_b**2
                square = 8.0 / 3.0 * (A[2] * t_a - B[2] * t_b) ** 2
                at_a[2] = np.where(weight > 0, square / np.where(weight > 0, weight, 1.0) * at_a[0], 0.0)
            else:
                at_a[2] = 8.0 / 3.0 * (A[2] - B[2]) ** 2
        else:
            Z, shape = NEIGHBOURS[lattice], SHAPE.get(lattice, (0.0, 0.0, 0.0))
            at_a[0], at_b[0] = Z * B[0], Z * A[0]
            for k, s in enumerate(shape, start=1):
                at_a[k], at_b[k] = s * B[k] ** 2, s * A[k] ** 2
        if p.nn2[a, b]:
            count, ratio, screened = self._second(a, a, b, lattice)
            other = self._second(b, b, a, lattice)[2]
            S = self._l12_screening(a, b) if lattice == "l12" else (screened, other)
            at_a[0] += count * S[0] * self._atomic(ratio * r, a)[0]
            at_b[0] += count * S[1] * self._atomic(ratio * r, b)[0]
        return at_a, at_b

    def _means(self, r: np.ndarray, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
        """(3, n) weights t of the densities at either atom, means over its neighbours."""
        p = self.p
        own = [p.t[:, c, None] * np.ones_like(r) for c in (a, b)]
        if p.ialloy == 2:
            return own[0], own[1]
        if p.lattice[a][b] != "l12":
            return own[1], own[0]
        A, B = self._atomic(r, a)[0], self._atomic(r, b)[0]
        return (8.0 * own[0] * A + 4.0 * own[1] * B) / (8.0 * A + 4.0 * B), own[0]

    def _embedding(self, a: int, rho: np.ndarray, t: np.ndarray) -> np.ndarray:
        """F of an atom with these densities and weights."""
        p = self.p
        there = rho[0] >= 1e-14
        gamma = np.where(there, (t * rho[1:]).sum(0) / np.where(there, rho[0], 1.0) ** 2, 0.0)
        bar = rho[0] / self.background[a] * self.shape_function(gamma, int(p.ibar[a]))
        log = np.log(np.where(bar > 0, bar, 1.0))
        return p.A[a] * p.Ec[a, a] * np.where(bar > 0, bar * log, -bar if p.emb_lin_neg else 0.0)

    def _background(self, a: int) -> float:
        """rho_0 of the reference structure at rest, times G of its shape."""
        p, lattice = self.p, self.p.lattice[a][a]
        Z = NEIGHBOURS[lattice]
        if p.bkgd_dyn:
            return float(p.rho0[a] * Z)
        gamma = float(np.dot(p.t[:, a], SHAPE.get(lattice, (0.0, 0.0, 0.0)))) / Z**2
        G = 1.0 if p.ibar[a] <= 0 else float(self.shape_function(np.array(gamma), int(p.ibar[a])))
        rho = p.rho0[a] * Z
        if p.nn2[a, a]:
            count, ratio, screened = self._second(a, a, a)
            with np.errstate(over="ignore", invalid="ignore"):  # who reads the file refuses what is not finite
                rho += count * screened * p.rho0[a] * np.exp(-p.beta[0, a] * (ratio - 1.0))
        return float(rho * G)

    def shape_function(self, gamma: np.ndarray, ibar: int) -> np.ndarray:
        """G of LAMMPS' kinds."""
        if ibar == 1:
            return np.exp(0.5 * gamma)
        if ibar == 3:
            return 2.0 / (1.0 + np.exp(-gamma))
        if ibar == -5:
            return np.sign(1.0 + gamma) * np.sqrt(np.abs(1.0 + gamma))
        factor = self.p.gsmooth
        point = -factor / (factor + 1.0)
        low = gamma < point
        tail = np.sqrt((point / np.where(low, gamma, point)) ** factor / (factor + 1.0))
        return np.where(low, tail, np.sqrt(1.0 + np.where(low, 0.0, gamma)))

    def _rose(self, r: np.ndarray, a: int, b: int) -> np.ndarray:
        """Energy of an atom of the reference structure at this nearest-neighbour distance, eV."""
        p, re = self.p, self.p.re[a, b]
        x = p.alpha[a, b] * (r / re - 1.0)
        cubic = np.where(x >= 0, p.attrac[a, b], p.repuls[a, b])
        if p.erose_form == 1:
            cubic = -p.attrac[a, b] + p.repuls[a, b] / r
        elif p.erose_form == 0:
            cubic = cubic / (r / re)
        return -p.Ec[a, b] * (1.0 + x + cubic * x**3) * np.exp(-x)

    def _zbl(self, r: np.ndarray, a: int, b: int) -> np.ndarray:
        p = self.p
        length = BOHR / (p.Z[a] ** 0.23 + p.Z[b] ** 0.23)
        total: np.ndarray = np.sum([share * np.exp(-rate * r / length) for share, rate in ZBL], axis=0)
        return total * p.Z[a] * p.Z[b] / r * COULOMB


def smooth(x: np.ndarray) -> np.ndarray:
    """(1 - (1 - x)^4)^2 between 0 and 1."""
    return (1.0 - (1.0 - np.clip(x, 0.0, 1.0)) ** 4) ** 2
