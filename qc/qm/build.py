"""From the atoms of a coupled model to its QM term: gathered on all ranks, chosen alike on each, computed on one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics.potentials.site_potential import SitePotential
from fem.collective import on_computing_rank

from ..coupling.model import Model
from ..errors import InputError
from .choosing import choose_cluster
from .cluster import BOND, Cluster, ClusterSpec, Sites
from .embedding import Embedding, gather_sites
from .engine.process import EngineProcess
from .engine.spec import EngineSpec
from .evaluation import EngineFactory, Evaluation, IsolatedSites
from .region import BufferedForces, Mixed, QMRegion

ROOM = 4
"""Bonds beyond the ball that completing it may take in."""


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
            "engine": self.spec.engine.name,
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


def build_qm(embedding: Embedding, spec: QMSpec, engine: EngineFactory | None = None) -> QM:
    """The region with its cluster chosen, its engine started, the reference crystal computed. Collective.

    Parameters
    ----------
    embedding : Embedding
    spec : QMSpec
    engine : callable, optional
        Makes the engine for a cluster, on the computing rank; default: a process of ``spec.engine``.

    Raises
    ------
    InputError
        The region does not fit, or the engine refuses; the same on all ranks.
    """
    comm, perfect = embedding.comm, embedding.perfect
    potential, nn = perfect.potential, perfect.crystal.nearest_neighbour_distance
    _check_radius(embedding, spec)
    reach = max(spec.cluster.radius + ROOM * BOND * nn, _surround(spec, potential))
    sites, rows = gather_sites(embedding, spec.centre, reach)
    cluster = choose_cluster(sites, spec.cluster, nn, perfect.period, embedding.step)
    make = engine or (lambda c: EngineProcess(spec.engine, c.engine_symbols))
    evaluation = on_computing_rank(comm, lambda: Evaluation(cluster, make(cluster), potential, nn))
    try:
        F0, m = perfect.F0, embedding.components
        if spec.mode == "energy":
            own = rows.take(sites.owner[np.concatenate([cluster.inside, cluster.hosts])])
            term: QMRegion | BufferedForces = QMRegion(comm, cluster, evaluation, own, F0, spec.hessian, m)
        else:
            mixed, everybody = _mixed(sites, cluster, spec, potential)
            term = BufferedForces(comm, cluster, evaluation, rows.take(sites.owner[everybody]), F0, mixed, m)
    except BaseException:
        if evaluation is not None:
            evaluation.engine.close()
        raise
    return QM(spec=spec, cluster=cluster, term=term, evaluation=evaluation, comm=comm)


def _check_radius(embedding: Embedding, spec: QMSpec) -> None:
    """InputError if the region is larger than all the atoms there are: before anything of its size is made."""
    X, radius = embedding.atoms.X[:, :2], spec.cluster.radius
    reach = float(np.linalg.norm(X - np.array(spec.centre)[:2], axis=1).max(initial=0.0))
    reach = embedding.comm.allreduce(reach, MPI.MAX)
    if radius > reach:
        raise InputError(
            f"qm.radius = {radius:g} A does not fit: the atoms end {reach:.1f} A from the centre of the region; use a smaller qm.radius, "
            "or a larger model.core_radius"
        )


def _surround(spec: QMSpec, potential: SitePotential) -> float:
    """Distance from the centre, A, within which force mixing needs the model's atoms; 0 without."""
    return spec.radius + 2.2 * potential.cutoff if spec.mode == "force" else 0.0


def _mixed(sites: Sites, cluster: Cluster, spec: QMSpec, potential: SitePotential) -> tuple[Mixed, np.ndarray]:
    """Where forces are mixed, and the numbers of the sites that takes: cluster, hosts and surroundings."""
    members = np.concatenate([cluster.inside, cluster.hosts])
    distance = np.linalg.norm(sites.X - np.array(spec.centre), axis=1)
    around = np.setdiff1d(np.flatnonzero(distance <= _surround(spec, potential)), members)
    everybody = np.concatenate([members, around])
    model = IsolatedSites(potential, potential.types_of(sites.symbols[everybody].tolist()))
    mixed = Mixed(
        X=sites.X[everybody],
        core=np.linalg.norm(cluster.X[: cluster.n] - np.array(spec.centre), axis=1) <= spec.radius + 1e-6,
        model_gradient=partial(_gradient, model),
    )
    return mixed, everybody


def add_qm(model: Model, spec: QMSpec, engine: EngineFactory | None = None) -> QM:
    """A QM region in a coupled model, in place of the one it may have. Collective; as `build_qm`."""
    if model.crystal.dimension != 3:
        raise InputError("a QM region needs a crystal in three dimensions (model.dimension = 2.5)")
    qm = build_qm(Embedding.of(model), spec, engine)
    model.coupling.add(qm.term)
    return qm


def _gradient(sites: IsolatedSites, y: np.ndarray) -> np.ndarray:
    return sites.energy_gradient(y)[1]
