"""Site potentials as ASE calculators, and answers of other calculators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from ..neighbours import NeighbourList
from ..species import atoms_of_species, species_of


class CalculablePotential(Protocol):
    """A site potential as far as its calculator must know it."""

    fixed_topology: bool

    @property
    def cutoff(self) -> float:
        """Range of the interaction, A."""

    def types_of(self, species: Sequence[str]) -> np.ndarray:
        """The potential's types of chemical symbols."""

    def energy_gradient_virial(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, cell: np.ndarray | None = None
    ) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """Energy, site energies, gradient and virial of weighted sites."""

    def site_virials(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, cell: np.ndarray | None = None
    ) -> np.ndarray:
        """Virials of the site energies."""


class SiteCalculator(Calculator):
    """Energy, site energies, forces and stress of any periodic or finite `ase.Atoms`.

    ``stresses`` (n, 6) are those of the site energies over the volume of the whole cell, so that they add up to the stress,
    as with ASE's own pair potentials; they are worked out when they are asked for (see `SitePotential.site_virials`).

    A potential of fixed topology keeps the neighbours of the first structure it is given. Species that are no chemical symbols
    are those of the atoms' array ``species_label``.

    Parameters
    ----------
    potential : SitePotential
    skin : float
        Skin of the neighbour list, A.
    """

    implemented_properties = ["energy", "free_energy", "energies", "forces", "stress", "stresses"]  # noqa: RUF012 (ASE's own style)

    def __init__(self, potential: CalculablePotential, skin: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.potential, self.skin = potential, skin
        self._list: NeighbourList | None = None

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Compute all properties at once: they share the bonds."""
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        cell, y = np.array(self.atoms.cell), self.atoms.positions
        if {"numbers", "pbc"} & set(system_changes):
            self._list = None
        nl = self._refreshed(y, cell, self.atoms.pbc)
        types = self.potential.types_of(species_of(self.atoms))
        E, V, g, virial = self.potential.energy_gradient_virial(y, types, nl, np.ones(len(y)), cell)
        self.results = {"energy": E, "free_energy": E, "energies": V, "forces": -g}
        if self.atoms.cell.rank == 3:
            stress = 0.5 * (virial + virial.T) / self.atoms.get_volume()
            self.results["stress"] = full_3x3_to_voigt_6_stress(stress)
        if self.atoms.cell.rank == 3 and "stresses" in (properties or ()):
            virials = self.potential.site_virials(y, types, nl, cell)
            self.results["stresses"] = full_3x3_to_voigt_6_stress(virials) / self.atoms.get_volume()

    def _refreshed(self, y: np.ndarray, cell: np.ndarray, pbc: np.ndarray) -> NeighbourList:
        nl, fixed = self._list, self.potential.fixed_topology
        if nl is None or nl.n_atoms != len(y) or (not fixed and nl.moved_too_far(y, cell)):
            skin = 0.0 if fixed else self.skin
            nl = self._list = NeighbourList(y, self.potential.cutoff, skin, cell, pbc)
        return nl


def asked(
    calculator: Any, species: Sequence[str], y: np.ndarray, cell: np.ndarray, pbc: Sequence[bool], stress: bool
) -> tuple[float | None, np.ndarray, np.ndarray | None]:
    """Energy (eV; None if it did not come with the forces), forces (n, 3), eV/A, and ``stress`` (3, 3), eV/A^3, by any calculator."""
    atoms = atoms_of_species(species, y, cell, pbc)
    atoms.calc = calculator
    of_cell = np.array(atoms.get_stress(voigt=False), dtype=float) if stress else None
    forces = np.array(atoms.get_forces(), dtype=float)
    energy = getattr(calculator, "results", {}).get("energy")
    return None if energy is None else float(energy), forces, of_cell
