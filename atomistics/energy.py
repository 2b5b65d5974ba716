"""Weighted site sums over an `ase.Atoms`: energy, gradient, Hessian."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import scipy.sparse as sp
from ase import Atoms
from scipy.optimize import brentq

from .crystal import Crystal
from .neighbours import NeighbourList
from .potentials.forces_only import ForcesOnly
from .potentials.site_potential import HessianPattern, SitePotential
from .species import species_of

log = logging.getLogger(__name__)


class AtomisticEnergy:
    """E(y) = sum_l w_l V_l(y) with exact gradient and Hessian.

    Parameters
    ----------
    potential : SitePotential
    atoms : ase.Atoms
        Positions, species, cell and periodicity. A potential of fixed topology takes its neighbours from here once.
    weights : (n,) array_like, optional
        Weight of each site; 1 by default.
    skin : float
        Skin of the neighbour list, A.
    """

    def __init__(
        self, potential: SitePotential, atoms: Atoms, weights: np.ndarray | None = None, skin: float = 0.5
    ) -> None:
        self.potential = potential
        self.positions = np.array(atoms.positions)
        self.types = potential.types_of(species_of(atoms))
        self.weights = np.ones(len(atoms)) if weights is None else np.array(weights, dtype=float)
        if self.weights.shape != (len(atoms),) or not np.isfinite(self.weights).all():
            got = f"shape {self.weights.shape}" if self.weights.shape != (len(atoms),) else "nan or inf"
            raise ValueError(f"weights must be one finite number per atom ({len(atoms)}), got {got}")
        self._cell, self._pbc, self._skin = np.array(atoms.cell), tuple(atoms.pbc), skin
        self._list = self._build(self.positions)
        self._pattern: HessianPattern | None = None
        self._factors: tuple[np.ndarray, Any] | None = None

    def energy(self, positions: np.ndarray | None = None) -> float:
        """Weighted energy, eV, at positions (n, 3) in A (default: those of the atoms)."""
        y, nl = self._at(positions)
        return self.potential.energy_gradient(y, self.types, nl, self.weights)[0]

    def site_energies(self, positions: np.ndarray | None = None) -> np.ndarray:
        """(n,) unweighted site energies V_l, eV."""
        y, nl = self._at(positions)
        return self.potential.site_energies(y, self.types, nl)

    def gradient(self, positions: np.ndarray | None = None) -> np.ndarray:
        """(n, 3) gradient of the weighted energy (minus the forces), eV/A."""
        y, nl = self._at(positions)
        return self.potential.energy_gradient(y, self.types, nl, self.weights)[2]

    def hessian(self, positions: np.ndarray | None = None) -> sp.csr_matrix:
        """(3n, 3n) sparse Hessian of the weighted energy, eV/A^2."""
        y, nl = self._at(positions)
        if self._pattern is None:
            self._pattern = self.potential.hessian_pattern(nl, len(y), self.weights)
        pattern = self._pattern
        blocks = self.potential.hessian_blocks(y, self.types, nl, self.weights, pattern)
        size = 3 * len(y)
        return sp.bsr_matrix((blocks, pattern.cols, pattern.row_first), shape=(size, size)).tocsr()

    def hessian_vector(self, v: np.ndarray, positions: np.ndarray | None = None) -> np.ndarray:
        """Product of the Hessian with v, (n, 3) or (3n,), in the shape of v, without a matrix."""
        y, nl = self._at(positions)
        direction = np.asarray(v, dtype=float)
        if direction.size != y.size:
            raise ValueError(f"v must have 3 components per atom, {y.size} numbers, got shape {direction.shape}")
        if self._factors is None or not np.array_equal(self._factors[0], y):
            self._factors = (y.copy(), self.potential.factors(y, self.types, nl, self.weights))
        return self.potential.hessian_vector(self._factors[1], nl, direction.reshape(-1, 3)).reshape(direction.shape)

    def _build(self, y: np.ndarray) -> NeighbourList:
        skin = 0.0 if self.potential.fixed_topology else self._skin
        return NeighbourList(y, self.potential.cutoff, skin, self._cell, self._pbc)

    def _at(self, positions: np.ndarray | None) -> tuple[np.ndarray, NeighbourList]:
        y = self.positions if positions is None else np.asarray(positions, dtype=float)
        if y.shape != self.positions.shape:
            raise ValueError(f"positions must have shape {self.positions.shape}, got {y.shape}")
        if not np.isfinite(y).all():
            raise ValueError("positions must be finite numbers, got nan or inf")
        if not self.potential.fixed_topology and self._list.moved_too_far(y):
            self._list, self._pattern, self._factors = self._build(y), None, None
        return y, self._list


class CalculatedEnergy(AtomisticEnergy):
    """Energy and gradient by a calculator of whole structures, and the Hessian of its twin; every site has weight 1.

    Parameters
    ----------
    potential : ForcesOnly
        With energies of structures, and a twin.
    atoms : ase.Atoms
    """

    def __init__(self, potential: ForcesOnly, atoms: Atoms) -> None:
        super().__init__(potential.needed_twin(), atoms)
        self._outside, self._species = potential, species_of(atoms)
        self._last: tuple[np.ndarray, float, np.ndarray] | None = None

    def energy(self, positions: np.ndarray | None = None) -> float:
        """Energy of the structure, eV."""
        return self._evaluated(positions)[0]

    def gradient(self, positions: np.ndarray | None = None) -> np.ndarray:
        """(n, 3) minus the forces, eV/A."""
        return -self._evaluated(positions)[1]

    def _evaluated(self, positions: np.ndarray | None) -> tuple[float, np.ndarray]:
        y, _ = self._at(positions)
        if self._last is None or not np.array_equal(self._last[0], y):
            self._last = (y.copy(), *self._outside.energy_forces(self._species, y, self._cell, self._pbc))
        return self._last[1:]


def energy_of(potential: SitePotential, atoms: Atoms) -> AtomisticEnergy:
    """The energy of a structure by its potential; of a calculator of forces without energies it is, with a word, that of its twin."""
    if not isinstance(potential, ForcesOnly):
        return AtomisticEnergy(potential, atoms)
    if potential.has_energy:
        return CalculatedEnergy(potential, atoms)
    log.warning("the calculator %s gives no energies: the energies of surfaces are those of its twin", potential.name)
    return AtomisticEnergy(potential.needed_twin(), atoms)


def cohesive_energy(crystal: Crystal, potential: SitePotential) -> float:
    """Energy per atom of the perfect crystal, at its own or else the potential's lattice constant, eV."""
    crystal = crystal.resolved(potential)
    return _cell_energy_and_virial(crystal, potential)[0] / len(crystal.species)


