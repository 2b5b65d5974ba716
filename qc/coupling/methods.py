"""The methods of METHODS 1: each is a constructor that fills in weights and dead load for the one sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from atomistics.reconstruction import Stencil, paired_stencil, stencil_radius
from fem.cauchy_born import CauchyBornMaterial
from fem.continuum import ContinuumEnergy
from fem.mesh.domain import DomainMesh, build_domain
from fem.mesh.far_field import CoarseMesh
from fem.mesh.lattice_zone import MeshLattice
from fem.mesh.user_mesh import blended_range
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..terms.atomistic import AtomisticEnergy
from ..terms.continuum import ContinuumTerm
from ..terms.reconstructed import ReconstructedEnergy
from ..terms.reconstruction import Reconstruction, ReconstructionError
from ..terms.springs import Springs
from ..terms.term import ForceWeighted, Term
from ..unknowns.layout import Rows
from ..unknowns.prolongation import Prolongation, prolongation
from ..unknowns.regions import Regions
from .coupling import Coupling
from .dead_load import BlendingDefect
from .extents import SKIN, _blending, _extent, _shape, _wanted, _work
from .grac import Grac, Handshake, check_patch, stencil_for
from .model import Model
from .spec import ModelSpec


def build_model(
    comm: MPI.Comm,
    crystal: Crystal,
    potential: SitePotential,
    lattice: MeshLattice,
    spec: ModelSpec,
    coarse: CoarseMesh | None = None,
    domain: DomainMesh | None = None,
    removed: Callable[[np.ndarray], np.ndarray] | None = None,
    reconstruction: Reconstruction | None = None,
) -> Model:
    """Mesh, atoms, maps and terms of a coupled model. Collective.

    Parameters
    ----------
    coarse : CoarseMesh, optional
        Far field read back from a checkpoint, instead of a call of gmsh.
    domain : DomainMesh, optional
        A user's mesh, matching the lattice or not, instead of a resolved zone.
    removed : callable, optional
        Which sites (n, 3) are vacant.
    reconstruction : Reconstruction, optional
        Of the same mesh and lattice, read back from a checkpoint.
    """
    crystal = crystal.resolved(potential)
    _check_material(crystal, potential, spec)
    # of complete stencils, from the centroid of a cell to that of another
    spread = 2.0 * float(np.linalg.norm(crystal.cell_offsets, axis=1).max())
    radius = stencil_radius(potential, max(0.06, spec.stencil_compression))
    if spec.method == "bgrac":
        radius = max(radius, stencil_for(crystal, potential, lattice, spec.stencil_compression).radius)
    reach = radius + SKIN + spread
    beta, blended = _blending(spec), (0.0, spec.width)
    matching = domain is None
    if domain is None:
        domain = build_domain(comm, _shape(spec, crystal, lattice, reach), _work(spec, reach), coarse)
    elif spec.method not in ("atomistic", "continuum"):
        inner, outer = blended_range(domain, spec.core, beta)
        blended = (min(inner, 0.0), max(outer, spec.width))
    regions = Regions(
        beta=beta,
        wanted=_wanted(spec, blended[1], reach),
        radius=spec.radius,
        extent=_extent(spec, blended[1] + 2 * reach),
        front_periods=spec.front_periods,
        removed=removed,
    )
    parts = prolongation(
        comm, crystal, lattice, domain, regions, order=spec.order, condense_shifts=spec.condense_shifts
    )
    material = CauchyBornMaterial(crystal, potential)
    assemble = _Assembler(comm, crystal, potential, material, lattice, parts, spec, reach, blended, matching)
    forces, cut = spec.method == "bqcf", spec.crack == "slit"
    if spec.method == "bgrac":
        if reconstruction is None and (cut or removed is not None):
            reconstruction = _of_the_perfect_crystal(
                comm, crystal, potential, lattice, spec, None if matching else domain
            )
        assemble.reconstruct(reconstruction)
    coupling = assemble.force_blending() if forces else assemble.energy_blending()
    if assemble.grac is not None and not cut:
        check_patch(parts, assemble.grac, coupling, crystal.nearest_neighbour_distance, material, assemble.F0)
    defect = None
    if spec.method == "bgfc" or (spec.method == "bgrac" and cut):
        defect = BlendingDefect(
            partial(assemble.energy_blending, near_handshake=True),
            partial(assemble.force_blending, near_handshake=True),
        )
    guide = assemble.energy_blending() if forces else None
    solved = None if assemble.grac is None else assemble.grac.reconstruction
    return Model(
        spec=spec,
        crystal=crystal,
        potential=potential,
        material=material,
        lattice=lattice,
        domain=domain,
        parts=parts,
        coupling=coupling,
        blending_defect=defect,
        guide=guide,
        reconstruction=solved,
    )


def _check_material(crystal: Crystal, potential: SitePotential, spec: ModelSpec) -> None:
    """Refuse what cannot be coupled, on all ranks alike and before any of them waits for another."""
    if spec.method == "bgrac":
        paired_stencil(crystal, potential, spec.stencil_compression)
    if 0 < spec.width < potential.cutoff:
        raise ValueError(
            f"blend_width = {spec.width:g} A is narrower than the potential's cutoff {potential.cutoff:.2f} A: a handshake must be at "
            "least as wide, or 0 for a sharp interface (qce, bgrac)"
        )


def _of_the_perfect_crystal(
    comm: MPI.Comm,
    crystal: Crystal,
    potential: SitePotential,
    lattice: MeshLattice,
    spec: ModelSpec,
    domain: DomainMesh | None,
) -> Reconstruction | None:
    """The reconstruction of the model without its slit and vacancies: next to them there is no crystal to solve it for."""
    if domain is not None and spec.crack == "slit":
        raise ReconstructionError(
            "bgrac on a mesh of your own needs a mesh without a crack: the reconstruction is that of the uncut crystal; use bgfc"
        )
    return build_model(comm, crystal, potential, lattice, replace(spec, crack="none"), domain=domain).reconstruction


class _Assembler:
    """Fills terms with weights; all couplings of one model share atoms, nodes and numbering."""

    def __init__(
        self,
        comm: MPI.Comm,
        crystal: Crystal,
        potential: SitePotential,
        material: CauchyBornMaterial,
        lattice: MeshLattice,
        parts: Prolongation,
        spec: ModelSpec,
        reach: float,
        blended: tuple[float, float],
        matching: bool,
    ) -> None:
        self.comm, self.potential, self.material, self.parts, self.spec = comm, potential, material, parts, spec
        self.crystal, self.lattice = crystal, lattice
        self.reach, self.blended = reach, blended
        self.matching = matching
        self.F0 = np.eye(3) if spec.F0 is None else spec.F0
        self.types = np.asarray(potential.types_of(crystal.species))
        perfect = float(material.energy_density(np.eye(3)[None])[0]) * material.volume
        self.site_reference = np.full(len(crystal.species), perfect / len(crystal.species))
        plane = lattice.gdim == 2
        self.thickness = lattice.period * spec.front_periods if plane else 1.0
        self.period = self.thickness if plane and crystal.dimension == 3 else None
        x = parts.atoms.X[:, : lattice.gdim]
        self.depth = spec.core(x) if spec.method not in ("atomistic", "continuum") else np.zeros(len(x))
        self.grac: Grac | None = None
        self._fields: list[ContinuumEnergy] = []  # of different cells
        self.counted = np.linalg.norm(x, axis=1) < spec.radius + reach  # sites whose energy depends on a free atom

    def energy_blending(self, near_handshake: bool = False) -> Coupling:
        """Sum of (1 - beta_l) V_l and of beta W: BQCE, and every method without handshake."""
        weight = self._energy_weight()
        if near_handshake:
            weight[self._deep()] = 0.0
        terms: list[Term] = []
        cell_weight = self.parts.nodes.weight
        if self.grac is not None:
            cell_weight, sites = self.grac.cell_weight, self.grac.sites[weight[self.grac.sites] > 0]
            terms.append(self._handshake(sites, weight[sites], self.grac.reconstruction))
            weight[sites] = 0.0
        terms = [*self._atoms(weight), *terms, *self._continuum(cell_weight)]
        return Coupling(self.parts.layout, terms)

    def _energy_weight(self) -> np.ndarray:
        weight = np.where(self.counted, 1.0 - self.parts.atoms.beta, 0.0)
        weight[weight < 1e-14] = 0.0  # rounding of the interpolated beta
        return weight

    def reconstruct(self, known: Reconstruction | None) -> None:
        """Solve for the stencils of B-GRAC unless they are known; from then on the energy is that with them. Collective."""
        handshake = Handshake(
            parts=self.parts,
            core=self.spec.core,
            crack=self.spec.crack != "none",
            gdim=self.lattice.gdim,
            stencil=self._stencil(),
            nn=self.crystal.nearest_neighbour_distance,
            weight=self._energy_weight(),
            depth=self.depth,
            inner=self.blended[0],
            cell_volume=self.material.volume,
            sharp=self.spec.width == 0.0,
            matching=self.matching,
            period=self.period,
            continuum=self._continuum,
        )
        self.grac = handshake.reconstruct(known)

    def _stencil(self) -> Stencil:
        return stencil_for(self.crystal, self.potential, self.lattice, self.spec.stencil_compression)

    def _handshake(self, sites: np.ndarray, weight: np.ndarray, reconstruction: Reconstruction) -> ReconstructedEnergy:
        return ReconstructedEnergy(
            self.comm, self.potential, self.parts.atoms, self.types, sites, weight, self.F0, self.period,
            self.site_reference, self._stencil(), reconstruction, self.reach,
        )  # fmt: skip

    def force_blending(self, near_handshake: bool = False) -> Coupling:
        """(1 - beta) F_atomistic + beta F_continuum (BQCF, Li, Luskin, Ortner & Shapeev 2014)."""
        within = self.counted & (self.depth <= self.blended[1] + self.reach)
        if near_handshake:
            within &= ~self._deep()
        terms: list[Term] = []
        for atoms in self._atoms(within.astype(float)):
            terms.append(ForceWeighted(atoms, partial(_atomistic_share, atoms)))
        for continuum in self._continuum((self.parts.nodes.weight > 0).astype(float)):
            share = self._continuum_share(continuum.name, near_handshake)
            terms.append(ForceWeighted(continuum, partial(np.asarray, share)))
        return Coupling(self.parts.layout, terms)

    def _deep(self) -> np.ndarray:
        """Sites so deep in the core that no atom within two stencils is blended."""
        return self.depth < self.blended[0] - 2 * self.reach

    def _atoms(self, weight: np.ndarray) -> list[AtomisticEnergy]:
        if self.spec.method == "continuum":
            return []
        args = (
            self.comm,
            self.potential,
            self.parts.atoms,
            self.types,
            weight,
            self.F0,
            self.period,
            self.site_reference,
        )
        return [AtomisticEnergy(*args, skin=SKIN, springs=Springs.fitted(self.crystal, self.material))]

    def _continuum(self, cell_weight: np.ndarray) -> list[ContinuumTerm]:
        """Cells whose shifts are relaxed point by point, and those where they are unknowns."""
        if self.spec.method == "atomistic":
            return []
        nodes, shifts = self.parts.nodes, self.parts.nodes.shifts
        if shifts is None:
            return [ContinuumTerm(self._continuum_energy(cell_weight), nodes.rows)]
        near = ShiftedContinuumEnergy(
            nodes.space, shifts.space, self.material, np.where(shifts.nodal, cell_weight, 0.0) * self.thickness, self.F0
        )
        far = self._continuum_energy(np.where(shifts.nodal, 0.0, cell_weight))
        return [ContinuumTerm(far, nodes.rows), ContinuumTerm(near, Rows.stack([nodes.rows, nodes.shift_rows]))]

    def _continuum_share(self, name: str, near_handshake: bool) -> np.ndarray:
        """Factor beta of the variables of a continuum term."""
        nodes, shifts = self.parts.nodes, self.parts.nodes.shifts
        share, on_slit = nodes.beta, nodes.on_slit
        if name == "shifts" and shifts is not None:
            share = np.concatenate([share, np.repeat(shifts.beta, shifts.per_vertex)])
            on_slit = np.concatenate([on_slit, np.repeat(shifts.on_slit, shifts.per_vertex)])
        # a slit node has no atom to take the rest of the force: its equation must not vanish
        return share if near_handshake else np.where(on_slit, np.maximum(share, 1e-2), share)

    def _continuum_energy(self, cell_weight: np.ndarray) -> ContinuumEnergy:
        nodes, weight = self.parts.nodes, cell_weight * self.thickness
        for known in self._fields:
            if np.array_equal(known.cells, np.flatnonzero(weight > 0)):
                return known.weighted(weight)
        self._fields.append(ContinuumEnergy(nodes.space, self.material, weight, self.F0, nodes.linear))
        return self._fields[-1]


def _atomistic_share(atoms: AtomisticEnergy) -> np.ndarray:
    """1 - beta of the local atoms, in the numbering of the present halo."""
    return 1.0 - atoms.halo.beta
