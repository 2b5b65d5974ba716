"""The perfect crystal that the terms of a model start from and count from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial


@dataclass(frozen=True, kw_only=True)
class PerfectCrystal:
    """Crystal and potential of a model, the deformation it starts from, and the energy it counts from.

    Attributes
    ----------
    material : CauchyBornMaterial
        The continuum of the crystal with its potential.
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.
    period : float or None
        Length of the model along the front, A; None: not periodic.
    types : (n_basis,) int ndarray
        The potential's type of each site of a cell.
    site_reference : (n_basis,) ndarray
        Energy of a site of the undeformed crystal, eV.
    """

    material: CauchyBornMaterial
    F0: np.ndarray
    period: float | None
    types: np.ndarray
    site_reference: np.ndarray

    @classmethod
    def of(
        cls, material: CauchyBornMaterial, F0: np.ndarray | None = None, period: float | None = None
    ) -> PerfectCrystal:
        """The energy of a cell is shared out evenly among its sites."""
        species = material.crystal.species
        cell = float(material.energy_density(np.eye(3)[None])[0]) * material.volume
        return cls(
            material=material,
            F0=np.eye(3) if F0 is None else F0,
            period=period,
            types=np.asarray(material.potential.types_of(species)),
            site_reference=np.full(len(species), cell / len(species)),
        )

    @property
    def crystal(self) -> Crystal:
        """The crystal."""
        return self.material.crystal

    @property
    def potential(self) -> SitePotential:
        """The potential."""
        return self.material.potential
