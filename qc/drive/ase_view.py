"""A coupled model as an ASE calculator over its free atoms, the continuum frozen or relaxed round them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from petsc4py import PETSc

from atomistics.species import atoms_of_species

from ..errors import ConvergenceError
from ..solve.factors import Inertia, release_dropped
from ..solve.options import PREFIX
from .loaded import Loaded

MAX_ITERATIONS = 50
"""Of the continuum's relaxation."""
HELD = 0.1
"""Factors of the continuum's Hessian are kept while each iteration leaves this part of the largest force, or less."""


class CoupledCalculator(Calculator):
    """Energy and forces of the free atoms of a crack at load K; the rest of the unknowns follows or stays.

    With E(a, c) of atoms a and continuum c the energy is min over c of E(a, c), or E(a, c) at the c it was given, and the
    forces are -dE/da there. So ASE's optimisers, constraints and NEB work on the coupled model. Energies in eV per cell
    minus the perfect crystal, dead load included.

    There is no stress: a cracked body has no cell to strain. Stresses of its atoms are in the trajectory (docs/output.md).

    On several ranks each runs the same script: all hold all free atoms, in the same order.

    Parameters
    ----------
    system : Loaded
        Of a method with an energy.
    K : float
        Load, MPa m^1/2.
    q : PETSc.Vec, optional
        Unknowns to start from; default: the near-tip field at K.
    continuum : {"relaxed", "frozen"}
    force_tolerance : float
        Largest residual force component in a relaxed continuum, eV/A.
    """

    implemented_properties = ["energy", "free_energy", "forces"]  # noqa: RUF012 (ASE's own style)

    def __init__(
        self,
        system: Loaded,
        K: float,
        q: PETSc.Vec | None = None,
        continuum: Literal["relaxed", "frozen"] = "relaxed",
        force_tolerance: float = 1e-8,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if continuum not in ("relaxed", "frozen"):
            raise ValueError(f"continuum = {continuum!r}: must be 'relaxed' or 'frozen'")
        if not system.model.coupling.has_energy:
            raise ValueError(
                f"method {system.model.spec.method!r} has no energy: the ASE view needs one, as bgrac, bgfc or atomistic"
            )
        self.system, self.K, self.continuum = system, K, continuum
        self.q = system.start(K) if q is None else q.copy()
        self._coupling, self._tolerance = system.model.coupling, force_tolerance
        self._g = self.q.duplicate()
        parts, layout = system.model.parts, system.model.parts.layout
        self._blocks = np.flatnonzero(parts.is_atom[: layout.n_free])  # of this rank's unknowns
        self._own, self.keys = _common_order(system, self._blocks)
        self._rest = _index_of_rest(self.q, self._blocks, layout.components)
        self._factors = Inertia(layout.comm, PREFIX + "ase_")
        self._held: object = None
        self._reference = self._share(system.model.X_free[self._blocks])

    def make_atoms(self) -> Atoms:
        """The free atoms at the present unknowns, sorted by name, with this calculator. Collective."""
        model = self.system.model
        X = self._reference
        u = np.zeros_like(X)
        u[:, : model.parts.layout.components] = self._share(self._values(self.q)[self._blocks])
        species = np.array(model.crystal.species)[self.keys[:, 3]]
        periodic = model.crystal.dimension == 3
        cell = np.diag([0.0, 0.0, model.thickness if periodic else 0.0])
        atoms = atoms_of_species(species, X + u, cell, (False, False, periodic))
        atoms.set_array("reference", X)
        atoms.calc = self
        return atoms

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Energy and forces together; the continuum starts from where it was left. Collective."""
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        release_dropped(self._coupling.layout.comm)
        self.place(self.atoms.positions)
        self.system.load(self.K)
        E = self._relax() if self.continuum == "relaxed" else self._coupling.energy_gradient(self.q, self._g)
        forces = np.zeros_like(self.atoms.positions)
        forces[:, : self._coupling.layout.components] = -self._share(self._values(self._g)[self._blocks])
        self.results = {"energy": E, "free_energy": E, "forces": forces}

    def place(self, positions: np.ndarray) -> None:
        """Write positions (n, 3) of the free atoms into the unknowns, A."""
        if positions.shape != (len(self.keys), 3):
            raise ValueError(
                f"positions have shape {positions.shape}, expected {(len(self.keys), 3)}: take the atoms of make_atoms()"
            )
        u = (positions - self._reference)[self._own]
        self._values(self.q)[self._blocks] = u[:, : self._coupling.layout.components]

    def _relax(self) -> float:
        """Newton's method in the continuum's unknowns, with factors kept while they serve; the energy."""
        last = np.inf
        for _ in range(MAX_ITERATIONS):
            E = self._coupling.energy_gradient(self.q, self._g)
            rest = self._g.getSubVector(self._rest)
            force = rest.copy()
            self._g.restoreSubVector(self._rest, rest)
            residual = float(force.norm(PETSc.NormType.NORM_INFINITY)) if force.getSize() else 0.0
            if residual <= self._tolerance:
                return E
            if not np.isfinite(residual):
                break
            self._factor(anew=residual > HELD * last)
            step = force.duplicate()
            self._factors.solve(force, step)
            moved = self.q.getSubVector(self._rest)
            moved.axpy(-1.0, step)
            self.q.restoreSubVector(self._rest, moved)
            last = residual
        raise ConvergenceError(
            f"the continuum round these atoms did not relax: largest force {residual:.1e} eV/A; are they far from any state of the crack?"
        )

    def _factor(self, anew: bool) -> None:
        """Factors of the continuum's block of the Hessian, at the present unknowns if they are not there yet."""
        version = self._coupling.pattern_version
        if self._held == version and not anew:
            return
        H = self._coupling.hessian(self.q)
        version = self._coupling.pattern_version
        self._factors.factor(H.createSubMatrix(self._rest, self._rest), object())
        self._held = version

    def _values(self, vec: PETSc.Vec) -> np.ndarray:
        """(n_free, components) view of this rank's part of a vector."""
        return np.asarray(vec.array).reshape(-1, self._coupling.layout.components)

    def _share(self, own: np.ndarray) -> np.ndarray:
        """Values (n, m) of this rank's free atoms, from all ranks in the common order. Collective."""
        parts = self._coupling.layout.comm.allgather((self._own, own))
        out = np.empty((len(self.keys), own.shape[1]))
        for where, values in parts:
            out[where] = values
        return out


def _common_order(system: Loaded, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of this rank's free atoms among all, sorted by name, and the names (n, 4). Collective."""
    comm, own = system.model.comm, system.model.parts.key[blocks]
    keys = np.concatenate(comm.allgather(own))
    order = np.lexsort(keys.T[::-1])
    place = np.empty(len(keys), dtype=int)
    place[order] = np.arange(len(keys))
    before = sum(comm.allgather(len(own))[: comm.rank])
    return place[before : before + len(own)], keys[order]


def _index_of_rest(q: PETSc.Vec, blocks: np.ndarray, components: int) -> PETSc.IS:
    """Global numbers of the unknowns of this rank that are not those of atoms."""
    first, last = q.getOwnershipRange()
    is_rest = np.ones((last - first) // components, dtype=bool)
    is_rest[blocks] = False
    local = np.flatnonzero(np.repeat(is_rest, components))
    return PETSc.IS().createGeneral((first + local).astype(PETSc.IntType), comm=q.comm)
