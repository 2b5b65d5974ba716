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
from ..terms.perfect import PerfectCrystal
from ..terms.reconstruction import Reconstruction
from ..unknowns.prolongation import Prolongation
from .coupling import Coupling
from .dead_load import BlendingDefect
from .extents import Extents
from .load import Load
from .spec import ModelSpec
from .warmth import Warmth


@dataclass(frozen=True, kw_only=True)
class Model:
    """A coupled model ready to be loaded.

    Attributes
    ----------
    perfect : PerfectCrystal
    extents : Extents
    domain : DomainMesh
    parts : Prolongation
    coupling : Coupling
        The sum of terms.
    blending_defect : BlendingDefect or None
        Makes the dead load of methods that have one.
    guide : Coupling or None
        The blended energy of the same handshake, for a method that has none of its own.
    reconstruction : Reconstruction or None
        Of B-GRAC.
    warmth : Warmth or None
        Of a model at temperature.
    """

    perfect: PerfectCrystal
    extents: Extents
    domain: DomainMesh
    parts: Prolongation
    coupling: Coupling
    blending_defect: BlendingDefect | None = None
    guide: Coupling | None = None
    reconstruction: Reconstruction | None = None
    warmth: Warmth | None = None

    @property
    def spec(self) -> ModelSpec:
        """The settings."""
        return self.extents.spec

    @property
    def lattice(self) -> MeshLattice:
        """Vertices of the resolved zone."""
        return self.extents.lattice

    @property
    def crystal(self) -> Crystal:
        """The crystal."""
        return self.perfect.crystal

    @property
    def potential(self) -> SitePotential:
        """The potential."""
        return self.perfect.potential

    @property
    def material(self) -> CauchyBornMaterial:
        """The continuum of the crystal."""
        return self.perfect.material

    @property
    def comm(self) -> MPI.Comm:
        """The communicator."""
        return self.parts.layout.comm

    @property
    def atomistic(self) -> AtomisticEnergy | None:
        """The atomistic term, without the factors of force blending; None in a pure continuum."""
        for term in self.coupling.terms:
            if isinstance(term.unweighted, AtomisticEnergy):
                return term.unweighted
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
        return self.parts.affine(F - self.perfect.F0, p)

    def load(self, u: np.ndarray, reference: np.ndarray | None = None) -> Load:
        """The load that displacements u (n, components) of this rank's blocks (A) put on the boundary. Collective.

        A method with a dead load takes it at ``reference`` (n, components), at u if there is none. A model at temperature takes its own
        in the perfect crystal at F0, once.
        """
        prescribed = u[self.parts.layout.n_free :]
        if self.blending_defect is None and self.warmth is None:
            return Load(prescribed=prescribed)
        dead_load = self.parts.layout.create_unknowns()
        if self.blending_defect is not None:
            self.blending_defect.dead_load(u if reference is None else reference, dead_load)
        if self.warmth is not None:
            dead_load.array[:] += self.warmth.compensation.ravel()
        return Load(prescribed=prescribed, dead_load=dead_load)

    def impose(self, load: Load) -> None:
        """Put the model under a load."""
        self.coupling.impose(load)

    @property
    def thickness(self) -> float:
        """Length of the model along the front, A (1 in 2-D, where energies are those of the sheet, and in 3-D)."""
        return self.extents.thickness
