"""The methods of METHODS 1: each is a constructor that fills in weights and dead load for the one sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal
from atomistics.reconstruction import Stencil, paired_stencil, stencil_radius
from atomistics.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.continuum import ContinuumEnergy
from fem.domain import Crack, DomainMesh, DomainShape, build_domain
from fem.far_field import CoarseMesh
from fem.lattice_zone import MeshLattice
from fem.shifted_continuum import ShiftedContinuumEnergy
from fem.user_mesh import blended_range

from .atomistic import AtomisticEnergy
from .blending import BlendingFunction
from .coupling import ContinuumTerm, Coupling, ForceWeighted, Term
from .grac import Grac, Handshake, check_patch, stencil_for
from .handshake import ReconstructedEnergy
from .layout import Rows
from .reconstruction import Reconstruction, ReconstructionError
from .regions import Core
from .sites import Prolongation, prolongation
from .springs import Springs

METHODS = ("atomistic", "continuum", "qce", "bqce", "bgfc", "bgrac", "bqcf")
SKIN = 0.6  # A; larger lists live longer but widen the Hessian's pattern


@dataclass(frozen=True)
class ModelSpec:
    """What to build.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    core : Core
        Atomistic region.
    blend_width : float
        Width of the handshake, A.
    radius : float
        Outer radius, beyond which everything is prescribed, A.
    blending : {"quintic", "cubic", "linear"}
    order : {1, 2}
        Polynomial order outside the lattice-resolved zone.
    crack : {"none", "strips", "slit"}
        How a crack along negative x meets the mesh.
    front_periods : int
        Crystal periods along the front that the atoms fill (2.5-D).
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.
    stencil_compression : float
        Compression of a bond in the handshake up to which the stencils of bgrac hold all neighbours.
    condense_shifts : bool
        Relax the inner shifts of a multilattice point by point where no atom follows the mesh; otherwise they are unknowns of all nodes.
    mesh_growth : float
        By how much the mesh size outside the resolved zone grows at least with the distance, A/A; 0: as slowly as is best for
        the error of a defect's field at a number of nodes. In 3-D that grading has two nodes for each of the resolved zone;
        0.3 has next to none, for zones of 1e5 atoms and more.
    """

    method: str
    core: Core
    blend_width: float
    radius: float
    blending: str = "quintic"
    order: int = 1
    crack: Crack = "none"
    front_periods: int = 1
    F0: np.ndarray | None = None
    stencil_compression: float = 0.06
    condense_shifts: bool = True
    mesh_growth: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r} is not known: choose from {', '.join(METHODS)}")
        if self.order not in (1, 2):
            raise ValueError(f"order must be 1 or 2, got {self.order}")
        if self.F0 is not None and not np.linalg.det(self.F0) > 1e-6:
            raise ValueError(f"F0 must have a positive determinant, got {np.linalg.det(self.F0):.3g}")
        if not 0 <= self.stencil_compression < 0.5:
            raise ValueError(f"stencil_compression must be from 0 to 0.5, got {self.stencil_compression}")
        if not 0 <= self.mesh_growth <= 0.5:
            raise ValueError(f"mesh_growth must be from 0 to 0.5, got {self.mesh_growth}")

    @property
    def width(self) -> float:
        """Width of the handshake that the method uses, A."""
        return 0.0 if self.method in ("qce", "atomistic", "continuum") else self.blend_width


@dataclass(frozen=True)
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


class BlendingDefect:
    """f_dead = g_energy(y0) - g_bqcf(y0), the ghost force of energy blending at a reference state y0 (Ortner & Zhang 2014).

    Only sites near the handshake are summed: deeper in the core both gradients are the same. The two couplings are made when they are
    needed and kept when they are needed again, as under a crack's rising load: a crystal's reference never changes, and their
    neighbour lists would be much of the memory of a large one.
    """

    def __init__(self, energy: Callable[[], Coupling], bqcf: Callable[[], Coupling]) -> None:
        self._build = energy, bqcf
        self._asked = False
        self._kept: tuple[Coupling, Coupling] | None = None

    def dead_load(self, x: np.ndarray, out: PETSc.Vec) -> None:
        """Write the dead load at displacements x (n, components) of this rank's blocks into the vector ``out``, eV/A."""
        if self._asked and self._kept is None:
            self._kept = self._build[0](), self._build[1]()
        self._asked, bqcf = True, out.duplicate()
        for k, g in enumerate((out, bqcf)):
            _gradient(self._build[k]() if self._kept is None else self._kept[k], x, g)
        out.axpy(-1.0, bqcf)


