"""The QM region as a term of the coupled energy, without double counting and without a ghost force at the reference crystal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from mpi4py import MPI

from fem.collective import ROOT, on_computing_rank

from ..terms.term import NoEnergyError, Pairs, Term
from ..unknowns.layout import Rows
from .cluster import Cluster
from .evaluation import Evaluation, Parts
from .secant import Secant


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the QM region adds to the energy, eV: nothing is counted twice if the potential's share is taken off once.

    Attributes
    ----------
    E_qm, E_mm_cluster : float
        Engine with link atoms, and the model's potential on the same atoms.
    E_reference, E_reference_linear : float
        E_0 = E_QM - E_MM of the reference crystal, and g_0 . (x - x_0).
    E_correction : float
        E_qm - E_mm_cluster - E_reference - E_reference_linear: the term of the coupled energy.
    largest_force : float
        Largest component of its gradient, eV/A.
    """

    E_qm: float
    E_mm_cluster: float
    E_reference: float
    E_reference_linear: float
    E_correction: float
    largest_force: float


class _ClusterTerm(Term):
    """What both kinds share: variables z are displacements of cluster, hosts and surroundings, all on the computing rank.

    The lists are never too old: the topology is that of the reference crystal.
    """

    name = "qm"

    def __init__(
        self, comm: MPI.Comm, cluster: Cluster, evaluation: Evaluation | None, rows: Rows, X: np.ndarray, F0: np.ndarray, m: int
    ) -> None:
        self.comm, self.cluster, self._m, self._evaluate = comm, cluster, m, evaluation
        self._here = comm.rank == ROOT
        self._rows = rows if self._here else rows.take(np.empty(0, dtype=np.int64))
        self._X0 = X @ np.array(F0, dtype=float).T

    @property
    def rows(self) -> Rows:
        """Rows of P on the computing rank, none on the others."""
        return self._rows

    def positions(self, z: np.ndarray) -> np.ndarray:
        """Positions of cluster, hosts and surroundings for displacements z on the computing rank, A."""
        y = self._X0.copy()
        y[:, : self._m] += z
        return y

    def check_links(self, z: np.ndarray) -> None:
        """InputError on all ranks if a link atom sits on an open bond. Collective."""
        n = len(self.cluster.X)
        on_computing_rank(self.comm, lambda: self.cluster.refuse_open_links(self.positions(z)[:n]))

    @property
    def learnt(self) -> np.ndarray:
        """What gradients have said of the Hessian and the engine's last answer, for a checkpoint: rows on the computing rank only."""
        return np.empty((0, 0)) if self._evaluate is None else self._evaluate.last

    @property
    def handed_on(self) -> np.ndarray:
        """The part of ``learnt`` that a cluster of the same shape at another place may know."""
        return np.empty((0, 0))

    def recall(self, learnt: np.ndarray) -> None:
        """Know what ``learnt`` was when a checkpoint was written; of another cluster it is of no use."""
        if self._evaluate is not None and learnt.shape == self._evaluate.last.shape:
            self._evaluate.recall(learnt)

    def _nothing(self) -> np.ndarray:
        return np.zeros((0, self._m))


