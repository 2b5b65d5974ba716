"""The coupled model: a sum of named terms, each seen through one sparse map of the unknowns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from mpi4py import MPI
from petsc4py import PETSc

from atomistics.reconstruction import StencilError
from fem.cauchy_born import InadmissibleDeformationError
from fem.thermal import ThermalRangeError

from ..stages import stage
from ..terms.borrowed import BorrowedForces
from ..terms.term import Term
from ..unknowns.layout import BlockScatter, Layout
from .assembly import Assembly, declare_symmetry
from .load import Load

INADMISSIBLE = (InadmissibleDeformationError, StencilError, ThermalRangeError)


@dataclass(frozen=True)
class _Evaluation:
    """A state (unknowns and what is prescribed), the energy of each term over all ranks, this rank's part of the gradient.

    ``reaction`` (n_prescribed, components) is the gradient in what is prescribed.
    """

    q: np.ndarray
    prescribed: np.ndarray
    energies: np.ndarray
    gradient: np.ndarray
    reaction: np.ndarray


class Coupling:
    """E(x) = sum of terms - f_dead . q, with gradient and Hessian as PETSc objects.

    All methods are collective. The full displacement vector x = [free | prescribed] is kept inside; the solver sees the
    free part q only.

    Parameters
    ----------
    layout : Layout
    terms : sequence of Term

    Attributes
    ----------
    prescribed : (n_prescribed, components) ndarray
        Displacements of this rank's prescribed blocks, A; `impose` writes them.
    dead_load : PETSc.Vec
        Forces on the unknowns that no state changes, eV/A; `impose` writes them.
    assembly : Assembly
        The matrix.
    connections : int
        Times that the terms' rows have been looked at.
    evaluations : dict
        Gradients, Hessians and updates of neighbour lists so far.
    """

    def __init__(self, layout: Layout, terms: Sequence[Term]) -> None:
        self.layout, self.terms = layout, list(terms)
        self.prescribed = np.zeros((layout.n_prescribed, layout.components))
        self.dead_load = layout.create_unknowns()
        self.assembly = Assembly(layout, self.has_energy)
        self.connections = 0
        self.evaluations = {"gradient": 0, "hessian": 0, "update": 0}
        self._complaint: str | None = None  # why the last energy was infinite on this rank
        # line searches and records ask for the same state again; None on all ranks or on none
        self._last: _Evaluation | None = None
        self._connect()

    @property
    def has_energy(self) -> bool:
        """Whether the model has an energy (blended and mixed forces have none)."""
        return all(term.conservative for term in self.terms)

    def add(self, term: Term) -> None:
        """One more term; it takes the place of one with the same name. Collective."""
        self.terms = [t for t in self.terms if t.name != term.name] + [term]
        declare_symmetry(self.assembly.matrix, self.has_energy)
        self._connect()

    def impose(self, load: Load) -> None:
        """Put the model under a load; its arrays are copied."""
        self.prescribed[:] = load.prescribed
        if load.dead_load is None:
            self.dead_load.zeroEntries()
        else:
            load.dead_load.copy(self.dead_load)

    @property
    def load(self) -> Load:
        """The load the model is under, a copy that stays as it is."""
        return Load(prescribed=self.prescribed.copy(), dead_load=self.dead_load.copy())

    @property
    def pattern_version(self) -> int:
        """Changes with the sparsity of the Hessian."""
        return self.assembly.version

    @property
    def complaint(self) -> str | None:
        """Why the last energy was infinite, None if it was not. Collective."""
        said = self.layout.comm.allgather(self._complaint)
        return next((c for c in said if c is not None), None)

    def energies(self, q: PETSc.Vec) -> dict[str, float]:
        """Energy of each term minus that of the perfect crystal, eV."""
        if not self.has_energy:
            for term, z in zip(self.terms, self._variables(q), strict=True):
                term.energy(z)  # one of them raises, and says why
        found = self._evaluated(q).energies.tolist()
        parts = {t.name: e for t, e in zip(self.terms, found, strict=True)}
        return parts | {"dead_load": -float(self.dead_load.dot(q))}

    def energy(self, q: PETSc.Vec) -> float:
        """Total energy minus that of the perfect crystal, eV; `NoEnergyError` for force blending."""
        return sum(self.energies(q).values())

    def energy_gradient(self, q: PETSc.Vec, g: PETSc.Vec) -> float:
        """Energy (nan for force blending) and its gradient, written into g, eV/A."""
        found = self._evaluated(q)
        g.array[:] = found.gradient
        g.axpy(-1.0, self.dead_load)
        return float(found.energies.sum()) - float(self.dead_load.dot(q))

    def reaction(self, q: PETSc.Vec) -> np.ndarray:
        """(n_prescribed, components) gradient in this rank's prescribed blocks: the force that holds each, eV/A. Collective."""
        return self._evaluated(q).reaction

    def renew(self, q: PETSc.Vec) -> None:
        """Find all neighbours anew at q, whatever lists there are. Collective.

        Sums then have the order that they have in a model whose first state is q.
        """
        self._variables(q)  # rows that another coupling has renewed are taken over first
        for term, z in zip(self.terms, self._scatter_to_terms(q), strict=True):
            term.update(z)
        self._connect()

    @property
    def borrows(self) -> bool:
        """Whether a part of the gradient has no derivative in `hessian`: that of a calculator of forces."""
        return any(isinstance(term, BorrowedForces) for term in self.terms)

    def unknown_gradient(self, q: PETSc.Vec, out: PETSc.Vec) -> None:
        """Write the part of the gradient whose derivative is not in `hessian` into ``out``, eV/A."""
        local = np.zeros((len(self._columns), self.layout.components))
        for term, zt, A in zip(self.terms, self._variables(q), self._maps, strict=True):
            unknown = term.unknown_gradient(zt)
            if unknown is not None:
                local += A.T @ unknown
        out.array[:] = self._scatter.add(local)[: self.layout.n_free].ravel()

    def residual(self, q: PETSc.Vec) -> float:
        """Largest force component, eV/A."""
        g = self.layout.create_unknowns()
        self.energy_gradient(q, g)
        return float(g.norm(PETSc.NormType.NORM_INFINITY))

    def _evaluated(self, q: PETSc.Vec) -> _Evaluation:
        """Energies and gradient at q, worked out anew only where q or what is prescribed has changed on any rank."""
        last, self._last = self._last, None
        known = (
            last is not None and np.array_equal(last.q, q.array_r) and np.array_equal(last.prescribed, self.prescribed)
        )
        if last is None or not self.layout.comm.allreduce(known, op=MPI.LAND):
            last = self._evaluate(q)
        self._last = last
        return last

    def _evaluate(self, q: PETSc.Vec) -> _Evaluation:
        z = self._variables(q)
        self.evaluations["gradient"] += 1
        self._complaint = None
        energies, local = np.zeros(len(z)), np.zeros((len(self._columns), self.layout.components))
        for k, (term, zt, A) in enumerate(zip(self.terms, z, self._maps, strict=True)):
            try:
                with stage(term.name):
                    energies[k], gz = term.energy_gradient(zt)
            except INADMISSIBLE as error:  # on this rank only, perhaps: infinite energy tells the others
                energies[k], gz, self._complaint = np.inf, np.full_like(zt, np.nan), str(error)
            local += A.T @ gz
        with stage("halo"):
            whole, n = self._scatter.add(local), self.layout.n_free
            gradient, reaction = whole[:n].flatten(), whole[n:].copy()  # copies: the scatter works in place
        energies = self.layout.comm.allreduce(energies, op=MPI.SUM)
        return _Evaluation(q.array_r.copy(), self.prescribed.copy(), energies, gradient, reaction)

    def hessian(self, q: PETSc.Vec) -> PETSc.Mat:
        """Exact Hessian (AIJ, block size set); the same matrix object until the sparsity pattern changes."""
        z = self._variables(q)
        self.evaluations["hessian"] += 1
        if not self.assembly.known:
            with stage("matrix"):
                self.assembly.preallocate(self.terms)
        for term, zt, blocks in zip(self.terms, z, self.assembly.blocks(), strict=True):
            with stage(term.name):
                term.hessian_blocks(zt, blocks)
        with stage("matrix"):
            return self.assembly.assemble()

    def sum_of_products(
        self, products: Sequence[Callable[[np.ndarray], np.ndarray] | None]
    ) -> Callable[[PETSc.Vec, PETSc.Vec], None]:
        """Function that writes the sum of A^T product(A v) over the terms that have a product into its second argument."""
        maps, scatter, n, m = self._maps, self._scatter, self.layout.n_free, self.layout.components
        used = [(A, product) for A, product in zip(maps, products, strict=True) if product is not None]

        def multiply(v: PETSc.Vec, out: PETSc.Vec) -> None:
            own = np.zeros((self.layout.n_own, m))
            own[:n] = v.array_r.reshape(-1, m)
            x = scatter.gather(own)
            local = np.zeros_like(x)
            for A, product in used:
                local += A.T @ product(A @ x)
            out.array[:] = scatter.add(local)[:n].ravel()

        return multiply

    def displacement(self, q: PETSc.Vec) -> np.ndarray:
        """Displacements (n, components) of this rank's blocks of the full vector, A."""
        return np.concatenate([q.array_r.reshape(-1, self.layout.components), self.prescribed])

    def variables(self, q: PETSc.Vec) -> dict[str, np.ndarray]:
        """Local variables z of each term by name, A."""
        return {t.name: z for t, z in zip(self.terms, self._variables(q), strict=True)}

    def halo_blocks(self) -> dict[int, int]:
        """Displacement blocks that this rank receives in each evaluation, by the rank that owns them."""
        rank, blocks = np.unique(self.layout.owner(self._columns), return_counts=True)
        return {r: n for r, n in zip(rank.tolist(), blocks.tolist(), strict=True) if r != self.layout.comm.rank}

    def _variables(self, q: PETSc.Vec) -> list[np.ndarray]:
        """z = A x for all terms, with neighbour lists brought up to date first if an atom has moved too far anywhere."""
        if any(t.rows is not rows for t, rows in zip(self.terms, self._rows, strict=True)):
            self._connect()  # another coupling of the same terms has brought them up to date, on all ranks
        z = self._scatter_to_terms(q)
        stale = self._refresh(z)
        if stale:
            with stage("neighbours"):
                for term, zt in zip(self.terms, z, strict=True):
                    term.update(zt)
                self._connect()
            self.evaluations["update"] += 1
            z = self._scatter_to_terms(q)
            self._refresh(z)
        return z

    def _refresh(self, z: list[np.ndarray]) -> bool:
        with stage("neighbours"):
            stale = [term.refresh(zt) for term, zt in zip(self.terms, z, strict=True)]
        return bool(self.layout.comm.allreduce(int(any(stale)), op=MPI.MAX))

    def _scatter_to_terms(self, q: PETSc.Vec) -> list[np.ndarray]:
        with stage("halo"):
            x = self._scatter.gather(self.displacement(q))
        return [A @ x for A in self._maps]

    def _connect(self) -> None:
        """One scatter for the union of the blocks that the terms of this rank need."""
        self._rows = [t.rows for t in self.terms]
        self._columns, inverse = np.unique(np.concatenate([rows.column for rows in self._rows]), return_inverse=True)
        split = np.cumsum([len(rows.column) for rows in self._rows])[:-1]
        self._maps = [
            sp.csr_matrix((rows.value, c, rows.first), shape=(len(rows), len(self._columns)))
            for rows, c in zip(self._rows, np.split(inverse, split), strict=True)
        ]
        self._scatter = BlockScatter(self.layout, self._columns, self.layout.components)
        self.assembly.connect(self._maps, self.layout.free_number(self._columns).astype(PETSc.IntType))
        self._last = None
        self.connections += 1
