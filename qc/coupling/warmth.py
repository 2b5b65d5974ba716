"""A model at temperature: its crystal at rest there, the free energy of what does not move, and what compensates the seam."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from atomistics.units import KB
from fem.brillouin import front_vectors
from fem.cauchy_born import CauchyBornMaterial
from fem.collective import shared_out, together
from fem.continuum import ContinuumEnergy
from fem.mesh.lattice_zone import MeshLattice
from fem.phonons import Vibrations
from fem.symmetry import front_turns
from fem.thermal import Sampled, ThermalMaterial, sampled
from fem.vibrational import Vibrational

from ..terms.vibrations import VibrationTerm
from .coupling import Coupling
from .ingredients import Ingredients
from .load import Load
from .missing_modes import in_motion, missing_modes
from .spec import ModelSpec
from .thermal_force import thermal_force


def sampled_of(
    comm: MPI.Comm, crystal: Crystal, potential: SitePotential, lattice: MeshLattice, front_periods: int = 1
) -> Sampled:
    """Vibrations of the crystal of a model at some strains, from which every temperature follows. Collective.

    In the plane of a three-dimensional crystal they are those that fit into the periods along the front.
    """
    material = CauchyBornMaterial(crystal, potential)
    plane = lattice.gdim == 2 and crystal.dimension == 3
    mesh = front_vectors(crystal, lattice.vectors, front_periods) if plane else None
    vibrations = together(comm, lambda: Vibrations(material, mesh=mesh))
    return sampled(vibrations, partial(shared_out, comm), front_turns(crystal) if plane else None)


def warmed(
    comm: MPI.Comm,
    crystal: Crystal,
    potential: SitePotential,
    lattice: MeshLattice,
    spec: ModelSpec,
    known: Sampled | None = None,
) -> tuple[ModelSpec, ThermalMaterial]:
    """Settings whose F0, unless it is given, is the stretch of the crystal at rest at the temperature, and the material. Collective.

    Raises
    ------
    ValueError
        One sentence: a potential without second derivatives, a temperature at which the crystal is none or too large.
    """
    try:
        known = sampled_of(comm, crystal, potential, lattice, spec.front_periods) if known is None else known
        material = ThermalMaterial(known, spec.temperature)
        F0 = material.at_rest() if spec.F0 is None else spec.F0
    except ValueError as error:
        raise ValueError(f"temperature = {spec.temperature:g} K is not allowed: {error}") from None
    return replace(spec, F0=F0), material


@dataclass(frozen=True, eq=False, kw_only=True)
class Warmth:
    """What temperature adds to a model.

    The sum of its forces in the warm crystal is zero but at the seam, where motion stops: there the mean force of the motion and the
    stress of the vibrations that are free energy do not quite balance, or, in statics, atoms that do not move meet a continuum that
    is warm. `compensation` is the dead load that takes this away: free-energy compensation, the counterpart of ghost-force correction.

    Attributes
    ----------
    material : ThermalMaterial
    term : VibrationTerm or None
        Free energy of the missing modes; None in a model of atoms only.
    moving : (n_free,) bool ndarray
        Which of this rank's unknown blocks move by themselves.
    coupling : Coupling
        The whole sum of terms.
    rest : (n_own, components) ndarray
        Values of this rank's blocks in the perfect crystal at F0, inner shifts relaxed, A.
    """

    material: ThermalMaterial
    term: VibrationTerm | None
    moving: np.ndarray
    coupling: Coupling
    rest: np.ndarray

    @classmethod
    def of(cls, shared: Ingredients, coupling: Coupling, material: ThermalMaterial) -> Warmth:
        """Add the free energy of the missing modes to a coupling. Collective."""
        moving = in_motion(shared, shared.extents.spec.motion)
        term = None
        if shared.extents.spec.facts.continuum:
            term = vibration_term(shared, material, missing_modes(shared, moving))
            coupling.add(term)
        shifts = material.relaxed_shifts(shared.perfect.F0[None])[0]
        rest = shared.parts.affine(np.zeros((3, 3)), shifts)
        return cls(material=material, term=term, moving=moving[: shared.parts.layout.n_free], coupling=coupling, rest=rest)

    @property
    def kT(self) -> float:
        """eV."""
        return KB * self.material.temperature

    @cached_property
    def compensation(self) -> np.ndarray:
        """(n_free, components) forces with which nothing acts on the perfect crystal at F0, eV/A. Collective; found once."""
        coupling, n = self.coupling, self.coupling.layout.n_free
        known, at_rest = coupling.load, coupling.layout.create_unknowns()
        coupling.impose(Load(prescribed=self.rest[n:]))
        at_rest.array[:] = self.rest[:n].ravel()
        found = self.gradient(at_rest) - self.force(at_rest)
        coupling.impose(known)
        return found

    def force(self, q: PETSc.Vec) -> np.ndarray:
        """(n_free, components) mean force of the motion at q, under the present load, eV/A: `thermal_force`. Collective.

        The stiffness of the motion is that of the potential energy: what vibrations add to it is of the second order in T.
        """
        return thermal_force(self.static(), q, self.moving, self.kT, self.material.crystal.nearest_neighbour_distance)

    def static(self) -> Coupling:
        """The potential energy alone, with the boundary where it is. Collective."""
        static = Coupling(self.coupling.layout, [term for term in self.coupling.terms if term is not self.term])
        static.impose(Load(prescribed=self.coupling.prescribed))
        return static

    def gradient(self, q: PETSc.Vec) -> np.ndarray:
        """(n_free, components) gradient at q of the free energy of the missing modes, under the present load, eV/A. Collective."""
        g = q.duplicate()
        if self.term is not None:
            alone = Coupling(self.coupling.layout, [self.term])
            alone.impose(Load(prescribed=self.coupling.prescribed))
            alone.energy_gradient(q, g)
        return np.asarray(g.array_r.reshape(-1, self.coupling.layout.components).copy())


def vibration_term(shared: Ingredients, material: ThermalMaterial, theta: np.ndarray) -> VibrationTerm:
    """Free energy of the part theta (n_cells,) of the modes of those cells that have an energy.

    Where cells move, they go beyond the strains at which it is known for moments: it is taken to the second order about F0.
    """
    nodes, perfect = shared.parts.nodes, shared.perfect
    weight = np.where(nodes.weight > 0, theta, 0.0) * shared.extents.thickness
    vibrational: Any = Vibrational(material, None if shared.extents.spec.motion == "nothing" else perfect.F0)
    return VibrationTerm(ContinuumEnergy(nodes.space, vibrational, weight, perfect.F0, nodes.linear), nodes.rows)
