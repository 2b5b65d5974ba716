"""From the atoms of a coupled model to its QM term: gathered on all ranks, chosen alike on each, computed on one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics import Crystal

from ..coupling.model import Model
from ..errors import InputError
from ..terms.perfect import PerfectCrystal
from ..unknowns.layout import Rows
from ..unknowns.sites import Atoms
from .cluster import BOND, Cluster, ClusterSpec, Sites, choose_cluster
from .engine.process import EngineProcess
from .engine.shared import on_computing_rank
from .engine.spec import EngineSpec
from .evaluation import EngineFactory, Evaluation, IsolatedSites
from .region import BufferedForces, QMRegion

ROOM = 4  # bonds beyond the ball that completing it may take in


@dataclass(frozen=True, kw_only=True)
class QMSpec:
    """A QM region to be built; lengths in A.

    Attributes
    ----------
    centre : (3,) tuple of float
        In the reference crystal: the tip.
    radius : float
    mode : {"energy", "force"}
    buffer : float
        Of force mixing: the engine's cluster is so much larger than the ball whose forces it gives.
    engine : EngineSpec
    hessian : {"mm", "sr1", "psb"}
    cleavage : float or None
        Height of the cleavage plane.
    caps : bool
    """

    centre: tuple[float, float, float]
    radius: float
    mode: str = "energy"
    buffer: float = 6.0
    engine: EngineSpec = field(default_factory=EngineSpec)
    hessian: str = "sr1"
    cleavage: float | None = 0.0
    caps: bool = True

    @property
    def cluster(self) -> ClusterSpec:
        """Of the atoms the engine computes."""
        radius = self.radius + (self.buffer if self.mode == "force" else 0.0)
        return ClusterSpec(
            centre=self.centre,
            radius=radius,
            cleavage=self.cleavage,
            caps=self.caps,
            charge=self.engine.charge,
            spin=self.engine.spin,
        )


@dataclass(frozen=True, kw_only=True)
class QM:
    """A QM region of a model.

    Attributes
    ----------
    spec : QMSpec
    cluster : Cluster
    term : QMRegion or BufferedForces
        For the sum of the coupling.
    evaluation : Evaluation or None
        On the computing rank.
    """

    spec: QMSpec
    cluster: Cluster
    term: QMRegion | BufferedForces
    evaluation: Evaluation | None
    comm: MPI.Comm

    def report(self) -> dict[str, Any]:
        """What was computed by what: the engine, its BLAS, calls, seconds, the cluster. Collective."""
        e, c = self.evaluation, self.cluster
        work = None if e is None else {"blas": e.engine.blas, "calls": e.engine.calls, "seconds": e.engine.seconds}
        return {
            "engine": self.spec.engine.engine,
            "parameters": self.spec.engine.keywords(),
            "mode": self.spec.mode,
            "cluster": c.formula,
            "atoms": c.n,
            "link_atoms": len(c.link),
            "quantitative": c.quantitative,
            "centre": list(self.spec.centre),
            **self.comm.bcast(work),
        }

    def close(self) -> None:
        """End the engine's process."""
        if self.evaluation is not None:
            self.evaluation.engine.close()