def equilibrium_lattice_constant(crystal: Crystal, potential: SitePotential) -> float:
    """Lattice constant at zero pressure near the crystal's own or else the potential's, A."""
    crystal = crystal.resolved(potential)
    a = crystal.a
    assert a is not None  # resolved
    if potential.fixed_topology:
        own = potential.lattice_constant(crystal.structure)
        return a if own is None else own

    def virial(scale: float) -> float:
        return _cell_energy_and_virial(crystal.with_lattice_constant(a * scale), potential)[1]

    for spread in (0.02, 0.05, 0.1, 0.2):
        if virial(1 - spread) < 0 < virial(1 + spread):  # between two wells there is a crystal at rest that is none
            return a * float(brentq(virial, 1 - spread, 1 + spread, xtol=1e-14))
    what = f"{crystal.structure} {', '.join(crystal.species)}"
    raise ValueError(f"no equilibrium within 20 % of a = {a:g} A for {what}: check a and the potential")


def _cell_energy_and_virial(crystal: Crystal, potential: SitePotential) -> tuple[float, float]:
    """Energy of a primitive cell and its derivative with respect to the logarithm of the lattice constant, eV."""
    if isinstance(potential, ForcesOnly):
        return np.nan, float(np.trace(potential.virial(crystal, np.eye(3))[: crystal.dimension, : crystal.dimension]))
    types = potential.types_of(crystal.species)
    energy, virial = 0.0, 0.0
    for b, kind in enumerate(types):
        bonds, species = crystal.stencil_and_species(potential.cutoff, b)
        W, P, _ = potential.cauchy_born(bonds, types[species], int(kind), np.eye(3)[None], second=False)
        energy += float(W[0])
        virial += float(np.trace(P[0]))
    return energy, virial
