"""A coupled model: its mesh, atoms, maps and couplings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.mesh.domain import DomainMesh
from fem.mesh.lattice_zone import MeshLattice

from ..terms.atomistic import AtomisticEnergy
from ..terms.reconstruction import Reconstruction
from ..terms.term import ForceWeighted
from ..unknowns.prolongation import Prolongation
from .coupling import Coupling
from .dead_load import BlendingDefect
from .spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Model:
    """A coupled model ready to be loaded.

    Attributes
    ----------
    spec : ModelSpec
    crystal, potential, material
        What it is made of.
    lattice : MeshLattice
    domain : DomainMesh
    parts : Prolongation
    coupling : Coupling
        The sum of terms.
    blending_defect : callable or None
        Dead load of BGFC, and of B-GRAC beside a slit: (x (n, components), out) for a reference state given as
        displacements of this rank's blocks.
    guide : Coupling or None
        The blended energy of the same handshake, for a method that has none of its own.
    reconstruction : Reconstruction or None
        Of B-GRAC.
    """

    spec: ModelSpec
    crystal: Crystal
    potential: SitePotential
    material: CauchyBornMaterial
    lattice: MeshLattice
    domain: DomainMesh
    parts: Prolongation
    coupling: Coupling
    blending_defect: BlendingDefect | None
    guide: Coupling | None = None
    reconstruction: Reconstruction | None = None

    @property
    def comm(self) -> MPI.Comm:
        """The communicator."""
        return self.parts.layout.comm

    @property
    def atomistic(self) -> AtomisticEnergy | None:
        """The atomistic term, without the factors of force blending; None in a pure continuum."""
        for term in self.coupling.terms:
            inner = term.term if isinstance(term, ForceWeighted) else term
            if isinstance(inner, AtomisticEnergy):
                return inner
        return None

    @property
    def X_free(self) -> np.ndarray:
        """(n, 3) positions of this rank's unknown blocks, A."""
        return self.parts.X[: self.parts.layout.n_free]

    def uniform(self, F: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """(n, components) values of this rank's blocks in the uniform deformation F (3, 3), A.

        ``shifts`` (n_basis, 3) are those of the Cauchy-Born material, relaxed if left out.
        """
        p = self.material.relaxed_shifts(F[None])[0] if shifts is None else shifts
        return self.parts.affine(F - (np.eye(3) if self.spec.F0 is None else self.spec.F0), p)

    @property
    def thickness(self) -> float:
        """Length of the model along the front, A (1 in 2-D, where energies are those of the sheet)."""
        return self.lattice.period * self.spec.front_periods if self.lattice.gdim == 2 else 1.0
