"""A perfect crystal under uniform deformation in a coupled model: whatever force is left is a ghost force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.mesh.domain import DomainMesh
from fem.mesh.interpolation import cell_vertices
from fem.mesh.proof import volumes
from fem.shifts import independent
from fem.thermal import Sampled

from ..coupling.load import Load
from ..coupling.methods import build_model
from ..coupling.model import Model
from ..coupling.spec import METHODS, Method, ModelSpec
from ..errors import InputError
from .setup import PatchSetup


@dataclass(frozen=True)
class GhostForce:
    """Residual forces on the free degrees of freedom at y = F X, eV/A.

    Attributes
    ----------
    largest : float
        Largest component.
    l2 : float
        Root of the sum of squares.
    """

    largest: float
    l2: float


@dataclass(frozen=True)
class ForceMap:
    """Where forces are, gathered on rank 0 (empty elsewhere).

    Attributes
    ----------
    X : (n, 3) ndarray
        Reference positions of the free atoms and nodes, A.
    force : (n,) ndarray
        Lengths of the forces, eV/A.
    is_atom : (n,) bool ndarray
    """

    X: np.ndarray
    force: np.ndarray
    is_atom: np.ndarray


class PatchTest:
    """One method on one setup: builds the models that a claim needs and deforms them.

    Models are kept: those for one macroscopic gradient along the front serve all deformations that share it.

    Parameters
    ----------
    setup : PatchSetup
    method : str
    reference : {"lattice", "far_field"} or None
        Where BGFC takes its dead load: in the undeformed lattice, or in the deformation of the test.
    comm : mpi4py.MPI.Comm, optional
    """

    def __init__(
        self, setup: PatchSetup, method: str, reference: str | None = None, comm: MPI.Comm = MPI.COMM_WORLD
    ) -> None:
        self.setup, self.method, self.comm = setup, method, comm
        self.reference = (reference or "far_field") if METHODS[method].dead_load else None
        self._models: dict[tuple[bytes, float | None, float | None, float | None], Model] = {}
        self._loads: dict[tuple[bytes, tuple[float | None, ...]], PETSc.Vec | None] = {}
        self._domain: DomainMesh | None = None
        self._known: dict[bytes, tuple[float, GhostForce]] = {}
        self.kept: dict[tuple[object, ...], Any] = {}
        """What claims keep for each other."""

    @property
    def facts(self) -> Method:
        """What sets the method apart."""
        return METHODS[self.method]

    def model(
        self, F: np.ndarray, core: float | None = None, width: float | None = None, radius: float | None = None
    ) -> Model:
        """The model for a deformation; sizes other than the setup's in nearest-neighbour distances. Collective."""
        F0 = front_gradient(F, self.setup.dimension)
        key = (F0.tobytes(), core, width, radius)
        if key not in self._models:
            self._models[key] = self.build(self.setup.spec(self.method, F0, core, width, radius))
        return self._models[key]

    def build(self, spec: ModelSpec, vibrations: Sampled | None = None) -> Model:
        """A model of its own; at a temperature with the vibrations of its crystal. Collective."""
        s = self.setup
        if self._domain is None and self.facts.continuum:
            self._domain = s.domain(self.comm)
        try:
            return build_model(self.comm, s.crystal, s.potential, s.lattice, spec, domain=self._domain, vibrations=vibrations)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(
                f"method {self.method}, {s.crystal_name}, {s.potential_name}, {s.dimension:g}-D: {error}"
            ) from None

    def state(self, model: Model, F: np.ndarray, reference: np.ndarray | None = None) -> PETSc.Vec:
        """Unknowns at y = F X, inner shifts relaxed or given; boundary and dead load are set alike. Collective.

        BGFC takes its dead load at the deformation ``reference``, if there is one, instead of the test's own choice.
        """
        u = self.displacement(model, F)
        q = model.parts.layout.create_unknowns()
        q.array[:] = u[: model.parts.layout.n_free].ravel()
        at = reference if reference is not None else np.eye(3) if self.reference == "lattice" else F
        model.impose(Load(prescribed=u[model.parts.layout.n_free :], dead_load=self.dead_load(model, at)))
        return q

    def dead_load(self, model: Model, F: np.ndarray) -> PETSc.Vec | None:
        """The dead load of a model of `model` at the deformation F, eV/A; None where the method has none; kept. Collective.

        A plane model cannot express another gradient along the front than its own: one of the same sizes that can is asked.
        """
        if model.blending_defect is None:
            return None
        sizes = next(key[1:] for key, known in self._models.items() if known is model)
        if (F.tobytes(), sizes) not in self._loads:
            other = self.model(F, *sizes)
            assert other.parts.layout.n_free == model.parts.layout.n_free
            self._loads[F.tobytes(), sizes] = other.load(self.displacement(other, F)).dead_load
        return self._loads[F.tobytes(), sizes]

    def displacement(self, model: Model, F: np.ndarray) -> np.ndarray:
        """(n, components) values of this rank's blocks from F0 X to F X with the shifts of the test, A."""
        return np.ascontiguousarray(model.uniform(F, self.setup.shifts_at(F)))

    def gradient(self, model: Model, q: PETSc.Vec) -> PETSc.Vec:
        """Minus the forces at q, eV/A. Collective."""
        g = q.duplicate()
        model.coupling.energy_gradient(q, g)
        return g

    def residual(self, model: Model, F: np.ndarray) -> PETSc.Vec:
        """Minus the forces at y = F X that are not those of the perfect crystal, eV/A. Collective."""
        return self._left(model, self.state(model, F), F)

    def _left(self, model: Model, q: PETSc.Vec, F: np.ndarray) -> PETSc.Vec:
        g = self.gradient(model, q)
        shifts = self.setup.shifts_at(F)
        if shifts is not None:
            g.array[:] -= crystal_gradient(model, F, shifts).ravel()
        return g

    def ghost_force(self, F: np.ndarray) -> GhostForce:
        """Forces left at y = F X; kept. Collective."""
        return self._at(F)[1]

    def energy(self, F: np.ndarray) -> float:
        """Energy at F X minus that of the perfect crystal, eV; `NoEnergyError` for force blending; kept. Collective."""
        model = self.model(F)
        return self._at(F)[0] if model.coupling.has_energy else float(model.coupling.energy(self.state(model, F)))

    def _at(self, F: np.ndarray) -> tuple[float, GhostForce]:
        """Energy (nan for force blending) and forces left at y = F X: one evaluation for the claims about either. Collective."""
        if F.tobytes() not in self._known:
            model = self.model(F)
            q = self.state(model, F)
            g = self._left(model, q, F)
            E = float(model.coupling.energy(q)) if model.coupling.has_energy else np.nan
            self._known[F.tobytes()] = E, GhostForce(float(g.norm(PETSc.NormType.NORM_INFINITY)), float(g.norm()))
        return self._known[F.tobytes()]

    def force_map(self, F: np.ndarray) -> ForceMap:
        """The same forces one by one. Collective."""
        model = self.model(F)
        g = self.residual(model, F)
        force = np.linalg.norm(g.array_r.reshape(-1, model.parts.layout.components), axis=1)
        parts = self.comm.gather((model.X_free, force, model.parts.is_atom[: len(force)]), root=0)
        if parts is None:
            return ForceMap(np.empty((0, 3)), np.empty(0), np.empty(0, dtype=bool))
        return ForceMap(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def reconstruction(self) -> dict[str, Any]:
        """What the reconstruction of the model cost, for methods that have one."""
        for model in self._models.values():
            made = model.reconstruction
            if made is not None:
                return dict(made.info)
        return {}

    def alone(self) -> PatchTest:
        """The same test on this rank only."""
        return PatchTest(self.setup, self.method, self.reference, MPI.COMM_SELF)


def front_gradient(F: np.ndarray, dimension: float) -> np.ndarray:
    """The part of F that plane displacements cannot express: its last column in 2.5-D; the identity in 2-D and 3-D."""
    F0 = np.eye(3)
    if dimension == 2.5:
        F0[:, 2] = F[:, 2]
    return F0


def crystal_gradient(model: Model, F: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """(n_free, components) gradient of this rank's unknowns if all around were the perfect crystal in F with these shifts. Collective.

    Shifts that are not relaxed have a force dW/dp_a v0 on each atom of a cell. Nodes have none, and the shifts of a vertex
    those of as many cells as its share of the volume holds: the volume of each simplex goes to its vertices in equal parts.
    """
    parts, n = model.parts, model.parts.layout.n_free
    on_atom = model.material.derivatives(F[None], shifts[None], second=False).dp[0] * model.material.volume
    out = parts.share[:n] @ on_atom
    chosen, key = parts.is_shift[:n], parts.key[:n]
    per_cell = independent(len(on_atom)).T @ on_atom
    cells = _vertex_volumes(model)[key[chosen, 0]] / model.material.volume
    out[chosen] = cells[:, None] * per_cell[-2 - key[chosen, 2]]
    return out[:, : parts.layout.components]


def _vertex_volumes(model: Model) -> np.ndarray:
    """Each vertex's share of the volume by its input number, of all ranks, A^3. Collective."""
    corner, size = _own_cells(model)
    number = np.asarray(model.domain.mesh.geometry.input_global_indices)
    total = np.zeros(1 + max(model.comm.allgather(int(number.max(initial=-1)))))
    np.add.at(total, number[corner], (size / corner.shape[1])[:, None])
    model.comm.Allreduce(MPI.IN_PLACE, total)
    return total


def _own_cells(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Geometry nodes at the corners, and volumes of the cells that this rank owns, A^3."""
    mesh = model.domain.mesh
    corner = cell_vertices(mesh)[: mesh.topology.index_map(mesh.topology.dim).size_local]
    return corner, volumes(mesh.geometry.x[corner][:, :, : mesh.geometry.dim]) * model.thickness


def wave(model: Model, seed: int, amplitude: float) -> PETSc.Vec:
    """A smooth displacement of the unknowns that depends on positions only, not on the ranks; amplitude in A."""
    v = model.parts.layout.create_unknowns()
    nn = model.crystal.nearest_neighbour_distance
    k = np.random.default_rng(seed).uniform(0.3, 0.9, (3, model.parts.layout.components)) / nn
    v.array[:] = amplitude * np.sin(model.X_free @ k + np.arange(model.parts.layout.components)).ravel()
    return v


def volume(model: Model) -> float:
    """Volume of the mesh (2-D: area), A^3. Collective."""
    return float(model.comm.allreduce(float(_own_cells(model)[1].sum())))
