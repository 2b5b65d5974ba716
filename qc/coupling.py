"""The coupled model: a sum of named terms, each seen through one sparse map of the unknowns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from mpi4py import MPI
from petsc4py import PETSc

from atomistics.reconstruction import StencilError
from fem.cauchy_born import InadmissibleDeformationError
from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from .layout import BlockScatter, Layout, Rows
from .stages import stage

INADMISSIBLE = (InadmissibleDeformationError, StencilError)


class NoEnergyError(TypeError):
    """The method blends forces: there is no energy whose gradient they are."""


class Term(Protocol):
    """What the coupling asks of a term: local variables z = A x, energy, gradient and Hessian blocks in them."""

    name: str

    @property
    def rows(self) -> Rows: ...
    def refresh(self, z: np.ndarray) -> bool: ...
    def update(self, z: np.ndarray) -> None: ...
    def energy(self, z: np.ndarray) -> float: ...
    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]: ...
    def pattern(self) -> tuple[np.ndarray, np.ndarray]: ...
    def hessian_blocks(self, z: np.ndarray) -> np.ndarray: ...


class ContinuumTerm:
    """The continuum energy with the map of its nodes: a term whose lists never change."""

    def __init__(self, energy: ContinuumEnergy | ShiftedContinuumEnergy, rows: Rows) -> None:
        self.name, self.rows, self.field = energy.name, rows, energy
        self.energy, self.energy_gradient = energy.energy, energy.energy_gradient
        self.pattern, self.hessian_blocks = energy.pattern, energy.hessian_blocks
        if isinstance(energy, ContinuumEnergy):
            self.pattern_chunks, self.hessian_chunks = energy.pattern_chunks, energy.hessian_chunks

    def refresh(self, z: np.ndarray) -> bool:
        """Never too old."""
        return False

    def update(self, z: np.ndarray) -> None:
        """Nothing to do."""


class ForceWeighted:
    """A term whose forces are multiplied, variable by variable: one half of force blending (BQCF).

    Parameters
    ----------
    term : Term
    factor : callable
        Gives the factor (n,) of each variable of the term in its present numbering.
    """

    conservative = False

    def __init__(self, term: Term, factor: Callable[[], np.ndarray]) -> None:
        self.term, self._factor = term, factor
        self.name = term.name
        self.refresh, self.update, self.pattern = term.refresh, term.update, term.pattern

    @property
    def rows(self) -> Rows:
        """Rows of the term's map."""
        return self.term.rows

    def energy(self, z: np.ndarray) -> float:
        """Always raises: blended forces have no energy."""
        raise NoEnergyError(
            "method bqcf blends forces and has no energy: use bqce, bgfc or atomistic where energies are needed"
        )

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(nan, weighted gradient)."""
        return np.nan, self.term.energy_gradient(z)[1] * self._factor()[:, None]

    def hessian_blocks(self, z: np.ndarray) -> np.ndarray:
        """Blocks of the (unsymmetric) Jacobian."""
        rows = self.pattern()[0]
        return self.term.hessian_blocks(z) * self._factor()[rows][:, None, None]


class Coupling:
    """E(x) = sum of terms - f_dead . q, with gradient and Hessian as PETSc objects.

    All methods are collective. The full displacement vector x = [free | prescribed] is kept inside; the solver sees the
    free part q only.

    Parameters
    ----------
    layout : Layout
    terms : sequence of Term
    """

    def __init__(self, layout: Layout, terms: Sequence[Term]) -> None:
        self.layout, self.terms = layout, list(terms)
        self.prescribed = np.zeros((layout.n_prescribed, layout.components))
        self.dead_load = layout.create_unknowns()
        self.pattern_version = 0  # solvers must forget their symbolic factors when it changes
        self.connections = 0  # times that the terms' rows have been looked at
        self._complaint: str | None = None  # why the last energy was infinite on this rank
        self.evaluations = {"gradient": 0, "hessian": 0, "update": 0}
        self._matrix = self.create_matrix()
        self._connect()

    @property
    def has_energy(self) -> bool:
        """Whether the model has an energy (blended and mixed forces have none)."""
        return all(getattr(term, "conservative", True) for term in self.terms)

    def add(self, term: Term) -> None:
        """One more term; it takes the place of one with the same name. Collective."""
        self.terms = [t for t in self.terms if t.name != term.name] + [term]
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRIC, self.has_energy)
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRY_ETERNAL, self.has_energy)
        self._connect()

    def reconnect(self) -> None:
        """Look at the terms' rows anew: another coupling of the same terms may have brought them up to date. Collective."""
        self._connect()

    @property
    def complaint(self) -> str | None:
        """Why the last energy was infinite, None if it was not. Collective."""
        said = self.layout.comm.allgather(self._complaint)
        return next((c for c in said if c is not None), None)

    def energies(self, q: PETSc.Vec) -> dict[str, float]:
        """Energy of each term minus that of the perfect crystal, eV."""
        z = self._variables(q)
        self._complaint = None
        local = [self._energy_or_infinity(t, zt) for t, zt in zip(self.terms, z, strict=True)]
        total = self.layout.comm.allreduce(np.array(local), op=MPI.SUM)
        parts = {t.name: float(e) for t, e in zip(self.terms, total, strict=True)}
        return parts | {"dead_load": -float(self.dead_load.dot(q))}

    def energy(self, q: PETSc.Vec) -> float:
        """Total energy minus that of the perfect crystal, eV; `NoEnergyError` for force blending."""
        return sum(self.energies(q).values())

    def energy_gradient(self, q: PETSc.Vec, g: PETSc.Vec) -> float:
        """Energy (nan for force blending) and its gradient, written into g, eV/A."""
        z = self._variables(q)
        self.evaluations["gradient"] += 1
        self._complaint = None
        total, local = 0.0, np.zeros((len(self._columns), self.layout.components))
        for term, zt, A in zip(self.terms, z, self._maps, strict=True):
            try:
                with stage(term.name):
                    E, gz = term.energy_gradient(zt)
            except INADMISSIBLE as error:  # on this rank only, perhaps: infinite energy tells the others
                E, gz, self._complaint = np.inf, np.full_like(zt, np.nan), str(error)
            total += E
            local += A.T @ gz
        with stage("halo"):
            g.array[:] = self._scatter.add(local)[: self.layout.n_free].ravel()
        g.axpy(-1.0, self.dead_load)
        return float(self.layout.comm.allreduce(total)) - float(self.dead_load.dot(q))

    def hessian(self, q: PETSc.Vec) -> PETSc.Mat:
        """Exact Hessian (AIJ, block size set); the same matrix object until the sparsity pattern changes."""
        z = self._variables(q)
        self.evaluations["hessian"] += 1
        if not self._pattern_known:
            with stage("matrix"):
                self._preallocate()
        values = np.zeros((self._n_pairs, self.layout.components**2))
        for term, zt, transfer in zip(self.terms, z, self._transfers, strict=True):
            with stage(term.name):
                blocks = term.hessian_blocks(zt)
            with stage("matrix"):
                values += transfer @ blocks.reshape(len(blocks), values.shape[1])
            del blocks  # one term's at a time: they are larger than the matrix
        with stage("matrix"):
            self._matrix.setValuesCOO(values.ravel(), PETSc.InsertMode.INSERT_VALUES)
        return self._matrix

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

    def spread(self, term: int, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of free blocks i, j (-1: prescribed) that pairs p of variables a, b of a term add to, and with which factor."""
        i, j, p, factor = _products(self._maps[term], a, b)
        return self._free[i], self._free[j], p, factor

    def _energy_or_infinity(self, term: Term, z: np.ndarray) -> float:
        try:
            with stage(term.name):
                return term.energy(z)
        except INADMISSIBLE as error:  # on this rank only, perhaps: the sum tells the others
            self._complaint = str(error)
            return np.inf

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
        self._columns, inverse = np.unique(np.concatenate([t.rows.column for t in self.terms]), return_inverse=True)
        split = np.cumsum([len(t.rows.column) for t in self.terms])[:-1]
        self._maps = [
            sp.csr_matrix((t.rows.value, c, t.rows.first), shape=(len(t.rows), len(self._columns)))
            for t, c in zip(self.terms, np.split(inverse, split), strict=True)
        ]
        self._scatter = BlockScatter(self.layout, self._columns, self.layout.components)
        self._free = self.layout.free_number(self._columns).astype(PETSc.IntType)
        self._pattern_known = False
        self.connections += 1

    def _preallocate(self) -> None:
        """Fix the sparsity pattern: which term blocks add into which block of the matrix, with which factor."""
        names, parts = [], []
        for k, term in enumerate(self.terms):
            a, b = term.pattern()
            i, j, source, factor = self.spread(k, a, b)
            keep = (i >= 0) & (j >= 0)
            names.append(i[keep].astype(np.int64) * (self.layout.n_unknowns + 1) + j[keep])
            parts.append((source[keep], factor[keep], len(a)))
        pairs, target = np.unique(np.concatenate(names), return_inverse=True)
        rows, cols = np.divmod(pairs, self.layout.n_unknowns + 1)
        targets = np.split(target, np.cumsum([len(n) for n in names])[:-1])
        self._transfers = [
            sp.csr_matrix((factor, (t, source)), shape=(len(pairs), n))
            for t, (source, factor, n) in zip(targets, parts, strict=True)
        ]
        self._n_pairs = len(pairs)
        m = self.layout.components
        alpha, beta = np.divmod(np.arange(m * m), m)
        self._matrix.setPreallocationCOO(
            (m * rows[:, None] + alpha).ravel().astype(PETSc.IntType),
            (m * cols[:, None] + beta).ravel().astype(PETSc.IntType),
        )
        self._pattern_known = True
        self.pattern_version += 1

    def create_matrix(self) -> PETSc.Mat:
        """Empty matrix (AIJ) between the unknowns."""
        n, m = self.layout.n_free * self.layout.components, self.layout.components
        matrix = PETSc.Mat().create(self.layout.comm)
        matrix.setSizes(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)), bsize=m)
        matrix.setType(PETSc.Mat.Type.AIJ)
        matrix.setOption(PETSc.Mat.Option.SYMMETRIC, self.has_energy)
        matrix.setOption(PETSc.Mat.Option.SYMMETRY_ETERNAL, self.has_energy)
        return matrix


def _products(A: sp.csr_matrix, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All (i, j, p, A[a_p, i] A[b_p, j]) for block pairs p: the pattern of A^T H A, whatever the values of H."""
    width = np.diff(A.indptr)
    count = width[a] * width[b]
    p = np.repeat(np.arange(len(a)), count)
    within = np.arange(len(p)) - np.repeat(np.cumsum(count) - count, count)
    left = A.indptr[a][p] + within // width[b][p]
    right = A.indptr[b][p] + within % width[b][p]
    return A.indices[left], A.indices[right], p, A.data[left] * A.data[right]
