"""The cluster in the engine and in the model's own potential: energies and gradients, each structure computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from atomistics import NeighbourList
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import InadmissibleDeformationError

from .cluster import Cluster
from .engine.spec import Answer

CLOSEST = 0.5  # times the nearest-neighbour distance: nearer, no engine converges and no step of a solver ends
KEPT = 4  # structures whose results are kept
ALIKE = 1e-11  # A; structures whose atoms are no further apart are one: places are sums, which other numbers of ranks round otherwise
LAST = 3
"""Rows of the structure that was asked for last."""


class QMEngine(Protocol):
    """What computes: `process.EngineProcess`, or anything like it."""

    calls: int
    seconds: float
    blas: str

    def compute(self, positions: np.ndarray) -> Answer: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Parts:
    """Both energies of a cluster and their gradients at one structure.

    Attributes
    ----------
    E_qm, E_mm : float
        With link atoms in the engine; of the bare cluster in the model's potential, eV.
    g_qm, g_mm : (n + m, 3) ndarray
        Gradients on cluster and hosts, eV/A.
    """

    E_qm: float
    E_mm: float
    g_qm: np.ndarray
    g_mm: np.ndarray


class IsolatedSites:
    """The model's potential on a finite set of atoms with nothing round it: sum of V_l over these sites, with these neighbours.

    Parameters
    ----------
    potential : SitePotential
    types : (n,) int ndarray
    """

    def __init__(self, potential: SitePotential, types: np.ndarray, skin: float = 0.5) -> None:
        self.potential, self.types, self.skin = potential, np.ascontiguousarray(types, dtype=np.int32), skin
        self._list: NeighbourList | None = None

    def energy_gradient(self, y: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy, eV, and gradient (n, 3), eV/A, at positions y (n, 3), A."""
        if self._list is None or self._list.moved_too_far(y):
            self._list = NeighbourList(y, self.potential.cutoff, self.skin)
        E, _, g = self.potential.energy_gradient(y, self.types, self._list, np.ones(len(y)))
        return E, g


class Evaluation:
    """E_QM and E_MM of a cluster as functions of the positions of cluster and hosts.

    Parameters
    ----------
    cluster : Cluster
    engine : QMEngine
    potential : SitePotential
        The model's.
    nn : float
        Nearest-neighbour distance, A.
    """

    def __init__(self, cluster: Cluster, engine: QMEngine, potential: SitePotential, nn: float) -> None:
        self.cluster, self.engine, self._closest = cluster, engine, CLOSEST * nn
        self._mm = IsolatedSites(potential, potential.types_of(cluster.symbols[: cluster.n].tolist()))
        self._known: dict[bytes, Parts] = {}
        self._last = np.empty((0, 0))

    def __call__(self, y: np.ndarray) -> Parts:
        """Both at positions y (n + m, 3), A; a structure seen lately costs nothing."""
        key = np.ascontiguousarray(y).tobytes()
        if key not in self._known:
            self._refuse_nonsense(y)
            found = self._computed(y)
            self._known = dict(list(self._known.items())[1 - KEPT :])
            self._known[key] = found
        parts = self._known[key]
        self._last = np.stack([y.ravel(), parts.g_qm.ravel(), np.full(y.size, parts.E_qm)])
        return parts

    @property
    def last(self) -> np.ndarray:
        """(3, 3n) the structure that was asked for last, for a checkpoint: positions, A, the engine's gradient, eV/A, and energy, eV."""
        return self._last

    def recall(self, last: np.ndarray) -> None:
        """Know the structure that was asked for last when a checkpoint was written: it costs the engine no call."""
        self._last = last

    def forget(self) -> None:
        """Compute each structure anew from now on."""
        self._known, self._last = {}, np.empty((0, 0))

    def _computed(self, y: np.ndarray) -> Parts:
        cluster = self.cluster
        if self._last.shape == (LAST, y.size) and np.abs(self._last[0] - y.ravel()).max() < ALIKE:
            E_qm, g_qm = float(self._last[2, 0]), self._last[1].reshape(y.shape).copy()
        else:
            answer = self.engine.compute(cluster.engine_positions(y))
            E_qm, g_qm = answer.energy, cluster.gradient(-answer.forces)
        E_mm, g = self._mm.energy_gradient(y[: cluster.n])
        return Parts(E_qm, E_mm, g_qm, np.concatenate([g, np.zeros((len(cluster.hosts), 3))]))

    def _refuse_nonsense(self, y: np.ndarray) -> None:
        """A trial step that no engine can compute has infinite energy; the solver takes a shorter one."""
        positions = self.cluster.engine_positions(y)[: self.cluster.n]
        if not np.isfinite(positions).all():
            raise InadmissibleDeformationError("atoms of the QM region are at no finite place")
        pairs = NeighbourList(positions, self._closest)
        if len(pairs.index):
            raise InadmissibleDeformationError(f"two atoms of the QM region are closer than {self._closest:.2f} A")


EngineFactory = Callable[[Cluster], QMEngine]