def build_qm(
    comm: MPI.Comm,
    perfect: PerfectCrystal,
    atoms: Atoms,
    spec: QMSpec,
    step: float | None = None,
    components: int = 3,
    engine: EngineFactory | None = None,
) -> QM:
    """Choose the cluster, start the engine, compute the reference crystal. Collective.

    Parameters
    ----------
    atoms : Atoms
        Of this rank.
    step : float or None
        Length of the crystal's period along the front, A.
    engine : callable, optional
        Makes the engine for a cluster, on the computing rank; default: a process of ``spec.engine``.

    Raises
    ------
    InputError
        The region does not fit, or the engine refuses; the same on all ranks.
    """
    crystal, potential, F0, period = perfect.crystal, perfect.potential, perfect.F0, perfect.period
    nn = crystal.nearest_neighbour_distance
    surround = spec.radius + 2.2 * potential.cutoff if spec.mode == "force" else 0.0
    reach = max(spec.cluster.radius + ROOM * BOND * nn, surround)
    sites, rows = gather_sites(comm, crystal, atoms, spec.centre, reach, period)
    cluster = choose_cluster(sites, spec.cluster, nn, period, step)
    make = engine or (lambda c: EngineProcess(spec.engine, c.engine_symbols))
    evaluation = on_computing_rank(comm, lambda: Evaluation(cluster, make(cluster), potential, nn))
    members = np.concatenate([cluster.inside, cluster.hosts])
    try:
        if spec.mode == "energy":
            own = rows.take(sites.owner[members])
            term: QMRegion | BufferedForces = QMRegion(comm, cluster, evaluation, own, F0, spec.hessian, components)
        else:
            distance = np.linalg.norm(sites.X - np.array(spec.centre), axis=1)
            around = np.setdiff1d(np.flatnonzero(distance <= surround), members)
            everybody = np.concatenate([members, around])
            core = np.linalg.norm(cluster.X[: cluster.n] - np.array(spec.centre), axis=1) <= spec.radius + 1e-6
            model = IsolatedSites(potential, potential.types_of(sites.symbols[everybody].tolist()))
            term = BufferedForces(
                comm, cluster, evaluation, rows.take(sites.owner[everybody]), sites.X[everybody], F0, core,
                partial(_gradient, model), components,
            )  # fmt: skip
    except BaseException:
        if evaluation is not None:
            evaluation.engine.close()
        raise
    return QM(spec=spec, cluster=cluster, term=term, evaluation=evaluation, comm=comm)


def add_qm(model: Model, spec: QMSpec, engine: EngineFactory | None = None) -> QM:
    """A QM region in a coupled model, in place of the one it may have. Collective; as `build_qm`."""
    if model.crystal.dimension != 3:
        raise InputError("a QM region needs a crystal in three dimensions (model.dimension = 2.5)")
    step = model.lattice.period if model.lattice.gdim == 2 else None
    components = model.parts.layout.components
    qm = build_qm(model.comm, model.perfect, model.parts.atoms, spec, step, components, engine)
    model.coupling.add(qm.term)
    return qm


def _gradient(sites: IsolatedSites, y: np.ndarray) -> np.ndarray:
    return sites.energy_gradient(y)[1]


def gather_sites(
    comm: MPI.Comm,
    crystal: Crystal,
    atoms: Atoms,
    centre: tuple[float, float, float],
    reach: float,
    period: float | None,
) -> tuple[Sites, Rows]:
    """All sites within ``reach`` of the centre, images along the front unfolded, on every rank alike; their owners' rows of P.

    ``Sites.owner`` numbers the rows. Collective.
    """
    near = np.hypot(*(atoms.X[:, :2] - np.array(centre)[:2]).T) <= reach + 1e-6
    if period is None:
        near &= np.abs(atoms.X[:, 2] - centre[2]) <= reach + 1e-6
    which = np.flatnonzero(near)
    parts = comm.allgather(
        (atoms.key[which], atoms.X[which], atoms.species[which], atoms.beta[which], atoms.rows.take(which))
    )
    key, X, species, beta = (np.concatenate([p[c] for p in parts]) for c in range(4))
    order = np.lexsort(key.T[::-1])
    rows = Rows.stack([p[4] for p in parts]).take(order)
    X, symbols, beta = X[order], np.array(crystal.species)[species[order]], beta[order]
    images = [0]
    if period is not None and len(X):
        first = np.ceil((centre[2] - reach - X[:, 2].max()) / period)
        last = np.floor((centre[2] + reach - X[:, 2].min()) / period)
        images = list(range(int(first), int(last) + 1))
    shift = np.array([[0.0, 0.0, k * (period or 0.0)] for k in images]).reshape(-1, 1, 3)
    unfolded = (X[None] + shift).reshape(-1, 3)
    owner, symbols, beta = (np.tile(v, len(images)) for v in (np.arange(len(X)), symbols, beta))
    inside = np.linalg.norm(unfolded - np.array(centre), axis=1) <= reach + 1e-6
    return Sites(X=unfolded[inside], symbols=symbols[inside], owner=owner[inside], beta=beta[inside], reach=reach), rows
