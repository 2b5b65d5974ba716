"""How far atoms, handshake and resolved mesh of a model reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from atomistics.stencil import Stencil, paired_stencil, stencil_radius
from fem.mesh.domain import DomainMesh, DomainShape
from fem.mesh.lattice_zone import MeshLattice, longest_edge
from fem.mesh.user_mesh import blended_range

from ..unknowns.blending import BlendingFunction
from .spec import ModelSpec

SKIN = 0.6  # A; larger lists live longer but widen the Hessian's pattern
COMPRESSION = 0.06
"""Up to this compression of its bonds, at least, a site finds all its neighbours among the atoms of the model."""


def stencil_for(crystal: Crystal, potential: SitePotential, lattice: MeshLattice, compression: float) -> Stencil:
    """Stencil of B-GRAC on a lattice-resolved mesh: all that can come within the cutoff, and the far ends of mesh edges."""
    return paired_stencil(crystal, potential, compression, longest_edge(lattice))


def sight(potential: SitePotential, compression: float = COMPRESSION, stencil: Stencil | None = None) -> float:
    """How far a site sees in the reference crystal, with the skin of its list and the stencil it may have, A."""
    radius = stencil_radius(potential, max(COMPRESSION, compression))
    return max(radius, 0.0 if stencil is None else stencil.radius) + SKIN


def spread(crystal: Crystal) -> float:
    """Longest way from an atom to the centroid of its cell and, in another cell, back, A: 0 in a Bravais crystal."""
    return 2.0 * float(np.linalg.norm(crystal.cell_offsets, axis=1).max())


def blending(spec: ModelSpec) -> Callable[[np.ndarray], np.ndarray]:
    """Share beta of the continuum at points (n, gdim)."""
    if not spec.facts.continuum:
        return lambda x: np.zeros(len(x))
    if not spec.facts.atoms:
        return lambda x: np.ones(len(x))
    return BlendingFunction(spec.core, spec.width, spec.blending)


@dataclass(frozen=True, kw_only=True)
class Extents:
    """How far the parts of a model reach, worked out once for whoever builds it or checks its sizes.

    Attributes
    ----------
    spec : ModelSpec
    lattice : MeshLattice
        Vertices of the resolved zone.
    edge : float
        Length of the shortest lattice vector, A.
    stencil : Stencil or None
        Of the sites that B-GRAC reconstructs.
    reach : float
        How far sites see, from the centroid of their cell to that of another, A.
    blended : tuple of float
        Least and largest distance from the core at which a site may be blended, A: not above 0, not below the width.
    """

    spec: ModelSpec
    lattice: MeshLattice
    edge: float
    stencil: Stencil | None
    reach: float
    blended: tuple[float, float]

    @classmethod
    def of(cls, crystal: Crystal, potential: SitePotential, lattice: MeshLattice, spec: ModelSpec) -> Extents:
        """Extents on a mesh that the lattice resolves; ValueError where the method needs an inversion that is not there."""
        compression = spec.stencil_compression
        stencil = stencil_for(crystal, potential, lattice, compression) if spec.facts.reconstructed else None
        return cls(
            spec=spec,
            lattice=lattice,
            edge=crystal.shortest_lattice_vector,
            stencil=stencil,
            reach=sight(potential, compression, stencil) + spread(crystal),
            blended=(0.0, spec.width),
        )

    def on_mesh(self, domain: DomainMesh) -> Extents:
        """The same on a mesh of the user's, whose cells may lie across the edges of the handshake. Collective."""
        if not self.spec.facts.coupled:
            return self
        inner, outer = blended_range(domain, self.spec.core, blending(self.spec))
        beyond, holds = outer - self.spec.width, self.spec.core.radius + self.spec.width
        if beyond > holds:
            raise ValueError(
                f"the mesh is too coarse for the core: its cells reach {beyond:.4g} A beyond the handshake, which ends {holds:.4g} A from "
                "the tip; cells there should be one or two neighbour distances long, in A"
            )
        return replace(self, blended=(min(inner, 0.0), max(outer, self.spec.width)))

    @property
    def thickness(self) -> float:
        """Length of the model along the front, A (1 in 2-D, where energies are those of the sheet, and in 3-D)."""
        return self.lattice.period * self.spec.front_periods if self.lattice.gdim == 2 else 1.0

    def period(self, crystal: Crystal) -> float | None:
        """Length along the front with which a crystal repeats, A; None in 2-D and 3-D, where it does not."""
        return self.thickness if self.lattice.gdim == 2 and crystal.dimension == 3 else None

    @property
    def resolved(self) -> float:
        """Distance from the core up to which the mesh is resolved by the lattice, A."""
        return self.spec.width + self.reach + self.edge

    @property
    def atoms_within(self) -> float:
        """A bound on the distance of atoms that follow no node from the origin, A."""
        return self._from_origin(self.blended[1] + 2 * self.reach)

    def shape(self) -> DomainShape:
        """What the mesh builder must know."""
        spec, mesh = self.spec, self.spec.facts.continuum
        return DomainShape(
            lattice=self.lattice,
            distance=spec.core if mesh else replace(spec.core, radius=np.inf),
            resolved=self.resolved,
            radius=spec.radius,
            overhang=2 * self.reach + self.edge,
            nn=self.edge,
            core=spec.core.radius + self.resolved,
            order=spec.order,
            crack=spec.crack if mesh else "none",
            extent=self._from_origin(self.resolved),
            growth=spec.mesh_growth,
            scale=spec.mesh_scale,
            uneven=bool(spec.core.arms),
        )

    def _from_origin(self, beyond: float) -> float:
        """A bound on the distance from the origin of points not further than ``beyond`` from the core, A."""
        spec = self.spec
        bounded = spec.facts.continuum and spec.core.strip == 0
        return float(np.linalg.norm(spec.core.centre)) + spec.core.reach + beyond if bounded else np.inf

    def work(self, x: np.ndarray) -> np.ndarray:
        """(n,) work of cells at points (n, gdim): where sites are summed a cell carries half an atom with all its neighbours."""
        if not self.spec.facts.continuum:
            return np.ones(len(x))
        return np.where(self.spec.core(x) < self.spec.width + self.reach, 10.0, 1.0)

    def wanted(self, x: np.ndarray) -> np.ndarray:
        """(n,) whether lattice points (n, gdim) are needed as atoms.

        They are sites with weight, their neighbours, and the neighbours of these where forces are blended.
        """
        spec = self.spec
        if not spec.facts.atoms:
            return np.zeros(len(x), dtype=bool)
        near = np.linalg.norm(x, axis=1) <= spec.radius + 2 * self.reach
        if not spec.facts.continuum:
            return near
        shells = 2 if spec.facts.forces or spec.dead_load else 1
        return near & (spec.core(x) <= self.blended[1] + shells * self.reach)

    def depth(self, x: np.ndarray) -> np.ndarray:
        """(n,) distance of points (n, gdim) from the core, A; 0 where there is no interface."""
        return self.spec.core(x) if self.spec.facts.coupled else np.zeros(len(x))
