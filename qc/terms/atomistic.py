"""The atomistic term: sum over sites of w_l V_l, on positions y = F0 X + (rows of P) x."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from atomistics import NeighbourList
from atomistics.potentials.site_potential import HessianPattern

from ..unknowns.halo import Halo, gather_halo, neighbour_list
from ..unknowns.layout import Rows
from ..unknowns.sites import Atoms
from .perfect import PerfectCrystal
from .springs import Bonds, Springs
from .term import Pairs, Product, Term


class AtomisticEnergy(Term):
    """E = sum_l w_l V_l over the sites of this rank, and its derivatives with respect to local atom displacements.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    perfect : PerfectCrystal
    atoms : Atoms
        The atoms this rank owns.
    weight : (n,) ndarray
        Weight of each own site; sites of weight 0 are not evaluated.
    skin : float
        Skin of the neighbour list, A.
    springs : Springs, optional
        Bonds that take the place of the potential in a preconditioner.

    Attributes
    ----------
    rows : Rows
        Displacements of the local atoms from the full vector.
    """

    name = "atoms"

    def __init__(
        self,
        comm: MPI.Comm,
        perfect: PerfectCrystal,
        atoms: Atoms,
        weight: np.ndarray,
        skin: float = 0.6,
        springs: Springs | None = None,
    ) -> None:
        self.comm, self.atoms = comm, atoms
        self.potential, self._type_of = perfect.potential, perfect.types
        self.F0 = np.array(perfect.F0, dtype=float)
        self.front = None if perfect.period is None else self.F0 @ np.array([0.0, 0.0, perfect.period])
        self.sites = np.flatnonzero(weight != 0.0).astype(np.int32)
        self.weight = np.ascontiguousarray(weight[self.sites])
        self.skin, self.springs = skin, springs
        self._site_reference = perfect.site_reference[atoms.species[self.sites]]
        self.halo: Halo
        self.list: NeighbourList
        self._pattern: HessianPattern | None = None
        self.update(np.zeros_like(atoms.X))

    def update(self, z: np.ndarray) -> None:
        """Fetch the halo for displacements z (own atoms first), A, and forget the list. Collective."""
        y = self.atoms.X
        if not self.potential.fixed_topology:
            y = y @ self.F0.T
            y[:, : z.shape[1]] += z[: len(y)]
        reach = self.potential.cutoff + self.skin
        self.halo = gather_halo(self.comm, self.atoms, y, self.sites, reach, self.front is not None)
        self.types = self._type_of[self.halo.species].astype(np.int32)
        self._X0 = self.halo.X @ self.F0.T
        self._needs_list = True
        self._pattern = None

    @property
    def rows(self) -> Rows:
        """Rows of P for the local atoms."""
        return self.halo.rows

    def positions(self, z: np.ndarray) -> np.ndarray:
        """Positions (n, 3) of the local atoms for displacements z (n, components), A."""
        y = self._X0.copy()
        y[:, : z.shape[1]] += z
        return y

    def refresh(self, z: np.ndarray) -> bool:
        """Bring the list up to date with the halo; True when the halo itself is too old for displacements z."""
        if self._needs_list:
            fixed = self.potential.fixed_topology
            y, front = (self.halo.X, None) if fixed else (self.positions(z), self.front)
            skin = 0.0 if fixed else self.skin
            self.list = neighbour_list(y, self.sites, self.potential.cutoff, skin, front)
            self._needs_list = False
            return False
        return not self.potential.fixed_topology and self.list.moved_too_far(self.positions(z))

    def energy(self, z: np.ndarray) -> float:
        """Weighted energy of this rank's sites minus that in the perfect crystal, eV."""
        V = self.potential.site_energies(self.positions(z), self.types, self.list)
        return float(self.weight @ (V - self._site_reference))

    def site_energies(self, z: np.ndarray) -> np.ndarray:
        """(n_own,) unweighted energies of the own atoms, nan where the site is not evaluated, eV."""
        V = np.full(self.halo.n_own, np.nan)
        V[self.sites] = self.potential.site_energies(self.positions(z), self.types, self.list)
        return V

    def site_virials(self, z: np.ndarray) -> np.ndarray:
        """(n_own, 3, 3) virials of the unweighted site energies, nan where the site is not evaluated, eV."""
        virials = np.full((self.halo.n_own, 3, 3), np.nan)
        virials[self.sites] = self.potential.site_virials(self.positions(z), self.types, self.list)
        return virials

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient (n, components), eV/A."""
        _, V, g = self.potential.energy_gradient(self.positions(z), self.types, self.list, self.weight)
        return float(self.weight @ (V - self._site_reference)), g[:, : z.shape[1]]

    def pattern(self) -> Pairs:
        """Row and column atoms of ``hessian_blocks``; fixed until the next update."""
        pattern = self._hessian_pattern()
        return pattern.rows, pattern.cols

    def _hessian_pattern(self) -> HessianPattern:
        if self._pattern is None:
            self._pattern = self.potential.hessian_pattern(self.list, len(self.halo.X), self.weight)
        return self._pattern

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks, eV/A^2; new, or written over ``out``."""
        args = (self.positions(z), self.types, self.list, self.weight, self._hessian_pattern())
        if z.shape[1] == 3:
            return self.potential.hessian_blocks(*args, out)
        blocks = self.potential.hessian_blocks(*args)[:, : z.shape[1], : z.shape[1]]
        return np.positive(blocks, out=out)

    def hessian_product(self, z: np.ndarray) -> Product:
        """v -> H v at displacements z, all (n, components), from factors of 28 bytes a bond and no matrix."""
        # a rejected trial may renew the list while the product is in use: the factors are those of the old one
        neighbours, m = self.list, z.shape[1]
        factors = self.potential.factors(self.positions(z), self.types, neighbours, self.weight)

        def product(v: np.ndarray) -> np.ndarray:
            whole = np.zeros((len(v), 3))
            whole[:, :m] = v
            return self.potential.hessian_vector(factors, neighbours, whole)[:, :m]

        return product

    def near(self) -> Bonds:
        """Bonds between nearest neighbours: a matrix near the Hessian, for a preconditioner."""
        return Bonds(self)

    def reference_list(self, reach: float) -> NeighbourList:
        """Neighbours of the sites up to ``reach`` (A) in the reference crystal."""
        front = None if self.front is None else np.linalg.solve(self.F0, self.front)
        return neighbour_list(self.halo.X, self.sites, reach, 0.0, front)
