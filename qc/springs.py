"""Bonds between nearest neighbours in the place of the atoms: a matrix near their Hessian that takes 1 kB an atom, not 23."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls

from atomistics import Crystal
from fem.cauchy_born import CauchyBornMaterial

from .layout import Rows

if TYPE_CHECKING:
    from .atomistic import AtomisticEnergy

SHELL = 1.1
"""Neighbours up to so many nearest-neighbour distances have a bond: the first shell, not the second one of bcc at 1.155."""
TORN = 1.4
"""Bonds longer than so many times their reference length have no stiffness: crack faces do not hold each other."""
LEAST_ACROSS = 0.05
"""Least stiffness across a bond by that along it: chains and bcc's first shell alone would have soft modes."""
DIRECTIONS = 40


@dataclass(frozen=True)
class Springs:
    """Stiffness of a bond along and across it, chosen so that the crystal of bonds has nearly the elastic waves of the true one.

    Attributes
    ----------
    reach : float
        Bonds are up to so long in the reference crystal, A.
    along, across : float
        eV/A^2.
    """

    reach: float
    along: float
    across: float

    @classmethod
    def fitted(cls, crystal: Crystal, material: CauchyBornMaterial) -> Springs:
        """Least squares over the acoustic tensors C_iajb k_a k_b of some directions k, shifts relaxed."""
        reach, m = SHELL * crystal.nearest_neighbour_distance, crystal.dimension
        bonds = np.concatenate([crystal.stencil(reach, a) for a in range(len(crystal.species))])
        k = _directions(m)
        C = material.tangent(np.eye(3)[None])[0]
        wanted = np.einsum("iajb,ka,kb->kij", C, k, k)[:, :m, :m]
        n = bonds / np.linalg.norm(bonds, axis=1)[:, None]
        share = (k @ bonds.T) ** 2 / (2.0 * material.volume)
        whole = share.sum(1)[:, None, None] * np.eye(m)
        along = np.einsum("kr,ri,rj->kij", share, n, n)[:, :m, :m]
        (a, t), _ = nnls(np.column_stack([along.ravel(), (whole - along).ravel()]), wanted.ravel())
        size = max(a, t)
        return cls(reach, *(float(max(k, LEAST_ACROSS * size)) for k in (a, t)))

    def blocks(self, direction: np.ndarray, components: int) -> np.ndarray:
        """(n, components, components) stiffness of bonds along unit vectors (n, 3), eV/A^2."""
        n = direction[:, :components]
        return (self.along - self.across) * n[:, :, None] * n[:, None, :] + self.across * np.eye(components)


def _directions(dimension: int) -> np.ndarray:
    """(n, 3) unit vectors spread over the sphere, or over the circle."""
    i = np.arange(DIRECTIONS) + 0.5
    angle = np.pi * (1.0 + np.sqrt(5.0)) * i
    z = 1.0 - 2.0 * i / DIRECTIONS if dimension == 3 else np.zeros(DIRECTIONS)
    r = np.sqrt(1.0 - z**2)
    return np.column_stack([r * np.cos(angle), r * np.sin(angle), z])


class Bonds:
    """The Hessian of an atomistic term with springs in the place of its potential; a site's bonds have its weight.

    Parameters
    ----------
    term : AtomisticEnergy
    """

    name = "bonds"

    def __init__(self, term: AtomisticEnergy) -> None:
        if term.springs is None:
            raise ValueError("the atomistic term has no springs: give it Springs.fitted(crystal, material)")
        self._term, self._springs = term, term.springs
        self._known: Rows | None = None  # the rows that the bonds were found for

    @property
    def rows(self) -> Rows:
        """Those of the atomistic term."""
        return self._term.rows

    def refresh(self, z: np.ndarray) -> bool:
        """The atomistic term looks after its atoms."""
        return False

    def update(self, z: np.ndarray) -> None:
        """Nothing to do."""

    def energy(self, z: np.ndarray) -> float:
        """Always 0: bonds are a matrix, not a model."""
        return 0.0

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(0, 0), as `energy`."""
        return 0.0, np.zeros_like(z)

    def pattern(self) -> tuple[np.ndarray, np.ndarray]:
        """Both atoms of each bond, once in each order, and all atoms with themselves."""
        self._find()
        own = np.arange(len(self.rows), dtype=np.int64)
        return np.concatenate([own, self._i, self._j]), np.concatenate([own, self._j, self._i])

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks, eV/A^2; they change only where bonds tear. New, or written over ``out``."""
        self._find()
        y = self._list.extended(self._term.positions(z))
        length = np.linalg.norm(y[self._list.index] - y[self._home], axis=1)
        K = self._springs.blocks(self._direction, z.shape[1])
        K *= (self._share * (length < TORN * self._springs.reach))[:, None, None]
        diagonal = np.zeros((len(z), *K.shape[1:]))
        for ends in (self._i, self._j):
            for a, b in np.ndindex(*K.shape[1:]):
                diagonal[:, a, b] += np.bincount(ends, K[:, a, b], len(z))
        return np.concatenate([diagonal, -K, -K], out=out)

    def _find(self) -> None:
        """Bonds of this rank's sites among its atoms, in the reference crystal."""
        if self._known is self.rows:
            return
        self._known = self.rows
        nl = self._list = self._term.reference_list(self._springs.reach)
        row = np.repeat(np.arange(len(nl.rows)), np.diff(nl.first))
        self._home = nl.rows[row]
        self._i, self._j = nl.owner_of_extended[self._home], nl.owner_of_extended[nl.index]
        X = nl.extended(self._term.halo.X)
        R = X[nl.index] - X[self._home]
        self._direction = R / np.linalg.norm(R, axis=1)[:, None]
        self._share = 0.5 * self._term.weight[row]