class QMRegion(_ClusterTerm):
    """E = E_QM(C + H) - E_MM(C) - [E_0 + g_0 . (x - x_0)], with its exact gradient. Construction and all methods are collective.

    The last bracket is taken at the reference crystal x_0 with the same atoms and links: the link atoms' own forces, which
    any subtractive scheme has, vanish there to first order.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    cluster : Cluster
    evaluation : Evaluation or None
        On the computing rank only.
    rows : Rows
        Rows of P of cluster and hosts.
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient; x_0 = F0 X.
    hessian : {"mm", "sr1", "psb"}
        What Newton's method is told: that the engine is as stiff as the potential (nothing is added to the Hessian of the
        model), or what the gradients say by secant updates.
    components : int

    References
    ----------
    Svensson et al., J. Phys. Chem. 100 (1996) 19357 (subtractive scheme); Bernstein, Kermode & Csanyi, Rep. Prog. Phys. 72
    (2009) 026501 (QM/MM for solids).
    """

    def __init__(
        self,
        comm: MPI.Comm,
        cluster: Cluster,
        evaluation: Evaluation | None,
        rows: Rows,
        F0: np.ndarray,
        hessian: str = "sr1",
        components: int = 3,
    ) -> None:
        super().__init__(comm, cluster, evaluation, rows, cluster.X, F0, components)
        self._reference = on_computing_rank(comm, lambda: self._parts(self._X0))
        learns = self._here and hessian != "mm"
        self._secant = Secant(self._X0[:, :components].size, hessian) if learns else None
        if self._secant is not None:
            self._secant.learn(np.zeros(self._X0[:, :components].size), np.zeros(self._X0[:, :components].size))

    def energy(self, z: np.ndarray) -> float:
        """Correction of the energy on the computing rank, 0 on the others, eV."""
        return self.energy_gradient(z)[0]

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient on the variables of this rank, eV/A."""
        found = on_computing_rank(self.comm, lambda: self._correction(z))
        if found is None:
            return 0.0, self._nothing()
        audit, g = found
        if self._secant is not None:
            self._secant.learn(z.ravel(), g.ravel())
        return audit.E_correction, g

    def audit(self, z: np.ndarray) -> Audit:
        """The terms of the bookkeeping, the same on all ranks."""
        found = on_computing_rank(self.comm, lambda: self._correction(z)[0])
        return Audit(**self.comm.bcast(None if found is None else asdict(found), root=ROOT))

    @property
    def learnt(self) -> np.ndarray:
        """(n + 5, n) of `Secant.learnt` and `Evaluation.last`, the latter alone where the engine is taken for as stiff as the potential."""
        last = super().learnt
        return last if self._secant is None else np.concatenate([self._secant.learnt, last])

    @property
    def handed_on(self) -> np.ndarray:
        """(n + 2, n) `Secant.learnt` at the reference crystal: the last gradient was that of other atoms."""
        if self._secant is None:
            return super().handed_on
        learnt = self._secant.learnt
        learnt[-2:] = 0.0
        return learnt

    def recall(self, learnt: np.ndarray) -> None:
        """Know what ``learnt`` was when a checkpoint was written, one of older code, which kept no answer of the engine, too."""
        if self._secant is not None and len(learnt) >= len(self._secant.learnt) and learnt.shape[1:] == self._secant.learnt.shape[1:]:
            n = len(self._secant.learnt)
            self._secant.learnt, learnt = learnt[:n], learnt[n:]
        super().recall(learnt)

    def pattern(self) -> Pairs:
        """Row and column variables of ``hessian_blocks``: all pairs, or none."""
        n = 0 if self._secant is None else len(self._X0)
        rows, cols = np.divmod(np.arange(n * n, dtype=np.int64), max(n, 1))
        return rows, cols

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks of what is known of the Hessian, eV/A^2; asks the engine nothing.

        New, or written over ``out``.
        """
        m = self._m
        if self._secant is None:
            return np.zeros((0, m, m))
        n = len(self._X0)
        return np.positive(self._secant.B.reshape(n, m, n, m).transpose(0, 2, 1, 3).reshape(n * n, m, m), out=out)

    def _parts(self, y: np.ndarray) -> Parts:
        assert self._evaluate is not None
        return self._evaluate(y)

    def _correction(self, z: np.ndarray) -> tuple[Audit, np.ndarray]:
        reference = self._reference
        assert reference is not None
        now = self._parts(self.positions(z))
        g0 = (reference.g_qm - reference.g_mm)[:, : self._m]
        linear, E_0 = float((g0 * z).sum()), reference.E_qm - reference.E_mm
        g = (now.g_qm - now.g_mm)[:, : self._m] - g0
        E = (now.E_qm - reference.E_qm) - (now.E_mm - reference.E_mm) - linear
        return Audit(
            E_qm=now.E_qm,
            E_mm_cluster=now.E_mm,
            E_reference=E_0,
            E_reference_linear=linear,
            E_correction=E,
            largest_force=float(np.abs(g).max(initial=0.0)),
        ), g


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """Where the engine's forces take the place of the model's.

    Attributes
    ----------
    X : (n_all, 3) ndarray
        Reference positions of cluster, hosts and surroundings, A.
    core : (n,) bool ndarray
        Atoms of the cluster that take the engine's forces.
    model_gradient : callable
        Gradient (n_all, 3), eV/A, of the model's potential for positions of all of them; only that on the core is used.
    """

    X: np.ndarray
    core: np.ndarray
    model_gradient: Callable[[np.ndarray], np.ndarray]


class BufferedForces(_ClusterTerm):
    """Force mixing: the innermost atoms feel the engine's forces, all others the model's; there is no energy.

    The engine computes the innermost atoms with a buffer and link atoms, whose forces are thrown away. Net forces at the
    reference crystal are taken off. Collective as `QMRegion`.

    Parameters
    ----------
    comm, cluster, evaluation, F0, components
        As of `QMRegion`.
    rows : Rows
        Rows of P of cluster, hosts and surroundings, in the order of ``mixed.X``.
    mixed : Mixed

    References
    ----------
    N. Bernstein et al., Rep. Prog. Phys. 72 (2009) 026501, section 5.
    """

    conservative = False

    def __init__(
        self,
        comm: MPI.Comm,
        cluster: Cluster,
        evaluation: Evaluation | None,
        rows: Rows,
        F0: np.ndarray,
        mixed: Mixed,
        components: int = 3,
    ) -> None:
        super().__init__(comm, cluster, evaluation, rows, mixed.X, F0, components)
        self._mixed = mixed
        self._reference = on_computing_rank(comm, lambda: self._difference(self._X0))

    def energy(self, z: np.ndarray) -> float:
        """Always raises: mixed forces have no energy."""
        raise NoEnergyError(
            'qm.mode = "force" mixes forces and has no energy: use qm.mode = "energy" where energies are needed'
        )

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(nan, change of the gradient on the variables of this rank), eV/A."""
        found = on_computing_rank(self.comm, lambda: self._difference(self.positions(z)) - self._reference)
        return np.nan, self._nothing() if found is None else found[:, : self._m]

    def pattern(self) -> Pairs:
        """No blocks: Newton is told that the engine is as stiff as the potential."""
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """None."""
        return np.zeros((0, self._m, self._m))

    def _difference(self, y: np.ndarray) -> np.ndarray:
        """Engine's gradient minus the model's on the innermost atoms, 0 elsewhere."""
        assert self._evaluate is not None
        out = np.zeros_like(y)
        inner = np.flatnonzero(self._mixed.core)
        parts = self._evaluate(y[: len(self.cluster.X)])
        out[inner] = parts.g_qm[inner] - self._mixed.model_gradient(y)[inner]
        return out
