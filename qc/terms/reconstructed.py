"""The reconstructed handshake of B-GRAC as a term: sum of w_l V_l(C_l D y) over perfect sites, lists fixed for good."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from atomistics import NeighbourList
from atomistics.reconstruction import ReconstructedSites
from atomistics.stencil import Stencil

from ..unknowns.halo import gather_halo
from ..unknowns.layout import Rows
from ..unknowns.sites import Atoms
from .perfect import PerfectCrystal
from .reconstruction import Reconstruction
from .term import Pairs, Term


class ReconstructedEnergy(Term):
    """E = sum_l w_l V_l(C_l D y) over the reconstructed sites of this rank, which keep their reference stencils.

    Construction is collective.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    perfect : PerfectCrystal
    atoms : Atoms
        The atoms this rank owns.
    own_sites : (m,) int ndarray
        Reconstructed sites among them.
    weight : (m,) ndarray
        Their weights.
    stencil : Stencil
    reconstruction : Reconstruction
    watch : float
        Pairs outside the stencil up to this reference distance are watched, A.
    """

    name = "handshake"

    def __init__(
        self,
        comm: MPI.Comm,
        perfect: PerfectCrystal,
        atoms: Atoms,
        own_sites: np.ndarray,
        weight: np.ndarray,
        stencil: Stencil,
        reconstruction: Reconstruction,
        watch: float,
    ) -> None:
        self.own_sites, self.weight = own_sites, np.ascontiguousarray(weight)
        period = perfect.period
        halo = gather_halo(comm, atoms, atoms.X, own_sites, watch, period is not None)
        frame = np.array(perfect.F0, dtype=float)
        cell, pbc = np.eye(3), (False, False, period is not None)
        if period is not None:
            cell[2, 2] = period
        self._cell = cell @ frame.T
        found = NeighbourList(halo.X, watch, cell=cell, pbc=pbc, sites=own_sites)
        self.local = np.unique(found.owner_of_extended[np.concatenate([found.rows, found.index])])
        self._rows = halo.rows.take(self.local)
        self.sites = np.searchsorted(self.local, own_sites)
        X = halo.X[self.local]
        self._X0 = X @ frame.T
        lam, species = reconstruction.at(comm, halo.key[self.local]), halo.species[self.local]
        self.sum = ReconstructedSites(
            perfect.potential, X, perfect.types[species].astype(np.int32), self.sites, self.weight, stencil, species[self.sites],
            lam, watch, cell, pbc,
        )  # fmt: skip
        self._site_reference = perfect.site_reference[species[self.sites]]

    @property
    def rows(self) -> Rows:
        """Rows of P for the atoms of the stencils."""
        return self._rows

    def positions(self, z: np.ndarray) -> np.ndarray:
        """Positions (n, 3) of the local atoms for displacements z (n, components), A."""
        y = self._X0.copy()
        y[:, : z.shape[1]] += z
        return y

    def energy(self, z: np.ndarray) -> float:
        """Weighted energy of this rank's sites minus that in the perfect crystal, eV."""
        return float(self.weight @ (self.site_energies(z) - self._site_reference))

    def site_energies(self, z: np.ndarray) -> np.ndarray:
        """(m,) unweighted energies of the reconstructed sites, eV."""
        return self.sum.site_energies(self.positions(z), self._cell)

    def site_virials(self, z: np.ndarray) -> np.ndarray:
        """(m, 3, 3) virials of the unweighted energies of the reconstructed sites, eV."""
        return self.sum.site_virials(self.positions(z), self._cell)

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient (n, components), eV/A."""
        V, g = self.sum.energy_gradient(self.positions(z), self._cell)
        return float(self.weight @ (V - self._site_reference)), g[:, : z.shape[1]]

    def pattern(self) -> Pairs:
        """Row and column atoms of ``hessian_blocks``."""
        pattern = self.sum.pattern()
        return pattern.rows, pattern.cols

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks, eV/A^2; new, or written over ``out``."""
        return np.positive(
            self.sum.hessian_blocks(self.positions(z), self._cell)[:, : z.shape[1], : z.shape[1]], out=out
        )