def _gradient(coupling: Coupling, x: np.ndarray, out: PETSc.Vec) -> None:
    """Gradient at displacements x (n, components) of this rank's blocks."""
    n, q = coupling.layout.n_free, coupling.layout.create_unknowns()
    q.array[:], coupling.prescribed[:] = x[:n].ravel(), x[n:]
    coupling.energy_gradient(q, out)


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
    components = 2 if crystal.dimension == 2 else 3
    parts = prolongation(
        comm, crystal, lattice, domain, components, spec.order, beta,
        wanted=_wanted(spec, blended[1], reach), radius=spec.radius, front_periods=spec.front_periods, removed=removed,
        extent=_extent(spec, blended[1] + 2 * reach), condense_shifts=spec.condense_shifts,
    )  # fmt: skip
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
            partial(assemble.energy_blending, near_handshake=True), partial(assemble.force_blending, near_handshake=True)
        )
    guide = assemble.energy_blending() if forces else None
    solved = None if assemble.grac is None else assemble.grac.reconstruction
    return Model(spec, crystal, potential, material, lattice, domain, parts, coupling, defect, guide, solved)


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


def _blending(spec: ModelSpec) -> Callable[[np.ndarray], np.ndarray]:
    if spec.method == "atomistic":
        return lambda x: np.zeros(len(x))
    if spec.method == "continuum":
        return lambda x: np.ones(len(x))
    return BlendingFunction(spec.core, spec.width, spec.blending)


def _shape(spec: ModelSpec, crystal: Crystal, lattice: MeshLattice, reach: float) -> DomainShape:
    core = replace(spec.core, radius=np.inf) if spec.method == "atomistic" else spec.core
    nn = crystal.shortest_lattice_vector
    resolved = spec.width + reach + nn
    return DomainShape(
        lattice=lattice,
        distance=core,
        resolved=resolved,
        radius=spec.radius,
        overhang=2 * reach + nn,
        nn=nn,
        core=spec.core.radius + resolved,
        order=spec.order,
        crack="none" if spec.method == "atomistic" else spec.crack,
        extent=_extent(spec, resolved),
        growth=spec.mesh_growth,
    )


def _extent(spec: ModelSpec, beyond: float) -> float:
    """A bound on the distance from the origin of points not further than ``beyond`` from the core, A."""
    bounded = spec.method != "atomistic" and spec.core.strip == 0
    return float(np.linalg.norm(spec.core.centre)) + spec.core.radius + beyond if bounded else np.inf


def _work(spec: ModelSpec, reach: float) -> Callable[[np.ndarray], np.ndarray]:
    """Work of a cell: where sites are summed a cell carries half an atom with all its neighbours."""
    if spec.method == "atomistic":
        return lambda x: np.ones(len(x))
    return lambda x: np.where(spec.core(x) < spec.width + reach, 10.0, 1.0)


def _wanted(spec: ModelSpec, blended: float, reach: float) -> Callable[[np.ndarray], np.ndarray]:
    """Lattice points needed as atoms: sites with weight, their neighbours, and theirs where forces are blended."""
    if spec.method == "continuum":
        return lambda x: np.zeros(len(x), dtype=bool)
    forces = spec.method in ("bgfc", "bqcf") or (spec.method == "bgrac" and spec.crack == "slit")
    shells = 2 if forces else 1
    everywhere = spec.method == "atomistic"

    def wanted(x: np.ndarray) -> np.ndarray:
        near = np.linalg.norm(x, axis=1) <= spec.radius + 2 * reach
        return near if everywhere else near & (spec.core(x) <= blended + shells * reach)

    return wanted


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
