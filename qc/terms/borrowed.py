"""Atoms whose forces a calculator of whole structures gives, with the second derivatives of its twin: half of force blending."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mpi4py import MPI

from atomistics import ForcesOnly
from atomistics.potentials.forces_only import CalculatorError
from fem.collective import ROOT, on_computing_rank

from ..errors import EngineError
from .atomistic import AtomisticEnergy
from .term import ForceWeighted

ROOM = 10.0
"""Empty space round the atoms in the box that a calculator sees, beside its reach, A."""


class BorrowedForces(ForceWeighted):
    """g_a = -(1 - beta_a) F_a with forces F by a calculator, one call for all atoms of the model; blocks are the twin's.

    The atoms of all ranks go to one of them, in an order that does not depend on how many there are, and forces come back. Atoms of
    the model reach further than the calculator sees from those that count, so that what is cut off there is not felt.

    Parameters
    ----------
    atoms : AtomisticEnergy
        Of the twin.
    factor : callable
        As for `ForceWeighted`.
    potential : ForcesOnly
    species : sequence of str
        Of the crystal's sites.
    """

    def __init__(
        self,
        atoms: AtomisticEnergy,
        factor: Callable[[], np.ndarray],
        potential: ForcesOnly,
        species: tuple[str, ...],
    ) -> None:
        super().__init__(atoms, factor)
        self._atoms, self._potential, self._comm = atoms, potential, atoms.comm
        own = atoms.atoms
        self._n = len(own)
        self._counts = np.array(self._comm.allgather(self._n))
        keys, kinds, X = (self._gathered(a) for a in (own.key, own.species, own.X @ atoms.F0.T))
        if keys is not None and kinds is not None and X is not None:
            self._order = np.lexsort(keys.T[::-1])
            self._species = [species[k] for k in kinds[self._order]]
            self._box(X)

    @property
    def outside(self) -> ForcesOnly:
        """The calculator."""
        return self._potential

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(nan, minus the calculator's forces times the factors). Collective."""
        y = self._gathered(self._atoms.positions(z)[: self._n])
        try:
            forces = on_computing_rank(self._comm, lambda: self._forces(y))
        except CalculatorError as error:
            raise EngineError(str(error)) from error
        mine = np.empty((self._n, 3))
        counts = 3 * self._counts
        self._comm.Scatterv(None if forces is None else [forces, counts], mine, root=ROOT)
        g = np.zeros_like(z)
        g[: self._n] = -mine[:, : z.shape[1]]
        return np.nan, g * self._factor()[:, None]

    def unknown_gradient(self, z: np.ndarray) -> np.ndarray:
        """(n, components) of the gradient that `hessian_blocks` knows nothing of: the calculator's less the twin's, eV/A. Collective."""
        return self.energy_gradient(z)[1] - super().energy_gradient(z)[1]

    def _forces(self, y: np.ndarray | None) -> np.ndarray:
        """(n, 3) forces on the atoms in the order of the ranks."""
        assert y is not None
        found = np.empty_like(y)
        shifted = np.ascontiguousarray(y[self._order] + self._shift)
        found[self._order] = self._potential.forces(self._species, shifted, self._cell, self._pbc)
        return found

    def _box(self, X: np.ndarray) -> None:
        """A box that holds the atoms, periodic along the front, the same in all calls."""
        front = self._atoms.front
        room = self._potential.reach + ROOM
        low, size = X.min(0), np.ptp(X, axis=0)
        self._cell, self._shift = np.diag(size + 2 * room), room - low
        self._pbc = (False, False, front is not None)
        if front is not None:
            self._cell[2] = front
            self._shift[2] = 0.0

    def _gathered(self, own: np.ndarray) -> np.ndarray | None:
        """Rows of all ranks on the computing one, None on the others. Collective."""
        width, kind = int(np.prod(own.shape[1:], dtype=int)), own.dtype.char
        if self._comm.size == 1:
            return own
        total = np.empty((int(self._counts.sum()), *own.shape[1:]), own.dtype) if self._comm.rank == ROOT else None
        target = None if total is None else [total, width * self._counts, MPI._typedict[kind]]
        self._comm.Gatherv([np.ascontiguousarray(own), MPI._typedict[kind]], target, root=ROOT)
        return total
