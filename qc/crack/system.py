"""A crack in a crystal: what is cut, what loads it, and the coupled model that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.collective import on_root
from fem.mesh.domain import DomainMesh
from fem.mesh.far_field import CoarseMesh
from fem.near_tip import NearTipField

from ..case.tables import GRIFFITH
from ..coupling.estimate import check_room
from ..coupling.extents import Extents
from ..coupling.methods import build_within
from ..coupling.model import Model
from ..errors import InputError
from ..material.cleavage import cells_beside, crack_lattice
from ..material.griffith import GriffithReport, griffith
from ..monitor import begin
from ..terms.reconstruction import Reconstruction
from .linear_field import radius_of_linear_field
from .spec import (
    CrackSpec,
    check_opening,
    check_sizes,
    check_T_stress,
    check_tip,
    core_out_of_reach,
    lowest_level,
    mode_of,
)

BELOW = 0.9
"""A core that nobody has asked for is large enough for this share of the first load, so that a ladder may look below it."""


def _check_material(crystal: object, potential: object) -> None:
    """Refuse what is easily taken for a crystal or a potential: atoms of `ase`, the name of a file."""
    if not isinstance(crystal, Crystal):
        raise InputError(f"crystal = {crystal!r:.60} is not allowed: it must be a Crystal; Crystal.from_ase makes one of ASE's Atoms")
    if not isinstance(potential, SitePotential):
        raise InputError(f"potential = {potential!r:.60} is not allowed: it must be a potential, as load_potential(NAME) gives it")


class CrackSystem:
    """Crystal, crack and load: near-tip field, Griffith load, coupled model.

    Parameters
    ----------
    crystal : Crystal
        Oriented: x along the crack, y the normal of the cleavage plane, z the front. One that nobody has turned is cut as its axes
        lie, a cubic one on (010) with the front [001]; ``griffith`` names plane and front.
    potential : SitePotential
    spec : CrackSpec
    mode : {"I", "II", "III"} or sequence of float
        As in a case file: the name, or (K_I, K_II, K_III) for a load of 1.
    comm : mpi4py.MPI.Comm, optional
    griffith_report : GriffithReport, optional
        If known already.
    coarse : CoarseMesh, optional
        Far field of a checkpoint.
    K_check : float, optional
        First load (in K_G), at which the faces must be out of each other's reach where they leave the core. A ladder does not go
        below `lowest_level`.
    domain : DomainMesh, optional
        A mesh of the user's own (`read_crack_mesh`) instead of a lattice-resolved zone with a far field.
    reconstruction : Reconstruction, optional
        Of a checkpoint.
    T_stress : float
        Stress along the crack that is imposed besides, whatever the load, GPa.

    Attributes
    ----------
    griffith : GriffithReport
        Surface energy of the plane that is cut, relaxed elastic constants, K_G.
    field : NearTipField
    model : Model
    on_users_mesh : bool
        Whether the mesh is the user's, of which there is no larger and no finer one.
    """

    def __init__(
        self,
        crystal: Crystal,
        potential: SitePotential,
        spec: CrackSpec,
        mode: str | Sequence[float] = "I",
        comm: MPI.Comm = MPI.COMM_WORLD,
        griffith_report: GriffithReport | None = None,
        coarse: CoarseMesh | None = None,
        K_check: float = GRIFFITH,
        domain: DomainMesh | None = None,
        reconstruction: Reconstruction | None = None,
        T_stress: float = 0.0,
    ) -> None:
        _check_material(crystal, potential)
        self.potential, self.mode = potential, mode_of(mode)
        self.crystal = cells_beside(crystal.resolved(potential), spec.cut)
        self.spec = spec = spec.resolved(self.crystal, potential)
        begin("Griffith load: surface energy, elastic constants")
        self.griffith = griffith_report or on_root(comm, lambda: griffith(self.crystal, potential, spec.cut))
        dimension = 2 if self.crystal.dimension == 2 else 2.5
        material = CauchyBornMaterial(self.crystal, potential)
        self.field = NearTipField(material.elastic_tensor(), dimension)
        self.T_stress = T_stress
        check_T_stress(T_stress, self.field)
        self.lattice = crack_lattice(self.crystal)
        if spec.grow_core:
            core = core_out_of_reach(spec, self.lattice, self.crystal, potential, self._unit_opening, BELOW * K_check)
            self.spec = spec = replace(spec, core_radius=core)
        if spec.grow_domain and spec.facts.coupled and domain is None:
            K = (self.K_G * self.mode).tolist()
            radius = on_root(comm, lambda: radius_of_linear_field(material, self.field, K, spec.radius))
            self.spec = spec = replace(spec, domain_radius=radius)
        extents = Extents.of(self.crystal, potential, self.lattice, spec.model_spec())
        check_sizes(spec, extents, self.crystal, potential)
        check_tip(spec, self.lattice, self.crystal)
        self.check_opening(K_check)
        begin(str(check_room(comm, extents, self.crystal, potential, domain)))
        begin("mesh, atoms and couplings of the model")
        self.model: Model = build_within(
            comm, self.crystal, potential, extents, coarse=coarse, domain=domain, reconstruction=reconstruction
        )
        self.on_users_mesh = domain is not None
        self._centre = spec.tip
        self._rate: np.ndarray | None = None
        self._fixed: np.ndarray | None = None

    def like(self, spec: CrackSpec) -> CrackSystem:
        """A system of the same crystal and load with other settings, on the same mesh if that is the user's. Collective."""
        same_mesh = spec.arms == self.spec.arms and (spec.radius, spec.mesh_scale) == (self.spec.radius, self.spec.mesh_scale)
        domain, comm = self.model.domain, self.model.comm
        return CrackSystem(
            self.crystal,
            self.potential,
            spec,
            self.mode.tolist(),
            comm=comm,
            griffith_report=self.griffith,
            coarse=domain.coarse if same_mesh and not self.on_users_mesh else None,
            domain=domain if self.on_users_mesh else None,
            T_stress=self.T_stress,
        )

    def check_opening(self, level: float) -> None:
        """Refuse a core so small that the faces attract each other where they leave it under a load (K / K_G)."""
        check_opening(self.spec, self.lattice, self.crystal, self.potential, self._unit_opening, level)

    @property
    def _unit_opening(self) -> float:
        """Displacement of the faces from each other 1 A behind the tip at K_G, A; 0 where a load without K_I keeps them closed."""
        return self.face_opening(1.0, self.K_G) if self.mode[0] > 0 else 0.0

    @property
    def lowest_level(self) -> float:
        """Load (K / K_G) below which the faces of a slit would attract each other where they leave the core, and no term knows it."""
        slit = self.spec.facts.coupled and self.spec.strip == 0 and self._unit_opening > 0
        return lowest_level(self.spec, self.lattice, self.crystal, self.potential, self._unit_opening) if slit else 0.0

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the near-tip field, A: ``spec.tip`` until `recentre` moves it."""
        return self._centre

    def recentre(self, centre: tuple[float, float]) -> None:
        """Move the centre of the near-tip field; takes effect with the next `load`. The regions of the model stay."""
        if centre != self._centre:
            self._centre, self._rate, self._fixed = centre, None, None

    @property
    def reference(self) -> str | None:
        """State at which the dead load is taken; None where the method has none."""
        return None if self.model.blending_defect is None else self.spec.reference

    @property
    def K_G(self) -> float:
        """Griffith load, MPa m^1/2."""
        return self.griffith.K_G

    def imposed_displacement(self, K: float) -> np.ndarray:
        """(n, components) values of this rank's blocks in the near-tip field at load K (MPa m^1/2), A.

        The atoms of a multilattice are moved by their inner shifts besides, those of the field's strain to first order.
        """
        if self._fixed is None:
            parts = self.model.parts
            H, shifts = self._uniform()
            u, n = np.column_stack(self._from_centre(parts.X)) @ H[:, :2].T, len(parts.X)
            many = (np.broadcast_to(of_all, (n, *of_all.shape)) for of_all in (H, shifts))
            self._fixed = parts.local(u, *many) if self.model.material.n_basis > 1 else u[:, : parts.layout.components]
        return K * self.imposed_rate() + self._fixed

    def imposed_rate(self) -> np.ndarray:
        """(n, components) by how much `imposed_displacement` grows with K, A per MPa m^1/2."""
        if self._rate is None:
            parts = self.model.parts
            x, y = self._from_centre(parts.X)
            u = self.field.displacement(x, y, self.mode.tolist())
            if self.model.material.n_basis == 1:
                self._rate = u[:, : parts.layout.components]
            else:
                self._rate = parts.local(u, *self._strain_and_shifts(x, y))
        return self._rate

    def imposed_on_atoms(self, K: float) -> np.ndarray:
        """(n, components) as `imposed_displacement` at all atoms of this rank, also those that follow the mesh, A."""
        atoms = self.model.parts.atoms
        x, y = self._from_centre(atoms.X)
        u, (H, shifts) = self.field.displacement(x, y, self.mode.tolist()), self._uniform()
        fixed = np.column_stack([x, y]) @ H[:, :2].T
        if self.model.material.n_basis > 1:
            u = u + self._strain_and_shifts(x, y)[1][np.arange(len(x)), atoms.species]
            fixed = fixed + shifts[atoms.species]
        return (K * u + fixed)[:, : self.model.parts.layout.components]

    def _uniform(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradient (3, 3) and inner shifts (n_basis, 3), A, of the T-stress."""
        H, material = self.field.uniform_gradient(self.T_stress), self.model.material
        strained, at_rest = material.linear_shifts(np.stack([np.eye(3) + H, np.eye(3)]))
        return H, strained - at_rest

    def _from_centre(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y of positions (n, 3) relative to the centre of the near-tip field, A."""
        x, y = X[:, 0] - self._centre[0], X[:, 1] - self._centre[1]
        return x, np.where(np.abs(X[:, 1]) < 1e-9, X[:, 1], y)  # a node on a face of the slit stays on its face

    def _strain_and_shifts(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (n, 3, 3) and inner shifts (n, n_basis, 3) of the near-tip field at a load of 1.

        Within a neighbour distance of the tip they are those on its rim: the field is a start there, and singular.
        """
        nn = self.crystal.nearest_neighbour_distance
        grow = np.maximum(nn / np.maximum(np.hypot(x, y), 1e-9 * nn), 1.0)
        at_tip = np.hypot(x, y) < 1e-9 * nn
        H = np.zeros((len(x), 3, 3))
        H[:, :, :2] = self.field.displacement_gradient(np.where(at_tip, nn, x * grow), y * grow, self.mode.tolist())
        material = self.model.material
        at_rest = material.linear_shifts(np.eye(3)[None])
        return H, material.linear_shifts(np.eye(3) + H) - at_rest

    def load(self, K: float) -> None:
        """Prescribe the near-tip field at K on the outer boundary, and take the dead load there if the method has one."""
        x = self.imposed_displacement(K)
        self.model.impose(self.model.load(x, np.zeros_like(x) if self.spec.reference == "lattice" else x))

    def start(self, K: float) -> PETSc.Vec:
        """Unknowns in the near-tip field at K."""
        q = self.model.parts.layout.create_unknowns()
        q.array[:] = self.imposed_displacement(K)[: self.model.parts.layout.n_free].ravel()
        return q

    def energy_release_rate(self, K: float) -> float:
        """G of the near-tip field at load K (MPa m^1/2) in the system's mode, J/m^2."""
        return self.field.energy_release_rate((K * self.mode).tolist())

    def face_opening(self, r: float, K: float) -> float:
        """Opening of the crack faces at distance r behind the tip (A) in the near-tip field at K, A."""
        x, y = np.array([-r, -r]), np.array([0.0, -0.0])
        up, low = self.field.displacement(x, y, (K * self.mode).tolist())
        return float(np.linalg.norm(up - low))
