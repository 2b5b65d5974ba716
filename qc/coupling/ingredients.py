"""What the couplings of one model share: weights of sites, and terms made with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from atomistics import ForcesOnly
from fem.cauchy_born import CauchyBornMaterial
from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..terms.atomistic import AtomisticEnergy
from ..terms.continuum import ContinuumTerm
from ..terms.perfect import PerfectCrystal
from ..terms.springs import Springs
from ..unknowns.layout import Rows
from ..unknowns.prolongation import Prolongation
from .extents import SKIN, Extents

ROUNDING = 1e-14
"""Smaller weights of sites are rounding of the interpolated beta."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ingredients:
    """Atoms, nodes and numbering of a model, and the crystal that its terms are made of.

    Attributes
    ----------
    perfect : PerfectCrystal
    parts : Prolongation
    extents : Extents
    matching : bool
        The mesh has its vertices on the lattice.
    """

    perfect: PerfectCrystal
    parts: Prolongation
    extents: Extents
    matching: bool
    _fields: list[ContinuumEnergy] = field(default_factory=list)  # of different cells

    @cached_property
    def twins(self) -> Ingredients:
        """The same model of the twin of a calculator of forces only."""
        perfect = self.perfect
        assert isinstance(perfect.potential, ForcesOnly)
        material = CauchyBornMaterial(perfect.crystal, perfect.potential.needed_twin())
        return replace(self, perfect=PerfectCrystal.of(material, perfect.F0, perfect.period), _fields=[])

    @cached_property
    def depth(self) -> np.ndarray:
        """(n,) distance of this rank's sites from the core, A; 0 where there is no interface."""
        return self.extents.depth(self.parts.atoms.X[:, : self.extents.lattice.gdim])

    @cached_property
    def counted(self) -> np.ndarray:
        """(n,) whether the energy of a site depends on a free atom."""
        x = self.parts.atoms.X[:, : self.extents.lattice.gdim]
        return np.linalg.norm(x, axis=1) < self.extents.spec.radius + self.extents.reach

    @property
    def deep(self) -> np.ndarray:
        """(n,) whether a site is so deep in the core that no atom within two stencils is blended."""
        return self.depth < self.extents.blended[0] - 2 * self.extents.reach

    def energy_weight(self) -> np.ndarray:
        """(n,) share of each site's energy in the blended one: 1 - beta. The array is the caller's."""
        weight = np.where(self.counted, 1.0 - self.parts.atoms.beta, 0.0)
        weight[weight < ROUNDING] = 0.0
        return weight

    def atoms(self, weight: np.ndarray) -> list[AtomisticEnergy]:
        """The sites with their weights (n,) as a term; none in a pure continuum. Collective."""
        if not self.extents.spec.facts.atoms:
            return []
        springs = Springs.fitted(self.perfect.crystal, self.perfect.material)
        comm = self.parts.layout.comm
        return [AtomisticEnergy(comm, self.perfect, self.parts.atoms, weight, skin=SKIN, springs=springs)]

    def continuum(self, cell_weight: np.ndarray) -> list[ContinuumTerm]:
        """The cells with their weights (n_cells,): those whose shifts are relaxed point by point, and those where they are unknowns."""
        if not self.extents.spec.facts.continuum:
            return []
        nodes, shifts = self.parts.nodes, self.parts.nodes.shifts
        if shifts is None:
            return [ContinuumTerm(self._continuum_energy(cell_weight), nodes.rows)]
        with_shifts = np.where(shifts.nodal, cell_weight, 0.0) * self.extents.thickness
        near = ShiftedContinuumEnergy(nodes.space, shifts.space, self.perfect.material, with_shifts, self.perfect.F0)
        far = self._continuum_energy(np.where(shifts.nodal, 0.0, cell_weight))
        return [ContinuumTerm(far, nodes.rows), ContinuumTerm(near, Rows.stack([nodes.rows, nodes.shift_rows]))]

    def _continuum_energy(self, cell_weight: np.ndarray) -> ContinuumEnergy:
        nodes, weight = self.parts.nodes, cell_weight * self.extents.thickness
        for known in self._fields:
            if np.array_equal(known.cells, np.flatnonzero(weight > 0)):
                return known.weighted(weight)
        perfect = self.perfect
        self._fields.append(ContinuumEnergy(nodes.space, perfect.material, weight, perfect.F0, nodes.linear))
        return self._fields[-1]
