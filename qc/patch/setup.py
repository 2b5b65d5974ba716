"""What a patch test is done on: crystal, potential, dimension, mesh and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, NeighbourList, SitePotential
from atomistics.stencil import paired_stencil
from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.mesh.domain import DomainMesh
from fem.mesh.lattice_zone import MeshLattice, bulk_lattice
from fem.mesh.user_mesh import read_mesh

from ..coupling.extents import sight, spread
from ..coupling.spec import METHODS, ModelSpec
from ..errors import InputError
from ..material.cleavage import crack_lattice
from ..unknowns.regions import Core
from .words import Deformation

GIVEN_SHIFT = 0.02
"""Size of the shifts that a test gives the sublattices, in nearest-neighbour distances."""
GROWTH = 0.3
"""Of the mesh beyond the resolved zone: what is claimed of a uniform deformation holds in cells of any size, the fewer the better."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PatchSetup:
    """A crystal, a potential and the sizes of a model in it; lengths in nearest-neighbour distances.

    Attributes
    ----------
    crystal : Crystal
        Axes of the cube (of the sheet: a row of neighbours) along the laboratory's.
    potential : SitePotential
    dimension : {2, 2.5, 3}
    crystal_name, potential_name : str
    width : float
        Width of the handshake.
    core : float
        Radius of the atomistic core round the origin.
    mesh : str or None
        The user's own mesh; None: resolved by the lattice as far as atoms go.
    mesh_radius : float
        Nodes of that mesh at or beyond it are prescribed.
    shifts : {"relaxed", "given"} or None
        What is done with the inner shifts of a multilattice; None: a Bravais crystal has none.
    engine : str
        Of the QM regions.
    """

    crystal: Crystal
    potential: SitePotential
    dimension: float
    crystal_name: str
    potential_name: str
    width: float
    core: float
    mesh: str | None = None
    mesh_radius: float = 0.0
    shifts: str | None = None
    engine: str = "gfn1-xtb"

    @cached_property
    def nn(self) -> float:
        """Nearest-neighbour distance, A."""
        return self.crystal.nearest_neighbour_distance

    @cached_property
    def material(self) -> CauchyBornMaterial:
        """The continuum of the same crystal."""
        return CauchyBornMaterial(self.crystal, self.potential)

    @cached_property
    def edge(self) -> float:
        """Spacing of the mesh where it is resolved by the lattice, in nearest-neighbour distances: 1 in a Bravais crystal."""
        return self.crystal.shortest_lattice_vector / self.nn

    @cached_property
    def sublattice_shifts(self) -> np.ndarray:
        """(n_basis, 3) shifts of the undeformed crystal that a test gives, sum zero, in no direction of symmetry, A."""
        n = len(self.crystal.species)
        p = np.sin(1.7 * np.arange(1, n + 1)[:, None] + np.array([0.0, 1.3, 2.9]))
        p -= p.mean(0)
        return GIVEN_SHIFT * self.nn * p / max(float(np.linalg.norm(p, axis=1).max()), 1e-300)

    def shifts_at(self, F: np.ndarray) -> np.ndarray | None:
        """(n_basis, 3) inner shifts in the deformation F, A: the given ones follow it. None: they are relaxed."""
        return self.sublattice_shifts @ F.T if self.shifts == "given" else None

    def cell_energy(self, gradients: list[np.ndarray]) -> np.ndarray:
        """(n,) energies of a cell of the crystal in these deformations, eV."""
        p = np.array([self.sublattice_shifts @ F.T for F in gradients]) if self.shifts == "given" else None
        return self.material.energy_density(np.stack(gradients), p) * self.material.volume

    @cached_property
    def reference_energy(self) -> float:
        """Energy of a cell of the undeformed crystal at rest, from which models count, eV."""
        return float(self.material.energy_density(np.eye(3)[None])[0]) * self.material.volume

    @cached_property
    def unit(self) -> float:
        """Natural unit of force: largest elastic constant (C11 as a rule) times nn^(d-1), eV/A."""
        largest = float(np.abs(self.material.elastic_tensor()).max()) / GPA
        return largest * self.nn ** (self.crystal.dimension - 1)

    @property
    def tolerance(self) -> float:
        """What counts as no force: 1e-11 natural units, but 1e-10 eV/A if that is less and can be told from rounding."""
        return min(1e-11 * self.unit, max(1e-10, 1e-13 * self.unit))

    @cached_property
    def no_inversion(self) -> str | None:
        """Why no inversion maps the bonds of the crystal's sites on their opposites; None: one does."""
        try:
            stencil = paired_stencil(self.crystal, self.potential, 0.0)
        except ValueError as error:
            return str(error)
        if self.shifts == "given" and stencil.sets > 1:
            return "its sites are centres of inversion only while the inner shifts are at rest, and --shifts is given"
        return None

    @cached_property
    def lattice(self) -> MeshLattice:
        """Lattice of the mesh vertices; in the plane the origin lies half-way between two rows of sites."""
        return bulk_lattice(self.crystal, np.zeros(3)) if self.dimension == 3 else crack_lattice(self.crystal)

    @property
    def reach(self) -> float:
        """How far sites see in the reference crystal, from the centroid of their cell to that of another, A."""
        return sight(self.potential) + spread(self.crystal)

    def resolved(self, core: float, width: float) -> float:
        """Radius within which there are atoms that matter."""
        return core + width + self.reach / self.nn + self.edge

    def spec(
        self,
        method: str,
        F0: np.ndarray | None,
        core: float | None = None,
        width: float | None = None,
        radius: float | None = None,
    ) -> ModelSpec:
        """A model without crack, graded out to 1.6 times the radius of its resolved zone if no other radius is given."""
        core = self.core if core is None else core
        width = self.width if width is None else width
        facts = METHODS[method]
        if radius is None and self.mesh is not None and facts.continuum:  # without one the mesh is not needed
            radius = self.mesh_radius
        elif radius is None:
            resolved = self.resolved(max(core, 0.0), width if facts.handshake else 0.0)
            radius = 1.6 * resolved + 2.0 if facts.continuum else resolved
        return ModelSpec(
            method=method,
            core=Core(core * self.nn),
            blend_width=width * self.nn,
            radius=radius * self.nn,
            F0=F0,
            condense_shifts=self.shifts != "given",
            mesh_growth=GROWTH,
        )

    def domain(self, comm: MPI.Comm) -> DomainMesh | None:
        """The user's mesh spread over the ranks. Collective."""
        if self.mesh is None:
            return None
        gdim = 3 if self.dimension == 3 else 2
        atoms = 20.0 / self.crystal.cell_volume * (self.lattice.period if self.dimension == 2.5 else 1.0)
        busy = (self.core + self.width) * self.nn + self.potential.cutoff

        def density(x: np.ndarray) -> np.ndarray:
            return np.where(np.linalg.norm(x, axis=1) < busy, atoms, 0.0)

        return read_mesh(comm, self.mesh, gdim, self.mesh_radius * self.nn, density=density, spacing=self.nn)

    def bond_forces(self, F: np.ndarray) -> float:
        """Sum of the lengths of dV/dD over the bonds D of the sites of a cell, eV/A."""
        p = self.shifts_at(F)
        if p is None:
            p = self.material.relaxed_shifts(F[None])[0]
        return sum(self._forces_of_site(site, F, p) for site in range(len(self.crystal.species)))

    def _forces_of_site(self, site: int, F: np.ndarray, p: np.ndarray) -> float:
        potential, reach = self.potential, self.potential.cutoff if self.potential.fixed_topology else self.reach
        R, ends = self.crystal.stencil_and_species(reach, site)
        X, kinds = np.concatenate([np.zeros((1, 3)), R]), np.concatenate([[site], ends])
        y = X @ F.T + p[kinds] - p[site]
        listed = X if potential.fixed_topology else y
        bonds = NeighbourList(
            listed, potential.cutoff, skin=0.0, cell=np.eye(3), pbc=(False,) * 3, sites=np.array([0], np.int32)
        )
        types = np.asarray(potential.types_of(self.crystal.species), dtype=np.int32)[kinds]
        g = potential.energy_gradient(y, types, bonds, np.ones(1))[2]
        return float(np.linalg.norm(g[1:], axis=1).sum())

    def check_deformation(self, deformation: Deformation) -> None:
        """Refuse a compression at which atoms outside the stencils would come into range."""
        if self.potential.fixed_topology:
            return
        smallest = float(np.linalg.svd(deformation.F, compute_uv=False)[-1])
        least = self.potential.cutoff / sight(self.potential)
        if smallest < least:
            raise InputError(
                f"--deformation {deformation.name!r} compresses {self.crystal_name} to {smallest:.3f}: stencils are complete down to "
                f"stretches of {least:.3f} only, expected is a smaller strain"
            )
