"""A ball of silicon with a QM region, coupled by hand: atoms and their numbering on any number of ranks, no mesh."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.stillinger_weber import stillinger_weber
from fem.cauchy_born import CauchyBornMaterial
from qc.coupling.coupling import Coupling
from qc.coupling.load import Load
from qc.qm.build import QM, QMSpec, build_qm
from qc.qm.embedding import Embedding
from qc.qm.engine.spec import EngineSpec
from qc.terms.atomistic import AtomisticEnergy
from qc.terms.perfect import PerfectCrystal
from qc.unknowns.layout import Layout, Rows
from qc.unknowns.sites import Atoms

STRAIN = np.array([[1.0, 0.4, 0.0], [0.3, -0.6, 0.0], [-0.2, 0.1, 0.0]])  # of F - 1: nothing varies along the periodic front


class Ball:
    """Silicon (111)[1-10] in a cylinder, periodic along the front; sites beyond ``free`` of the axis are prescribed."""

    def __init__(self, radius=14.0, free=11.0, periods=6, beta_from=np.inf, comm=MPI.COMM_WORLD, potential=None):  # type: ignore[no-untyped-def]
        self.comm, self.potential = comm, potential or stillinger_weber()
        self.crystal = Crystal.diamond("Si").oriented((1, 1, 1), (1, -1, 0)).resolved(self.potential)
        self.step = self.crystal.period()
        self.period = periods * self.step
        self.perfect = PerfectCrystal.of(CauchyBornMaterial(self.crystal, self.potential), period=self.period)
        nn = self.crystal.nearest_neighbour_distance
        lift = (0.0, 0.5 * nn, 0.0)  # the plane y = 0 cuts the upright bonds in two: the shuffle plane
        box = [radius, radius, 0.0]
        X, index, basis = self.crystal.sites_in_box([-v for v in box], [*box[:2], self.period], self._origin(lift))
        near = np.hypot(X[:, 0], X[:, 1]) < radius
        X, key, basis = X[near], np.column_stack([index, basis])[near], basis[near]
        mine = np.abs(key @ [1, 5, 7, 3]) % comm.size == comm.rank
        X, key, basis = X[mine], key[mine], basis[mine]
        far = np.hypot(X[:, 0], X[:, 1]) > free
        self.layout = Layout(comm, 3, int((~far).sum()), int(far.sum()))
        number = np.empty(len(X), dtype=np.int64)
        number[~far] = self.layout.first_full + np.arange((~far).sum())
        number[far] = self.layout.first_full + self.layout.n_free + np.arange(far.sum())
        rows = Rows.from_padded(number[:, None], np.ones((len(X), 1)))
        beta = (np.hypot(X[:, 0], X[:, 1]) > beta_from).astype(float)
        self.atoms = Atoms(key=key, X=X, species=basis.astype(np.int32), beta=beta, free=~far, rows=rows)
        self.X = np.concatenate([X[~far], X[far]])
        self.nn = nn

    def _origin(self, lift):  # type: ignore[no-untyped-def]
        """Such that the upright bond through the origin has its middle there."""
        bonds = self.crystal.stencil(1.2 * self.crystal.nearest_neighbour_distance, 0)
        up = bonds[np.argmax(np.abs(bonds[:, 1]))]
        return np.array(lift) * -np.sign(up[1])

    def qm(self, engine="ase:tests.qc.site_engines.SW", radius=6.5, centre=(0.0, 0.0, 0.5), **changes) -> QM:  # type: ignore[no-untyped-def]
        settings = {k: changes.pop(k) for k in ("parameters", "time_limit", "retries", "spin", "start") if k in changes}
        spec = QMSpec(centre=centre, radius=radius, engine=EngineSpec(engine=engine, **settings), **changes)
        return build_qm(self.embedding, spec)

    @property
    def embedding(self) -> Embedding:
        """What a region is built among."""
        return Embedding(comm=self.comm, perfect=self.perfect, atoms=self.atoms, step=self.step)

    def coupling(self, *terms):  # type: ignore[no-untyped-def]
        """The model's atoms and further terms."""
        atoms = AtomisticEnergy(self.comm, self.perfect, self.atoms, np.ones(len(self.atoms)))
        return Coupling(self.layout, [atoms, *terms])

    def deform(self, coupling, F, noise=0.0, seed=1):  # type: ignore[no-untyped-def]
        """Unknowns of F X plus a smooth field that depends on positions only."""
        u = self.X @ (np.asarray(F) - np.eye(3)).T + noise * self.field(seed)
        q = self.layout.create_unknowns()
        q.array[:] = u[: self.layout.n_free].ravel()
        coupling.impose(Load(prescribed=u[self.layout.n_free :]))
        return q

    def field(self, seed):  # type: ignore[no-untyped-def]
        """(n, 3), smooth and periodic along the front."""
        k = np.random.default_rng(seed).uniform(0.3, 1.2, (2, 3))
        z = 2 * np.pi * self.X[:, 2] / self.period
        return np.sin(self.X[:, :2] @ k + np.arange(3)) + 0.5 * np.cos(z[:, None] + np.arange(3))
